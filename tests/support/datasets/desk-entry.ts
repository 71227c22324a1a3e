/** A desk in a process of its own that takes documents one after another and says which were acknowledged, until it is killed. */
import process from 'node:process'
import { logOf, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { DataDesk, dataLauncher, listDataTenants } from '../../../src/datasets/mod.ts'
import { openKeptDatabase, openKeyring } from '../../../src/keys/mod.ts'
import { runtimeDatabase } from '../../../src/store/mod.ts'
import { csv, dataWorkerEntry } from './data-host.ts'

const [, , folder = '', masterHex = ''] = process.argv
const time = { clock: systemClock, random: systemRandom }
const master = await importWrappingKey(new Uint8Array(Buffer.from(masterHex, 'hex')))
const keyring = await openKeyring({ path: `${folder}/keyring.json`, master, ...time })
const db = await openKeptDatabase(keyring, { folder, name: 'runtime', id: 'runtime' }, runtimeDatabase)
const launch = dataLauncher({ entry: dataWorkerEntry })
const desk = new DataDesk({ folder, db, keyring, launch, log: logOf('test'), ...time })
await desk.start()
const [tenant] = await listDataTenants({ db })
if (!tenant) throw new Error('there is no data tenant')
const data = desk.of(tenant.id)
const [dataset] = await data.datasets()
if (!dataset) throw new Error('there is no dataset')
const sendAt = async (n: number): Promise<void> => {
  // Every tenth is a file of its own.
  const filler = n % 10 === 0 ? `\n${'0,x\n'.repeat(20_000)}` : '\n'
  const taken = await data.take(dataset.id, csv(`n,text\n${n},x${filler}`))
  process.stdout.write(`${taken.import}\n`)
}
for (let n = 1; ; n += 4) await Promise.all([0, 1, 2, 3].map((more) => sendAt(n + more)))

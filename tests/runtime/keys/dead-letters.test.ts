import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8, KeyedTurns, systemClock, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { importWrappingKey } from '../../../src/crypto/mod.ts'
import { type Keyring, openKeyring } from '../../../src/keys/mod.ts'
import { letterKeyTarget, settledLetterKeys } from '../../../src/runtime/dead-letters/letter-keys.ts'
import { type Journal, openJournal } from '../../../src/store/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { anyArrived, arrived, copyFlow, writeRows } from '../../support/runtime/copy-flow.ts'
import { runningRuntime } from '../../support/runtime/running.ts'
import { ScriptedPlatform } from '../../support/runtime/scripted-platform.ts'
import { until } from '../../support/until.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

setDefaultTimeout(60_000)

const master = await importWrappingKey(systemRandom(32))
const never = new AbortController().signal
let folder: TemporaryFolder
let keyring: Keyring

beforeEach(async () => {
  folder = temporaryFolder()
  const clock = systemClock
  keyring = await openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
})
afterEach(() => folder[Symbol.dispose]())

const pathOf = (deployment: string) => join(folder.path, 'deployments', deployment, 'dead-letters', 'journal')

async function letters(deployment: string, count: number): Promise<Journal> {
  const key = await keyring.secretFor('dead-letters', deployment)
  const journal = await openJournal({ folder: pathOf(deployment), key })
  for (let n = 1; n <= count; n++) await journal.append([utf8(`letter ${n}`)])
  return journal
}

async function readBy(key: Uint8Array<ArrayBuffer>, deployment: string): Promise<string[]> {
  const journal = await openJournal({ folder: pathOf(deployment), key })
  const read = await journal.read(1, { countMax: 100, bytesMax: 1e6 })
  await journal.close()
  return read.map(({ entry }) => fromUtf8(entry))
}

const target = (replace: () => void = () => undefined, running: string[] = []) => {
  const turns = new KeyedTurns()
  return letterKeyTarget({
    ...{ folder: folder.path, keyring, clock: systemClock },
    desk: { exclusively: (deployment, work) => turns.run(deployment, work) },
    workers: { list: () => running.map((deployment) => ({ assignment: { deployment } as never })), replace },
  })
}

describe('the keys of dead letters', () => {
  test('are rotated one after another; a worker that has letters open is replaced, and nothing is lost', async () => {
    for (const deployment of ['dep_a', 'dep_b']) await (await letters(deployment, 3)).close()
    await keyring.secretFor('dead-letters', 'dep_none')
    const before = await keyring.secretFor('dead-letters', 'dep_b')
    const held = await openJournal({ folder: pathOf('dep_b'), key: before })
    let replaced = 0
    const steps: number[] = []
    const rotating = target(() => {
      replaced++
      void held.append([utf8('the last before the drain')]).then(() => held.close())
    }, ['dep_b'])
    await rotating.rotate((done) => steps.push(done), never)
    expect([replaced, Math.max(...steps)]).toEqual([1, 3])
    expect(keyring.list().some((key) => key.rotating)).toBe(false)
    const after = await keyring.secretFor('dead-letters', 'dep_b')
    expect(await readBy(after, 'dep_b')).toEqual(['letter 1', 'letter 2', 'letter 3', 'the last before the drain'])
    expect(await refusalOf(() => readBy(before, 'dep_b'))).toBe('journal.wrong_key')
    expect(await readBy(await keyring.secretFor('dead-letters', 'dep_a'), 'dep_a')).toHaveLength(3)
  })

  test('of deployments that are forgotten while the others are begun or rotated are passed over', async () => {
    for (const deployment of ['dep_a', 'dep_b', 'dep_c']) await (await letters(deployment, 3)).close()
    const begun = keyring.beginRotation
    keyring.beginRotation = async (purpose, id) => {
      if (id === 'dep_a') await keyring.destroy(purpose, 'dep_b')
      return begun.call(keyring, purpose, id)
    }
    const forget = (done: number) => void (done === 0 && keyring.destroy('dead-letters', 'dep_c'))
    await target().rotate(forget, never)
    expect(keyring.list().map(({ id, rotating }) => [id, rotating])).toEqual([['dep_a', false]])
    expect(await readBy(await keyring.secretFor('dead-letters', 'dep_a'), 'dep_a')).toHaveLength(3)
  })

  test('cut off, are settled by whoever opens the letters next, and the others by the next start', async () => {
    for (const deployment of ['dep_a', 'dep_b']) await (await letters(deployment, 3)).close()
    const stop = new AbortController()
    const cut = target().rotate((done) => done === 1 && stop.abort(), stop.signal)
    expect(await refusalOf(() => cut)).toBe('internal.cancelled')
    expect(keyring.list().filter((key) => key.rotating)).toMatchObject([{ id: 'dep_b' }])
    const key = await settledLetterKeys(keyring, folder.path).secretFor('dead-letters', 'dep_b')
    expect(await readBy(key, 'dep_b')).toHaveLength(3)
    expect(keyring.list().some(({ rotating }) => rotating)).toBe(false)
    await keyring.beginRotation('dead-letters', 'dep_a')
    await target().rotate(() => undefined, never)
    expect(await readBy(await keyring.secretFor('dead-letters', 'dep_a'), 'dep_a')).toHaveLength(3)
  })
})

slowTest(
  'a running deployment goes on over the rotation of its letters’ key: no row is lost or double, its letters are there',
  async () => {
    await using platform = await ScriptedPlatform.start()
    const { runtime, api } = await runningRuntime(folder.path)
    await using _running = runtime
    await api.send('POST', '/v1/enrolment', { code: platform.code() })
    writeRows(folder, 300_000)
    appendFileSync(folder.file('in/orders-0.csv'), 'not a number,x\n')
    writeRowsBefore()
    await platform.deploy(copyFlow())
    await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
    await until('rows arrived', () => anyArrived(folder))
    expect((await api.send('POST', '/v1/keys/dead-letters/rotate', {})).status).toBe(202)
    await until('it is rotated', async () => {
      const { keys } = (await api.get('/v1/keys')).body
      return keys.every(
        ({ state, failure }: { state: string; failure: string | null }) => state === 'idle' && failure === null,
      )
    })
    await until(
      'the flow has ended',
      async () => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body.state === 'stopped',
    )
    expect(await arrived(folder)).toEqual({ rows: 300_000, distinct: 300_000 })
    const { letters: kept } = (await api.get(`/v1/deployments/${DEPLOYMENT}/dead-letters`)).body
    expect(kept).toHaveLength(2)
  },
)

/** A file of one row that is refused, read first. */
function writeRowsBefore(): void {
  appendFileSync(folder.file('in/a-first.csv'), 'id,name\nnone,x\n')
}

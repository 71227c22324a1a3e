/** A data folder as a server keeps one, small: a keyring, a database, journals, letters, an object; and its backup. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type BackupDeps, type BackupSealing, makeBackup } from '../../../src/backup/mod.ts'
import { type Bytes, concatBytes, fromUtf8, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { importWrappingKey, type WrappingKey } from '../../../src/crypto/mod.ts'
import { type Keyring, openKeptDatabase, openKeptJournal, openKeyring } from '../../../src/keys/mod.ts'
import {
  copierBy,
  type Database,
  type Journal,
  openJournal,
  type RuntimeSchema,
  runtimeDatabase,
} from '../../../src/store/mod.ts'
import { frozenClock } from '../frozen-clock.ts'

export const clock = frozenClock()
export const DEPLOYMENT = 'dep_one'
const copyDatabase = copierBy({ entry: fileURLToPath(new URL('../copier-entry.ts', import.meta.url)) })

export type Data = AsyncDisposable & {
  folder: string
  keyring: Keyring
  db: Database<RuntimeSchema>
  logs: Journal
  owed: Journal
  letters: Journal
  backupDeps: BackupDeps
}

export async function openData(folder: string, master: WrappingKey): Promise<Data> {
  mkdirSync(folder, { recursive: true })
  const keyring = await openKeyring({ path: join(folder, 'keyring.json'), master, clock, random: systemRandom })
  const place = { folder, name: 'runtime', id: 'runtime' }
  const db = await openKeptDatabase(keyring, place, runtimeDatabase)
  const logs = await openKeptJournal(keyring, 'logs', { folder: join(folder, 'journals/logs') })
  const owed = await openKeptJournal(keyring, 'owed-logs', {
    folder: join(folder, 'journals/owed-logs'),
    segmentBytesMax: 2_000,
  })
  const lettersFolder = join(folder, 'deployments', DEPLOYMENT, 'dead-letters')
  const key = await keyring.secretFor('dead-letters', DEPLOYMENT)
  const letters = await openJournal({ folder: join(lettersFolder, 'journal'), key })
  const backupDeps: BackupDeps = {
    ...{ folder, role: 'runtime', name: 'factory-01', version: '1.0', keyring, databases: [place] },
    signer: await keyring.signingKey('runtime'),
    ...{ toldJournals: ['owed-logs'], leftOut: [join(folder, 'files'), join(folder, 'master.key')] },
    ...{ copyDatabase, clock, random: systemRandom },
  }
  return {
    ...{ folder, keyring, db, logs, owed, letters, backupDeps },
    async [Symbol.asyncDispose]() {
      db.close()
      for (const journal of [logs, owed, letters]) await journal.close()
    },
  }
}

/** One of everything, and what belongs to nobody but this host. */
export async function fill(data: Data): Promise<void> {
  const { db, folder } = data
  await db.insert(db.tables.runtimeSettings).values({ key: 'kept', value: '"marker-of-the-canary"', changedAtMs: 1 })
  await data.logs.append([utf8('a log line')])
  for (let n = 1; n <= 40; n++) await data.owed.append([utf8(`owed ${n} ${'x'.repeat(100)}`)])
  await data.letters.append([utf8('a refused record')])
  const write = (path: string, text: string): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  write(`deployments/${DEPLOYMENT}/dead-letters/state.json`, '{"dropped":0}')
  write(`deployments/${DEPLOYMENT}/worker.json`, '{"pid":1}')
  write('objects/aa/one', 'sealed object')
  write('access.json', 'token-of-this-host')
  write('master.key', 'master-key-of-this-host')
  write('files/in.csv', 'the owner’s own')
  write('lock', '1')
}

export async function backupOf(data: Pick<Data, 'backupDeps'>, sealing: BackupSealing): Promise<Bytes> {
  const parts: Bytes[] = []
  for await (const part of makeBackup(data.backupDeps, sealing)) parts.push(part)
  return concatBytes(...parts)
}

export async function* inChunks(bytes: Uint8Array, size = 70_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size)
}

export async function textsOf(journal: Journal): Promise<[number, string][]> {
  const read = await journal.read(1, { countMax: 100_000, bytesMax: 1e9 })
  return read.map(({ position, entry }) => [position, fromUtf8(entry)])
}

export const newMaster = (): Promise<WrappingKey> => importWrappingKey(systemRandom(32))

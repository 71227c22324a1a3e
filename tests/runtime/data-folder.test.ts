import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type RuntimeConfig, startRuntime } from '../../src/runtime/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'
import { apiOf, runtimeConfig } from '../support/runtime/running.ts'

setDefaultTimeout(30_000)

let folder: TemporaryFolder
let config: RuntimeConfig

beforeEach(async () => {
  folder = memoryFolder()
  config = await runtimeConfig(folder.path)
})
afterEach(() => folder[Symbol.dispose]())

/** Every file with its content and time. */
function snapshot(): Record<string, string> {
  const paths = readdirSync(config.data, { recursive: true, encoding: 'utf8' })
  const files = paths
    .map((path) => [path, join(config.data, path)] as const)
    .filter(([, full]) => statSync(full).isFile())
  return Object.fromEntries(
    files.map(([path, full]) => [path, `${statSync(full).mtimeMs} ${readFileSync(full).toString('base64').length}`]),
  )
}

describe('the data folder of a Runtime', () => {
  test('is one process’s: a second one is refused, and writes nothing there', async () => {
    await using _first = await startRuntime(config)
    const before = snapshot()
    expect(await refusalOf(() => startRuntime(config))).toBe('store.folder_in_use')
    const { 'access.json': access, 'keyring.json': keyring } = snapshot()
    expect({ access, keyring }).toEqual({ access: before['access.json'], keyring: before['keyring.json'] })
    expect((await apiOf(config.data).get('/v1/status')).status).toBe(200)
  })

  test('from which the database or a journal is gone is refused by name, and nothing is begun afresh', async () => {
    for (const gone of ['runtime.db', 'journals/logs', 'journals/owed-logs', 'journals/owed-status']) {
      await (await startRuntime(config)).close()
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(join(config.data, `${gone}${suffix}`), { recursive: true, force: true })
      expect(await refusalOf(() => startRuntime(config))).toBe('store.missing')
      expect(() => statSync(join(config.data, gone))).toThrow()
      rmSync(config.data, { recursive: true })
    }
  })

  test('in which a journal is damaged starts all the same, says what is lost, and shows the rest of the log', async () => {
    await (await startRuntime(config)).close()
    const { openServerKeyring, openKeptJournal } = await import('../../src/keys/mod.ts')
    const { systemClock, systemRandom, utf8 } = await import('../../src/base/mod.ts')
    const deps = { path: join(config.data, 'keyring.json'), clock: systemClock, random: systemRandom }
    const keyring = await openServerKeyring(config.masterKey, deps)
    const journal = await openKeptJournal(keyring, 'logs', { folder: join(config.data, 'journals/logs') })
    const entry = (row: number) => {
      const deployment = 'dep_01900000-0000-7000-8000-000000000001'
      const line = { at: '2026-01-01T00:00:00Z', deployment, level: 'info', template: 'test.row', fields: { row } }
      return utf8(JSON.stringify(line))
    }
    for (let row = 1; row <= 3; row++) await journal.append([entry(row)])
    await journal.close()
    const [segment = ''] = readdirSync(join(config.data, 'journals/logs')).sort()
    const path = join(config.data, 'journals/logs', segment)
    const file = readFileSync(path)
    const at = file.indexOf('SLJF', file.indexOf('SLJF') + 1) + 60
    file[at] = (file[at] ?? 0) ^ 1
    writeFileSync(path, file)
    await using _runtime = await startRuntime(config)
    const { body } = await apiOf(config.data).get('/v1/logs?limit=10')
    expect(body.entries.map(({ fields }: { fields: { row: number } }) => fields.row)).toEqual([1, 3])
    expect(body.unreadable).toBe(1)
    const status = await apiOf(config.data).get('/v1/status')
    expect(JSON.stringify(status.body)).toContain('journal.damaged logs')
  })
})

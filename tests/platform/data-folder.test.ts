import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { base64url, systemRandom } from '../../src/base/mod.ts'
import { type PlatformConfig, startPlatform } from '../../src/platform/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { catalogue } from '../support/platform/platform-host.ts'
import { refusalOf } from '../support/refusal.ts'

setDefaultTimeout(30_000)

const configOf = (folder: TemporaryFolder): PlatformConfig => ({
  ...{ data: folder.file('data'), host: '127.0.0.1', port: 0, publicHost: '127.0.0.1', catalogue },
  masterKey: { kind: 'value', value: base64url(systemRandom(32)) },
  allowPrivateAddresses: true,
})

describe('the data folder of a Platform', () => {
  test('is one process’s: a second one is refused, and writes nothing there', async () => {
    using folder = temporaryFolder()
    const config = configOf(folder)
    await using first = await startPlatform(config)
    await first.createTenant({ name: 'main', owner: 'owner' })
    const files = () => ['access.json', 'keyring.json'].map((name) => readFileSync(folder.file(`data/${name}`), 'utf8'))
    const before = files()
    expect(await refusalOf(() => startPlatform(config))).toBe('store.folder_in_use')
    expect(files()).toEqual(before)
  })

  test('is free again when a start failed, and when it was closed', async () => {
    using folder = temporaryFolder()
    const config = configOf(folder)
    await (await startPlatform(config)).close()
    const wrong = { kind: 'value' as const, value: base64url(systemRandom(32)) }
    expect(await refusalOf(() => startPlatform({ ...config, masterKey: wrong }))).toBe('master_key.wrong')
    expect(await refusalOf(async () => (await startPlatform(config)).close())).toBe('nothing')
  })

  test('from which the registry or a tenant’s database is gone is refused by name', async () => {
    using folder = temporaryFolder()
    const config = configOf(folder)
    const platform = await startPlatform(config)
    const { id } = await platform.createTenant({ name: 'main', owner: 'owner' })
    await platform.close()
    const removed = (name: string): void => {
      for (const suffix of ['', '-wal', '-shm']) rmSync(folder.file(`data/${name}.db${suffix}`), { force: true })
    }
    removed(`tenants/${id}`)
    expect(await refusalOf(() => startPlatform(config))).toBe('store.missing')
    expect(readdirSync(folder.file('data/tenants')).filter((name) => name.endsWith('.db'))).toEqual([])
    removed('platform')
    expect(await refusalOf(() => startPlatform(config))).toBe('store.missing')
  })
})

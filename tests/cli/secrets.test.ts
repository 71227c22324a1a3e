import { expect, test } from 'bun:test'
import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { credentialSources, masterKeySource } from '../../src/cli/secrets.ts'
import { loadMasterKey } from '../../src/keys/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

function settings(folder: TemporaryFolder, command?: string) {
  return { data: folder.file('data'), file: folder.file('data/master.key'), command }
}

test('the master key comes from the variable, else a command, else a systemd credential, else its file', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('sluice-master-key'), 'x')
  const systemd = { CREDENTIALS_DIRECTORY: folder.path }
  const all = settings(folder, ' kms  read key ')
  expect(await masterKeySource(all, { ...systemd, SLUICE_MASTER_KEY: 'v' })).toEqual({ kind: 'value', value: 'v' })
  expect(await masterKeySource(all, systemd)).toEqual({ kind: 'command', command: ['kms', 'read', 'key'] })
  const path = folder.file('sluice-master-key')
  expect(await masterKeySource(settings(folder), systemd)).toEqual({ kind: 'systemd', path })
  expect(existsSync(folder.file('data'))).toBe(false)
})

test('at first start the file is made with mode 0600, and the next start finds the same key', async () => {
  using folder = temporaryFolder()
  const source = await masterKeySource(settings(folder), { CREDENTIALS_DIRECTORY: '/nonexistent' })
  expect(source).toEqual({ kind: 'file', path: folder.file('data/master.key') })
  expect(statSync(folder.file('data/master.key')).mode & 0o777).toBe(0o600)
  expect(statSync(folder.file('data')).mode & 0o777).toBe(0o700)
  const made = statSync(folder.file('data/master.key')).mtimeMs
  await loadMasterKey(await masterKeySource(settings(folder), {}))
  expect(statSync(folder.file('data/master.key')).mtimeMs).toBe(made)
})

test('a data folder with a keyring whose key is gone never gets a new one', async () => {
  using folder = temporaryFolder()
  await masterKeySource(settings(folder), {})
  writeFileSync(folder.file('data/keyring.json'), '{}')
  rmSync(folder.file('data/master.key'))
  const source = await masterKeySource(settings(folder), {})
  expect(existsSync(folder.file('data/master.key'))).toBe(false)
  expect(await refusalOf(() => loadMasterKey(source))).toBe('master_key.missing')
})

test('credential-sources names what credentials may come from, and commands get a few variables and no secrets', async () => {
  const environment = { PATH: '/bin', HOME: '/home/me', SLUICE_MASTER_KEY: 'x', DB_PASSWORD: 'y' }
  const all = credentialSources('environment, file,command', environment)
  expect([...all.allowed]).toEqual(['environment', 'file', 'command'])
  expect(all.commandEnvironment).toEqual({ PATH: '/bin', HOME: '/home/me' })
  expect([all.environment('DB_PASSWORD'), all.environment('MISSING')]).toEqual(['y', undefined])
  expect([...credentialSources('file', environment).allowed]).toEqual(['file'])
  expect([...credentialSources('none', environment).allowed]).toEqual([])
  for (const setting of ['vault', 'file,', 'file none', 'NONE']) {
    expect(await refusalOf(() => credentialSources(setting, environment))).toBe('cli.usage')
  }
})

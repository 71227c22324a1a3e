import { describe, expect, test } from 'bun:test'
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { base64url, systemRandom } from '../../src/base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../../src/crypto/mod.ts'
import { createMasterKeyFile, loadMasterKey } from '../../src/keys/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'

const binding = { purpose: 'test', id: 'one' }
const text = base64url(systemRandom(32))

/** Two keys are one if what one of them wraps the other opens. */
async function same(a: WrappingKey, b: WrappingKey): Promise<boolean> {
  const wrapped = await wrap(a, binding, systemRandom(8))
  return (await refusalOf(() => unwrap(b, binding, wrapped))) === 'nothing'
}

describe('loadMasterKey()', () => {
  test('gives the same key from a file, a value, a command and a systemd credential, non-extractable', async () => {
    using folder = temporaryFolder()
    const path = folder.file('master.key')
    writeFileSync(path, `${text}\n`, { mode: 0o600 })
    const value = await loadMasterKey({ kind: 'value', value: text })
    for (const source of [
      { kind: 'file', path } as const,
      { kind: 'systemd', path } as const,
      { kind: 'command', command: ['cat', path] } as const,
    ]) {
      const key = await loadMasterKey(source)
      expect(await same(key, value)).toBe(true)
      expect(JSON.stringify(key) + Bun.inspect(key)).not.toContain(text)
    }
  })

  test('refuses what is missing, empty or not 32 bytes of base64url, from every source', async () => {
    using folder = temporaryFolder()
    const file = (content: string): { kind: 'file'; path: string } => {
      writeFileSync(folder.file('some.key'), content, { mode: 0o600 })
      return { kind: 'file', path: folder.file('some.key') }
    }
    const missing = { kind: 'file', path: folder.file('none.key') } as const
    expect(await refusalOf(() => loadMasterKey(missing))).toBe('master_key.missing')
    expect(await refusalOf(() => loadMasterKey({ ...missing, kind: 'systemd' }))).toBe('master_key.missing')
    expect(await refusalOf(() => loadMasterKey(file('')))).toBe('master_key.missing')
    expect(await refusalOf(() => loadMasterKey({ kind: 'value', value: ' ' }))).toBe('master_key.missing')
    expect(await refusalOf(() => loadMasterKey({ kind: 'command', command: [] }))).toBe('master_key.missing')
    expect(await refusalOf(() => loadMasterKey(file(text.slice(1))))).toBe('master_key.malformed')
    expect(await refusalOf(() => loadMasterKey(file(`${text}\n${text}`)))).toBe('master_key.malformed')
    expect(await refusalOf(() => loadMasterKey({ kind: 'value', value: `${text}=` }))).toBe('master_key.malformed')
    expect(await refusalOf(() => loadMasterKey({ kind: 'command', command: ['echo', 'no'] }))).toBe(
      'master_key.malformed',
    )
  })

  test('refuses a file that group or others may read', async () => {
    using folder = temporaryFolder()
    const path = folder.file('master.key')
    writeFileSync(path, text)
    for (const [mode, refusal] of [
      [0o640, 'master_key.permissions'],
      [0o604, 'master_key.permissions'],
      [0o620, 'master_key.permissions'],
      [0o600, 'nothing'],
      [0o400, 'nothing'],
    ] as const) {
      chmodSync(path, mode)
      expect(await refusalOf(() => loadMasterKey({ kind: 'file', path }))).toBe(refusal)
    }
  })

  test('a command that fails or is not there is named, without what it printed', async () => {
    const failing = loadMasterKey({ kind: 'command', command: ['sh', '-c', `echo ${text}; exit 3`] })
    const error: unknown = await failing.catch((thrown: unknown) => thrown)
    expect(await refusalOf(() => failing)).toBe('master_key.command_failed')
    expect(Bun.inspect(error)).not.toContain(text)
    expect(await refusalOf(() => loadMasterKey({ kind: 'command', command: ['/no/such/program'] }))).toBe(
      'master_key.command_failed',
    )
  })
})

describe('createMasterKeyFile()', () => {
  test('makes a key that only its owner may read, and that loads', async () => {
    using folder = temporaryFolder()
    const path = folder.file('master.key')
    await createMasterKeyFile(path)
    expect(statSync(path).mode & 0o777).toBe(0o600)
    expect(await refusalOf(() => loadMasterKey({ kind: 'file', path }))).toBe('nothing')
    expect(readdirSync(folder.path)).toEqual(['master.key'])
  })

  test('never replaces a key that is there', async () => {
    using folder = temporaryFolder()
    const path = folder.file('master.key')
    await createMasterKeyFile(path)
    const before = readFileSync(path, 'utf8')
    expect(await refusalOf(() => createMasterKeyFile(path))).toBe('master_key.exists')
    expect(readFileSync(path, 'utf8')).toBe(before)
  })
})

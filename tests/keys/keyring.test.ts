import { describe, expect, test } from 'bun:test'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  deriveSharedSecret,
  importVerifyKey,
  importWrappingKey,
  issueLeaf,
  sign,
  verify,
} from '../../src/crypto/mod.ts'
import { type Keyring, openKeyring } from '../../src/keys/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { refusalOf } from '../support/refusal.ts'

const master = await importWrappingKey(systemRandom(32))
const clock = frozenClock()

function open(folder: TemporaryFolder, key = master): Promise<Keyring> {
  return openKeyring({ path: folder.file('keyring.json'), master: key, clock, random: systemRandom })
}

function edit(folder: TemporaryFolder, change: (content: Record<string, never>) => unknown): void {
  const content = JSON.parse(readFileSync(folder.file('keyring.json'), 'utf8'))
  writeFileSync(folder.file('keyring.json'), JSON.stringify(change(content) ?? content))
}

describe('secrets', () => {
  test('secretFor() makes 32 bytes at first use and gives the same ones ever after', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const [first, atOnce] = await Promise.all([keyring.secretFor('database', 'a'), keyring.secretFor('database', 'a')])
    expect(first.byteLength).toBe(32)
    expect(atOnce).toEqual(first)
    expect(await (await open(folder)).secretFor('database', 'a')).toEqual(first)
  })

  test('another purpose or id is another secret', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const secrets = await Promise.all([
      keyring.secretFor('database', 'a'),
      keyring.secretFor('database', 'b'),
      keyring.secretFor('journal', 'a'),
    ])
    expect(new Set(secrets.map(String)).size).toBe(3)
  })

  test('destroy() forgets a secret and its successor for good, and no other', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const before = await keyring.secretFor('database', 'a')
    await keyring.settle('database', 'a')
    await keyring.beginRotation('database', 'a')
    const other = await keyring.secretFor('journal', 'a')
    await keyring.destroy('database', 'a')
    await keyring.destroy('database', 'a')
    const again = await open(folder)
    expect(again.list().map(({ purpose }) => purpose)).not.toContain('database')
    expect(again.placeOf('database', 'a')).toEqual({ settled: false, generation: 1 })
    expect(await again.secretFor('database', 'a')).not.toEqual(before)
    expect(await again.load('journal', 'a')).toEqual(other)
  })

  test('store() keeps and replaces what load() gives; what was never stored is undefined', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    expect(await keyring.load('token', 'a')).toBeUndefined()
    await keyring.store('token', 'a', utf8('one'))
    await keyring.store('token', 'a', utf8('two'))
    expect(await (await open(folder)).load('token', 'a')).toEqual(utf8('two'))
  })

  test('the file is 0600 and holds no secret in the clear', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    await keyring.store('token', 'a', utf8('marker-of-the-canary'))
    const file = readFileSync(folder.file('keyring.json'), 'utf8')
    expect(statSync(folder.file('keyring.json')).mode & 0o777).toBe(0o600)
    expect(file).not.toContain('marker')
    expect(file).not.toContain(Buffer.from('marker-of-the-canary').toString('base64url'))
  })
})

describe('key pairs', () => {
  test('a signing key stays the same across openings, verifies, and cannot be exported', async () => {
    using folder = memoryFolder()
    const made = await (await open(folder)).signingKey('runtime')
    const loaded = await (await open(folder)).signingKey('runtime')
    expect(loaded.kid).toBe(made.kid)
    const signature = await sign(loaded.privateKey, utf8('message'))
    expect(await verify(await importVerifyKey(made.publicKey), signature, utf8('message'))).toBe(true)
    expect(crypto.subtle.exportKey('pkcs8', loaded.privateKey)).rejects.toThrow()
  })

  test('an agreement key stays the same across openings and agrees', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const [a, b] = await Promise.all([keyring.agreementKey('a'), keyring.agreementKey('b')])
    const again = await (await open(folder)).agreementKey('a')
    expect(await deriveSharedSecret(again.privateKey, b.publicKey)).toEqual(
      await deriveSharedSecret(b.privateKey, a.publicKey),
    )
  })

  test('keys of two ids or two uses are different ones', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const keys = [await keyring.signingKey('a'), await keyring.signingKey('b'), await keyring.agreementKey('a')]
    expect(new Set(keys.map(({ kid }) => kid)).size).toBe(3)
  })

  test('an authority keeps its certificate and signs leaves', async () => {
    using folder = memoryFolder()
    const made = await (await open(folder)).authority('ca', 'Sluice test')
    const loaded = await (await open(folder)).authority('ca', 'Sluice test')
    expect(loaded.certificatePem).toBe(made.certificatePem)
    const leaf = await issueLeaf(loaded, { dnsNames: ['a.example'], ipAddresses: [], lifetimeMs: 3_600_000, clock })
    expect(leaf.certificatePem).toContain(made.certificatePem.trim())
  })
})

describe('refusals', () => {
  test('another master key is refused from the first start on, and changes nothing', async () => {
    using folder = memoryFolder()
    await open(folder)
    const before = readFileSync(folder.file('keyring.json'), 'utf8')
    const other = await importWrappingKey(systemRandom(32))
    expect(await refusalOf(() => open(folder, other))).toBe('master_key.wrong')
    expect(readFileSync(folder.file('keyring.json'), 'utf8')).toBe(before)
  })

  test('a file that was changed, shortened or had an entry removed or swapped is refused', async () => {
    const changes: ((content: Record<string, never>) => unknown)[] = [
      (content) => ({ ...content, secrets: {} }),
      (content) => ({ ...content, secrets: { token: { a: content['secrets']?.['token']?.['b'] } } }),
      (content) => ({ ...content, digest: content['master']?.['wrapped'] }),
      (content) => ({ ...content, version: 3 }),
      (content) => ({ ...content, more: 1 }),
      () => [],
    ]
    for (const change of changes) {
      using folder = memoryFolder()
      const keyring = await open(folder)
      await keyring.store('token', 'a', utf8('one'))
      await keyring.store('token', 'b', utf8('two'))
      edit(folder, change)
      expect(await refusalOf(() => open(folder))).toBe('keyring.damaged')
    }
  })

  test('half a file is refused', async () => {
    using folder = memoryFolder()
    await open(folder)
    const file = readFileSync(folder.file('keyring.json'))
    writeFileSync(folder.file('keyring.json'), file.subarray(0, file.byteLength / 2))
    expect(await refusalOf(() => open(folder))).toBe('keyring.damaged')
  })

  test('a file that another process has written or removed meanwhile is not overwritten', async () => {
    using folder = memoryFolder()
    const [one, two] = [await open(folder), await open(folder)]
    const kept = await two.secretFor('database', 'b')
    expect(await refusalOf(() => one.secretFor('database', 'a'))).toBe('keyring.changed')
    expect(await (await open(folder)).secretFor('database', 'b')).toEqual(kept)
    rmSync(folder.file('keyring.json'))
    expect(await refusalOf(() => two.secretFor('database', 'c'))).toBe('keyring.changed')
    expect(existsSync(folder.file('keyring.json'))).toBe(false)
  })
})

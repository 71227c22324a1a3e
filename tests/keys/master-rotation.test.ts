import { describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { base64url, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  createMasterKeyFile,
  loadMasterKey,
  type MasterKeySource,
  openKeyring,
  openServerKeyring,
  recoverKeyring,
  rotateMasterKey,
} from '../../src/keys/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { refusalOf } from '../support/refusal.ts'

const clock = frozenClock()
const newText = (): string => base64url(systemRandom(32))
const depsOf = (folder: TemporaryFolder) => ({ path: folder.file('keyring.json'), clock, random: systemRandom })
const open = (folder: TemporaryFolder, source: MasterKeySource) => openServerKeyring(source, depsOf(folder))

async function begun(folder: TemporaryFolder) {
  const source = { kind: 'file' as const, path: folder.file('master.key') }
  await createMasterKeyFile(source.path)
  const old = readFileSync(source.path, 'utf8').trim()
  const keyring = await open(folder, source)
  await keyring.store('token', 'a', utf8('kept'))
  return { source, old: { kind: 'value' as const, value: old }, keyring }
}

/** Stands for a power cut: nothing of what would have followed happens. */
class PowerCut extends Error {}

describe('a master key in a file', () => {
  test('is replaced at once: the new one opens all that was kept, the old one nothing', async () => {
    using folder = memoryFolder()
    const { source, old, keyring } = await begun(folder)
    expect(await rotateMasterKey({ keyring, source })).toEqual({ pending: false })
    expect(readFileSync(source.path, 'utf8').trim()).not.toBe(old.value)
    expect(statSync(source.path).mode & 0o777).toBe(0o600)
    expect(existsSync(`${source.path}.next`)).toBe(false)
    await keyring.store('token', 'b', utf8('later'))
    const again = await open(folder, source)
    expect(await again.load('token', 'a')).toEqual(utf8('kept'))
    expect(await again.load('token', 'b')).toEqual(utf8('later'))
    expect(await refusalOf(() => open(folder, old))).toBe('master_key.wrong')
  })

  for (const cut of ['made', 'wrapped', 'placed'] as const) {
    test(`cut off once the new key is ${cut}, the folder opens by the file, and the rotation is brought to its end`, async () => {
      using folder = memoryFolder()
      const { source, old, keyring } = await begun(folder)
      const onStep = (step: string): void => {
        if (step === cut) throw new PowerCut()
      }
      await rotateMasterKey({ keyring, source, onStep }).catch(() => undefined)
      const again = await open(folder, source)
      expect(await again.load('token', 'a')).toEqual(utf8('kept'))
      expect(again.master().nextSet).toBe(false)
      expect(existsSync(`${source.path}.next`)).toBe(false)
      // The key that did not come to stand in the file opens nothing, before and after a recovery key was renewed.
      const isNew = readFileSync(source.path, 'utf8').trim() !== old.value
      expect(isNew).toBe(cut !== 'made')
      expect(await refusalOf(() => open(folder, old))).toBe(isNew ? 'master_key.wrong' : 'nothing')
      expect(await rotateMasterKey({ keyring: await open(folder, source), source })).toEqual({ pending: false })
      expect(await (await open(folder, source)).load('token', 'a')).toEqual(utf8('kept'))
    })
  }

  test('that cannot be written beside stays as it is, and so does the keyring', async () => {
    using folder = memoryFolder()
    const { keyring } = await begun(folder)
    const before = readFileSync(folder.file('keyring.json'), 'utf8')
    const source = { kind: 'file' as const, path: folder.file('none/master.key') }
    expect(await refusalOf(() => rotateMasterKey({ keyring, source }))).toBe('host.file_missing')
    expect(readFileSync(folder.file('keyring.json'), 'utf8')).toBe(before)
  })

  test('may be one that the owner made; half a key is refused and changes nothing', async () => {
    using folder = memoryFolder()
    const { source, old, keyring } = await begun(folder)
    const next = newText()
    expect(await refusalOf(() => rotateMasterKey({ keyring, source, next: next.slice(1) }))).toBe(
      'master_key.malformed',
    )
    expect(readFileSync(source.path, 'utf8').trim()).toBe(old.value)
    await rotateMasterKey({ keyring, source, next })
    expect(readFileSync(source.path, 'utf8').trim()).toBe(next)
  })
})

describe('a master key from outside', () => {
  test('is accepted beside the present one until it is used, and then alone', async () => {
    using folder = memoryFolder()
    const [old, next] = [newText(), newText()]
    const source = { kind: 'value' as const, value: old }
    const keyring = await open(folder, source)
    await keyring.store('token', 'a', utf8('kept'))
    expect(await rotateMasterKey({ keyring, source, next })).toEqual({ pending: true })
    expect(await (await open(folder, source)).load('token', 'a')).toEqual(utf8('kept'))
    const changed = await open(folder, { kind: 'value', value: next })
    expect(await changed.load('token', 'a')).toEqual(utf8('kept'))
    expect(changed.master().nextSet).toBe(false)
    expect(await refusalOf(() => open(folder, source))).toBe('master_key.wrong')
  })

  test('is not made by Sluice, which cannot put it there', async () => {
    using folder = memoryFolder()
    const source = { kind: 'value' as const, value: newText() }
    const keyring = await open(folder, source)
    expect(await refusalOf(() => rotateMasterKey({ keyring, source }))).toBe('master_key.not_ours')
  })

  test('that waits to be used survives a new recovery key, or keeps it from being made', async () => {
    using folder = memoryFolder()
    const [old, next] = [newText(), newText()]
    const source = { kind: 'value' as const, value: old }
    const keyring = await open(folder, source)
    await keyring.takeRecoveryKey()
    await rotateMasterKey({ keyring, source, next })
    await keyring.renewRecoveryKey()
    const restarted = await open(folder, source)
    expect(await refusalOf(() => restarted.renewRecoveryKey())).toBe('master_key.pending')
    expect(await refusalOf(() => open(folder, { kind: 'value', value: next }))).toBe('nothing')
  })
})

test('the recovery key opens a folder whose master key was rotated after it had been shown', async () => {
  using folder = memoryFolder()
  const { source, keyring } = await begun(folder)
  const recoveryKey = (await keyring.takeRecoveryKey()) ?? ''
  await rotateMasterKey({ keyring, source })
  const value = newText()
  const master = await loadMasterKey({ kind: 'value', value })
  await recoverKeyring({ ...depsOf(folder), master, recoveryKey })
  expect(await (await openKeyring({ ...depsOf(folder), master })).load('token', 'a')).toEqual(utf8('kept'))
})

test('a new master key that others may read is refused before it is used', async () => {
  using folder = memoryFolder()
  const { source } = await begun(folder)
  writeFileSync(`${source.path}.next`, newText())
  chmodSync(`${source.path}.next`, 0o644)
  // It belongs to no rotation: it is removed, not read.
  expect(await refusalOf(() => open(folder, source))).toBe('nothing')
  expect(existsSync(`${source.path}.next`)).toBe(false)
})

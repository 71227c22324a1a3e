import { describe, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { base64url, systemRandom, utf8 } from '../../src/base/mod.ts'
import { importWrappingKey, wrap } from '../../src/crypto/mod.ts'
import { openKeyring, recoverKeyring } from '../../src/keys/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { refusalOf } from '../support/refusal.ts'

const clock = frozenClock()
const master = await importWrappingKey(systemRandom(32))
const other = await importWrappingKey(systemRandom(32))
const deps = (folder: TemporaryFolder, key = master) => ({
  ...{ path: folder.file('keyring.json'), master: key, clock, random: systemRandom },
})
const open = (folder: TemporaryFolder, key = master) => openKeyring(deps(folder, key))

async function begun(folder: TemporaryFolder) {
  const keyring = await open(folder)
  await keyring.store('token', 'a', utf8('kept'))
  const recoveryKey = (await keyring.takeRecoveryKey()) ?? ''
  return { keyring, recoveryKey }
}

describe('the recovery key of a data folder', () => {
  test('is given once, by one process, and never again', async () => {
    using folder = memoryFolder()
    const { keyring, recoveryKey } = await begun(folder)
    expect(recoveryKey).toStartWith('SLR-')
    expect(await keyring.takeRecoveryKey()).toBeUndefined()
    expect(keyring.recovery()).toEqual({ madeAtMs: clock.now(), taken: true })
    expect(await (await open(folder)).takeRecoveryKey()).toBeUndefined()
  })

  test('is made when it is first taken: opening the keyring before that, by whomever, writes nothing', async () => {
    using folder = memoryFolder()
    const keyring = await open(folder)
    const first = readFileSync(folder.file('keyring.json'), 'utf8')
    const looking = await open(folder)
    expect(readFileSync(folder.file('keyring.json'), 'utf8')).toBe(first)
    expect(looking.recovery()).toEqual({ madeAtMs: undefined, taken: false })
    expect(await refusalOf(() => looking.recoveryPublicKey())).toBe('recovery_key.not_taken')
    expect(await keyring.takeRecoveryKey()).toStartWith('SLR-')
  })

  test('opens the keyring for another master key, with all that it held; the lost one opens nothing any more', async () => {
    using folder = memoryFolder()
    const { recoveryKey } = await begun(folder)
    await recoverKeyring({ ...deps(folder, other), recoveryKey })
    expect(await (await open(folder, other)).load('token', 'a')).toEqual(utf8('kept'))
    expect(await refusalOf(() => open(folder))).toBe('master_key.wrong')
  })

  test('goes on working after a recovery, which is told to the audit trail until that has it', async () => {
    using folder = memoryFolder()
    const { recoveryKey } = await begun(folder)
    await recoverKeyring({ ...deps(folder, other), recoveryKey })
    await recoverKeyring({ ...deps(folder, master), recoveryKey })
    const keyring = await open(folder)
    const used = { action: 'recovery_key.used', atMs: clock.now(), detail: {} }
    expect(keyring.acts()).toEqual([used, used])
    await keyring.actsRecorded()
    expect((await open(folder)).acts()).toEqual([])
  })

  test('stops working when a new one is made, also against the file as it was before', async () => {
    using folder = memoryFolder()
    const { keyring, recoveryKey } = await begun(folder)
    const renewed = await keyring.renewRecoveryKey()
    expect(renewed).not.toBe(recoveryKey)
    expect(await refusalOf(() => recoverKeyring({ ...deps(folder, other), recoveryKey }))).toBe('recovery_key.wrong')
    await recoverKeyring({ ...deps(folder, other), recoveryKey: renewed })
    expect(await (await open(folder, other)).load('token', 'a')).toEqual(utf8('kept'))
  })

  test('is refused when it is that of another folder, mistyped, or not needed, and nothing changes', async () => {
    using folder = memoryFolder()
    using stranger = memoryFolder()
    const { recoveryKey } = await begun(folder)
    const before = readFileSync(folder.file('keyring.json'), 'utf8')
    const theirs = (await begun(stranger)).recoveryKey
    const wrongs: [string, typeof master, string][] = [
      [theirs, other, 'recovery_key.wrong'],
      [recoveryKey.slice(0, -1), other, 'recovery_key.malformed'],
      [recoveryKey, master, 'recovery_key.not_needed'],
    ]
    for (const [key, under, code] of wrongs) {
      expect(await refusalOf(() => recoverKeyring({ ...deps(folder, under), recoveryKey: key }))).toBe(code)
    }
    expect(readFileSync(folder.file('keyring.json'), 'utf8')).toBe(before)
    using empty = memoryFolder()
    expect(await refusalOf(() => recoverKeyring({ ...deps(empty, other), recoveryKey }))).toBe('keyring.missing')
  })

  test('a file in which a stranger put his own recovery key is refused', async () => {
    using folder = memoryFolder()
    using stranger = memoryFolder()
    const { recoveryKey } = await begun(folder)
    await begun(stranger)
    const ours = JSON.parse(readFileSync(folder.file('keyring.json'), 'utf8'))
    const theirs = JSON.parse(readFileSync(stranger.file('keyring.json'), 'utf8'))
    writeFileSync(folder.file('keyring.json'), JSON.stringify({ ...ours, recovery: theirs.recovery }))
    expect(await refusalOf(() => open(folder))).toBe('keyring.damaged')
    expect(await refusalOf(() => recoverKeyring({ ...deps(folder, other), recoveryKey }))).toBe('recovery_key.wrong')
  })

  test('stands nowhere in the folder, in no spelling', async () => {
    using folder = memoryFolder()
    const { recoveryKey } = await begun(folder)
    const file = readFileSync(folder.file('keyring.json'), 'utf8')
    for (const group of recoveryKey.split('-').slice(1)) expect(file.toUpperCase()).not.toContain(`-${group}-`)
    expect(file).not.toContain(recoveryKey.replaceAll('-', ''))
  })
})

describe('a keyring of the first form', () => {
  test('opens as before and gets a recovery key', async () => {
    using folder = memoryFolder()
    const wrapped = async (purpose: string, id: string, secret: Uint8Array<ArrayBuffer>) =>
      base64url(await wrap(master, { purpose, id }, secret))
    const { canonicalJson } = await import('../../src/base/mod.ts')
    const { sha256 } = await import('../../src/crypto/mod.ts')
    const whole = {
      version: 1,
      check: await wrapped('keyring-check', 'keyring', new Uint8Array(0)),
      secrets: { token: { a: await wrapped('token', 'a', utf8('kept')) } },
    }
    const digest = await wrapped('keyring-digest', 'keyring', await sha256(utf8(canonicalJson(whole))))
    writeFileSync(folder.file('keyring.json'), JSON.stringify({ ...whole, digest }))
    expect(await refusalOf(() => open(folder, other))).toBe('master_key.wrong')
    const keyring = await open(folder)
    expect(await keyring.load('token', 'a')).toEqual(utf8('kept'))
    expect(keyring.placeOf('token', 'a')).toEqual({ settled: true, generation: 1 })
    expect(await keyring.takeRecoveryKey()).toStartWith('SLR-')
    expect(await (await open(folder)).load('token', 'a')).toEqual(utf8('kept'))
  })
})

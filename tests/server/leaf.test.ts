import { afterEach, beforeEach, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { type Clock, systemClock, systemRandom } from '../../src/base/mod.ts'
import { type Authority, createAuthority, importWrappingKey, loadAuthority } from '../../src/crypto/mod.ts'
import type { TlsMaterial } from '../../src/host/mod.ts'
import { type Keyring, openKeyring } from '../../src/keys/mod.ts'
import { serverLeaf } from '../../src/server/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'

const DAY_MS = 86_400_000
const kept = { purpose: 'management-leaf', id: 'runtime' }
const BEGIN = Date.UTC(2026, 5, 1)

let folder: TemporaryFolder
let keyring: Keyring
let authority: Authority

beforeEach(async () => {
  folder = temporaryFolder()
  keyring = await reopened()
  authority = await keyring.authority('runtime', 'factory-01')
})
afterEach(() => folder[Symbol.dispose]())

async function reopened(): Promise<Keyring> {
  const master = await importWrappingKey(new Uint8Array(32).fill(7))
  return openKeyring({ path: folder.file('keyring.json'), master, clock: clockAt(0), random: systemRandom })
}

function clockAt(days: number): Clock {
  return { ...systemClock, now: () => BEGIN + days * DAY_MS }
}

function leafAt(days: number, names: string[] = ['factory-01.example']): Promise<TlsMaterial> {
  return serverLeaf({ authority, keyring, kept, names, clock: clockAt(days) })
}

function certificateOf(leaf: TlsMaterial): X509Certificate {
  return new X509Certificate(leaf.certificatePem)
}

test('serverLeaf() gives the same leaf over starts until half of its 40 days is left, then another', async () => {
  const first = await leafAt(0)
  keyring = await reopened()
  expect(await leafAt(1)).toEqual(first)
  expect(await leafAt(19.9)).toEqual(first)
  const second = await leafAt(20.1)
  expect(certificateOf(second).serialNumber).not.toBe(certificateOf(first).serialNumber)
  expect(Date.parse(certificateOf(second).validTo)).toBe(BEGIN + 60.1 * DAY_MS)
  keyring = await reopened()
  expect(await leafAt(20.2)).toEqual(second)
})

test('serverLeaf() issues anew when names are added or taken away, when the clock was set back, and under another authority', async () => {
  const first = await leafAt(0)
  const named = await leafAt(0, ['factory-01.example', '192.0.2.7'])
  expect(certificateOf(named).checkHost('factory-01.example')).toBe('factory-01.example')
  expect(certificateOf(named).checkIP('192.0.2.7')).toBe('192.0.2.7')
  const unnamed = await leafAt(0, [])
  expect(certificateOf(unnamed).checkHost('factory-01.example')).toBeUndefined()
  expect(certificateOf(unnamed).checkHost('localhost')).toBe('localhost')
  const past = await leafAt(-30, [])
  authority = await loadAuthority(
    await createAuthority({ name: 'factory-01', clock: clockAt(-60), random: systemRandom }),
  )
  const strange = await leafAt(-30, [])
  expect(certificateOf(strange).verify(new X509Certificate(authority.certificatePem).publicKey)).toBe(true)
  const serials = [first, named, unnamed, past, strange].map((leaf) => certificateOf(leaf).serialNumber)
  expect(new Set(serials).size).toBe(5)
})

test('serverLeaf() keeps the private key wrapped only, and replaces what it cannot read', async () => {
  const { privateKeyPem } = await leafAt(0)
  const text = await Bun.file(folder.file('keyring.json')).text()
  expect(text).not.toContain('PRIVATE KEY')
  expect(text).not.toContain(Buffer.from(privateKeyPem).toString('base64url').slice(40, 80))
  await keyring.store('management-leaf', 'runtime', new TextEncoder().encode('{"version":2}'))
  const next = await leafAt(0)
  expect(next.privateKeyPem).not.toBe(privateKeyPem)
  expect(await leafAt(0)).toEqual(next)
})

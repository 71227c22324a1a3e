import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Log } from '../../src/base/mod.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { type Certificates, type CertificatesDeps, openCertificates } from '../../src/certificates/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import type { TlsMaterial } from '../../src/host/mod.ts'
import { openKeyring } from '../../src/keys/mod.ts'
import { type Chain, chainOf } from '../support/certificates/chain.ts'
import { chainPem, keys, PASSPHRASE, pkcs12 } from '../support/certificates/openssl.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { type FrozenClock, frozenClock } from '../support/frozen-clock.ts'
import { refusalOf } from '../support/refusal.ts'

const DAY_MS = 86_400_000
const HOST = 'factory.example'

let folder: TemporaryFolder
let clock: FrozenClock
let chain: Chain
let own: TlsMaterial
let logged: { message: string; fields: Record<string, unknown> | undefined }[]
let order: CertificatesDeps['order']
let closing: AbortController

beforeEach(async () => {
  folder = memoryFolder()
  clock = frozenClock(Date.now())
  chain = await chainOf()
  own = materialOf(await chain.server({ dns: [HOST, 'localhost', 'own.internal'] }))
  logged = []
  order = () => Promise.reject(new Error('no order is expected'))
  closing = new AbortController()
})
afterEach(() => folder[Symbol.dispose]())

function materialOf({ pem, keyPem }: { pem: string; keyPem: string }): TlsMaterial {
  return { certificatePem: pem, privateKeyPem: keyPem }
}

async function opened(): Promise<Certificates> {
  const master = await importWrappingKey(new Uint8Array(32).fill(7))
  const say = (message: string, fields?: Record<string, unknown>): void => void logged.push({ message, fields })
  const log: Log = { debug: () => undefined, info: () => undefined, warn: say, error: say }
  return openCertificates({
    keyring: await openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom }),
    ...{ ownLeaf: async () => own, names: [HOST, 'localhost'], ownName: 'own.internal', host: HOST },
    ...{ order: (...asked) => order(...asked), closing: closing.signal, clock, log },
  })
}

/** A certificate of the owner's as he brings it. */
async function brought(names: string[] = [HOST], notAfter = new Date(clock.now() + 80 * DAY_MS)) {
  const { pem, keyPem } = await chain.server({ dns: names, notAfter })
  return { certificate: pem + chain.authority, key: keyPem }
}

function serialOf(material: TlsMaterial | undefined): string {
  return material ? new X509Certificate(material.certificatePem).serialNumber : 'none'
}

describe('a certificate of the owner’s', () => {
  test('is shown from its setting on, over restarts as well, and the self-signed one again after its removal', async () => {
    const certificates = await opened()
    expect(certificates.served).toEqual({ main: own, named: undefined })
    expect(certificates.view()).toMatchObject({ installed: undefined, acme: undefined, warnings: [] })
    let changes = 0
    certificates.onChange(() => changes++)
    const mine = await brought()
    await certificates.set(mine, 'user:ada')
    expect(changes).toBe(1)
    const serial = new X509Certificate(mine.certificate).serialNumber
    for (const one of [certificates, await opened()]) {
      expect(serialOf(one.served.main)).toBe(serial)
      expect(one.served.main.certificatePem.match(/BEGIN CERT/g)).toHaveLength(2)
      expect(one.view().installed).toMatchObject({ source: 'owner', setBy: 'user:ada', coversHost: true })
      expect(one.view().shown.fingerprint).toBe(new X509Certificate(mine.certificate).fingerprint256)
    }
    const again = await opened()
    await again.remove()
    expect(again.served.main).toEqual(own)
    expect((await opened()).view().installed).toBeUndefined()
    expect(await refusalOf(() => again.remove())).toBe('certificate.none')
  })

  test('leaves its names to the own leaf where it lacks them, and one name always', async () => {
    const certificates = await opened()
    await certificates.set(await brought([HOST]), 'user:ada')
    expect(certificates.served.named).toEqual({ ...own, names: ['own.internal', 'localhost'] })
    await certificates.set(await brought([HOST, 'localhost', 'own.internal']), 'user:ada')
    expect(certificates.served.named?.names).toEqual(['own.internal'])
  })

  test('that does not name the host is taken only from an owner who insists', async () => {
    const certificates = await opened()
    const other = await brought(['other.example'])
    expect(await refusalOf(() => certificates.set(other, 'user:ada'))).toBe('certificate.name_mismatch')
    expect(certificates.installed).toBeUndefined()
    await certificates.set({ ...other, insist: true }, 'user:ada')
    expect(certificates.view().installed?.coversHost).toBe(false)
    expect(certificates.view().shown).toEqual(certificates.view().own)
    expect(certificates.served.named?.names).toEqual(['own.internal', HOST, 'localhost'])
  })

  test('with a fault is refused by its name and changes nothing', async () => {
    const certificates = await opened()
    const first = await brought()
    await certificates.set(first, 'user:ada')
    const [one, other] = [await brought(), await brought()]
    const refused = (input: Parameters<Certificates['set']>[0]) => refusalOf(() => certificates.set(input, 'user:ada'))
    expect(await refused({ ...one, key: other.key })).toBe('certificate.key_mismatch')
    expect(await refused(await brought([HOST], new Date(clock.now() - 1_000)))).toBe('certificate.expired')
    expect(await refused({ certificate: one.certificate })).toBe('certificate.key_unreadable')
    expect(await refused({})).toBe('certificate.input_unclear')
    expect(await refused({ ...one, pkcs12: pkcs12.modern })).toBe('certificate.input_unclear')
    expect(serialOf(certificates.installed)).toBe(new X509Certificate(first.certificate).serialNumber)
  })

  test('comes as PKCS#12, or as PEM with an encrypted key, or as one text with both', async () => {
    const forms = [
      { pkcs12: pkcs12.modern, passphrase: PASSPHRASE },
      { certificate: chainPem, key: keys.enc, passphrase: PASSPHRASE },
      { certificate: keys.plain + chainPem },
    ]
    for (const form of forms) {
      const certificates = await opened()
      await certificates.set(form, 'user:ada')
      expect(serialOf(certificates.installed)).toBe(new X509Certificate(chainPem).serialNumber)
      await certificates.remove()
    }
  })

  test('has its key sealed on the disk, gone after its removal, and never in what is shown', async () => {
    const certificates = await opened()
    const mine = await brought()
    await certificates.set(mine, 'user:ada')
    const secret = mine.key.split('\n')[1] ?? ''
    const inBase64url = Buffer.from(mine.key).toString('base64url').slice(60, 100)
    const text = () => readFileSync(folder.file('keyring.json'), 'utf8')
    for (const part of [secret, inBase64url, 'PRIVATE KEY']) expect(text()).not.toContain(part)
    expect(JSON.stringify(certificates.view())).not.toContain('PRIVATE')
    const sizeBefore = text().length
    await certificates.remove()
    expect(text().length).toBeLessThan(sizeBefore - 500)
  })
})

describe('warnings', () => {
  test('come 30, 7 and 1 days before the end and after it, each in the log once', async () => {
    const certificates = await opened()
    const end = clock.now() + 80 * DAY_MS
    await certificates.set(await brought([HOST], new Date(end)), 'user:ada')
    const daysBefore = async (days: number) => {
      clock.advance(end - days * DAY_MS - clock.now())
      await certificates.tend()
      await certificates.tend()
      return certificates.warnings().map(({ code, level, daysLeft }) => [code, level, daysLeft])
    }
    expect(await daysBefore(31)).toEqual([])
    expect(await daysBefore(29.5)).toEqual([['certificate.ends_soon', 'warn', 29]])
    expect(await daysBefore(20.5)).toEqual([['certificate.ends_soon', 'warn', 20]])
    expect(await daysBefore(6.9)).toEqual([['certificate.ends_soon', 'warn', 6]])
    expect(await daysBefore(0.9)).toEqual([['certificate.ends_soon', 'bad', 0]])
    expect(await daysBefore(-0.5)).toEqual([['certificate.expired', 'bad', -1]])
    expect(logged.map(({ message, fields }) => [message, fields?.['daysLeft']])).toEqual([
      ['the certificate ends soon', 29],
      ['the certificate ends soon', 6],
      ['the certificate ends soon', 0],
      ['the certificate has expired', -1],
    ])
  })

  test('say that a clock is before the certificate, too', async () => {
    const certificates = await opened()
    await certificates.set(await brought(), 'user:ada')
    clock.advance(-30 * DAY_MS)
    expect(certificates.warnings()).toMatchObject([{ code: 'certificate.not_yet_valid', level: 'bad' }])
  })
})

test('the own leaf is renewed while it is shown, and listeners hear of it', async () => {
  const certificates = await opened()
  let changes = 0
  certificates.onChange(() => changes++)
  await certificates.tend()
  expect(changes).toBe(0)
  own = materialOf(await chain.server({ dns: [HOST] }))
  await certificates.tend()
  expect([changes, certificates.served.main]).toEqual([1, own])
})

describe('ACME', () => {
  const settings = { directory: 'https://acme.example/directory', names: ['FACTORY.example'], port: 80 }

  /** An authority that issues for 90 days; each account's key is noted. */
  function issuing(): string[] {
    const accounts: string[] = []
    order = async (_settings, accountKeyPem) => {
      accounts.push(accountKeyPem)
      const { pem, keyPem } = await chain.server({
        ...{ dns: [HOST], notBefore: new Date(clock.now()), notAfter: new Date(clock.now() + 90 * DAY_MS) },
      })
      return { certificatePem: pem + chain.authority, privateKeyPem: keyPem }
    }
    return accounts
  }

  test('fetches at once, and again at two thirds of the life, with the same account', async () => {
    const accounts = issuing()
    const certificates = await opened()
    await certificates.useAcme(settings, 'user:ada')
    await certificates.close()
    const first = serialOf(certificates.installed)
    expect(certificates.view()).toMatchObject({
      installed: { source: 'acme', setBy: 'user:ada', coversHost: true },
      acme: { state: 'waiting', names: ['factory.example'] },
    })
    clock.advance(59.9 * DAY_MS)
    await certificates.tend()
    expect(serialOf(certificates.installed)).toBe(first)
    clock.advance(0.2 * DAY_MS)
    const restarted = await opened()
    await restarted.tend()
    expect(serialOf(restarted.installed)).not.toBe(first)
    expect(new Set(accounts).size).toBe(1)
    expect(accounts).toHaveLength(2)
    expect(restarted.warnings()).toEqual([])
  })

  test('tries again after an hour, then two, then four, a day at most, and says why it failed', async () => {
    let tries = 0
    order = () => {
      tries++
      return Promise.reject(new Error('nobody \u001b[31mhome'))
    }
    const certificates = await opened()
    await certificates.useAcme(settings, 'user:ada')
    await certificates.close()
    expect(certificates.view().acme?.lastFailure).toMatchObject({
      code: 'internal.unexpected',
      words: 'nobody \\u{1b}[31mhome',
    })
    expect(certificates.warnings()).toMatchObject([{ code: 'certificate.renewal_fails', level: 'warn' }])
    for (const [hours, wanted] of [
      [0.9, 1],
      [0.2, 2],
      [1.8, 2],
      [0.3, 3],
      [3.8, 3],
      [0.3, 4],
    ] as const) {
      clock.advance(hours * 3_600_000)
      await certificates.tend()
      expect(tries).toBe(wanted)
    }
    for (let day = 0; day < 10; day++) {
      clock.advance(24.1 * 3_600_000)
      await certificates.tend()
    }
    expect(tries).toBe(14)
    // It is kept over a restart how often it failed.
    const restarted = await opened()
    await restarted.tend()
    expect(tries).toBe(14)
  })

  test('gives way to a certificate that its owner brings while an order is under way', async () => {
    const begun = Promise.withResolvers<AbortSignal>()
    order = (_settings, _key, signal) => {
      begun.resolve(signal)
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
    }
    const certificates = await opened()
    await certificates.useAcme(settings, 'user:ada')
    const signal = await begun.promise
    expect(certificates.view().acme?.state).toBe('ordering')
    const mine = await brought()
    await certificates.set(mine, 'user:ada')
    expect(signal.aborted).toBe(true)
    await certificates.close()
    expect(certificates.view()).toMatchObject({ installed: { source: 'owner' }, acme: undefined, warnings: [] })
  })

  test('ends with the server in the middle of an order, without a failure', async () => {
    const begun = Promise.withResolvers<void>()
    order = (_settings, _key, signal) => {
      begun.resolve()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
    }
    const certificates = await opened()
    await certificates.useAcme(settings, 'user:ada')
    await begun.promise
    closing.abort()
    await certificates.close()
    expect((await opened()).view().acme?.lastFailure).toBeUndefined()
  })

  test('is due at once for new names whose order a stop broke off, and takes no certificate that lacks one of them', async () => {
    issuing()
    const certificates = await opened()
    await certificates.useAcme(settings, 'user:ada')
    await certificates.close()
    const begun = Promise.withResolvers<void>()
    order = (_settings, _key, signal) => {
      begun.resolve()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
    }
    await certificates.useAcme({ ...settings, names: [HOST, 'new.example'] }, 'user:ada')
    await begun.promise
    closing.abort()
    await certificates.close()
    closing = new AbortController()
    const accounts = issuing()
    const restarted = await opened()
    await restarted.tend()
    expect(accounts).toHaveLength(1)
    // It still lacks the new name: that is a failure of the authority, asked again after an hour and not at every look.
    expect(restarted.view().acme?.lastFailure?.code).toBe('acme.refused')
    await restarted.tend()
    expect(accounts).toHaveLength(1)
  })

  test('is not begun for names that no authority issues for', async () => {
    const certificates = await opened()
    for (const name of ['factory', '*.factory.example', '192.0.2.7', 'a b.example', `${'a'.repeat(64)}.example`])
      expect(await refusalOf(() => certificates.useAcme({ ...settings, names: [name] }, 'user:ada'))).toBe(
        'acme.name_unfit',
      )
    expect(certificates.view().acme).toBeUndefined()
  })
})

test('a certificate that was kept and cannot be used any more is passed over with a warning: the server comes up', async () => {
  const master = await importWrappingKey(new Uint8Array(32).fill(7))
  const keyring = await openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
  const { certificate } = await brought()
  const installed = { source: 'owner', certificatePem: certificate, privateKeyPem: keys.plain, setBy: 'x', setAtMs: 1 }
  await keyring.store('certificates', 'server', new TextEncoder().encode(JSON.stringify({ installed })))
  const certificates = await opened()
  expect(certificates.served.main).toEqual(own)
  expect(certificates.warnings()).toMatchObject([{ code: 'certificate.unusable', level: 'bad' }])
  await certificates.set(await brought(), 'user:ada')
  expect(certificates.warnings()).toEqual([])
})

test('what was kept and does not parse is told of, and stays as it is until the owner replaces or removes it', async () => {
  const master = await importWrappingKey(new Uint8Array(32).fill(7))
  const later = new TextEncoder().encode(JSON.stringify({ installed: { of: 'a later version' } }))
  const keyringOf = () => openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
  await (await keyringOf()).store('certificates', 'server', later)
  const certificates = await opened()
  expect(certificates.served.main).toEqual(own)
  expect(certificates.warnings()).toMatchObject([{ code: 'certificate.unusable', level: 'bad' }])
  expect(logged).toHaveLength(1)
  await certificates.tend()
  expect(await (await keyringOf()).load('certificates', 'server')).toEqual(later)
  await certificates.remove()
  expect(certificates.warnings()).toEqual([])
  expect((await opened()).warnings()).toEqual([])
})

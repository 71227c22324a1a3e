import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { connect, createServer, type Server } from 'node:tls'
import { type Clock, fromHex, systemClock, systemRandom } from '../../src/base/mod.ts'
import { type Authority, createAuthority, type IssuedLeaf, issueLeaf, loadAuthority } from '../../src/crypto/mod.ts'
import { refusalOf } from '../support/refusal.ts'

const HOUR_MS = 3_600_000
const YEAR_MS = 365.25 * 24 * HOUR_MS

function clockAt(epochMs: number): Clock {
  return { ...systemClock, now: () => epochMs }
}

async function newAuthority(name: string, clock: Clock = systemClock): Promise<Authority> {
  return loadAuthority(await createAuthority({ name, clock, random: systemRandom }))
}

/** Leaf and authority of the PEM chain. */
function chainOf(leaf: IssuedLeaf): [X509Certificate, X509Certificate] {
  const [first, second] = leaf.certificatePem.split(/(?<=-----END CERTIFICATE-----\n)/)
  return [new X509Certificate(first ?? ''), new X509Certificate(second ?? '')]
}

const names = {
  dnsNames: ['factory-01.example', 'localhost'],
  ipAddresses: ['127.0.0.1', '::1'],
  lifetimeMs: 24 * HOUR_MS,
}

describe('an authority', () => {
  test('is a P-256 CA that signs leaves only, for twenty years from yesterday', async () => {
    const now = Date.UTC(2026, 5, 1)
    const authority = await newAuthority('factory-01', clockAt(now))
    const certificate = new X509Certificate(authority.certificatePem)
    expect(certificate.ca).toBe(true)
    expect(certificate.subject).toBe('CN=factory-01')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(certificate.toLegacyObject().bits).toBe(256)
    expect(Date.parse(certificate.validFrom)).toBe(now - 24 * HOUR_MS)
    expect(Math.abs(Date.parse(certificate.validTo) - now - 20 * YEAR_MS)).toBeLessThan(48 * HOUR_MS)
    expect(authority.key.privateKey.extractable).toBe(false)
  })

  test('keeps any name as it is, commas and all, and refuses one of no or of 65 characters', async () => {
    const certificate = new X509Certificate((await newAuthority('Plant 7, O=Else + "x"')).certificatePem)
    expect(certificate.toLegacyObject().subject).toEqual({ CN: 'Plant 7, O=Else + "x"' } as never)
    for (const name of ['', 'x'.repeat(65)])
      expect(await refusalOf(() => newAuthority(name))).toBe('certificate.name_malformed')
    expect(await refusalOf(() => newAuthority('x'.repeat(64)))).toBe('nothing')
  })

  test('that lives beyond 2050 has its times in the form that holds them', async () => {
    const certificate = new X509Certificate((await newAuthority('late', clockAt(Date.UTC(2040, 0, 1)))).certificatePem)
    expect(new Date(certificate.validTo).getUTCFullYear()).toBe(2060)
  })

  test('is refused at loading with the key of another, without a certificate, or as a mere leaf', async () => {
    const options = { name: 'one', clock: systemClock, random: systemRandom }
    const [one, other] = [await createAuthority(options), await createAuthority(options)]
    const refused = (stored: Parameters<typeof loadAuthority>[0]): Promise<string> =>
      refusalOf(() => loadAuthority(stored))
    expect(await refused({ ...one, pkcs8: other.pkcs8 })).toBe('certificate.malformed')
    expect(await refused({ ...one, pkcs8: new Uint8Array(5) })).toBe('certificate.malformed')
    expect(await refused({ ...one, certificatePem: 'no certificate' })).toBe('certificate.malformed')
    const leaf = await issueLeaf(await loadAuthority(one), { ...names, clock: systemClock })
    const pkcs8 = fromHex(Buffer.from(leaf.privateKeyPem.replace(/-----.*-----/g, ''), 'base64').toString('hex'))
    expect(await refused({ certificatePem: leaf.certificatePem, pkcs8 })).toBe('certificate.malformed')
  })
})

describe('issueLeaf()', () => {
  test('signs a chain of leaf and authority with names, addresses, purpose and times', async () => {
    const now = Date.UTC(2026, 5, 1)
    const clock = clockAt(now)
    const issued = await issueLeaf(await newAuthority('factory-01', clock), { ...names, clock })
    const [leaf, authority] = chainOf(issued)
    expect(leaf.ca).toBe(false)
    expect(leaf.checkIssued(authority)).toBe(true)
    expect(leaf.verify(authority.publicKey)).toBe(true)
    expect(leaf.subjectAltName).toBe(
      'DNS:factory-01.example, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    )
    expect(leaf.toLegacyObject().ext_key_usage).toEqual(['1.3.6.1.5.5.7.3.1'])
    expect(Date.parse(leaf.validFrom)).toBe(now - HOUR_MS)
    expect(Date.parse(leaf.validTo)).toBe(now + names.lifetimeMs)
    expect(leaf.serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/)
  })

  test('gives each leaf a key and serial of its own', async () => {
    const authority = await newAuthority('factory-01')
    const issued = [
      await issueLeaf(authority, { ...names, clock: systemClock }),
      await issueLeaf(authority, { ...names, clock: systemClock }),
    ]
    expect(new Set(issued.map((leaf) => leaf.privateKeyPem)).size).toBe(2)
    expect(new Set(issued.map((leaf) => chainOf(leaf)[0].serialNumber)).size).toBe(2)
  })

  test('ends no later than the authority, and refuses once that has ended', async () => {
    const authority = await newAuthority('old', clockAt(Date.UTC(2006, 5, 1)))
    const end = Date.parse(new X509Certificate(authority.certificatePem).validTo)
    const [leaf] = chainOf(await issueLeaf(authority, { ...names, clock: clockAt(end - 1000) }))
    expect(Date.parse(leaf.validTo)).toBe(end)
    const late = { ...names, clock: clockAt(end) }
    expect(await refusalOf(() => issueLeaf(authority, late))).toBe('certificate.authority_expired')
  })

  test('refuses what is no name or address, none at all, and more than a hundred', async () => {
    const authority = await newAuthority('factory-01')
    const issue = (dnsNames: string[], ipAddresses: string[] = []): Promise<string> =>
      refusalOf(() => issueLeaf(authority, { dnsNames, ipAddresses, lifetimeMs: HOUR_MS, clock: systemClock }))
    const malformed = ['', '*.example', '-a.example', 'a_b', 'a b', 'a..b', '127.0.0.1', `${'x'.repeat(64)}.example`]
    for (const name of malformed) expect(await issue([name])).toBe('certificate.name_malformed')
    for (const address of ['', 'localhost', '127.0.0.256', '127.0.0.1:443', '[::1]'])
      expect(await issue([], [address])).toBe('certificate.name_malformed')
    expect(await issue([])).toBe('certificate.name_malformed')
    const many = Array.from({ length: 101 }, (_, at) => `h${at}.example`)
    expect(await issue(many)).toBe('certificate.name_malformed')
    expect(await issue(many.slice(1))).toBe('nothing')
    const noLife = { ...names, lifetimeMs: 0, clock: systemClock }
    expect(await refusalOf(() => issueLeaf(authority, noLife))).toBe('crypto.input_malformed')
  })
})

describe('a TLS connection to a leaf', () => {
  let server: Server
  let authority: Authority
  let stranger: Authority

  beforeAll(async () => {
    authority = await newAuthority('factory-01')
    // The same name on purpose: what counts is the key.
    stranger = await newAuthority('factory-01')
    server = await serve(await issueLeaf(authority, { ...names, clock: systemClock }))
  })
  afterAll(() => void server.close())

  test('is verified by the authority, by DNS name and by address', async () => {
    expect(await dial(server, authority, 'factory-01.example')).toBe('connected')
    expect(await dial(server, authority, 'localhost')).toBe('connected')
    expect(await dial(server, authority, undefined)).toBe('connected')
  })

  test('is refused for a name that is not in the certificate', async () => {
    expect(await dial(server, authority, 'factory-02.example')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    expect(await dial(server, authority, 'sluice')).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
  })

  test('is refused under another authority of the same name, and under the system roots alone', async () => {
    expect(await dial(server, stranger, 'localhost')).not.toBe('connected')
    expect(await dial(server, undefined, 'localhost')).not.toBe('connected')
  })

  test('is refused when the leaf has expired', async () => {
    const past = clockAt(Date.now() - 2 * HOUR_MS)
    const expired = await serve(await issueLeaf(authority, { ...names, lifetimeMs: HOUR_MS, clock: past }))
    expect(await dial(expired, authority, 'localhost')).toBe('CERT_HAS_EXPIRED')
    expired.close()
  })
})

async function serve(leaf: IssuedLeaf): Promise<Server> {
  const server = createServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem }, (socket) => {
    socket.on('error', () => {}) // A client that refuses us may reset the connection.
    socket.end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}

/** `connected`, or the code of what the client refuses. */
function dial(server: Server, authority: Authority | undefined, servername: string | undefined): Promise<string> {
  const { port } = server.address() as AddressInfo
  const ca = authority ? { ca: [authority.certificatePem] } : {}
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, ...ca, ...(servername && { servername }) })
    socket.once('secureConnect', () => {
      resolve(socket.authorized ? 'connected' : 'not authorized')
      socket.destroy()
    })
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
  })
}

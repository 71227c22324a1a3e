import { describe, expect, test } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import type * as Library from '@peculiar/x509'
import fc from 'fast-check'
import { type Clock, hex, ipAddressBytes, systemClock, systemRandom } from '../../src/base/mod.ts'
import { type Authority, createAuthority, issueLeaf, loadAuthority } from '../../src/crypto/mod.ts'
import { importVerifyKey } from '../../src/crypto/signatures.ts'
import { refusalOf } from '../support/refusal.ts'

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const YEAR_MS = 365.25 * 24 * 3_600_000

await import('reflect-metadata')
const x509: typeof Library = await import('@peculiar/x509')

function clockAt(epochMs: number): Clock {
  return { ...systemClock, now: () => epochMs }
}

async function authorityAt(nowMs: number, name = 'factory-01'): Promise<Authority> {
  return loadAuthority(await createAuthority({ name, clock: clockAt(nowMs), random: systemRandom }))
}

/** What was signed: all of a certificate but its signature. */
function signedOf(certificate: { rawData: ArrayBuffer } | X509Certificate): string {
  const raw = 'raw' in certificate ? certificate.raw : Buffer.from(certificate.rawData)
  // SEQUENCE, a length of two bytes, and the same once more.
  return raw.subarray(4, 8 + raw.readUInt16BE(6)).toString('hex')
}

/** The library takes an IPv4 address in the end of an IPv6 one for something else, so it is given one of groups only. */
function plain(address: string): string {
  return address.includes(':')
    ? hex(ipAddressBytes(address) ?? new Uint8Array()).replace(/(?<=.)(?=(.{4})+$)/g, ':')
    : address
}

/** All of the library's options that ours has. */
async function factsOf({ validFrom, validTo, serialNumber }: X509Certificate, key: Authority['key']) {
  return {
    ...{ serialNumber, notBefore: new Date(validFrom), notAfter: new Date(validTo) },
    ...{ signingAlgorithm: ECDSA, publicKey: await importVerifyKey(key.publicKey), signingKey: key.privateKey },
  }
}

describe('what is signed is what @peculiar/x509 would sign, byte for byte', () => {
  test('of an authority, of any name and at any time of the next fifty years', async () => {
    const any = fc.record({
      name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
      years: fc.double({ min: 0, max: 50, noNaN: true }),
    })
    await fc.assert(
      fc.asyncProperty(any, async ({ name, years }) => {
        const { certificatePem, key } = await authorityAt(Date.UTC(2026, 0, 1) + years * YEAR_MS, name)
        const ours = new X509Certificate(certificatePem)
        const { publicKey, signingKey, ...facts } = await factsOf(ours, key)
        const theirs = await x509.X509CertificateGenerator.createSelfSigned({
          ...{ ...facts, keys: { publicKey, privateKey: signingKey } },
          name: new x509.Name([{ CN: [{ utf8String: name }] }]),
          extensions: [
            new x509.BasicConstraintsExtension(true, 0, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
            await x509.SubjectKeyIdentifierExtension.create(publicKey),
          ],
        })
        expect(signedOf(ours)).toBe(signedOf(theirs))
      }),
      { numRuns: 15 },
    )
  })

  test('of a leaf, for any names and addresses', async () => {
    const authority = await authorityAt(Date.UTC(2026, 0, 1))
    const issuer = new x509.X509Certificate(authority.certificatePem)
    const any = fc.record({
      dnsNames: fc.uniqueArray(fc.domain(), { maxLength: 20 }),
      ipAddresses: fc.uniqueArray(fc.oneof(fc.ipV4(), fc.ipV6()), { minLength: 1, maxLength: 20 }),
    })
    await fc.assert(
      fc.asyncProperty(any, async ({ dnsNames, ipAddresses }) => {
        const options = { dnsNames, ipAddresses, lifetimeMs: 86_400_000, clock: clockAt(Date.UTC(2026, 0, 2)) }
        const ours = new X509Certificate((await issueLeaf(authority, options)).certificatePem)
        const publicKey = await x509.PublicKey.create(new x509.X509Certificate(ours.raw)).then((key) => key.export())
        const theirs = await x509.X509CertificateGenerator.create({
          ...(await factsOf(ours, authority.key)),
          ...{ publicKey, subject: new x509.Name([{ CN: [{ utf8String: 'sluice' }] }]), issuer: issuer.subjectName },
          extensions: [
            new x509.BasicConstraintsExtension(false, undefined, true),
            new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
            new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
            new x509.SubjectAlternativeNameExtension([
              ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
              ...ipAddresses.map((address) => ({ type: 'ip', value: plain(address) }) as const),
            ]),
            await x509.SubjectKeyIdentifierExtension.create(publicKey),
            await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
          ],
        })
        expect(signedOf(ours)).toBe(signedOf(theirs))
      }),
      { numRuns: 15 },
    )
  })
})

test('an IPv4 address in the end of an IPv6 one is read as the host reads it, and one of an interface is refused', async () => {
  const authority = await authorityAt(Date.now())
  const addresses = ['::ffff:192.0.2.7', '64:ff9b::192.0.2.7', '::', '1::', '2001:DB8::1']
  const issue = (ipAddresses: string[]) =>
    issueLeaf(authority, { dnsNames: [], ipAddresses, lifetimeMs: 60_000, clock: systemClock })
  const leaf = new X509Certificate((await issue(addresses)).certificatePem)
  for (const address of addresses) expect(leaf.checkIP(address)).toBe(address)
  expect(leaf.checkIP('::2')).toBeUndefined()
  expect(await refusalOf(() => issue(['fe80::1%eth0']))).toBe('certificate.name_malformed')
})

test('an authority that the library made before signs leaves that chain to it', async () => {
  const keys = (await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify'])) as CryptoKeyPair
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    ...{
      name: new x509.Name([{ CN: [{ utf8String: 'before' }] }, { O: ['Ex, ample'] }]),
      keys,
      signingAlgorithm: ECDSA,
    },
    ...{ notBefore: new Date(Date.now() - 60_000), notAfter: new Date(Date.now() + YEAR_MS) },
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  })
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  const authority = await loadAuthority({ certificatePem: `${made.toString('pem')}\n`, pkcs8 })
  const names = { dnsNames: ['a.example'], ipAddresses: [], lifetimeMs: 60_000, clock: systemClock }
  const leaf = new X509Certificate((await issueLeaf(authority, names)).certificatePem)
  const issuer = new X509Certificate(authority.certificatePem)
  expect([leaf.checkIssued(issuer), leaf.verify(issuer.publicKey)]).toEqual([true, true])
})

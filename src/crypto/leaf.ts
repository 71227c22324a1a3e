/** Server certificates that an authority of ours signs: names in the SAN, short life, the chain after the leaf. */
import { isIP } from 'node:net'
import type { JsonGeneralNames } from '@peculiar/x509'
import { type Clock, systemRandom } from '../base/mod.ts'
import type { Authority } from './authority.ts'
import { CertificateExpired, CertificateNameMalformed, InputMalformed } from './errors.ts'
import { generateStoredKeyPair } from './keys.ts'
import { importVerifyKey } from './signatures.ts'
import { CERTIFICATE_ECDSA, loadX509, serialNumber } from './x509.ts'

/** Clients whose clock is up to an hour behind still accept a fresh leaf. */
const LEAF_BACKDATE_MS = 3_600_000
/** 100 names × 253 bytes stay far below the 16 KiB of a TLS record. */
const LEAF_NAMES_MAX = 100
/** RFC 1035 §2.3.4 and RFC 5890: labels of letters, digits and inner hyphens, 63 each. No wildcards. */
const DNS_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$/i

/** What `issueLeaf` takes: DNS names and IP addresses without brackets or ports, together 1 to 100, and milliseconds of life. */
export type LeafOptions = {
  dnsNames: readonly string[]
  ipAddresses: readonly string[]
  lifetimeMs: number
  clock: Clock
}

/** The PEM of leaf ‖ authority, as a TLS server sends it, and the leaf's own private key. */
export type IssuedLeaf = { certificatePem: string; privateKeyPem: string }

/**
 * Issues a server certificate for DNS names and IP addresses (together 1 to 100) with a fresh P-256 key. It ends after `lifetimeMs`, or
 * with its authority. Refuses `certificate.name_malformed`, `certificate.authority_expired`, and a lifetime of nothing as `crypto.input_malformed`.
 */
export async function issueLeaf(authority: Authority, options: LeafOptions): Promise<IssuedLeaf> {
  const names = alternativeNames(options)
  if (!(options.lifetimeMs > 0)) throw new InputMalformed('a certificate needs a lifetime')
  const x509 = await loadX509()
  const issuer = new x509.X509Certificate(authority.certificatePem)
  const now = options.clock.now()
  if (now >= issuer.notAfter.getTime()) throw new CertificateExpired('the authority has expired')
  const stored = await generateStoredKeyPair('sign')
  const publicKey = await importVerifyKey(stored.publicKey)
  const leaf = await x509.X509CertificateGenerator.create(
    {
      serialNumber: serialNumber(systemRandom),
      subject: [{ CN: ['sluice'] }],
      issuer: issuer.subjectName,
      notBefore: new Date(Math.max(now - LEAF_BACKDATE_MS, issuer.notBefore.getTime())),
      notAfter: new Date(Math.min(now + options.lifetimeMs, issuer.notAfter.getTime())),
      publicKey,
      signingKey: authority.key.privateKey,
      signingAlgorithm: CERTIFICATE_ECDSA,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth], false),
        new x509.SubjectAlternativeNameExtension(names, false),
        await x509.SubjectKeyIdentifierExtension.create(publicKey, false, crypto),
        await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey, false, crypto),
      ],
    },
    crypto,
  )
  const keyPem = `${x509.PemConverter.encode(stored.pkcs8, x509.PemConverter.PrivateKeyTag)}\n`
  stored.pkcs8.fill(0)
  return { certificatePem: `${leaf.toString('pem')}\n${authority.certificatePem}`, privateKeyPem: keyPem }
}

function alternativeNames(options: LeafOptions): JsonGeneralNames {
  const { dnsNames, ipAddresses } = options
  const count = dnsNames.length + ipAddresses.length
  if (count < 1 || count > LEAF_NAMES_MAX)
    throw new CertificateNameMalformed(`a certificate has 1 to ${LEAF_NAMES_MAX} names, not ${count}`)
  for (const name of dnsNames)
    if (!DNS_NAME.test(name) || isIP(name) !== 0)
      throw new CertificateNameMalformed(`${JSON.stringify(name)} is no DNS name`)
  for (const address of ipAddresses)
    if (isIP(address) === 0) throw new CertificateNameMalformed(`${JSON.stringify(address)} is no IP address`)
  return [
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
    ...ipAddresses.map((value) => ({ type: 'ip', value }) as const),
  ]
}

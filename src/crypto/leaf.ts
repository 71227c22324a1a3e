/** Server certificates that an authority of ours signs: names in the SAN, short life, the chain after the leaf. */
import { X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { type Clock, ipAddressBytes, systemRandom } from '../base/mod.ts'
import type { Authority } from './authority.ts'
import { pemBlock } from './certificate-pem.ts'
import { CertificateExpired, CertificateNameMalformed, InputMalformed } from './errors.ts'
import { generateStoredKeyPair } from './keys.ts'
import { commonName, extensions, serialNumber, subjectOf, writeCertificate } from './x509.ts'

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
  checkNames(options)
  const { dnsNames, ipAddresses, lifetimeMs, clock } = options
  if (!(lifetimeMs > 0)) throw new InputMalformed('a certificate needs a lifetime')
  const issuer = new X509Certificate(authority.certificatePem)
  const [now, issuerFromMs, issuerToMs] = [clock.now(), Date.parse(issuer.validFrom), Date.parse(issuer.validTo)]
  if (now >= issuerToMs) throw new CertificateExpired('the authority has expired')
  const { publicKey, pkcs8 } = await generateStoredKeyPair('sign')
  const content = {
    ...{ serial: serialNumber(systemRandom), issuer: subjectOf(issuer), subject: commonName('sluice'), publicKey },
    notBeforeMs: Math.max(now - LEAF_BACKDATE_MS, issuerFromMs),
    notAfterMs: Math.min(now + lifetimeMs, issuerToMs),
    extensions: [
      ...[extensions.noAuthority(), extensions.signs(), extensions.forServers()],
      extensions.names(dnsNames, ipAddresses),
      ...[extensions.ownKeyId(publicKey), extensions.issuersKeyId(authority.key.publicKey)],
    ],
  }
  const leaf = await writeCertificate(content, authority.key.privateKey)
  const privateKeyPem = pemBlock('PRIVATE KEY', pkcs8)
  pkcs8.fill(0)
  return { certificatePem: `${leaf}${authority.certificatePem}`, privateKeyPem }
}

function checkNames({ dnsNames, ipAddresses }: LeafOptions): void {
  const count = dnsNames.length + ipAddresses.length
  if (count < 1 || count > LEAF_NAMES_MAX)
    throw new CertificateNameMalformed(`a certificate has 1 to ${LEAF_NAMES_MAX} names, not ${count}`)
  for (const name of dnsNames)
    if (!DNS_NAME.test(name) || isIP(name) !== 0)
      throw new CertificateNameMalformed(`${JSON.stringify(name)} is no DNS name`)
  for (const address of ipAddresses)
    if (!ipAddressBytes(address)) throw new CertificateNameMalformed(`${JSON.stringify(address)} is no IP address`)
}

/**
 * Whether a chain and a key can serve TLS: they belong together, the chain is complete and in order, it holds today, nothing of it
 * is weak. What browsers and other clients would refuse later is named here, at once.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import { rootCertificates } from 'node:tls'
import type * as Library from '@peculiar/x509'
import {
  CertificateChainIncomplete,
  CertificateChainOrder,
  CertificateKeyMismatch,
  CertificateNotYet,
  CertificateOver,
  CertificateUseWrong,
  CertificateWeak,
} from './certificate-errors.ts'

const RSA_BITS_MIN = 2_048
/** Curves that TLS clients know, as the hosts name them. */
const CURVES = new Set(['prime256v1', 'P-256', 'secp384r1', 'P-384', 'secp521r1', 'P-521'])
const HASHES = new Set(['SHA-256', 'SHA-384', 'SHA-512'])
const SERVER_AUTH = '1.3.6.1.5.5.7.3.1'
const ANY_USE = '2.5.29.37.0'

/**
 * Checks a chain, the server's own certificate first, with its key at a moment (milliseconds since 1970). Refuses
 * `certificate.key_mismatch`, `certificate.chain_order`, `certificate.chain_incomplete`, `certificate.expired`,
 * `certificate.not_yet_valid`, `certificate.use_wrong` and `certificate.weak`, in this order.
 */
export async function checkServerCertificate(
  chain: readonly X509Certificate[],
  key: KeyObject,
  nowMs: number,
): Promise<void> {
  checkKey(chain, key)
  checkChain(chain)
  for (const [index, certificate] of chain.entries()) checkTimes(certificate, index, nowMs)
  checkUse(chain)
  for (const [index, certificate] of chain.entries()) await checkStrength(certificate, index)
}

/** Puts the certificates of a file without an order into that of a chain, from the one of the key on; the rest is left out. */
export function orderedChain(certificates: readonly X509Certificate[], key: KeyObject): X509Certificate[] {
  let next = certificates.find((certificate) => certificate.checkPrivateKey(key))
  if (!next) throw new CertificateKeyMismatch('the private key belongs to none of the certificates')
  const chain: X509Certificate[] = []
  while (next && !chain.includes(next)) {
    const last: X509Certificate = next
    chain.push(last)
    next = isSelfSigned(last) ? undefined : certificates.find((issuer) => hasIssued(issuer, last))
  }
  return chain
}

/** What people see of a certificate. Times in milliseconds since 1970; the fingerprint as `AA:BB:…`, SHA-256 over the whole. */
export type CertificateFacts = {
  subject: string
  issuer: string
  /** DNS names and IP addresses, at most 100 of them. */
  names: string[]
  validFromMs: number
  validToMs: number
  fingerprint: string
  /** `RSA 2048`, `EC prime256v1`. */
  key: string
  selfSigned: boolean
}

/** The facts of the first certificate in a PEM text that was checked before. */
export function certificateFacts(pem: string): CertificateFacts {
  const certificate = new X509Certificate(pem)
  return {
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    names: namesOf(certificate).slice(0, 100),
    validFromMs: Date.parse(certificate.validFrom),
    validToMs: Date.parse(certificate.validTo),
    fingerprint: certificate.fingerprint256,
    key: keyWords(certificate.publicKey),
    selfSigned: isSelfSigned(certificate),
  }
}

/** Whether a certificate is one for this DNS name or IP address, by its alternative names alone (RFC 9525). */
export function certificateCovers(pem: string, name: string): boolean {
  const certificate = new X509Certificate(pem)
  if (isIP(name) !== 0) return certificate.checkIP(name) !== undefined
  return certificate.checkHost(name, { subject: 'never' }) !== undefined
}

/** Whether a private key in PEM (unencrypted) belongs to the first certificate of a PEM text. */
export function isPair(certificatePem: string, privateKeyPem: string): boolean {
  return new X509Certificate(certificatePem).checkPrivateKey(createPrivateKey(privateKeyPem))
}

function checkKey([leaf, ...others]: readonly X509Certificate[], key: KeyObject): void {
  if (leaf?.checkPrivateKey(key)) return
  if (others.some((certificate) => certificate.checkPrivateKey(key)))
    throw new CertificateChainOrder('the certificate of the private key is not the first one')
  throw new CertificateKeyMismatch('the private key does not belong to the certificate')
}

function checkChain(chain: readonly X509Certificate[]): void {
  for (const [index, issuer] of chain.entries()) {
    const signed = chain[index - 1]
    if (signed === undefined || hasIssued(issuer, signed)) continue
    if (!isSelfSigned(signed) && chain.some((other) => hasIssued(other, signed)))
      throw new CertificateChainOrder(`certificate ${index + 1} did not sign the one before it, but another one did`)
    if (isSelfSigned(signed))
      throw new CertificateChainOrder(`certificate ${index + 1} follows a root, and nothing can`)
    throw new CertificateChainIncomplete(`certificate ${index + 1} did not sign the one before it`)
  }
  const last = chain.at(-1)
  // The root itself is not needed: clients have it. A certificate alone must come from a root that all of them know.
  if (last && !last.ca && !isSelfSigned(last) && !isOfPublicRoot(last))
    throw new CertificateChainIncomplete('the certificate of the authority that signed it is missing')
}

function checkTimes({ validFrom, validTo }: X509Certificate, index: number, nowMs: number): void {
  const which = whichOf(index)
  if (nowMs > Date.parse(validTo)) throw new CertificateOver(`${which} expired at ${new Date(validTo).toISOString()}`)
  if (nowMs < Date.parse(validFrom))
    throw new CertificateNotYet(`${which} is valid from ${new Date(validFrom).toISOString()} on`)
}

function checkUse([leaf]: readonly X509Certificate[]): void {
  const uses = leaf?.keyUsage
  if (uses && !uses.includes(SERVER_AUTH) && !uses.includes(ANY_USE))
    throw new CertificateUseWrong('the certificate is not for TLS servers')
}

async function checkStrength(certificate: X509Certificate, index: number): Promise<void> {
  const which = whichOf(index)
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = certificate.publicKey
  if (type === 'rsa' || type === 'rsa-pss') {
    const bits = details?.modulusLength ?? 0
    if (bits < RSA_BITS_MIN) throw new CertificateWeak(`the RSA key of ${which} has ${bits} bits`)
  } else if (type !== 'ec' || !CURVES.has(details?.namedCurve ?? '')) {
    throw new CertificateWeak(`the key of ${which} is none that TLS clients know: ${keyWords(certificate.publicKey)}`)
  }
  // A root is trusted for what it is, not for its own signature.
  if (isSelfSigned(certificate) && index > 0) return
  const x509 = await loadX509()
  const { hash } = new x509.X509Certificate(certificate.raw).signatureAlgorithm as { hash?: { name: string } }
  if (!HASHES.has(hash?.name ?? ''))
    throw new CertificateWeak(`the signature of ${which} stands on ${hash?.name ?? 'a hash that is not accepted'}`)
}

/**
 * The library that reads certificates of any maker: it knows all of the ways to sign. Loading it takes 50 ms and 16 MB, so it is loaded
 * when one is brought. In two steps: it reads what the first one provides while it loads, and bundlers reorder what one module imports.
 */
async function loadX509(): Promise<typeof Library> {
  await import('reflect-metadata')
  return await import('@peculiar/x509')
}

function whichOf(index: number): string {
  return index === 0 ? 'the certificate' : `certificate ${index + 1} of the chain`
}

function hasIssued(issuer: X509Certificate, signed: X509Certificate): boolean {
  return issuer.ca && signed.checkIssued(issuer) && signed.verify(issuer.publicKey)
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.subject === certificate.issuer && certificate.verify(certificate.publicKey)
}

/** Read at once, about 140 of them, and only when a certificate comes alone. */
function isOfPublicRoot(certificate: X509Certificate): boolean {
  return rootCertificates.some((pem) => {
    const root = new X509Certificate(pem)
    return certificate.checkIssued(root) && certificate.verify(root.publicKey)
  })
}

function namesOf({ subjectAltName }: X509Certificate): string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    const name = /^(?:DNS|IP Address):(.+)$/.exec(entry)?.[1]
    return name === undefined ? [] : [name]
  })
}

function keyWords({ asymmetricKeyType: type, asymmetricKeyDetails: details }: KeyObject): string {
  if (type === 'ec') return `EC ${details?.namedCurve ?? ''}`.trim()
  return `${(type ?? 'unknown').toUpperCase()} ${details?.modulusLength ?? ''}`.trim()
}

/** Distinguished names come with a line for each part. */
function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ')
}

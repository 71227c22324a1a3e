/** A certificate authority of one Platform's or Runtime's own (RFC 5280): P-256, twenty years, leaves only. */
import { X509Certificate } from 'node:crypto'
import { type Bytes, type Clock, fromBase64url, type Random } from '../base/mod.ts'
import { CertificateMalformed, CertificateNameMalformed } from './errors.ts'
import { generateStoredKeyPair, loadSigningKey, type SigningKey } from './keys.ts'
import { pointOf } from './points.ts'
import { commonName, extensions, serialNumber, writeCertificate } from './x509.ts'

const DAY_MS = 24 * 3_600_000
/** Peers pin it, so it outlives any plan for its host: 20 years with their leap days. */
const AUTHORITY_LIFETIME_MS = (20 * 365 + 5) * DAY_MS
/** A peer whose clock is a day behind still accepts it. */
const AUTHORITY_BACKDATE_MS = DAY_MS
/** X.520's upper bound of a common name. */
const COMMON_NAME_LENGTH_MAX = 64

/** An authority that can sign: its certificate (PEM, public) and its non-extractable key. */
export type Authority = { certificatePem: string; key: SigningKey }

/** An authority as bytes, for the moment before wrapping or loading. Overwrite `pkcs8` after use. */
export type StoredAuthority = { certificatePem: string; pkcs8: Bytes }

/** Makes an authority named `name` (1 to 64 characters, else `certificate.name_malformed`). Wrap `pkcs8`, then overwrite it. */
export async function createAuthority(options: {
  name: string
  clock: Clock
  random: Random
}): Promise<StoredAuthority> {
  if (options.name.length < 1 || options.name.length > COMMON_NAME_LENGTH_MAX)
    throw new CertificateNameMalformed('the name of an authority has 1 to 64 characters')
  const stored = await generateStoredKeyPair('sign')
  const { publicKey } = stored
  const { privateKey } = await loadSigningKey(stored)
  const name = commonName(options.name)
  const now = options.clock.now()
  const content = {
    ...{ serial: serialNumber(options.random), issuer: name, subject: name, publicKey },
    notBeforeMs: now - AUTHORITY_BACKDATE_MS,
    notAfterMs: now + AUTHORITY_LIFETIME_MS,
    extensions: [extensions.authority(0), extensions.signsCertificates(), extensions.ownKeyId(publicKey)],
  }
  return { certificatePem: await writeCertificate(content, privateKey), pkcs8: stored.pkcs8 }
}

/** Loads an authority for signing. `certificate.malformed` when the two are unreadable, no authority, or not of one key. */
export async function loadAuthority(stored: StoredAuthority): Promise<Authority> {
  const certificate = parseCertificate(stored.certificatePem)
  if (!certificate.ca) throw new CertificateMalformed('the certificate is not one of an authority')
  try {
    const { x = '', y = '' } = certificate.publicKey.export({ format: 'jwk' })
    // What is no key on P-256 makes no point of it, which the loading refuses.
    const publicKey = pointOf(fromBase64url(x), fromBase64url(y))
    return {
      certificatePem: stored.certificatePem,
      key: await loadSigningKey({ publicKey, pkcs8: stored.pkcs8 }),
    }
  } catch (cause) {
    throw new CertificateMalformed('the private key is not the one of the certificate', { cause })
  }
}

function parseCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new CertificateMalformed('this is not a PEM certificate', { cause })
  }
}

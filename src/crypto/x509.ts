/**
 * Certificates as we write our own (RFC 5280, version 3): P-256 keys and signatures, a common name, a few extensions. By hand, since
 * loading a library for it takes 50 ms and 16 MB of a process that needs it once; the tests compare with that library byte by byte.
 */
import { createHash, type X509Certificate } from 'node:crypto'
import { type Bytes, ipAddressBytes, type Random, Unreachable, utf8 } from '../base/mod.ts'
import { pemBlock } from './certificate-pem.ts'
import {
  bitString,
  elementsIn,
  objectId,
  octetString,
  sequence,
  setOf,
  TRUE,
  tagged,
  time,
  unsignedInteger,
  utf8String,
} from './der.ts'
import { COORDINATE_BYTES, type PublicKeyBytes } from './points.ts'
import { sign } from './signatures.ts'

const VERSION_3 = tagged(0, 'constructed', unsignedInteger(Uint8Array.of(2)))
const ECDSA_WITH_SHA256 = sequence(objectId('1.2.840.10045.4.3.2'))
const P256_KEY = sequence(objectId('1.2.840.10045.2.1'), objectId('1.2.840.10045.3.1.7'))
const COMMON_NAME = objectId('2.5.4.3')
const SERVER_AUTH = objectId('1.3.6.1.5.5.7.3.1')

/** What a certificate says. `issuer` and `subject`: names in DER; times in milliseconds since 1970; `extensions` in their order. */
export type CertificateContent = {
  serial: Bytes
  issuer: Bytes
  subject: Bytes
  notBeforeMs: number
  notAfterMs: number
  publicKey: PublicKeyBytes
  extensions: readonly Bytes[]
}

/** Signs with the private half of a `SigningKey`; PEM, with a line end behind it. */
export async function writeCertificate(content: CertificateContent, signingKey: CryptoKey): Promise<string> {
  const { serial, issuer, subject, notBeforeMs, notAfterMs, publicKey, extensions } = content
  const signed = sequence(
    ...[VERSION_3, unsignedInteger(serial), ECDSA_WITH_SHA256, issuer],
    ...[sequence(time(notBeforeMs), time(notAfterMs)), subject],
    ...[sequence(P256_KEY, bitString(publicKey)), tagged(3, 'constructed', sequence(...extensions))],
  )
  const signature = await sign(signingKey, signed)
  const [r, s] = [signature.subarray(0, COORDINATE_BYTES), signature.subarray(COORDINATE_BYTES)]
  const pair = sequence(unsignedInteger(r), unsignedInteger(s))
  const certificate = sequence(signed, ECDSA_WITH_SHA256, bitString(pair))
  return pemBlock('CERTIFICATE', certificate)
}

/** RFC 5280 §4.1.2.2: positive and at most 20 bytes; 16 of them, the first one 40 to 7f, so that all of them count. */
export function serialNumber(random: Random): Bytes {
  const bytes = random(16)
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40
  return bytes
}

export function commonName(name: string): Bytes {
  return sequence(setOf(sequence(COMMON_NAME, utf8String(name))))
}

/** The name of whom a certificate is for, byte for byte as it stands there: chains are built by it. */
export function subjectOf({ raw }: X509Certificate): Bytes {
  const [signed] = elementsIn(new Uint8Array(raw))
  // Version, serial, signature, issuer, validity, subject.
  const subject = signed && elementsIn(signed)[5]
  if (!subject) throw new Unreachable('a certificate that was read has a subject')
  return subject
}

/** RFC 5280 §4.2.1, as many as our own certificates have. */
export const extensions = {
  /** `pathLength`: how many authorities may follow below it. */
  authority(pathLength: number): Bytes {
    return extension('2.5.29.19', true, sequence(TRUE, unsignedInteger(Uint8Array.of(pathLength))))
  },
  noAuthority(): Bytes {
    return extension('2.5.29.19', true, sequence())
  },
  /** keyCertSign and cRLSign. */
  signsCertificates(): Bytes {
    return extension('2.5.29.15', true, bitString(Uint8Array.of(0b0000_0110), 1))
  },
  /** digitalSignature. */
  signs(): Bytes {
    return extension('2.5.29.15', true, bitString(Uint8Array.of(0b1000_0000), 7))
  },
  forServers(): Bytes {
    return extension('2.5.29.37', false, sequence(SERVER_AUTH))
  },
  /** DNS names in ASCII and IP addresses, in this order. */
  names(dnsNames: readonly string[], ipAddresses: readonly string[]): Bytes {
    const dns = dnsNames.map((name) => tagged(2, 'simple', utf8(name)))
    const ip = ipAddresses.map((address) => tagged(7, 'simple', addressBytes(address)))
    return extension('2.5.29.17', false, sequence(...dns, ...ip))
  },
  ownKeyId(publicKey: PublicKeyBytes): Bytes {
    return extension('2.5.29.14', false, octetString(keyId(publicKey)))
  },
  issuersKeyId(publicKey: PublicKeyBytes): Bytes {
    return extension('2.5.29.35', false, sequence(tagged(0, 'simple', keyId(publicKey))))
  },
}

function addressBytes(address: string): Bytes {
  const bytes = ipAddressBytes(address)
  if (!bytes) throw new Unreachable('names were told from addresses before')
  return bytes
}

function extension(id: string, critical: boolean, value: Bytes): Bytes {
  return sequence(objectId(id), ...(critical ? [TRUE] : []), octetString(value))
}

/** RFC 5280 §4.2.1.2, method 1: SHA-1 as a name that is short, not as a proof of anything. */
function keyId(publicKey: PublicKeyBytes): Uint8Array {
  return createHash('sha1').update(publicKey).digest()
}

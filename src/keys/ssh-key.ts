/** SSH keys: a private key in OpenSSH's format or in PEM is read for its public part and fingerprint; a new one is written as OpenSSH does. */
import { createPrivateKey, createPublicKey, type KeyObject, type webcrypto } from 'node:crypto'
import { type Bytes, concatBytes, equalBytes, fromBase64url, type Random, utf8 } from '../base/mod.ts'
import { sha256 } from '../crypto/mod.ts'
import { mpint, SshReader, sshString, uint32 } from './ssh-wire.ts'

/** Public part as in `authorized_keys`, without a comment, and `SHA256:…` as `ssh-keygen -l` prints it. */
export type SshPublic = { publicKey: string; fingerprint: string }

// PROTOCOL.key of OpenSSH.
const MAGIC = utf8('openssh-key-v1\0')
const ARMOUR = /^-----BEGIN OPENSSH PRIVATE KEY-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END OPENSSH PRIVATE KEY-----\s*$/
const BLOCK_BYTES = 8
/** Fewer bits than these can be broken. */
const RSA_BITS_MIN = 2_048

/**
 * The public part of a private key; `undefined` for what is none, is of another algorithm than Ed25519, ECDSA P-256, P-384, P-521
 * or RSA from 2,048 bits, or does not open with the passphrase. A key in OpenSSH's own format that has a passphrase tells its public
 * part without it, and whether the passphrase fits shows when it is used.
 */
export async function sshPublicOf(privateKey: string, passphrase?: string): Promise<SshPublic | undefined> {
  const armoured = ARMOUR.exec(privateKey.trimStart())?.[1]
  const blob = armoured === undefined ? blobOfPem(privateKey, passphrase) : blobOfOpenSsh(armoured, passphrase)
  const type = blob && new SshReader(blob).text()
  if (!blob || !type) return undefined
  const base64 = Buffer.from(blob).toString('base64')
  const digest = Buffer.from(await sha256(blob)).toString('base64')
  return { publicKey: `${type} ${base64}`, fingerprint: `SHA256:${digest.replace(/=+$/, '')}` }
}

/** The private key in OpenSSH's format, without a passphrase: the vault seals it. Takes Ed25519, P-256 and RSA keys. */
export function openSshOf(key: KeyObject, random: Random): string {
  const jwk = key.export({ format: 'jwk' })
  const blob = blobOf(jwk) ?? new Uint8Array()
  const check = random(4)
  const body = concatBytes(check, check, privatePartOf(jwk), sshString(''))
  const padding = new Uint8Array((BLOCK_BYTES - (body.byteLength % BLOCK_BYTES)) % BLOCK_BYTES).map((_, at) => at + 1)
  const whole = concatBytes(
    ...[MAGIC, sshString('none'), sshString('none'), sshString(''), uint32(1), sshString(blob)],
    sshString(concatBytes(body, padding)),
  )
  const lines =
    Buffer.from(whole)
      .toString('base64')
      .match(/.{1,70}/g) ?? []
  return ['-----BEGIN OPENSSH PRIVATE KEY-----', ...lines, '-----END OPENSSH PRIVATE KEY-----', ''].join('\n')
}

function blobOfPem(pem: string, passphrase: string | undefined): Bytes | undefined {
  try {
    const key = createPrivateKey({ key: pem, format: 'pem', ...(passphrase !== undefined && { passphrase }) })
    return blobOf(createPublicKey(key).export({ format: 'jwk' }))
  } catch {
    // What the parser says may quote the text.
    return undefined
  }
}

function blobOfOpenSsh(base64: string, passphrase: string | undefined): Bytes | undefined {
  const bytes: Bytes = new Uint8Array(Buffer.from(base64, 'base64'))
  if (bytes.byteLength <= MAGIC.byteLength || !equalBytes(bytes.slice(0, MAGIC.byteLength), MAGIC)) return undefined
  const reader = new SshReader(bytes.slice(MAGIC.byteLength))
  const [cipher, kdf, options, count] = [reader.text(), reader.text(), reader.string(), reader.uint32()]
  const blob = reader.string()
  const sealed = reader.string()
  if (!blob || !sealed || !kdf || !options || count !== 1 || !isKnownBlob(blob)) return undefined
  if (cipher !== 'none') return passphrase === undefined ? undefined : blob
  const inner = new SshReader(sealed)
  const [first, second, type] = [inner.uint32(), inner.uint32(), inner.text()]
  // Two equal numbers say that the private part is whole; its type must be that of the public part.
  return first === second && type !== undefined && type === new SshReader(blob).text() ? blob : undefined
}

function isKnownBlob(blob: Bytes): boolean {
  const reader = new SshReader(blob)
  const type = reader.text()
  if (type === 'ssh-ed25519') return reader.string()?.byteLength === 32
  if (type === 'ssh-rsa') return reader.string() !== undefined && bitsOf(reader.string()) >= RSA_BITS_MIN
  return type !== undefined && /^ecdsa-sha2-nistp(256|384|521)$/.test(type) && reader.string() !== undefined
}

function bitsOf(number: Bytes | undefined): number {
  return number === undefined ? 0 : number.subarray(number[0] === 0 ? 1 : 0).byteLength * 8
}

const CURVES: Readonly<Record<string, string>> = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }

/** RFC 8709 §4, RFC 5656 §3.1, RFC 4253 §6.6. */
function blobOf(jwk: webcrypto.JsonWebKey): Bytes | undefined {
  const { kty, crv = '', x = '', y = '', n = '', e = '' } = jwk
  if (kty === 'OKP' && crv === 'Ed25519') return concatBytes(sshString('ssh-ed25519'), sshString(fromBase64url(x)))
  const curve = CURVES[crv]
  if (kty === 'EC' && curve) {
    const point = concatBytes(new Uint8Array([4]), fromBase64url(x), fromBase64url(y))
    return concatBytes(sshString(`ecdsa-sha2-${curve}`), sshString(curve), sshString(point))
  }
  const blob = concatBytes(sshString('ssh-rsa'), mpint(fromBase64url(e)), mpint(fromBase64url(n)))
  return kty === 'RSA' && isKnownBlob(blob) ? blob : undefined
}

function privatePartOf(jwk: webcrypto.JsonWebKey): Bytes {
  const of = (name: 'd' | 'e' | 'n' | 'p' | 'q' | 'qi' | 'x' | 'y'): Bytes => fromBase64url(jwk[name] ?? '')
  if (jwk.kty === 'OKP') {
    return concatBytes(sshString('ssh-ed25519'), sshString(of('x')), sshString(concatBytes(of('d'), of('x'))))
  }
  if (jwk.kty === 'EC') return concatBytes(blobOf(jwk) ?? new Uint8Array(), mpint(of('d')))
  const numbers = [of('n'), of('e'), of('d'), of('qi'), of('p'), of('q')].map(mpint)
  return concatBytes(sshString('ssh-rsa'), ...numbers)
}

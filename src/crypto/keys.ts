/** P-256 key pairs: made extractable once, to be wrapped for the disk; loaded non-extractable ever after. */
import { type Bytes, equalBytes, utf8 } from '../base/mod.ts'
import { deriveSharedSecret, importAgreementPublicKey } from './agreement.ts'
import { KeyMalformed } from './errors.ts'
import { thumbprint } from './key-names.ts'
import { checkPoint, type PublicKeyBytes } from './points.ts'
import { importVerifyKey, sign, verify } from './signatures.ts'

/** A key pair as bytes, for the moment between generation and wrapping, or unwrapping and loading. Overwrite `pkcs8` after use. */
export type StoredKeyPair = { publicKey: PublicKeyBytes; pkcs8: Bytes }

/** An ECDSA P-256 key pair whose private half cannot be exported; `kid` is its RFC 7638 thumbprint. */
export type SigningKey = { kid: string; publicKey: PublicKeyBytes; privateKey: CryptoKey }

/** An ECDH P-256 key pair whose private half cannot be exported; `kid` is its RFC 7638 thumbprint. */
export type AgreementKey = { kid: string; publicKey: PublicKeyBytes; privateKey: CryptoKey }

/** Makes a P-256 key pair as bytes. Wrap them, overwrite `pkcs8`, then load: the use is not written in the bytes, so keep it beside them. */
export async function generateStoredKeyPair(use: 'sign' | 'agree'): Promise<StoredKeyPair> {
  const pair = await generate(use === 'sign' ? 'ECDSA' : 'ECDH', use === 'sign' ? ['sign', 'verify'] : ['deriveBits'])
  const publicKey = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey))
  return {
    publicKey: checkPoint(publicKey),
    pkcs8: new Uint8Array(await crypto.subtle.exportKey('pkcs8', pair.privateKey)),
  }
}

/**
 * Loads a signing key as non-extractable and tries it: refuses `crypto.key_malformed` when the private key is none of P-256
 * or belongs to another public key, `crypto.point_malformed` for a malformed public key.
 */
export async function loadSigningKey(stored: StoredKeyPair): Promise<SigningKey> {
  const verifyKey = await importVerifyKey(stored.publicKey)
  const privateKey = await importPrivateKey(stored.pkcs8, 'ECDSA', ['sign'])
  if (!(await verify(verifyKey, await sign(privateKey, PROBE), PROBE))) throw new KeyMalformed(NOT_A_PAIR)
  return { kid: await thumbprint(stored.publicKey), publicKey: stored.publicKey.slice(), privateKey }
}

/** Loads an agreement key as non-extractable and tries it; refuses what `loadSigningKey` refuses. */
export async function loadAgreementKey(stored: StoredKeyPair): Promise<AgreementKey> {
  await importAgreementPublicKey(stored.publicKey)
  const privateKey = await importPrivateKey(stored.pkcs8, 'ECDH', ['deriveBits'])
  const probe = await generateEphemeral()
  const ours = await deriveSharedSecret(privateKey, probe.publicKey)
  const theirs = await deriveSharedSecret(probe.privateKey, stored.publicKey)
  const paired = equalBytes(ours, theirs)
  ours.fill(0)
  theirs.fill(0)
  if (!paired) throw new KeyMalformed(NOT_A_PAIR)
  return { kid: await thumbprint(stored.publicKey), publicKey: stored.publicKey.slice(), privateKey }
}

/** A fresh ECDH pair that never leaves the host's key store, for one exchange. */
export async function generateEphemeral(): Promise<{ publicKey: PublicKeyBytes; privateKey: CryptoKey }> {
  const pair = await generate('ECDH', ['deriveBits'], false)
  return {
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
    privateKey: pair.privateKey,
  }
}

const PROBE = utf8('does this private key belong to this public key?')
const NOT_A_PAIR = 'the private key does not belong to the public key'

type KeyUse = 'sign' | 'verify' | 'deriveBits'

async function generate(name: 'ECDSA' | 'ECDH', uses: KeyUse[], extractable = true): Promise<CryptoKeyPair> {
  return crypto.subtle.generateKey({ name, namedCurve: 'P-256' }, extractable, uses)
}

async function importPrivateKey(pkcs8: Bytes, name: 'ECDSA' | 'ECDH', uses: KeyUse[]): Promise<CryptoKey> {
  try {
    return await crypto.subtle.importKey('pkcs8', pkcs8, { name, namedCurve: 'P-256' }, false, uses)
  } catch (cause) {
    throw new KeyMalformed('the private key is not a PKCS #8 key of P-256', { cause })
  }
}

/** P-256 keys from the raw numbers that vectors give. */
import { type Bytes, concatBytes, fromHex } from '../../src/base/mod.ts'
import type { StoredKeyPair } from '../../src/crypto/mod.ts'

// PKCS #8 around SEC 1's ECPrivateKey with its public key: two fixed pieces, since every length is fixed.
const BEFORE_SCALAR = fromHex('308187020100301306072a8648ce3d020106082a8648ce3d030107046d306b0201010420')
const BEFORE_POINT = fromHex('a144034200')

/** The stored form of a scalar (32 bytes) and its point (65 bytes). */
export function storedKeyPair(scalar: Bytes, point: Bytes): StoredKeyPair {
  return { publicKey: point, pkcs8: concatBytes(BEFORE_SCALAR, scalar, BEFORE_POINT, point) }
}

/** 04‖X‖Y, whatever lengths X and Y have. */
export function pointOf(x: Bytes, y: Bytes): Bytes {
  return concatBytes(new Uint8Array([4]), x, y)
}

/** The bytes with one bit of byte `at` flipped. */
export function flipped(bytes: Bytes, at: number): Bytes {
  const changed = bytes.slice()
  changed[at] = (changed[at] ?? 0) ^ 1
  return changed
}

/** The base point of the curve (SEC 2 §2.4.2). */
export const BASE_POINT = fromHex(
  '046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5',
)

/** Lets only uncompressed points of P-256 pass. Hosts differ in what their import accepts (compressed, hybrid), so they never decide. */
import { type Bytes, concatBytes } from '../base/mod.ts'
import { PointMalformed } from './errors.ts'

/** 1 byte of form + 2 coordinates × 32 bytes (SEC 1 §2.3.3). */
export const POINT_BYTES = 65
export const COORDINATE_BYTES = 32
const FORM_UNCOMPRESSED = 0x04

// The curve is y² = x³ − 3x + b over the field of P (SEC 2 §2.4.2). Public keys are public: BigInt's variable time tells nothing.
const P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn
const B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn

/** An uncompressed P-256 point, 65 bytes. */
export type PublicKeyBytes = Bytes

/** Returns the bytes when they are an uncompressed point on P-256; refuses everything else with `crypto.point_malformed`. */
export function checkPoint(publicKey: Bytes): PublicKeyBytes {
  if (publicKey.byteLength !== POINT_BYTES) throw new PointMalformed('the public key is not 65 bytes')
  if (publicKey[0] !== FORM_UNCOMPRESSED) throw new PointMalformed('the public key is not in uncompressed form')
  const x = toInteger(xOf(publicKey))
  const y = toInteger(yOf(publicKey))
  if (x >= P || y >= P) throw new PointMalformed('a coordinate of the public key is not in the field')
  if ((y * y) % P !== (((x * x - 3n) % P) * x + B + P * P) % P)
    throw new PointMalformed('the public key is not a point of P-256')
  return publicKey
}

/** The point of two coordinates, as yet unchecked. */
export function pointOf(x: Bytes, y: Bytes): Bytes {
  return concatBytes(new Uint8Array([FORM_UNCOMPRESSED]), x, y)
}

export function xOf(point: PublicKeyBytes): Bytes {
  return point.subarray(1, 1 + COORDINATE_BYTES)
}

export function yOf(point: PublicKeyBytes): Bytes {
  return point.subarray(1 + COORDINATE_BYTES, POINT_BYTES)
}

function toInteger(bytes: Bytes): bigint {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let value = 0n
  for (let at = 0; at < bytes.byteLength; at += 8) value = (value << 64n) | view.getBigUint64(at)
  return value
}

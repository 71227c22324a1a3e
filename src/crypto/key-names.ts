/** What a key is called: the thumbprint between machines, the fingerprint between people. */
import { type Bytes, base64url, concatBytes, hex, utf8 } from '../base/mod.ts'
import { sha256 } from './digests.ts'
import { InputMalformed } from './errors.ts'
import { checkPoint, type PublicKeyBytes, xOf, yOf } from './points.ts'

/** 8 groups × 4 hex digits = 128 bits: too many to find a second set of keys for, few enough to read aloud. */
const FINGERPRINT_GROUPS = 8
const FINGERPRINT_DOMAIN = utf8('sluice key fingerprint v1\n')

/** The RFC 7638 thumbprint of a P-256 key: base64url of the SHA-256 of its JWK. It is the key's id. Refuses `crypto.point_malformed`. */
export async function thumbprint(publicKey: PublicKeyBytes): Promise<string> {
  checkPoint(publicKey)
  const jwk = `{"crv":"P-256","kty":"EC","x":"${base64url(xOf(publicKey))}","y":"${base64url(yOf(publicKey))}"}`
  return base64url(await sha256(utf8(jwk)))
}

/**
 * The short form that two people compare, `1a2b-3c4d-…` (8 groups of 4 hex digits of a SHA-256), of one or more keys.
 * Order counts: both sides name the keys in the same one. Refuses `crypto.point_malformed` and, without a key, `crypto.input_malformed`.
 */
export async function fingerprint(publicKeys: readonly Bytes[]): Promise<string> {
  if (publicKeys.length === 0) throw new InputMalformed('a fingerprint needs at least one key')
  const digits = hex(await sha256(concatBytes(FINGERPRINT_DOMAIN, ...publicKeys.map(checkPoint))))
  return Array.from({ length: FINGERPRINT_GROUPS }, (_, group) => digits.slice(group * 4, group * 4 + 4)).join('-')
}

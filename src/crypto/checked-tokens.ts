/** The form of a secret that people carry: a prefix, a public id, 256 random bits, and a checksum by which scanners know a leaked one. */
import { type Bytes, base64url, type Random, utf8 } from '../base/mod.ts'
import { createSha256, sha256 } from './digests.ts'

const ID_BYTES = 12
const ID_CHARACTERS = 16
const CHECKSUM_CHARACTERS = 6
/** What follows the prefix: 12 and 32 random bytes, both base64url, and six hex digits of a checksum. */
const AFTER_PREFIX = /^[A-Za-z0-9_-]{16}[A-Za-z0-9_-]{43}[0-9a-f]{6}$/

/** `id`: the prefix and the public part, under which the token is listed and looked up. */
export type CheckedToken = { id: string; token: string }

/** `prefix`: as `slu_`. */
export function newCheckedToken(prefix: string, random: Random): CheckedToken {
  const id = `${prefix}${base64url(random(ID_BYTES))}`
  const unchecked = `${id}${base64url(random(32))}`
  return { id, token: `${unchecked}${checksumOf(unchecked)}` }
}

/** The id of a token; `undefined` for what has not the form or was cut or mistyped. */
export function idOfToken(prefix: string, token: string): string | undefined {
  if (!token.startsWith(prefix) || !AFTER_PREFIX.test(token.slice(prefix.length))) return undefined
  const unchecked = token.slice(0, -CHECKSUM_CHARACTERS)
  if (checksumOf(unchecked) !== token.slice(-CHECKSUM_CHARACTERS)) return undefined
  return token.slice(0, prefix.length + ID_CHARACTERS)
}

/** What a database keeps of a token; `purpose` keeps a token of one kind from being taken for another. */
export function hashOfToken(purpose: string, token: string): Promise<Bytes> {
  return sha256(utf8(`sluice ${purpose} ${token}`))
}

/** Not a protection: it tells a cut or mistyped token, and lets scanners be sure of what they found. */
function checksumOf(unchecked: string): string {
  const digest = createSha256()
  digest.update(utf8(unchecked))
  return digest.digestHex().slice(0, CHECKSUM_CHARACTERS)
}

/** The protected header of a C2 message: exactly its members, in its one canonical spelling, before any key is looked up. */
import * as v from 'valibot'
import { canonicalJson, fromBase64url, fromUtf8 } from '../base/mod.ts'
import { C2Refused } from './errors.ts'
import { Count, MessageId, RuntimeId, TenantId } from './formats.ts'
import { HEADER_LENGTH_MAX, SUITE } from './limits.ts'

/** 128 random bits, base64url. */
const Random128 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{22}$/))
/** SHA-256, base64url: a thumbprint or a digest. */
const Digest256 = v.pipe(v.string(), v.regex(/^[A-Za-z0-9_-]{43}$/))
const Party = v.union([RuntimeId, TenantId])

const requestMembers = {
  alg: v.literal('ES256'),
  typ: v.pipe(v.string(), v.regex(/^[a-z]+(-[a-z]+)*\+sluice$/)),
  kid: Digest256,
  suite: v.literal(SUITE),
  from: Party,
  to: Party,
  id: MessageId,
  /** Incarnation: drawn at every start of the sender's process. */
  inc: Random128,
  seq: Count,
  /** When it was signed and until when it is valid: whole milliseconds since 1970-01-01 UTC. */
  iat: Count,
  exp: Count,
  nonce: Random128,
}

export const RequestHeader = v.strictObject(requestMembers)
export type RequestHeader = v.InferOutput<typeof RequestHeader>

/** An answer says in `re` what it answers: the id, and the SHA-256 (base64url) of the exact token that it came in. */
export const AnswerHeader = v.strictObject({
  ...requestMembers,
  re: v.strictObject({ id: MessageId, digest: Digest256 }),
})
export type AnswerHeader = v.InferOutput<typeof AnswerHeader>

/** Three parts of base64url: one protected header, one payload, one signature of 64 bytes. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{86}$/

/** Splits a compact JWS and reads its header; anything but three parts and exactly the schema's members is refused as `form`. */
export function readHeader<Schema extends v.GenericSchema>(schema: Schema, token: string): v.InferOutput<Schema> {
  const [head = '', payload = '', signature = ''] = token.split('.', 3)
  if (!COMPACT.test(token) || head.length > HEADER_LENGTH_MAX) throw new C2Refused('form')
  try {
    // One spelling only, of every part: loose final bits would make two texts of one message.
    fromBase64url(payload)
    fromBase64url(signature)
    const text = fromUtf8(fromBase64url(head))
    const members: unknown = JSON.parse(text)
    // One spelling only: a member named twice, or hidden in white space, is not in the canonical text.
    if (canonicalJson(members) !== text) throw new C2Refused('form')
    return v.parse(schema, members)
  } catch (cause) {
    throw new C2Refused('form', { cause })
  }
}

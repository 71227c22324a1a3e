/** A JWS that carries its own key: it proves only that whoever wrote it holds the key; whose key that is must be known otherwise. */
import * as v from 'valibot'
import { type Bytes, base64url, fromBase64url, fromUtf8 } from '../base/mod.ts'
import { importVerifyKey, type SigningKey, thumbprint } from '../crypto/mod.ts'
import { signCompact, verifiedPayload } from './envelope.ts'
import { PublicKeyText } from './formats.ts'
import { readHeader } from './header.ts'
import { SUITE } from './limits.ts'

const KeyMember = v.strictObject({
  alg: v.literal('ES256'),
  typ: v.string(),
  kid: v.string(),
  suite: v.literal(SUITE),
  key: PublicKeyText,
})

/** Signs bytes under a typ of their own, the public key in the header. */
export function signWithKeyInside(key: SigningKey, typ: string, payload: Bytes): Promise<string> {
  return signCompact(key, { alg: 'ES256', typ, kid: key.kid, suite: SUITE, key: base64url(key.publicKey) }, payload)
}

/**
 * The payload, parsed by its schema once the signature holds, and the key that signed it (65 bytes, base64url). With `kid` only that
 * key is taken. Throws whatever was wrong; its caller gives that one name.
 */
export async function readWithKeyInside<Schema extends v.GenericSchema>(
  token: string,
  expected: { typ: string; kid?: string; schema: Schema },
): Promise<{ payload: v.InferOutput<Schema>; key: string }> {
  const header = readHeader(KeyMember, token)
  const publicKey = fromBase64url(header.key)
  v.parse(v.literal(expected.typ), header.typ)
  v.parse(v.literal(await thumbprint(publicKey)), header.kid)
  if (expected.kid !== undefined) v.parse(v.literal(expected.kid), header.kid)
  const bytes = await verifiedPayload(token, await importVerifyKey(publicKey))
  return { payload: v.parse(expected.schema, JSON.parse(fromUtf8(bytes))), key: header.key }
}

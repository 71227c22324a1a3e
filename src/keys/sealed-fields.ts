/** What lies under the seal of a credential: its kind, and of each field the value or the reference to it. */
import * as v from 'valibot'
import { type Bytes, fromUtf8, utf8 } from '../base/mod.ts'
import { unwrap, type WrappingKey, wrap } from '../crypto/mod.ts'
import { FieldReference } from './credential-sources.ts'
import { CredentialMalformed } from './errors.ts'

export type Fields = Readonly<Record<string, string | FieldReference>>
export type Sealed = { kind: string; fields: Fields }

/** A service account's JSON or a chain of certificates with its key fits well; 1,024 credentials stay below 70 MiB. */
const SECRET_BYTES_MAX = 64 * 1_024
/** What the wrap of a credential is for; its id is the credential's. */
export const CREDENTIAL_WRAP = 'credential'
const FORMAT = 2

const Current = v.object({
  format: v.literal(FORMAT),
  kind: v.string(),
  fields: v.record(v.string(), v.union([v.string(), FieldReference])),
})
/** What was sealed before there were kinds: the values by field, all of them texts, so that no `format` is a number. */
const Earlier = v.record(v.string(), v.string())

/** Seals kind and fields for the credential of that id. Refuses more than 64 KiB with `credential.malformed`. */
export async function sealFields(key: WrappingKey, id: string, sealed: Sealed): Promise<Bytes> {
  const plain = utf8(JSON.stringify({ format: FORMAT, ...sealed }))
  const fields = utf8(JSON.stringify(sealed.fields))
  try {
    if (fields.byteLength > SECRET_BYTES_MAX) {
      throw new CredentialMalformed(`a credential has at most ${SECRET_BYTES_MAX} bytes, not ${fields.byteLength}`)
    }
    return await wrap(key, { purpose: CREDENTIAL_WRAP, id }, plain)
  } finally {
    plain.fill(0)
    fields.fill(0)
  }
}

/** Opens what `sealFields` made for that id. Refuses `crypto.not_authentic`. */
export async function openFields(key: WrappingKey, id: string, bytes: Bytes): Promise<Sealed> {
  const plain = await unwrap(key, { purpose: CREDENTIAL_WRAP, id }, bytes)
  const content: unknown = JSON.parse(fromUtf8(plain))
  plain.fill(0)
  const current = v.safeParse(Current, content)
  if (current.success) return { kind: current.output.kind, fields: current.output.fields }
  const earlier = v.safeParse(Earlier, content)
  // The seal was ours: what does not parse was written by a newer version.
  if (!earlier.success) throw new CredentialMalformed('the credential was stored by a newer version of Sluice')
  return { kind: 'fields', fields: earlier.output }
}

/** Names these very bytes: version and random nonce of the wrap, so that another content has another mark. */
export function markOf(sealed: Bytes): string {
  return Buffer.from(sealed.subarray(0, 13)).toString('hex')
}

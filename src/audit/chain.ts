/**
 * The arithmetic of the trail. Each line's hash covers the hash before it, and thereby its place, and all that it says; the head
 * is the last hash and its count, signed. Each text begins with what it is for, so that no signature or hash fits elsewhere.
 */
import { type Bytes, base64url, canonicalJson, EncodingInvalid, fromBase64url, utf8 } from '../base/mod.ts'
import { createSha256, importVerifyKey, type SigningKey, sign, verify } from '../crypto/mod.ts'
import type { auditTrail, Database, RuntimeSchema } from '../store/mod.ts'

/** Any database that holds a trail: a Runtime's, or a Platform Tenant's. */
export type TrailDatabase = Database<Pick<RuntimeSchema, 'auditTrail' | 'auditHead'>>

export type TrailRow = typeof auditTrail.$inferSelect
/** A place in the chain: how many lines, and the hash (hex) of the last of them. */
export type HeadPoint = { count: number; hash: string }
/** `signature`: ECDSA P-256, r‖s, base64url. */
export type SignedHead = HeadPoint & { signature: string }

/** What a chain is of: the trail itself, or an extract, which has the same lines with names left out and is signed as such. */
export type ChainKind = 'trail' | 'extract'
const LINE_DOMAINS = { trail: 'sluice audit line v1\n', extract: 'sluice audit extract line v1\n' } as const
const HEAD_DOMAINS = { trail: 'sluice audit head v1\n', extract: 'sluice audit extract head v1\n' } as const
/** The head of a trail without lines, and what the first line follows. */
export const GENESIS: HeadPoint = { count: 0, hash: '0'.repeat(64) }

/** The hash of a line that follows the hash `before`, hex. */
export function lineHash(before: string, row: Omit<TrailRow, 'count' | 'hash'>, kind: ChainKind = 'trail'): string {
  const { atMs, actor, action, subject, detail } = row
  const digest = createSha256()
  digest.update(utf8(`${LINE_DOMAINS[kind]}${before}\n${canonicalJson({ atMs, actor, action, subject, detail })}`))
  return digest.digestHex()
}

export function signHead(signer: SigningKey, head: HeadPoint, kind: ChainKind = 'trail'): Promise<Bytes> {
  return sign(signer.privateKey, headText(head, kind))
}

/** Whether the key `publicKey` (65 bytes) has signed this head. Refuses a malformed key with `crypto.point_malformed`. */
export async function verifyHead(publicKey: Bytes, head: SignedHead, kind: ChainKind = 'trail'): Promise<boolean> {
  return verify(await importVerifyKey(publicKey), decodeSignature(head.signature), headText(head, kind))
}

export function headIsSigned(key: CryptoKey, head: HeadPoint, signature: Bytes): Promise<boolean> {
  return verify(key, signature, headText(head, 'trail'))
}

export function encodeSignature(signature: Bytes): string {
  return base64url(signature)
}

function headText(head: HeadPoint, kind: ChainKind): Bytes {
  return utf8(`${HEAD_DOMAINS[kind]}${head.count}\n${head.hash}`)
}

/** Text that is no base64url is no signature: it verifies as false, not as a failure. */
function decodeSignature(text: string): Bytes {
  try {
    return fromBase64url(text)
  } catch (error) {
    if (error instanceof EncodingInvalid) return new Uint8Array(0)
    throw error
  }
}

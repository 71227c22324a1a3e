/** Bytes as text and back: UTF-8, base64url without padding (RFC 4648 §5), hex, and the one canonical form of JSON (RFC 8785). */
import canonicalize from 'canonicalize'
import { AppError } from './errors.ts'

/** Bytes over a plain ArrayBuffer, as WebCrypto takes them. */
export type Bytes = Uint8Array<ArrayBuffer>

/** Text that is not what its alphabet allows, or not in its one canonical spelling. */
export class EncodingInvalid extends AppError {
  override readonly code = 'encoding.invalid' as const
}

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Bytes {
  return encoder.encode(text)
}

/** Decodes UTF-8; refuses invalid sequences with `encoding.invalid`. */
export function fromUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    throw new EncodingInvalid('the bytes are not valid UTF-8', { cause })
  }
}

/** Bytes as base64url without padding. */
export function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
}

/** Decodes base64url; refuses padding, foreign characters and spellings that are not canonical with `encoding.invalid`. */
export function fromBase64url(text: string): Bytes {
  const bytes = new Uint8Array(Buffer.from(text, 'base64url'))
  if (base64url(bytes) !== text) throw new EncodingInvalid('the text is not canonical base64url')
  return bytes
}

/** Bytes as lower-case hex. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

/** Decodes lower- or upper-case hex; refuses anything else with `encoding.invalid`. */
export function fromHex(text: string): Bytes {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) throw new EncodingInvalid('the text is not hex')
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** The JCS form of a JSON value (RFC 8785): the same value always gives the same text. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value)
  if (text === undefined) throw new EncodingInvalid('the value has no JSON form')
  return text
}

/** Joins byte strings into a new one. */
export function concatBytes(...parts: readonly Uint8Array[]): Bytes {
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    joined.set(part, at)
    at += part.byteLength
  }
  return joined
}

/** Compares in time that depends on the lengths only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.byteLength !== b.byteLength) return false
  let difference = 0
  for (let i = 0; i < a.byteLength; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0)
  return difference === 0
}

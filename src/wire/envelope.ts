/** One signed message: a compact JWS (RFC 7515, ES256) whose payload is parsed only after everything else holds. */
import { CompactSign, compactVerify } from 'jose'
import * as v from 'valibot'
import { type Bytes, base64url, type Clock, canonicalJson, fromUtf8, newId, type Random, utf8 } from '../base/mod.ts'
import { type SigningKey, sha256 } from '../crypto/mod.ts'
import { C2MessageTooLarge, C2Refused } from './errors.ts'
import { AnswerHeader, RequestHeader, readHeader } from './header.ts'
import { CLOCK_AHEAD_MS, MESSAGE_BYTES_MAX, MESSAGE_LIFETIME_MS, SUITE } from './limits.ts'
import type { NonceMemory } from './memories.ts'

/** Who speaks: a Runtime's or a tenant's id, and its signing key. */
export type Self = { id: string; key: SigningKey }

/** Finds the key of a known party; `undefined` for strangers and for keys that are not theirs. */
export type VerifyKeyOf = (from: string, kid: string) => Promise<CryptoKey | undefined>

export type Writing = { self: Self; incarnation: string; clock: Clock; random: Random }
export type Addressing = { typ: string; to: string; id?: string; seq: number; re?: { id: string; digest: string } }

/** Signs a payload (`c2.message_too_large` beyond the bound): fresh nonce, fresh times, canonical JSON (RFC 8785), so that the same payload is the same bytes in every attempt. */
export async function writeMessage(writing: Writing, address: Addressing, payload: unknown): Promise<string> {
  const { self, incarnation, clock, random } = writing
  const iat = Math.floor(clock.now())
  const header = {
    alg: 'ES256',
    typ: address.typ,
    kid: self.key.kid,
    suite: SUITE,
    from: self.id,
    to: address.to,
    id: address.id ?? newId('msg', clock, random),
    inc: incarnation,
    seq: address.seq,
    iat,
    exp: iat + MESSAGE_LIFETIME_MS,
    nonce: base64url(random(16)),
    ...(address.re && { re: address.re }),
  }
  const token = await signCompact(self.key, header, utf8(canonicalJson(payload)))
  if (token.length > MESSAGE_BYTES_MAX) throw new C2MessageTooLarge(`a message of ${token.length} bytes is too long`)
  return token
}

/** A compact JWS whose protected header is in canonical form, as `readHeader` demands it. */
export async function signCompact(
  key: SigningKey,
  header: Record<string, unknown> & { alg: string },
  payload: Bytes,
): Promise<string> {
  const members = JSON.parse(canonicalJson(header)) as typeof header
  return new CompactSign(payload).setProtectedHeader(members).sign(key.privateKey)
}

export type Reading = {
  self: string
  typs: ReadonlySet<string>
  verifyKeyOf: VerifyKeyOf
  nonces: NonceMemory | undefined
  clock: Clock
  /** Nothing signed before this moment is taken, milliseconds. */
  notBeforeMs: number
}

/** Opens a question by the order of refusal; throws `c2.refused` with the step it fell at. The payload is still unread bytes. */
export function openRequest(reading: Reading, token: string): Promise<{ header: RequestHeader; payload: Bytes }> {
  return open(RequestHeader, reading, token)
}

/** Opens an answer by the same order. The caller compares `re`, which binds it to one question. */
export function openAnswer(reading: Reading, token: string): Promise<{ header: AnswerHeader; payload: Bytes }> {
  return open(AnswerHeader, reading, token)
}

async function open<Schema extends typeof RequestHeader | typeof AnswerHeader>(
  schema: Schema,
  reading: Reading,
  token: string,
): Promise<{ header: v.InferOutput<Schema>; payload: Bytes }> {
  if (token.length > MESSAGE_BYTES_MAX) throw new C2Refused('size')
  const header: v.InferOutput<Schema> = readHeader(schema, token)
  if (!reading.typs.has(header.typ)) throw new C2Refused('type')
  const key = await reading.verifyKeyOf(header.from, header.kid)
  if (!key) throw new C2Refused('key')
  if (header.to !== reading.self) throw new C2Refused('recipient')
  const payload = await verifiedPayload(token, key)
  checkTimes(header, reading)
  if (reading.nonces?.remember(header.kid, header.nonce, header.exp) === false) throw new C2Refused('nonce')
  return { header, payload }
}

/** The payload of a compact JWS whose ES256 signature holds under that key. */
export async function verifiedPayload(token: string, key: CryptoKey): Promise<Bytes> {
  try {
    const verified = await compactVerify(token, key, { algorithms: ['ES256'] })
    return new Uint8Array(verified.payload)
  } catch (cause) {
    throw new C2Refused('signature', { cause })
  }
}

function checkTimes(header: { iat: number; exp: number }, reading: Reading): void {
  const now = reading.clock.now()
  const lifetime = header.exp - header.iat
  const inTime =
    header.iat <= now + CLOCK_AHEAD_MS && now < header.exp && lifetime > 0 && lifetime <= MESSAGE_LIFETIME_MS
  if (!inTime || header.iat < reading.notBeforeMs) throw new C2Refused('time')
}

/** Parses verified bytes by their schema; `c2.refused` for anything else. */
export function readPayload<Schema extends v.GenericSchema>(schema: Schema, payload: Bytes): v.InferOutput<Schema> {
  try {
    return v.parse(schema, JSON.parse(fromUtf8(payload)))
  } catch (cause) {
    throw new C2Refused('payload', { cause })
  }
}

/** SHA-256 of a text, base64url: of a token for `re`, of type and payload for idempotence. */
export async function digestOf(text: string): Promise<string> {
  return base64url(await sha256(utf8(text)))
}

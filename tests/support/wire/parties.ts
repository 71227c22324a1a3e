/** Parties with fixed keys, and time and chance that a test owns. */
import { createECDH, createHash, createPrivateKey } from 'node:crypto'
import { type Bytes, base64url, type Clock, type Random } from '../../../src/base/mod.ts'
import {
  type AgreementKey,
  importVerifyKey,
  loadAgreementKey,
  loadSigningKey,
  type SigningKey,
} from '../../../src/crypto/mod.ts'
import type { AnswerMemory } from '../../../src/wire/mod.ts'

export const TENANT = 'ten_01890000-0000-7000-8000-000000000001' as const
export const RUNTIME = 'rt_01890000-0000-7000-8000-000000000002' as const
export const STRANGER = 'rt_01890000-0000-7000-8000-000000000003' as const
export const DEPLOYMENT = 'dep_01890000-0000-7000-8000-000000000004' as const
export const BRIDGE = 'br_01890000-0000-7000-8000-000000000005' as const
/** 2026-01-01T00:00:00Z. */
export const T0 = 1_767_225_600_000

export type Party = { id: string; signing: SigningKey; agreement: AgreementKey; verifyKey: CryptoKey }

/** The private scalar of a test key: SHA-256 of its label, so that vectors can be made again by anyone. */
export function storedKey(label: string): { publicKey: Bytes; pkcs8: Bytes } {
  const scalar = createHash('sha256').update(`sluice test key ${label}`).digest()
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(scalar)
  const point = new Uint8Array(ecdh.getPublicKey())
  const jwk = {
    kty: 'EC',
    crv: 'P-256',
    d: base64url(scalar),
    x: base64url(point.slice(1, 33)),
    y: base64url(point.slice(33)),
  }
  const pkcs8 = createPrivateKey({ key: jwk, format: 'jwk' }).export({ type: 'pkcs8', format: 'der' })
  return { publicKey: point, pkcs8: new Uint8Array(pkcs8) }
}

export async function party(id: string, label: string): Promise<Party> {
  const signing = await loadSigningKey(storedKey(`${label} sign`))
  const agreement = await loadAgreementKey(storedKey(`${label} agree`))
  return { id, signing, agreement, verifyKey: await importVerifyKey(signing.publicKey) }
}

/** A clock that stands still until a test moves it; sleeping moves it. */
export class FakeClock implements Clock {
  #now: number
  constructor(now = T0) {
    this.#now = now
  }
  now(): number {
    return this.#now
  }
  monotonic(): number {
    return this.#now
  }
  async sleep(ms: number): Promise<void> {
    this.#now += Math.ceil(ms)
  }
  advance(ms: number): void {
    this.#now += ms
  }
}

/** Chance from a seed: SHA-256 in counter mode. */
export function seededRandom(seed: string): Random {
  let counter = 0
  return (length) => {
    const out = new Uint8Array(length)
    for (let at = 0; at < length; at += 32) {
      const block = createHash('sha256').update(`${seed} ${counter++}`).digest()
      out.set(block.subarray(0, Math.min(32, length - at)), at)
    }
    return out
  }
}

/** Answers in a Map, as long as the test runs. */
export function answersInMemory(): AnswerMemory & { size(): number } {
  const kept = new Map<string, { digest: string; answer: unknown }>()
  return {
    find: async (from, id) => kept.get(`${from} ${id}`),
    keep: async (from, id, digest, answer) => void kept.set(`${from} ${id}`, { digest, answer }),
    size: () => kept.size,
  }
}

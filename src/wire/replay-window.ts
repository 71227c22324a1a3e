/** Remembers which nonces a key has used, so that a captured message cannot be played again. */
import type { Clock } from '../base/mod.ts'
import type { NonceMemory } from './memories.ts'

/**
 * Nonces remembered for each key. A message lives 65 s at most, so a key may send 126 messages a second all the time;
 * 8,192 × ~100 B < 1 MiB for a key that does. Only known keys are remembered at all.
 */
export const NONCES_PER_KEY_MAX = 8_192

/** A nonce memory within this process; `noncesMax` is for tests. */
export class ReplayWindow implements NonceMemory {
  readonly #clock: Clock
  readonly #noncesMax: number
  readonly #keys = new Map<string, Map<string, number>>()
  #sweepAtMs = 0

  constructor(clock: Clock, noncesMax = NONCES_PER_KEY_MAX) {
    this.#clock = clock
    this.#noncesMax = noncesMax
  }

  remember(kid: string, nonce: string, expiresAtMs: number): boolean {
    const now = this.#clock.now()
    this.#sweep(now)
    const nonces = this.#keys.get(kid) ?? new Map<string, number>()
    if (nonces.has(nonce)) return false
    if (nonces.size >= this.#noncesMax) {
      dropExpired(nonces, now)
      if (nonces.size >= this.#noncesMax) return false
    }
    nonces.set(nonce, expiresAtMs)
    this.#keys.set(kid, nonces)
    return true
  }

  /** Nonces remembered now, of all keys. */
  get size(): number {
    let size = 0
    for (const nonces of this.#keys.values()) size += nonces.size
    return size
  }

  /** Once in a lifetime of a message everything that expired goes, so that a silent key costs nothing. */
  #sweep(now: number): void {
    if (now < this.#sweepAtMs) return
    this.#sweepAtMs = now + 60_000
    for (const [kid, nonces] of this.#keys) {
      dropExpired(nonces, now)
      if (nonces.size === 0) this.#keys.delete(kid)
    }
  }
}

function dropExpired(nonces: Map<string, number>, now: number): void {
  for (const [nonce, expiresAtMs] of nonces) if (expiresAtMs <= now) nonces.delete(nonce)
}

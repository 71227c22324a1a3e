/** What a receiver must remember so that nothing is taken twice. `wire` declares it; who owns a database hands it in. */

/** Keeps the nonces that keys have used. */
export interface NonceMemory {
  /**
   * Remembers a nonce until it expires (milliseconds since 1970). False when this key has used it already, or when the key has used
   * so many that no more can be remembered: then the message is refused, since forgetting one would let it be played again.
   */
  remember(kid: string, nonce: string, expiresAtMs: number): boolean
}

/** Keeps the answers that message ids got. */
export interface AnswerMemory {
  /** The answer that a message id of that sender got, and the digest of the message. */
  find(from: string, id: string): Promise<{ digest: string; answer: unknown } | undefined>
  /** Keeps an answer, durably, until it expires (milliseconds since 1970). */
  keep(from: string, id: string, digest: string, answer: unknown, expiresAtMs: number): Promise<void>
}

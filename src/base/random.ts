/** Chance as an argument: cryptographically strong by default, seeded in tests. */

/** Returns that many random bytes. */
export type Random = (length: number) => Uint8Array<ArrayBuffer>

/** The host's cryptographic generator. At most 65,536 bytes a call (the limit of `getRandomValues`). */
export const systemRandom: Random = (length) => crypto.getRandomValues(new Uint8Array(length))

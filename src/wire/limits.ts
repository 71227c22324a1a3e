/** The suite and the bounds that every message shares. */

/** ECDSA and ECDH on P-256, SHA-256, HKDF-SHA256, AES-256-GCM. Every message names it. */
export const SUITE = 'S1' as const

/**
 * Bytes of one compact JWS. 256 audit logs × ≤ 1 KiB, or 512 KiB of code, sealed and in base64url twice
 * (512 KiB × 16/9 = 910 KiB), fit; a stranger can make a receiver hold no more than this for one message.
 */
export const MESSAGE_BYTES_MAX = 1_048_576

/** Characters of the protected header: 14 members, the longest of 68 characters, come to ≈ 700 in base64url. */
export const HEADER_LENGTH_MAX = 2_048

/** How long a message is valid, at most (PROTOCOL.md, One signed message). */
export const MESSAGE_LIFETIME_MS = 60_000

/** A sender's clock may be this far ahead. Behind costs it lifetime instead. */
export const CLOCK_AHEAD_MS = 5_000

/** Code travels in chunks of this many bytes before sealing. */
export const CODE_CHUNK_BYTES = 524_288

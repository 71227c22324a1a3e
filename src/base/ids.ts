/** Identifiers: a UUIDv7 (RFC 9562 §5.7) behind the prefix of its noun, so that they sort by time and say what they name. */
import type { Clock } from './clock.ts'
import type { Random } from './random.ts'

/** A UUIDv7 made from the clock's milliseconds and 74 random bits. */
export function uuidV7(clock: Clock, random: Random): string {
  const bytes = random(16)
  let ms = BigInt(Math.floor(clock.now()))
  for (let i = 5; i >= 0; i--) {
    bytes[i] = Number(ms & 0xffn)
    ms >>= 8n
  }
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** A new id such as `rt_0199…`; `prefix` is the short noun without the underscore. */
export function newId<Prefix extends string>(prefix: Prefix, clock: Clock, random: Random): `${Prefix}_${string}` {
  return `${prefix}_${uuidV7(clock, random)}`
}

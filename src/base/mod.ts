/** base: errors, log, clock, ids, retry, turns, encodings. No I/O, no domain. */
export { type Clock, rfc3339, systemClock } from './clock.ts'
export { deferred } from './deferred.ts'
export {
  type Bytes,
  base64url,
  canonicalJson,
  concatBytes,
  EncodingInvalid,
  equalBytes,
  fromBase64url,
  fromHex,
  fromUtf8,
  hex,
  utf8,
} from './encoding.ts'
export { AppError, Cancelled, codeOf, describeError, type ErrorKind, Unreachable } from './errors.ts'
export { every, pause } from './every.ts'
export { newId, uuidV7 } from './ids.ts'
export { ipAddressBytes } from './ip-address.ts'
export { issueWords, naming } from './issue-words.ts'
export { Lifetime } from './lifetime.ts'
export { type Log, logOf } from './log.ts'
export { nounFor } from './noun-for.ts'
export { ownValue } from './own-value.ts'
export { printable, printableLines } from './printable.ts'
export { type Random, systemRandom } from './random.ts'
export { backoffMs, retry } from './retry.ts'
export { nearestWord } from './suggest.ts'
export { csvLines, jsonLines } from './text-rows.ts'
export { isTimeZone, TIME_ZONE_LENGTH_MAX, TimeZone } from './time-zone.ts'
export { KeyedTurns, Slots, Turns } from './turns.ts'

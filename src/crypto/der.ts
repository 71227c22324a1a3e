/** DER (ITU-T X.690), as much of it as our own certificates need: values are written by nesting, and one inside of another is found. */
import { type Bytes, concatBytes, utf8 } from '../base/mod.ts'

/** Only ever written where it is not the default (§11.5). */
export const TRUE: Bytes = element(0x01, Uint8Array.of(0xff))

export function sequence(...parts: readonly Uint8Array[]): Bytes {
  return element(0x30, ...parts)
}

/** Of one part: the order of several would be that of their bytes (§11.6). */
export function setOf(part: Uint8Array): Bytes {
  return element(0x31, part)
}

export function octetString(content: Uint8Array): Bytes {
  return element(0x04, content)
}

export function utf8String(text: string): Bytes {
  return element(0x0c, utf8(text))
}

/** `unused`: bits of the last byte that do not count. */
export function bitString(content: Uint8Array, unused = 0): Bytes {
  return element(0x03, Uint8Array.of(unused), content)
}

/** Of a number in bytes, the highest first and not negative: no byte too many, and a zero before a high bit (§8.3). */
export function unsignedInteger(bytes: Uint8Array): Bytes {
  const first = bytes.findIndex((byte) => byte !== 0)
  const digits = first === -1 ? Uint8Array.of(0) : bytes.subarray(first)
  return element(0x02, ...((digits[0] ?? 0) > 0x7f ? [Uint8Array.of(0)] : []), digits)
}

/** `1.2.840.10045.2.1`: the first two numbers in one byte, the others in base 128 (§8.19). */
export function objectId(dotted: string): Bytes {
  const [top = 0, second = 0, ...others] = dotted.split('.').map(Number)
  return element(0x06, Uint8Array.of(40 * top + second, ...others.flatMap(base128)))
}

/** Milliseconds since 1970, cut to the second. RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from then on. */
export function time(ms: number): Bytes {
  const at = new Date(ms)
  const digits = `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`
  return at.getUTCFullYear() < 2050 ? element(0x17, utf8(digits.slice(2))) : element(0x18, utf8(digits))
}

/** `[number]` of a definition, around content: EXPLICIT or of a SEQUENCE when constructed, else IMPLICIT of a simple type. */
export function tagged(number: number, form: 'constructed' | 'simple', ...content: readonly Uint8Array[]): Bytes {
  return element((form === 'constructed' ? 0xa0 : 0x80) | number, ...content)
}

/** The elements that stand in the content of a constructed one. For bytes that are known to be DER: they came from a parser that took them. */
export function elementsIn(constructed: Bytes): Bytes[] {
  const elements: Bytes[] = []
  for (let at = contentOf(constructed, 0).begin; at < constructed.byteLength; ) {
    const { end } = contentOf(constructed, at)
    elements.push(constructed.subarray(at, end))
    at = end
  }
  return elements
}

function contentOf(bytes: Bytes, at: number): { begin: number; end: number } {
  const first = bytes[at + 1] ?? 0
  if (first < 0x80) return { begin: at + 2, end: at + 2 + first }
  const begin = at + 2 + (first & 0x7f)
  const length = bytes.subarray(at + 2, begin).reduce((sum, byte) => sum * 256 + byte, 0)
  return { begin, end: begin + length }
}

function element(tag: number, ...parts: readonly Uint8Array[]): Bytes {
  const content = concatBytes(...parts)
  return concatBytes(Uint8Array.of(tag), lengthOf(content.byteLength), content)
}

/** The short form up to 127, else the number of bytes and those (§8.1.3, in the fewest bytes by §10.1). */
function lengthOf(length: number): Bytes {
  if (length < 0x80) return Uint8Array.of(length)
  const bytes: number[] = []
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256)
  return Uint8Array.of(0x80 | bytes.length, ...bytes)
}

function base128(number: number): number[] {
  const bytes = [number % 128]
  for (let rest = Math.floor(number / 128); rest > 0; rest = Math.floor(rest / 128)) bytes.unshift(0x80 | (rest % 128))
  return bytes
}

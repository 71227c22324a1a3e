/** Numbers of JSON that a double does not keep: their digits are read as text, so that two of them never become one value. */
import { type Json, quoted } from './item.ts'

/** Digits that a double may not keep; every number of fewer comes back as it was written. */
const DIGITS_MIN = 16
const [QUOTE, BACKSLASH, MINUS, POINT, ZERO, NINE] = [0x22, 0x5c, 0x2d, 0x2e, 0x30, 0x39]
const NUMBER = /-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const DECIMAL = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/
/** Digits by which C's `%.17g` and PHP write a double: more than it needs, yet no other one's. */
const DIGITS_OF_A_DOUBLE = 17
/** A longer one is text without being looked into. */
const NUMBER_LENGTH_MAX = 64

/** What a JSON text says, the digits of long numbers as text, and the warning of them. */
export type ReadExactly = { value: Json; warning?: string }

/** Whether somewhere a number may stand that is long or has an exponent: one look at each byte, and few texts without one have it. */
export function mayHaveLongNumber(bytes: Uint8Array): boolean {
  let [run, mayBegin] = [0, true]
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0
    if (isDigit(byte) || (byte === POINT && run > 0)) {
      if ((run > 0 || mayBegin) && ++run >= DIGITS_MIN) return true
      mayBegin = false
    } else {
      if (run > 0 && (byte | 0x20) === 0x65) return true
      run = 0
      // In front of a number: white space, `,`, `-`, `:` or `[`.
      mayBegin = byte <= 0x20 || byte === 0x2c || byte === MINUS || byte === 0x3a || byte === 0x5b
    }
  }
  return false
}

/** Reads JSON as `JSON.parse` does, but for the numbers that it would change. Fails as that does. */
export function parseExactly(text: string): ReadExactly {
  const value = JSON.parse(text) as Json
  let [first, count, rest, from] = ['', 0, '', 0]
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === MINUS || isDigit(code)) {
      NUMBER.lastIndex = at
      const number = NUMBER.exec(text)?.[0] ?? ''
      if (!isKept(number)) {
        if (count++ === 0) first = number
        rest += `${text.slice(from, at)}"${number}"`
        from = at + number.length
      }
      at += Math.max(0, number.length - 1)
    }
  }
  if (count === 0) return { value }
  const others = count === 1 ? '' : ` and ${count - 1} more`
  const warning = `${quoted(first)}${others}: more than a number keeps; read as text, digit by digit`
  return { value: JSON.parse(rest + text.slice(from)) as Json, warning }
}

function isDigit(code: number): boolean {
  return code >= ZERO && code <= NINE
}

/** Of valid JSON: where the quote stands that closes it. */
function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1)
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1)
  return at
}

function isEscaped(text: string, quote: number): boolean {
  let at = quote
  while (text.charCodeAt(at - 1) === BACKSLASH) at--
  return (quote - at) % 2 === 1
}

/** Whether a double is the same number. A whole one is its digits, too: what it means may be a name. */
function isKept(number: string): boolean {
  if (number.length > NUMBER_LENGTH_MAX) return false
  if (number.length < DIGITS_MIN && !/[eE]/.test(number)) return true
  const double = Number(number)
  if (!Number.isFinite(double)) return false
  if (/^-?\d+$/.test(number)) return String(double) === number
  const said = decimalOf(number)
  return said === decimalOf(String(double)) || said === decimalOf(double.toPrecision(DIGITS_OF_A_DOUBLE))
}

/** The same for every way to write a number. */
function decimalOf(number: string): string {
  const [, whole = '', fraction = '', exponent = '0'] = DECIMAL.exec(number) ?? []
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const significant = digits.replace(/0+$/, '')
  if (significant === '') return '0'
  return `${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`
}

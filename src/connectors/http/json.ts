/**
 * JSON from a stranger: how deep it may be is looked at before it is parsed, since whoever walks over the value later recurses; and texts
 * that were cut within a character, an emoji most often, are mended, since such halves have no UTF-8 and no digest.
 */
import { type Bytes, fromUtf8 } from '../../base/mod.ts'

/** Documents of rich text nest some forty deep; records deeper than 64 are refused one by one where they are imported. */
export const JSON_DEPTH_MAX = 256

/** `undefined` for what is deeper than that. Throws what parsing throws. */
export function parsedJson(bytes: Bytes): { value: unknown } | undefined {
  return isDeeper(bytes, JSON_DEPTH_MAX) ? undefined : { value: JSON.parse(mended(fromUtf8(bytes))) }
}

/** Escapes of a whole pair, of half of one, and any other: halves alone are six characters. */
const ESCAPES = /\\(?:u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|u[dD][89a-fA-F][\da-fA-F]{2}|.)/g
const HALF_LENGTH = 6

function mended(json: string): string {
  if (!/\\u[dD][89a-fA-F]/.test(json)) return json
  return json.replace(ESCAPES, (one) => (one.length === HALF_LENGTH ? '\\ufffd' : one))
}

const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Brackets that are open at once, outside of texts; what is no JSON may give any answer, and does not parse. */
function isDeeper(bytes: Bytes, depthMax: number): boolean {
  let depth = 0
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === QUOTE) at = endOfText(bytes, at)
    // { and [, } and ] differ from each other by one bit.
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > depthMax) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}

function endOfText(bytes: Bytes, from: number): number {
  let at = from + 1
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1
  return at
}

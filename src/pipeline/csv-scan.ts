/** Finds where CSV records end, by bytes and without decoding them: a line end outside quotes (RFC 4180). */
import type { Spans } from './encoded.ts'

const LF = 0x0a
const CR = 0x0d
const QUOTE = 0x22

/** Whether a text can stand between fields: one ASCII character that is neither a quote nor part of a line end. */
export function isDelimiter(text: string): boolean {
  return text.length === 1 && text > '\0' && text < '\x80' && text !== '"' && text !== '\n' && text !== '\r'
}

/** What a scan found: the spans of whole records, and where the first one that is not whole begins. */
export type Scanned = Spans & { next: number }

export type CsvScanOptions = {
  /** Byte of the delimiter. */
  delimiter: number
  /** With one column only, a blank line is a record with an empty value; otherwise blank lines are skipped. */
  blankIsRecord: boolean
  recordsMax: number
}

/** Where a record ends, when it does not end in the bytes at hand. */
const MORE = -1
const QUOTE_OPEN = -2

/**
 * Scans `bytes` from its start. `final` says that no more bytes follow: then the last record need not have a line end, and a quote
 * that never closes damages only the line it opens on (which decoding refuses), instead of swallowing the rest of the file.
 */
export function scanCsv(bytes: Uint8Array, final: boolean, options: CsvScanOptions): Scanned {
  const starts: number[] = []
  const ends: number[] = []
  let at = 0
  let quote = bytes.indexOf(QUOTE)
  while (starts.length < options.recordsMax) {
    if (!options.blankIsRecord) at = skipBlankLines(bytes, at)
    if (at >= bytes.length) break
    const lineEnd = bytes.indexOf(LF, at)
    if (quote !== -1 && quote < at) quote = bytes.indexOf(QUOTE, at)
    // No quote on this line: where the line ends, the record does.
    const hasQuote = quote !== -1 && (lineEnd === -1 || quote < lineEnd)
    let end = hasQuote ? endOfQuoted(bytes, at, options.delimiter) : lineEnd === -1 ? MORE : lineEnd + 1
    if (end < 0) {
      if (!final) break
      end = end === QUOTE_OPEN && lineEnd !== -1 ? lineEnd + 1 : bytes.length
    }
    starts.push(at)
    ends.push(end)
    at = end
  }
  return { starts, ends, next: at }
}

function skipBlankLines(bytes: Uint8Array, from: number): number {
  let at = from
  for (;;) {
    if (bytes[at] === LF) at++
    else if (bytes[at] === CR && bytes[at + 1] === LF) at += 2
    else return at
  }
}

/** The end of a record that may hold quotes. A quote opens only at the start of a field. */
function endOfQuoted(bytes: Uint8Array, from: number, delimiter: number): number {
  let fieldStart = true
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at]
    if (byte === LF) return at + 1
    if (byte === QUOTE && fieldStart) {
      const close = closingQuote(bytes, at + 1)
      if (close < 0) return close
      at = close
    }
    fieldStart = byte === delimiter
  }
  return MORE
}

function closingQuote(bytes: Uint8Array, from: number): number {
  for (let at = from; ; at += 2) {
    at = bytes.indexOf(QUOTE, at)
    if (at === -1) return QUOTE_OPEN
    // At the very end it may be the first of a doubled quote or the closing one: both need more bytes, or there are none.
    if (at + 1 === bytes.length) return MORE
    if (bytes[at + 1] !== QUOTE) return at
  }
}

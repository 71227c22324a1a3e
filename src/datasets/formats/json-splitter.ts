/**
 * Cuts a JSON document (RFC 8259) into the values that matter as it streams by: the elements of its array of records, of which each is
 * parsed by itself. Here only brackets, strings and the ways down to that array are read; `JSON.parse` judges what lies between.
 * One state machine, kept whole.
 */
import { concatBytes, fromUtf8 } from '../../base/mod.ts'
import { DocumentMalformed, DocumentNotText, DocumentPartTooLarge, DocumentTruncated } from './errors.ts'
import { DEPTH_MAX, quoted } from './item.ts'

/** Names of the members that lead to a value, from the root. */
export type JsonPath = readonly string[]

/** What is done with an array or object: its elements are items, its members are looked at, it is given whole, or passed over. */
export type JsonUse = 'items' | 'enter' | 'keep' | 'pass'

/** An element of an array of items: its bytes and the line it begins on, or why it was not kept. */
export type JsonElement = { line: number; path: JsonPath } & ({ bytes: Uint8Array } | { reason: string })

/** What a splitter asks and tells. All are called in the order of the document. */
export type JsonListener = {
  use(path: JsonPath, opens: '[' | '{', line: number): JsonUse
  element(element: JsonElement): void
  kept?(path: JsonPath, text: string): void
}

/** Bytes of a member's name, and of a value that is kept whole beside the items. */
const BESIDE_BYTES_MAX = 1_048_576

const [LF, QUOTE, COMMA, COLON, BACKSLASH] = [0x0a, 0x22, 0x2c, 0x3a, 0x5c]
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d]

/** What may come next, outside of a value that is being cut out; the text is for messages. */
const EXPECTED = {
  value: 'a value',
  elementOrEnd: 'a value or `]`',
  nameOrEnd: 'a name in quotes or `}`',
  name: 'a name in quotes',
  colon: '`:`',
  commaOrEnd: '`,` or the end of the array or object',
  nothing: 'the end of the document',
} as const

type Frame = { close: number; path: JsonPath; items: boolean }

/** A value that is being cut out of the document. */
type Cut = {
  role: 'element' | 'name' | 'keep' | 'pass'
  shape: 'container' | 'string' | 'scalar'
  line: number
  path: JsonPath
  parts: Uint8Array[]
  length: number
  bytesMax: number
  /** Why its bytes are not kept any more. */
  reason: string | undefined
}

/** Is given the document in UTF-8 without a byte order mark, piece by piece. Fails with the errors of documents. */
export class JsonSplitter {
  readonly #listener: JsonListener
  readonly #elementBytesMax: number
  readonly #frames: Frame[] = []
  #expected: keyof typeof EXPECTED = 'value'
  #path: JsonPath = []
  #line = 1
  #cut: Cut | undefined
  /** Of the value that is being cut out: what closes each bracket that is open, innermost last; and whether a string is open. */
  readonly #closes: number[] = []
  #inString = false
  #escaped = false

  /** Elements of more than `elementBytesMax` bytes are refused one by one. */
  constructor(listener: JsonListener, elementBytesMax: number) {
    this.#listener = listener
    this.#elementBytesMax = elementBytesMax
  }

  /** The line that was read last, from 1. */
  get line(): number {
    return this.#line
  }

  /** Goes on with the next piece, and calls the listener for what ends in it. */
  write(piece: Uint8Array): void {
    let at = 0
    while (at < piece.length) at = this.#cut ? this.#cutOut(this.#cut, piece, at) : this.#step(piece, at)
  }

  /** Fails with `document.truncated` unless the document is whole. */
  end(): void {
    // A number at the root has no end but the document's.
    if (this.#cut?.shape === 'scalar' && this.#frames.length === 0) this.#finish(this.#cut, new Uint8Array(0))
    if (this.#expected === 'nothing' && !this.#cut) return
    const expected = this.#cut ? 'the end of a value' : EXPECTED[this.#expected]
    throw new DocumentTruncated(this.#line, `the document ends in the middle; expected ${expected}`)
  }

  /** One byte between values. */
  #step(piece: Uint8Array, at: number): number {
    const byte = piece[at] ?? 0
    if (byte === LF) this.#line++
    if (byte === LF || byte === 0x20 || byte === 0x0d || byte === 0x09) return at + 1
    const frame = this.#frames.at(-1)
    switch (this.#expected) {
      case 'elementOrEnd':
      case 'value':
        if (byte === CLOSE_ARRAY && this.#expected === 'elementOrEnd') return this.#close(at)
        return this.#beginValue(byte, at)
      case 'nameOrEnd':
      case 'name':
        if (byte === CLOSE_OBJECT && this.#expected === 'nameOrEnd') return this.#close(at)
        if (byte !== QUOTE) throw this.#unexpected(byte)
        this.#begin('name', 'string', [])
        return at
      case 'colon':
        if (byte !== COLON) throw this.#unexpected(byte)
        this.#expected = 'value'
        return at + 1
      case 'commaOrEnd':
        if (byte === frame?.close) return this.#close(at)
        if (byte !== COMMA) throw this.#unexpected(byte)
        this.#expected = frame?.close === CLOSE_OBJECT ? 'name' : 'value'
        return at + 1
      case 'nothing':
        throw this.#unexpected(byte)
    }
  }

  #close(at: number): number {
    this.#frames.pop()
    this.#afterValue()
    return at + 1
  }

  #afterValue(): void {
    const frame = this.#frames.at(-1)
    this.#path = frame?.path ?? []
    this.#expected = frame ? 'commaOrEnd' : 'nothing'
  }

  #beginValue(byte: number, at: number): number {
    const opens = byte === OPEN_ARRAY ? '[' : byte === OPEN_OBJECT ? '{' : undefined
    if (!opens && byte !== QUOTE && !isScalar(byte)) throw this.#unexpected(byte)
    const shape = opens ? 'container' : byte === QUOTE ? 'string' : 'scalar'
    if (this.#frames.at(-1)?.items) this.#begin('element', shape, this.#path)
    else {
      const use = opens ? this.#listener.use(this.#path, opens, this.#line) : 'pass'
      if (use === 'items' || use === 'enter') return this.#enter(byte, use, at)
      this.#begin(use, shape, this.#path)
    }
    return at
  }

  #enter(byte: number, use: 'items' | 'enter', at: number): number {
    const close = byte === OPEN_ARRAY ? CLOSE_ARRAY : CLOSE_OBJECT
    this.#frames.push({ close, path: this.#path, items: use === 'items' })
    this.#expected = close === CLOSE_ARRAY ? 'elementOrEnd' : 'nameOrEnd'
    return at + 1
  }

  #begin(role: Cut['role'], shape: Cut['shape'], path: JsonPath): void {
    const bytesMax = role === 'element' ? this.#elementBytesMax : BESIDE_BYTES_MAX
    this.#cut = { role, shape, line: this.#line, path, parts: [], length: 0, bytesMax, reason: undefined }
  }

  /** Goes on in the value that is being cut out; returns where it ends, or the end of the piece. */
  #cutOut(cut: Cut, piece: Uint8Array, from: number): number {
    const end = cut.shape === 'scalar' ? endOfScalar(piece, from) : this.#endOfNested(cut, piece, from)
    const ended = cut.shape === 'scalar' ? end < piece.length : !this.#inString && this.#closes.length === 0
    const part = piece.subarray(from, end)
    if (ended) {
      this.#finish(cut, part)
      return end
    }
    cut.length += part.length
    if (cut.length > cut.bytesMax) this.#drop(cut, `more than ${cut.bytesMax} bytes; expected at most that`)
    // The piece belongs to whoever gave it, and may be used again by him.
    if (cut.reason === undefined) cut.parts.push(part.slice())
    return end
  }

  #drop(cut: Cut, reason: string): void {
    if (cut.role === 'name') throw new DocumentPartTooLarge(cut.line, `a name of ${reason}`)
    cut.reason ??= `an element of ${reason}`
    cut.parts = []
  }

  /** The end of a string, array or object, as far as this piece has it. */
  #endOfNested(cut: Cut, piece: Uint8Array, from: number): number {
    const closes = this.#closes
    let inString = this.#inString
    let at = from
    if (this.#escaped) {
      this.#escaped = false
      at++
    }
    for (; at < piece.length; at++) {
      const byte = piece[at] ?? 0
      if (inString) {
        if (byte === BACKSLASH) at++
        else if (byte === QUOTE) {
          inString = false
          if (closes.length === 0) break
        } else if (byte === LF) this.#line++
      } else if (byte === QUOTE) inString = true
      else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        // In ASCII what closes stands two behind what opens.
        closes.push(byte + 2)
        if (closes.length > DEPTH_MAX) throw new DocumentPartTooLarge(this.#line, TOO_DEEP)
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) {
        if (closes.pop() !== byte) throw this.#mismatch(cut, byte)
        if (closes.length === 0) break
      } else if (byte === LF) this.#line++
    }
    this.#inString = inString
    this.#escaped = at > piece.length
    return Math.min(at + 1, piece.length)
  }

  #finish(cut: Cut, lastPart: Uint8Array): void {
    this.#cut = undefined
    if (cut.length + lastPart.length > cut.bytesMax)
      this.#drop(cut, `more than ${cut.bytesMax} bytes; expected at most that`)
    const bytes = cut.parts.length === 0 ? lastPart : concatBytes(...cut.parts, lastPart)
    if (cut.role === 'name') this.#takeName(cut, bytes)
    else {
      if (cut.role === 'element') this.#listener.element({ line: cut.line, path: cut.path, ...given(cut, bytes) })
      else if (cut.reason === undefined) this.#judge(cut, bytes)
      this.#afterValue()
    }
  }

  #takeName(cut: Cut, bytes: Uint8Array): void {
    this.#path = [...(this.#frames.at(-1)?.path ?? []), String(this.#parsed(cut, bytes))]
    this.#expected = 'colon'
  }

  /** A value beside the items must be JSON as well. */
  #judge(cut: Cut, bytes: Uint8Array): void {
    this.#parsed(cut, bytes)
    if (cut.role === 'keep') this.#listener.kept?.(cut.path, fromUtf8(bytes))
  }

  #parsed(cut: Cut, bytes: Uint8Array): unknown {
    let text: string
    try {
      text = fromUtf8(bytes)
    } catch (cause) {
      throw new DocumentNotText(cut.line, 'expected text in UTF-8, found bytes that are none', { cause })
    }
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new DocumentMalformed(cut.line, 'expected a JSON value, found what is none', { cause })
    }
  }

  #mismatch(cut: Cut, byte: number): DocumentMalformed {
    const found = String.fromCharCode(byte)
    return new DocumentMalformed(this.#line, `a \`${found}\` that closes nothing, in the value of line ${cut.line}`)
  }

  #unexpected(byte: number): DocumentMalformed {
    const found = byte < 0x80 ? quoted(String.fromCharCode(byte)) : `byte ${byte}`
    return new DocumentMalformed(this.#line, `expected ${EXPECTED[this.#expected]}, found ${found}`)
  }
}

const TOO_DEEP = `nested more than ${DEPTH_MAX} deep; expected at most that`

function given(cut: Cut, bytes: Uint8Array): { bytes: Uint8Array } | { reason: string } {
  return cut.reason === undefined ? { bytes } : { reason: cut.reason }
}

/** Letters, digits and signs: of a number, `true`, `false`, `null` and what is written instead of them. */
function isScalar(byte: number): boolean {
  return (
    (byte >= 0x30 && byte <= 0x39) || (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a) || byte === 0x2d
  )
}

function endOfScalar(piece: Uint8Array, from: number): number {
  let at = from
  while (at < piece.length && isScalarPart(piece[at] ?? 0)) at++
  return at
}

function isScalarPart(byte: number): boolean {
  return isScalar(byte) || byte === 0x2b || byte === 0x2e
}

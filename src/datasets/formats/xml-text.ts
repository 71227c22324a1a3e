/** The text of XML from its bytes, by the encoding that its declaration names. */
import { concatBytes, fromUtf8, utf8 } from '../../base/mod.ts'
import { DocumentEncodingUnsupported } from './errors.ts'

/** Bytes at the beginning in which a declaration is looked for. */
export const DECLARATION_BYTES = 256

const DECLARED = /^\s*<\?xml\s[^>]*?\bencoding\s*=\s*["']([A-Za-z][A-Za-z0-9._-]*)["']/

/** Encodings that ASCII and UTF-8 are read for; UTF-16 was made UTF-8 before, or is named by tools that in truth write UTF-8. */
const AS_UTF8 = /^(?:utf-?8|(?:us-)?ascii|utf-?16.*|ucs-2.*|iso-10646.*)$/i

/** The text of some bytes, up to what is no text, and that there was such. */
export type DecodedText = { readonly text: string; readonly fault: boolean }

/** Decodes pieces of a document. */
export class XmlText {
  /** What the document is in, for messages. */
  readonly encoding: string
  readonly #decoder: TextDecoder | undefined
  #rest: Uint8Array = new Uint8Array(0)

  /** `head` is the beginning of the document. Fails with `document.encoding_unsupported` for an encoding that the host does not know. */
  constructor(head: Uint8Array) {
    const declared = DECLARED.exec(new TextDecoder('latin1').decode(head))?.[1]
    this.#decoder = declared === undefined || AS_UTF8.test(declared) ? undefined : decoderOf(declared)
    this.encoding = this.#decoder?.encoding ?? 'UTF-8'
  }

  /** The text of a piece, as far as it has whole characters. */
  piece(bytes: Uint8Array): DecodedText {
    if (this.#decoder) return decodedBy(this.#decoder, bytes)
    const joined = this.#rest.length === 0 ? bytes : concatBytes(this.#rest, bytes)
    const end = endOfCharacters(joined)
    this.#rest = joined.slice(end)
    return decodedUtf8(joined.subarray(0, end))
  }

  /** What is left when no more comes. */
  last(): DecodedText {
    return this.#decoder ? decodedBy(this.#decoder, undefined) : decodedUtf8(this.#rest)
  }
}

function decoderOf(label: string): TextDecoder {
  try {
    return new TextDecoder(label as ConstructorParameters<typeof TextDecoder>[0], { fatal: true })
  } catch (cause) {
    throw new DocumentEncodingUnsupported(1, `XML in ${label}; expected UTF-8, UTF-16 or another encoding of the Web`, {
      cause,
    })
  }
}

function decodedBy(decoder: TextDecoder, bytes: Uint8Array | undefined): DecodedText {
  try {
    return { text: bytes ? decoder.decode(bytes, { stream: true }) : decoder.decode(), fault: false }
  } catch {
    return { text: '', fault: true }
  }
}

function decodedUtf8(bytes: Uint8Array): DecodedText {
  try {
    return { text: fromUtf8(bytes), fault: false }
  } catch {
    return { text: soundUtf8(bytes), fault: true }
  }
}

/** The text before the first fault: where a decoder that does not mind faults puts U+FFFD, and none stands in the bytes. */
function soundUtf8(bytes: Uint8Array): string {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  let at = text.indexOf('\ufffd')
  for (let offset = 0, from = 0; at !== -1; at = text.indexOf('\ufffd', at + 1)) {
    offset += utf8(text.slice(from, at)).length
    if (![0xef, 0xbf, 0xbd].every((byte, i) => bytes[offset + i] === byte)) break
    from = at
  }
  return at === -1 ? text : text.slice(0, at)
}

/** Where whole characters end: at most three bytes of one that goes on in the next piece are left out. */
function endOfCharacters(bytes: Uint8Array): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0
    if (byte < 0x80) break
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? bytes.length - back : bytes.length
  }
  return bytes.length
}

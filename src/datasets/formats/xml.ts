/**
 * XML as it streams by, by saxes: no document types, so no entities but XML's own five; bounded nesting, attributes and markup.
 * saxes keeps each text until its end. Where one grows long, an empty comment or the beginning of another CDATA section is put in, which
 * changes nothing of the document and makes saxes give what it has: so memory does not grow with the length of a log.
 */
import { SaxesParser } from 'saxes'
import { AppError, printable } from '../../base/mod.ts'
import {
  DocumentMalformed,
  DocumentNotText,
  DocumentPartTooLarge,
  DocumentTruncated,
  DocumentTypeForbidden,
} from './errors.ts'
import { DEPTH_MAX } from './item.ts'
import type { PieceReader } from './pieces.ts'
import type { XmlText } from './xml-text.ts'

/** An element as it begins. The object of attributes has no prototype. */
export type XmlElement = { readonly name: string; readonly attributes: Readonly<Record<string, string>> }

/** What is told of a document, in its order. Texts come in pieces of any length. */
export type XmlListener = {
  /** `line` is where the element's tag begins. */
  open(element: XmlElement, line: number): void
  text(piece: string): void
  close(name: string): void
}

/** Attributes of one element, and characters of each: messages of failures are the longest that tools write there. */
const ATTRIBUTES_MAX = 256
const ATTRIBUTE_CHARS_MAX = 1_048_576

/** Characters of a tag, comment or instruction, which saxes holds whole: the longest attribute, and another. */
const MARKUP_CHARS_MAX = 2 * ATTRIBUTE_CHARS_MAX

/** Characters of a text after which saxes is made to give it. */
const TEXT_CHARS_HELD = 65_536

const CDATA_BEGINS = '<![CDATA['

/** Longer than what begins a CDATA section, and than any reference (`&#x10FFFF;`). */
const UNFINISHED_CHARS_MAX = 16
const UNFINISHED = /(?:&[^;\s<&]*|\]{1,2}|\r)$/

/** Characters of what saxes says that go into a reason; it may quote a name. */
const FAULT_CHARS_MAX = 120

/** Is given a document piece by piece. Fails with the errors of documents. */
export class XmlReader implements PieceReader {
  readonly #listener: XmlListener
  readonly #text: XmlText
  readonly #parser = new SaxesParser({ xmlns: false, position: true })
  #depth = 0
  #rooted = false
  #attributes = 0
  #tagLine = 1
  #unfinished = ''
  /** An element that saxes says is closed, until something else comes: it says so before it finds that another tag closes it. */
  #closed: string | undefined
  /** Characters that saxes was given; it has told of everything but a text up to `#toldAt`, and may hold what came behind. */
  #given = 0
  #toldAt = 0
  /** What the end of what saxes was given is in. */
  #within: 'text' | 'cdata' | 'markup' = 'text'

  /** `text` decodes the document's bytes. */
  constructor(listener: XmlListener, text: XmlText) {
    this.#listener = listener
    this.#text = text
    this.#listen()
  }

  write(piece: Uint8Array): void {
    const { text, fault } = this.#text.piece(piece)
    this.#take(text, fault)
  }

  end(): void {
    const { text, fault } = this.#text.last()
    this.#take(text, fault)
    this.#feed(this.#unfinished)
    this.#tellClosed()
    if (!this.#rooted || this.#depth > 0 || this.#within !== 'text')
      throw new DocumentTruncated(this.#parser.line, 'the document ends in the middle; expected a whole root element')
    this.#judged(() => this.#parser.close())
  }

  #take(text: string, fault: boolean): void {
    const whole = this.#unfinished + text
    this.#unfinished = unfinishedPart(whole)
    this.#feed(whole.slice(0, whole.length - this.#unfinished.length))
    if (!fault) return
    this.#tellClosed()
    const reason = `expected text in ${this.#text.encoding}, found bytes that are none`
    throw new DocumentNotText(this.#parser.line, reason)
  }

  #listen(): void {
    const parser = this.#parser
    parser.on('doctype', () => {
      throw new DocumentTypeForbidden(parser.line, 'a document type declaration; expected a document without one')
    })
    parser.on('opentagstart', () => {
      // It has read on by one character behind the name, which may be a line end.
      this.#tagLine = parser.column === 0 ? parser.line - 1 : parser.line
      this.#attributes = 0
    })
    parser.on('attribute', ({ value }) => this.#checkAttribute(value.length))
    parser.on('opentag', (element) => {
      this.#told()
      this.#tellClosed()
      this.#rooted = true
      if (++this.#depth > DEPTH_MAX)
        throw new DocumentPartTooLarge(
          parser.line,
          `elements nested more than ${DEPTH_MAX} deep; expected at most that`,
        )
      this.#listener.open(element, this.#tagLine)
    })
    parser.on('closetag', ({ name }) => {
      this.#told()
      this.#tellClosed()
      this.#depth--
      this.#closed = name
    })
    parser.on('text', (text) => {
      this.#tellClosed()
      this.#listener.text(text)
    })
    parser.on('cdata', (text) => {
      this.#told()
      this.#tellClosed()
      this.#listener.text(text)
    })
    for (const event of ['comment', 'processinginstruction', 'xmldecl'] as const) parser.on(event, () => this.#told())
  }

  #told(): void {
    this.#toldAt = this.#parser.position
  }

  #tellClosed(): void {
    const name = this.#closed
    if (name === undefined) return
    this.#closed = undefined
    this.#listener.close(name)
  }

  #checkAttribute(chars: number): void {
    const { line } = this.#parser
    if (++this.#attributes > ATTRIBUTES_MAX)
      throw new DocumentPartTooLarge(
        line,
        `an element of more than ${ATTRIBUTES_MAX} attributes; expected at most that`,
      )
    if (chars > ATTRIBUTE_CHARS_MAX)
      throw new DocumentPartTooLarge(line, `an attribute of more than ${ATTRIBUTE_CHARS_MAX} characters`)
  }

  #feed(text: string): void {
    this.#give(text)
    const held = this.#given - this.#toldAt
    if (this.#within === 'markup' && held > MARKUP_CHARS_MAX) {
      this.#tellClosed()
      throw new DocumentPartTooLarge(this.#parser.line, `a tag or comment of more than ${MARKUP_CHARS_MAX} characters`)
    }
    if (held <= TEXT_CHARS_HELD || this.#within === 'markup') return
    this.#give(this.#within === 'text' ? '<!---->' : `]]>${CDATA_BEGINS}`)
  }

  #give(text: string): void {
    if (text === '') return
    this.#judged(() => this.#parser.write(text))
    this.#locate(text, this.#given)
    this.#given += text.length
  }

  /** Behind what was told of there is text, until a `<` begins something else; that is told of when it ends. */
  #locate(text: string, from: number): void {
    const told = this.#toldAt >= from
    if (!told && this.#within !== 'text') return
    const behind = told ? text.slice(this.#toldAt - from) : text
    const begins = behind.indexOf('<')
    if (begins === -1) this.#within = 'text'
    else this.#within = behind.startsWith(CDATA_BEGINS, begins) ? 'cdata' : 'markup'
  }

  #judged(work: () => void): void {
    try {
      work()
    } catch (cause) {
      if (this.#parser.position !== this.#toldAt) this.#tellClosed()
      if (cause instanceof AppError || !(cause instanceof Error)) throw cause
      const fault = printable(cause.message.replace(/^\d+:\d+: /, '').slice(0, FAULT_CHARS_MAX))
      throw new DocumentMalformed(this.#parser.line, `expected well-formed XML: ${fault}`, { cause })
    }
  }
}

/** What stands at the end of a piece and cannot be told apart from other things without the next one; nothing is put in behind it. */
function unfinishedPart(text: string): string {
  const tail = text.slice(-UNFINISHED_CHARS_MAX)
  const begins = tail.lastIndexOf('<')
  if (begins !== -1 && CDATA_BEGINS.startsWith(tail.slice(begins))) return tail.slice(begins)
  return UNFINISHED.exec(tail)?.[0] ?? ''
}

/** XML that is broken, or made to do harm: it is refused with the line, what came before it stands, and memory does not grow. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { DocumentRefused } from '../../../src/datasets/formats/reading.ts'
import { XmlReader } from '../../../src/datasets/formats/xml.ts'
import { XmlText } from '../../../src/datasets/formats/xml-text.ts'
import { read, told } from '../../support/datasets/documents.ts'

const CASE = '<testcase name="first"/>\n'

/** Refused behind a first case that stands. */
async function refusal(rest: string | Uint8Array): Promise<string | undefined> {
  const begin = Buffer.from(`<testsuite name="s">\n${CASE}`)
  const { items, failure } = await read('junit', new Uint8Array(Buffer.concat([begin, Buffer.from(rest)])))
  expect(told(items)).toEqual(['2 record'])
  return failure
}

test('a document type is refused before anything that it declares counts: bombs, external entities, parameters', async () => {
  const doctypes = [
    '<!DOCTYPE testsuite [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>',
    '<!DOCTYPE testsuite [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE testsuite SYSTEM "http://127.0.0.1:1/evil.dtd">',
    '<!DOCTYPE testsuite [<!ENTITY % p SYSTEM "http://127.0.0.1:1/p"> %p;]>',
    '<!DOCTYPE testsuite>',
  ]
  for (const doctype of doctypes) {
    const { items, failure } = await read(
      'junit',
      `<?xml version="1.0"?>\n${doctype}\n<testsuite>&x;&c;${CASE}</testsuite>`,
    )
    expect(items).toEqual([])
    expect(failure).toBe(
      'document.doctype_forbidden: line 2: a document type declaration; expected a document without one',
    )
  }
})

test('entities that XML itself does not have are refused, declared or not', async () => {
  expect(await refusal('<testcase name="&xxe;"/></testsuite>')).toBe(
    'document.malformed: line 3: expected well-formed XML: undefined entity.',
  )
  expect(await refusal('<testcase name="&#0;"/></testsuite>')).toContain('malformed character entity')
})

test('what is not well-formed, or of another kind, or cut off, is named with its line', async () => {
  expect(await refusal('<testcase name="b">\n</testsuite>')).toContain('document.malformed: line 4: ')
  expect(await refusal('<testcase name="a" name="b"/>')).toContain('duplicate attribute: name')
  expect(await refusal('<testcase name=b/>')).toContain('document.malformed: line 3: ')
  expect(await refusal('\x01')).toContain('disallowed character')
  expect(await refusal('</testsuite>\n<testsuite/>')).toContain('documents may contain only one root')
  const cut = 'document.truncated: line 3: the document ends in the middle; expected a whole root element'
  for (const rest of [
    '',
    '<testca',
    '<testcase name="x',
    '<!-- ',
    '<![CDATA[ ',
    '<testcase name="b"><failure>&am',
    '<',
  ])
    expect(await refusal(rest)).toBe(cut)
  expect((await read('junit', '')).failure).toContain('document.truncated: line 1: ')
  expect((await read('junit', 'name,status\na,passed')).failure).toContain('document.malformed: line ')
  expect((await read('junit', '<?xml version="1.0"?>\n<TestRun id="1"/>')).failure).toBe(
    'document.unexpected: line 2: expected `testsuites` or `testsuite` as the root, found `TestRun`',
  )
})

test('bytes that are not of its encoding refuse the document with the line; an unknown encoding does at once', async () => {
  expect(await refusal(new Uint8Array([...Buffer.from('<!-- é \ufffd -->\n<testcase name="'), 0xff]))).toBe(
    'document.not_text: line 4: expected text in UTF-8, found bytes that are none',
  )
  expect(await refusal(new Uint8Array([...Buffer.from('\n\n<testcase name="ü'), 0xc3]))).toBe(
    'document.not_text: line 5: expected text in UTF-8, found bytes that are none',
  )
  const { failure } = await read('junit', '<?xml version="1.0" encoding="EBCDIC-XX"?><testsuite/>')
  expect(failure).toContain('document.encoding_unsupported: line 1: XML in EBCDIC-XX')
})

test('nesting, attributes and markup are bounded', async () => {
  expect(await refusal('<testsuite name="x">'.repeat(63))).toContain('document.truncated')
  expect(await refusal('<testsuite name="x">'.repeat(64))).toBe(
    'document.part_too_large: line 3: elements nested more than 64 deep; expected at most that',
  )
  const attributes = (count: number): string => Array.from({ length: count }, (_, i) => `a${i}=""`).join(' ')
  expect(await refusal(`<x ${attributes(256)}/>`)).toContain('document.truncated')
  expect(await refusal(`<x ${attributes(257)}/>`)).toContain('an element of more than 256 attributes')
  expect(await refusal(`<x a="${'a'.repeat(1_048_576)}"/>`)).toContain('document.truncated')
  expect(await refusal(`<x a="${'a'.repeat(1_048_577)}"/>`)).toContain('an attribute of more than 1048576 characters')
  for (const begin of ['<!--', '<x a="', '<?x ', '<', '<x ', '</', '<!DOCTYPE x ['])
    expect(await refusal(begin + 'a '.repeat(1_200_000))).toMatch(/document\.(part_too_large|malformed)/)
})

/** What is told of a document, with neighbouring texts put together, and those outside of the root left out. */
class Told {
  readonly events: string[] = []
  #text = ''
  #depth = 0

  open(name: string, attributes: object): void {
    this.#flush(`<${name} ${JSON.stringify(attributes)}`)
    this.#depth++
  }

  text(piece: string): void {
    if (this.#depth > 0) this.#text += piece
  }

  close(name: string): void {
    this.#flush(`>${name}`)
    this.#depth--
  }

  end(how: 'whole' | 'refused'): void {
    if (how === 'whole') this.events.push(how)
    else this.#flush(how)
  }

  #flush(event: string): void {
    if (this.#text !== '') this.events.push(this.#text)
    this.#text = ''
    this.events.push(event)
  }
}

/** What a reader tells of a document in pieces of those lengths, and the longest text that it gave at once. */
function toldOf(document: string, lengths: readonly number[]): { events: string[]; longest: number } {
  const log = new Told()
  let longest = 0
  const bytes = new TextEncoder().encode(document)
  try {
    const reader = new XmlReader(
      {
        open: ({ name, attributes }) => log.open(name, attributes),
        text(piece) {
          longest = Math.max(longest, piece.length)
          log.text(piece)
        },
        close: (name) => log.close(name),
      },
      new XmlText(bytes),
    )
    let at = 0
    for (let i = 0; at < bytes.length; i++) {
      const end = at + (lengths[i % lengths.length] ?? 1)
      reader.write(bytes.subarray(at, end))
      at = end
    }
    reader.end()
    log.end('whole')
  } catch (error) {
    if (!(error instanceof DocumentRefused)) throw error
    log.end('refused')
  }
  return { events: log.events, longest }
}

/** What saxes alone tells, given all at once; but it tells of an element's end before it sees that another one's tag ends it. */
function toldBySaxes(document: string): string[] {
  const log = new Told()
  const parser = new SaxesParser({ xmlns: false })
  parser.on('doctype', () => parser.fail('a document type'))
  parser.on('opentag', ({ name, attributes }) => log.open(name, attributes))
  parser.on('text', (piece) => log.text(piece))
  parser.on('cdata', (piece) => log.text(piece))
  parser.on('closetag', ({ name }) => log.close(name))
  try {
    parser.write(document).close()
    log.end('whole')
  } catch (error) {
    if (String(error).includes('unexpected close tag')) log.events.pop()
    log.end('refused')
  }
  return log.events
}

/** Parts that make XML of every kind, well-formed and not. */
const part = fc.constantFrom(
  ...[
    '<a>',
    '</a>',
    '<b x="1">',
    '</b>',
    '<c/>',
    '<!--',
    '-->',
    '-',
    '<![CDATA[',
    ']]>',
    ']',
    ']]',
    '>',
    '<',
    '&',
    ';',
  ],
  ...[
    '&amp;',
    '&#65;',
    'é',
    '😀',
    '\n',
    '\r\n',
    '\r',
    ' ',
    'text',
    '"',
    "'",
    '<?p ',
    '?>',
    '<!DOCTYPE a>',
    '<d y=\'"\' z="&lt;">',
    '</d>',
  ],
)

test('whatever the document and wherever it is cut, the reader tells what saxes tells of the whole', () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(fc.array(part, { maxLength: 25 }), lengths, (parts, cuts) => {
      const document = `<a>${parts.join('')}</a>`
      expect(toldOf(document, cuts).events).toEqual(toldBySaxes(document))
    }),
    { numRuns: 2_000 },
  )
})

test('long texts come in pieces, and what is put in to that end changes nothing of them', () => {
  const inner = fc.array(fc.constantFrom('&amp;', ']', ']]', '>', 'word ', '\n', '\r\n', 'é', '😀', '&#x20;', '-'), {
    minLength: 20,
    maxLength: 200,
  })
  fc.assert(
    fc.property(inner, fc.boolean(), fc.integer({ min: 1_000, max: 40_000 }), (words, asCdata, length) => {
      const long = words.join('').repeat(Math.ceil(200_000 / words.join('').length))
      const document = asCdata ? `<a><![CDATA[${long}]]><b/>${CASE}</a>` : `<a>${long}<b/>${CASE}</a>`
      const { events, longest } = toldOf(document, [length])
      expect(events).toEqual(toldBySaxes(document))
      if (events.at(-1) === 'whole') expect(longest).toBeLessThan(65_536 + 40_000)
    }),
    { numRuns: 30 },
  )
})

test('what must not be parted is not: where a long text is made to be given, the end of a piece may be half of something', () => {
  const long = 'x'.repeat(70_000)
  for (const [before, after] of [
    ['<a>', '</a>'],
    ['<a><![CDATA[', ']]></a>'],
  ])
    for (const half of [']]>', ']]]>', '&amp;', '&#x41;', '\r\n', '<b/>', '<![CDATA[c]]>', '<!---->'])
      for (let cut = 1; cut < half.length; cut++) {
        const begin = `${before}${long}${half.slice(0, cut)}`
        const document = `${begin}${half.slice(cut)}y${after}`
        const { events } = toldOf(document, [begin.length, 1_000])
        const whole = toldBySaxes(document)
        // What is refused in the end has given the text before it.
        if (whole.at(-1) === 'refused') expect(events.at(-1)).toBe('refused')
        else expect(events).toEqual(whole)
      }
})

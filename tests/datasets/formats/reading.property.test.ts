/** Any bytes at all: reading ends with items or a named refusal, and wherever the bytes are cut, it ends the same. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { BATCH_ITEMS_MAX, type Format, readDocument } from '../../../src/datasets/formats/reading.ts'
import { piecesOf, type Read, read } from '../../support/datasets/documents.ts'
import { describeSlow } from '../../support/quick.ts'

const FORMATS: readonly Format[] = ['junit', 'ctrf', 'csv', 'json', 'ndjson', 'jira']

/** Parts of documents of every format, whole ones and broken ones, and some that are no text. */
const part = fc.constantFrom(
  ...['<testsuites>', '<testsuite name="s">', '<testcase name="a" time="1">', '<failure message="m">', '</failure>'],
  ...[
    '</testcase>',
    '</testsuite>',
    '</testsuites>',
    '<!DOCTYPE x>',
    '<![CDATA[',
    ']]>',
    '&amp;',
    '&x;',
    '<!--',
    '-->',
  ],
  ...[
    '{',
    '}',
    '[',
    ']',
    '{"a":1}',
    '{"results":{"tests":[',
    '{"name":"t","status":"passed"}',
    ']}}',
    ',',
    ':',
    '"',
    '\\',
  ],
  ...[
    '{"issues":[',
    '{"key":"A-1","fields":{}}',
    'null',
    '1e5',
    '"a"',
    '\n',
    '\r\n',
    '\r',
    ' ',
    '\t',
    ';',
    '|',
    'é',
    '🙂',
  ],
  ...[
    'Issue key,Summary\n',
    'A-1,x\n',
    'a,b\n',
    '1,2\n',
    '"x\ny",z\n',
    "'q'",
    'sep=;\n',
    '\0',
    '\ufeff',
    '\xff',
    '\xc3',
  ],
)

/** How documents of each format begin, so that chance has something to spoil. */
const BEGINNINGS: Readonly<Record<Format, readonly string[]>> = {
  junit: ['<testsuite name="s">', '<?xml version="1.0"?><testsuites><testsuite><testcase name="a">'],
  ctrf: ['{"results":{"tests":[', '{"results":{"tool":{},"tests":[{"name":"t","status":"passed"},'],
  csv: ['a,b\n', 'a;b\n1;2\n'],
  json: ['[', '[{"a":1},', '{"n":0,"rows":['],
  ndjson: ['{"a":1}\n', '{'],
  removals: ['{"removals":[', '{"removals":[{"key":"A-1"},'],
  jira: ['Issue key,Summary\n', '{"issues":[', '{"names":{},"issues":[{"key":"A-1","fields":{}},'],
}

function documentsOf(format: Format): fc.Arbitrary<Uint8Array> {
  const begin = fc.constantFrom('', ...BEGINNINGS[format])
  return fc.tuple(begin, fc.array(part, { maxLength: 30 })).map((parts) => bytesOf(parts.flat()))
}

/** In UTF-8, but for the bytes that are none. */
function bytesOf(parts: readonly string[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((text) => (/^[\xc3\xff]$/.test(text) ? [text.charCodeAt(0)] : [...Buffer.from(text)])),
  )
}

function checkItems({ items, failure }: Read): void {
  for (const item of items) {
    expect(item.line).toBeGreaterThanOrEqual(1)
    if (item.kind === 'record') expect(Array.isArray(item.record)).toBe(false)
    else expect(item.reason.length).toBeLessThan(400)
  }
  if (failure !== undefined) expect(failure).toMatch(/^document\.[a-z_]+: line \d+: /)
}

for (const format of FORMATS) {
  test(`${format}: the same bytes give the same items and the same end, wherever they are cut`, async () => {
    await fc.assert(
      fc.asyncProperty(documentsOf(format), fc.integer({ min: 1, max: 11 }), async (bytes, pieceBytes) => {
        const whole = await read(format, bytes)
        checkItems(whole)
        expect(await read(format, bytes, { pieceBytes })).toEqual(whole)
      }),
      { numRuns: 150 },
    )
  })
}

describeSlow('bytes by chance', () => {
  test('no bytes make a reader crash, hang or say more than it should', async () => {
    for (const format of FORMATS) {
      const bytes = fc.oneof(fc.uint8Array({ maxLength: 400 }), documentsOf(format))
      await fc.assert(
        fc.asyncProperty(bytes, async (content) => checkItems(await read(format, content))),
        { numRuns: 1_000 },
      )
    }
  })
})

/** A document of that many items, as it comes from a stream that never repeats a buffer. */
const LARGE: Readonly<Record<Exclude<Format, 'jira'>, { begin: string; item: string; between: string; end: string }>> =
  {
    junit: { begin: '<testsuite>', item: '<testcase name="n"/>', between: '', end: '</testsuite>' },
    ctrf: { begin: '{"results":{"tests":[', item: '{"name":"n","status":"passed"}', between: ',', end: ']}}' },
    csv: { begin: 'a,b\n', item: '1,2\n', between: '', end: '' },
    json: { begin: '[', item: '{"a":1}', between: ',', end: ']' },
    ndjson: { begin: '', item: '{"a":1}\n', between: '', end: '' },
    removals: { begin: '{"removals":[', item: '{"key":"A-1"}', between: ',', end: ']}' },
  }

for (const [format, { begin, item, between, end }] of Object.entries(LARGE)) {
  test(`${format}: batches are bounded, and ending early asks the source for no more and ends it`, async () => {
    const count = Math.ceil(1_500_000 / (item.length + between.length))
    const bytes = new TextEncoder().encode(begin + Array(count).fill(item).join(between) + end)
    let [taken, ended] = [0, false]
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for await (const piece of piecesOf(bytes, 16_384)) {
          taken += piece.length
          yield piece
        }
      } finally {
        ended = true
      }
    }
    const sizes: number[] = []
    for await (const batch of readDocument(format as Format, source())) {
      sizes.push(batch.length)
      if (sizes.length === 3) break
    }
    expect(ended).toBe(true)
    expect(taken).toBeLessThan(bytes.length / 2)
    let records = 0
    for await (const batch of readDocument(format as Format, piecesOf(bytes))) {
      sizes.push(batch.length)
      records += batch.filter(({ kind }) => kind === 'record').length
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual(BATCH_ITEMS_MAX)
    expect(records).toBe(count)
  })
}

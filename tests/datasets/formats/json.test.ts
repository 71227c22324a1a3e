/** JSON and NDJSON: which objects are records, what refuses one of them, what refuses the document. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { read, recordsOf, told } from '../../support/datasets/documents.ts'
import { slowTest } from '../../support/quick.ts'

test('an array of objects, or an object with one such array: each element is a record with the line it begins on', async () => {
  const rows = [{ a: 1, b: { c: [1, '}]"', null] } }, { 'ä"': true }, { d: null }]
  for (const document of [rows, { total: 3, empty: [], page: { rows: [1] }, rows, next: null }])
    for (const indent of [0, 2]) expect(await recordsOf('json', JSON.stringify(document, null, indent))).toEqual(rows)
  const { items } = await read('json', '\n[ {"a":1},\n\n {"b":\n2}, {"c":3}]\n')
  expect(told(items)).toEqual(['2 record', '4 record', '5 record'])
  expect(await recordsOf('json', '[]')).toEqual([])
  expect(await recordsOf('json', '{"rows":[]}')).toEqual([])
  expect(await recordsOf('json', '\ufeff[{"a":1}]')).toEqual([{ a: 1 }])
  expect(await recordsOf('json', new Uint8Array(Buffer.from('[{"ä":1}]', 'utf16le')))).toEqual([{ ä: 1 }])
})

test('an element that is no sound object is refused with its line, and the next ones are read', async () => {
  const document = Buffer.from(
    '[1,\n"x",\nnull,\n[{}],\n{"a":NaN},\n{"a":1,},\n{"a":"\xff"},\n{"__proto__":{"x":1}},\n{"last":true}]',
    'latin1',
  )
  const { items, failure } = await read('json', new Uint8Array(document))
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '1 refused: expected a JSON object, found a number',
    '2 refused: expected a JSON object, found a string',
    '3 refused: expected a JSON object, found null',
    '4 refused: expected a JSON object, found an array',
    '5 refused: expected a JSON object, found what is not JSON',
    '6 refused: expected a JSON object, found what is not JSON',
    '7 refused: expected text in UTF-8, found bytes that are none',
    '8 refused: a field called `__proto__`; expected any other name',
    '9 record',
  ])
})

test('what is not JSON, or cut off, or has no array or two, refuses the rest with the line and what was expected', async () => {
  const array = 'expected an array of objects, or an object with one such array'
  const cases: [string, string, number][] = [
    [
      '[{"a":1}',
      'document.truncated: line 1: the document ends in the middle; expected `,` or the end of the array or object',
      1,
    ],
    ['[{"a":1},\n{"b"', 'document.truncated: line 2: the document ends in the middle; expected the end of a value', 1],
    ['', 'document.truncated: line 1: the document ends in the middle; expected a value', 0],
    ['[{"a":1},]', 'document.malformed: line 1: expected a value, found `]`', 1],
    ['[{"a":1} {"b":1}]', 'document.malformed: line 1: expected `,` or the end of the array or object, found `{`', 1],
    ['[{"a":1}]\n[', 'document.malformed: line 2: expected the end of the document, found `[`', 1],
    ['[{"a":[1}]', 'document.malformed: line 1: a `}` that closes nothing, in the value of line 1', 0],
    ['{"a" 1}', 'document.malformed: line 1: expected `:`, found `1`', 0],
    ['{a:1}', 'document.malformed: line 1: expected a name in quotes or `}`, found `a`', 0],
    ['{"a":1,}', 'document.malformed: line 1: expected a name in quotes, found `}`', 0],
    ['{"a":tru,"b":[{}]}', 'document.malformed: line 1: expected a JSON value, found what is none', 0],
    ['<xml/>', 'document.malformed: line 1: expected a value, found `<`', 0],
    ['{"a":1}', `document.unexpected: line 1: ${array}, or one object a line as application/x-ndjson, found none`, 0],
    ['7', `document.unexpected: line 1: ${array}, or one object a line as application/x-ndjson, found none`, 0],
    ['{"a":[{}],\n"b":[{}]}', `document.unexpected: line 2: a second array, \`b\` beside \`a\`; ${array}`, 1],
  ]
  for (const [document, failure, records] of cases) {
    const was = await read('json', document)
    expect([document, was.failure]).toEqual([document, failure])
    expect(was.items).toHaveLength(records)
  }
})

test('elements are bounded by bytes, fields and depth; one that is too long is skipped, whatever its length', async () => {
  const ofBytes = (bytes: number): string => `{"a":"${'x'.repeat(bytes - 8)}"}`
  const fields = (count: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, i])))
  const deep = (depth: number): string => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
  const parts = [ofBytes(10_000_000), ofBytes(1_048_576), ofBytes(1_048_577), fields(2_000), fields(2_001), deep(64)]
  const { items, failure } = await read('json', `[${[...parts, '{"last":1}'].join(',\n')}]`, { pieceBytes: 65_536 })
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '1 refused: an element of more than 1048576 bytes; expected at most that',
    '2 record',
    '3 refused: an element of more than 1048576 bytes; expected at most that',
    '4 record',
    '5 refused: more than 2000 fields; expected at most that',
    '6 record',
    '7 record',
  ])
  for (const bomb of [deep(65), '['.repeat(1_000_000), '{"a":'.repeat(1_000_000)])
    expect((await read('json', `[${bomb}]`)).failure).toBe(
      'document.part_too_large: line 1: nested more than 64 deep; expected at most that',
    )
  expect((await read('json', `{"${'k'.repeat(1_100_000)}":1}`)).failure).toContain('document.part_too_large')
})

slowTest('any value that JSON.stringify writes is read again, wherever the bytes are cut', async () => {
  const rows = fc.array(
    fc.dictionary(
      fc.string({ unit: 'binary' }).filter((name) => name !== '__proto__'),
      fc.jsonValue({ maxDepth: 2 }),
      { minKeys: 1 },
    ),
    { maxLength: 6 },
  )
  await fc.assert(
    fc.asyncProperty(
      rows,
      fc.integer({ min: 1, max: 9 }),
      fc.constantFrom(0, 1, 3),
      async (objects, pieceBytes, indent) => {
        const document = JSON.stringify({ before: objects[0] ?? null, rows: objects }, null, indent)
        const { items, failure } = await read('json', document, { pieceBytes })
        expect(failure).toBeUndefined()
        expect(items.map((item) => item.kind === 'record' && item.record)).toEqual(JSON.parse(document).rows)
        const lines = await read('ndjson', objects.map((row) => JSON.stringify(row)).join('\r\n'), { pieceBytes })
        expect(lines.items.map((item) => item.kind === 'record' && item.record)).toEqual(JSON.parse(document).rows)
      },
    ),
    { numRuns: 40 },
  )
})

test('NDJSON: a line that is no object, too long, too deep or no text is refused by itself', async () => {
  const document = Buffer.concat([
    Buffer.from('{"a":1}\n\n[1]\nnot json\n7\n{"a":1} {"b":2}\r\n'),
    Buffer.from('{"a":"\xff"}\n', 'latin1'),
    Buffer.from(`${'{"d":'.repeat(65)}1${'}'.repeat(65)}\n{"__proto__":1}\n${'['.repeat(900_000)}\n`),
    Buffer.from(`{"x":"${'x'.repeat(10_000_000)}"}\n{"last":1}`),
  ])
  const { items, failure } = await read('ndjson', new Uint8Array(document), { pieceBytes: 65_536 })
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '1 record',
    '3 refused: expected a JSON object, found another JSON value',
    '4 refused: expected a JSON object, found what is not JSON',
    '5 refused: expected a JSON object, found another JSON value',
    '6 refused: expected a JSON object, found what is not JSON',
    '7 refused: expected text in UTF-8, found bytes that are none',
    '8 refused: nested more than 64 deep; expected at most that',
    '9 refused: a field called `__proto__`; expected any other name',
    '10 refused: expected a JSON object, found what is not JSON',
    '11 refused: a line of more than 1048576 bytes; expected one JSON object of at most that',
    '12 record',
  ])
  expect(await recordsOf('ndjson', '')).toEqual([])
})

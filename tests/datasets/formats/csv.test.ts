/** CSV in the dialects that come, and its rows that are none. */
import { expect, test } from 'bun:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { read, recordsOf, told } from '../../support/datasets/documents.ts'

const ROWS = [
  { id: '1', name: 'Ada, B.', price: '1.5' },
  { id: '2', name: 'said "no"\nand left', price: '' },
  { id: '3', name: "it's ünï 🙂", price: '-7' },
]

/** The rows above with that delimiter and quote. */
function written(delimiter: string, quote: string, lineEnd = '\n'): string {
  const field = (text: string): string => `${quote}${text.replaceAll(quote, quote + quote)}${quote}`
  return [['id', 'name', 'price'], ...ROWS.map(Object.values)]
    .map((row) => row.map(field).join(delimiter) + lineEnd)
    .join('')
}

test('the delimiter and the quote are found out', async () => {
  for (const delimiter of [',', ';', '\t', '|'])
    for (const quote of ['"', "'"])
      for (const lineEnd of ['\n', '\r\n'])
        expect(await recordsOf('csv', written(delimiter, quote, lineEnd))).toEqual(ROWS)
})

test('fields without quotes: decimal commas do not hide semicolons, and a lone column has no delimiter at all', async () => {
  expect(await recordsOf('csv', 'a;b\n1,5;2,5\n3,25;4,5\n')).toEqual([
    { a: '1,5', b: '2,5' },
    { a: '3,25', b: '4,5' },
  ])
  expect(await recordsOf('csv', 'remark\nyes, of course\nno; not at all, never\n')).toEqual([
    { remark: 'yes, of course' },
    { remark: 'no; not at all, never' },
  ])
})

test('UTF-8 and UTF-16 with and without a byte order mark give the same', async () => {
  const text = written(';', '"', '\r\n')
  const little = Buffer.from(text, 'utf16le')
  const big = Buffer.from(little).swap16()
  const forms = [Buffer.from(text), Buffer.from(`\ufeff${text}`), little, big]
  forms.push(Buffer.concat([Buffer.from([0xff, 0xfe]), little]), Buffer.concat([Buffer.from([0xfe, 0xff]), big]))
  for (const form of forms) {
    expect(await recordsOf('csv', new Uint8Array(form))).toEqual(ROWS)
    for (const pieceBytes of [1, 2, 3])
      expect(
        (await read('csv', new Uint8Array(form), { pieceBytes })).items.filter(({ kind }) => kind === 'record'),
      ).toHaveLength(3)
  }
})

test("Excel's `sep=` line tells the delimiter; line ends of old Macs are line ends", async () => {
  expect(await recordsOf('csv', 'sep=;\r\na;b\r\n1;2,0,0\r\n')).toEqual([{ a: '1', b: '2,0,0' }])
  expect(await recordsOf('csv', 'a,b\r1,2\r3,4')).toEqual([
    { a: '1', b: '2' },
    { a: '3', b: '4' },
  ])
})

test('a first row that looks like those below it is data, with a warning; the content type has the last word', async () => {
  const document = '7,2026-01-01,true\n8,2026-01-02,false\n'
  const { items } = await read('csv', document)
  expect(told(items)).toEqual([
    '1 warning: the first row looks like those below it and was read as data; send `header=present` if it is a header',
    '1 record',
    '2 record',
  ])
  expect(items[1]).toMatchObject({ record: { column_1: '7', column_2: '2026-01-01', column_3: 'true' } })
  expect(await recordsOf('csv', document, { header: 'present' })).toEqual([
    { 7: '8', '2026-01-01': '2026-01-02', true: 'false' },
  ])
  const absent = await read('csv', 'a,b\nc,d\n', { hints: { header: 'absent' } })
  expect(absent.items.slice(1)).toMatchObject([{ record: { column_1: 'a' } }, { record: { column_1: 'c' } }])
  expect(await recordsOf('csv', 'city,2025,2026\nBerlin,1,2\n')).toEqual([{ city: 'Berlin', 2025: '1', 2026: '2' }])
})

test('columns without a name, or with one that another has, get names of their own, with a warning each', async () => {
  const { items } = await read('csv', ' a ,a,,__proto__,a_2\nx,2,3,4,5\n')
  expect(told(items)).toEqual([
    '1 warning: column 2, `a`, is read as `a_3`',
    '1 warning: column 3, ``, is read as `column_3`',
    '1 warning: column 4, `__proto__`, is read as `column_4`',
    '2 record',
  ])
  expect(items[3]).toMatchObject({ record: { a: 'x', a_3: '2', column_3: '3', column_4: '4', a_2: '5' } })
})

test('a ragged row, wrong quotes or bytes that are no text refuse that row with its line; the rows around it stay', async () => {
  const lines = ['id,name', '1,a', '2', '"3\n3",b', '4,b,c,d', '5,x"y', '6,"x"y', '7,\xff', '8,c']
  const { items, failure } = await read('csv', new Uint8Array(Buffer.from(`${lines.join('\n')}\n`, 'latin1')))
  expect(failure).toBeUndefined()
  expect(told(items)).toEqual([
    '2 record',
    '3 refused: expected 2 fields as in the header, found 1',
    '4 record',
    '6 refused: expected 2 fields as in the header, found 4',
    '7 refused: a quote within a field; expected quotes around the whole field, and doubled inside of it',
    '8 refused: a quote within a field; expected quotes around the whole field, and doubled inside of it',
    '9 refused: expected text in UTF-8, found bytes that are none',
    '10 record',
  ])
})

test('a quote that never closes costs its line, not the rest of the file', async () => {
  const { items } = await read('csv', 'a,b\n1,"2\n3,4\n5,6\n')
  expect(told(items)).toEqual([
    '2 refused: a quote that never closes; expected one at the end of the field',
    '3 record',
    '4 record',
  ])
})

test('UTF-16 that is none costs its rows: a lone surrogate, half a character at the end', async () => {
  const text = Buffer.from('a,b\n1,\ud800x\n2,y\n3,z', 'utf16le')
  const { items } = await read('csv', new Uint8Array([0xff, 0xfe, ...text, 0x41]))
  expect(told(items).map((line) => line.slice(0, 9))).toEqual(['2 refused', '3 record', '4 refused'])
})

test('a line of 10 MB is refused as one row, a row of one byte too many as well, and the next rows are read', async () => {
  const row = (bytes: number): string => `x,${'y'.repeat(bytes - 3)}\n`
  const document = `a,b\n${row(10_000_000)}1,2\n${row(1_048_576)}${row(1_048_577)}3,4\n`
  const { items, failure } = await read('csv', document, { pieceBytes: 65_536 })
  expect(failure).toBeUndefined()
  const tooLong = 'refused: a row of more than 1048576 bytes; expected one that fits, or a line end within it'
  expect(told(items)).toEqual([`2 ${tooLong}`, '3 record', '4 record', `5 ${tooLong}`, '6 record'])
})

test('millions of blank lines are passed over once, and counted', async () => {
  const blank = '\n'.repeat(3_000_000)
  for (const [format, document] of [
    ['csv', `a,b\n${blank}1,2\n`],
    ['ndjson', `{"a":1}\n${blank}{"a":2}\n`],
  ] as const) {
    const { items, failure } = await read(format, document)
    expect(failure).toBeUndefined()
    expect(items.at(-1)).toMatchObject({ kind: 'record', line: 3_000_002 })
  }
})

test('a header that cannot be one refuses the document: too wide, too long, not UTF-8, wrong quotes', async () => {
  const wide = (columns: number): string => Array.from({ length: columns }, (_, i) => `column ${i}`).join(',')
  expect((await read('csv', wide(2_000))).failure).toBeUndefined()
  expect((await read('csv', wide(2_001))).failure).toBe(
    'document.part_too_large: line 1: a header of 2001 columns; expected at most 2000',
  )
  expect((await read('csv', `${'x'.repeat(2_000_000)}\n1\n`)).failure).toContain('document.part_too_large: line 1: ')
  expect((await read('csv', `a,${'x'.repeat(257)}\n1,2\n`)).failure).toContain('document.part_too_large: line 1: ')
  expect((await read('csv', new Uint8Array([0x61, 0x2c, 0xff, 0x0a]))).failure).toBe(
    'document.not_text: line 1: a header that is not UTF-8',
  )
  expect((await read('csv', '{"a":1}\n{"a":2}\n')).failure).toContain('document.malformed: line 1: ')
})

test('an empty file has no rows, nor has one with a header only', async () => {
  for (const document of ['', '\n\r\n', 'a,b\n', 'a,b', '\ufeff']) expect(await recordsOf('csv', document)).toEqual([])
})

test('whatever the fields hold, the rows are those that csv-parse reads', async () => {
  const field = fc.string({
    unit: fc.constantFrom('a', '1', '"', ',', ';', "'", '\n', '\r\n', '\t', 'é', '🙂', ' ', ''),
  })
  const table = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 })
  const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`
  await fc.assert(
    fc.asyncProperty(table, fc.constantFrom(',', ';', '\t', '|'), async (rows, delimiter) => {
      const text = [['x', 'y', 'z'], ...rows].map((row) => `${row.map(quote).join(delimiter)}\n`).join('')
      const parsed: object[] = parse(text, { columns: true, delimiter })
      expect(await recordsOf('csv', text, { header: 'present' })).toEqual(parsed)
    }),
    { numRuns: 300 },
  )
})

import { expect, test } from 'bun:test'
import { parse } from 'csv-parse/sync'
import fc from 'fast-check'
import { splitCsvRecord } from '../../src/pipeline/csv-decode.ts'
import { isDelimiter, scanCsv } from '../../src/pipeline/csv-scan.ts'
import { gather } from '../../src/pipeline/encoded.ts'
import { type EncodedCsv, type FieldType, Records } from '../../src/pipeline/mod.ts'

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text)

/** The records of a text with a header, as the source would make them. */
function recordsOf(text: string, types: Record<string, FieldType> = {}, delimiter = ','): Records {
  const bytes = utf8(text)
  const options = { delimiter: delimiter.charCodeAt(0), blankIsRecord: false, recordsMax: 1 }
  const header = scanCsv(bytes, true, options)
  const columns = splitCsvRecord(text.slice(header.starts[0], header.ends[0]), delimiter) ?? []
  const body = bytes.subarray(header.next)
  const spans = scanCsv(body, true, { ...options, blankIsRecord: columns.length === 1, recordsMax: 4_096 })
  const encoded: EncodedCsv = {
    ...gather(body, spans, 2),
    format: 'csv',
    columns,
    types: columns.map((column) => types[column] ?? 'string'),
    delimiter,
  }
  return Records.fromEncoded(encoded)
}

function faultsOf(records: Records): [number, string, string][] {
  return Array.from(records.decode().faults, ([i, { code }]) => [i, code, records.place(i)])
}

// The cases of csv-spectrum (github.com/max-mapper/csv-spectrum), rewritten here with what a reader must see.
const SPECTRUM: [string, string, Record<string, string>[]][] = [
  [
    'a comma in quotes',
    'first,address\nJohn,"120 any st., Anytown"\n',
    [{ first: 'John', address: '120 any st., Anytown' }],
  ],
  [
    'empty fields',
    'a,b,c\n1,"",""\n2,3,4\n',
    [
      { a: '1', b: '', c: '' },
      { a: '2', b: '3', c: '4' },
    ],
  ],
  [
    'empty fields and CRLF',
    'a,b,c\r\n1,"",""\r\n2,3,4\r\n',
    [
      { a: '1', b: '', c: '' },
      { a: '2', b: '3', c: '4' },
    ],
  ],
  [
    'quotes in quotes',
    'a,b\n1,"ha ""ha"" ha"\n3,4\n',
    [
      { a: '1', b: 'ha "ha" ha' },
      { a: '3', b: '4' },
    ],
  ],
  [
    'JSON in a field',
    'key,val\n1,"{""type"": ""Point"", ""coordinates"": [102.0, 0.5]}"\n',
    [{ key: '1', val: '{"type": "Point", "coordinates": [102.0, 0.5]}' }],
  ],
  [
    'line ends in quotes',
    'a,b,c\n1,2,3\n"Once upon \na time",5,6\n7,8,9\n',
    [
      { a: '1', b: '2', c: '3' },
      { a: 'Once upon \na time', b: '5', c: '6' },
      { a: '7', b: '8', c: '9' },
    ],
  ],
  ['CRLF in quotes', 'a,b\r\n"x\r\ny",2\r\n', [{ a: 'x\r\ny', b: '2' }]],
  [
    'quotes and line ends',
    'a,b\n1,"ha \n""ha"" \nha"\n3,4\n',
    [
      { a: '1', b: 'ha \n"ha" \nha' },
      { a: '3', b: '4' },
    ],
  ],
  ['no line end at the end', 'a,b,c\n1,2,3', [{ a: '1', b: '2', c: '3' }]],
  ['a quoted field at the end, without line end', 'a,b\n1,"2"', [{ a: '1', b: '2' }]],
  [
    'UTF-8',
    'a,b,c\n1,2,3\n4,5,ʤ\n"🙂,",ü,"""é"""\n',
    [
      { a: '1', b: '2', c: '3' },
      { a: '4', b: '5', c: 'ʤ' },
      { a: '🙂,', b: 'ü', c: '"é"' },
    ],
  ],
  ['a quoted header', '"a, b","c ""d"""\n1,2\n', [{ 'a, b': '1', 'c "d"': '2' }]],
  [
    'blank lines',
    'a,b\n\n1,2\r\n\r\n\n3,4\n\n',
    [
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ],
  ],
  [
    'an empty last field',
    'a,b\n1,\n,\n',
    [
      { a: '1', b: '' },
      { a: '', b: '' },
    ],
  ],
  ['one column, where a blank line is a value', 'a\n1\n\n2\n', [{ a: '1' }, { a: '' }, { a: '2' }]],
  ['blanks around fields, which belong to them', 'a,b\n 1 , 2\n', [{ a: ' 1 ', b: ' 2' }]],
]

for (const [what, text, rows] of SPECTRUM) {
  test(`CSV: ${what}`, () => {
    expect(recordsOf(text).rows()).toEqual(rows)
    // The same with another delimiter: commas become semicolons everywhere, in fields and in what they must give.
    const swap = (value: string): string => value.replaceAll(',', ';')
    const swapped = rows.map((row) => Object.fromEntries(Object.entries(row).map((entry) => entry.map(swap))))
    expect(recordsOf(swap(text), {}, ';').rows()).toEqual(swapped)
  })
}

test('whatever the fields hold, decoding gives back what was written, as csv-parse reads it', () => {
  const field = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r\n', 'é', '🙂', ' ', '') })
  const table = fc.array(fc.array(field, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 20 })
  const quote = (value: string): string => `"${value.replaceAll('"', '""')}"`
  fc.assert(
    fc.property(table, (lines) => {
      const text = `x,y,z\n${lines.map((line) => line.map(quote).join(',')).join('\n')}\n`
      const parsed: Record<string, string>[] = parse(text, { columns: true })
      expect(recordsOf(text).rows() as Record<string, string>[]).toEqual(parsed)
      expect(parsed.map(Object.values)).toEqual(lines)
    }),
  )
})

test('records are found the same wherever the bytes are cut', () => {
  const text = 'a,"b\n""c""",d\r\n"",x,\n\nlast,"q\r\n",z'
  const options = { delimiter: 0x2c, blankIsRecord: false, recordsMax: 100 }
  const whole = scanCsv(utf8(text), true, options)
  for (let cut = 0; cut <= text.length; cut++) {
    const first = scanCsv(utf8(text.slice(0, cut)), false, options)
    const rest = scanCsv(utf8(text.slice(first.next)), true, options)
    const shifted = rest.starts.map((start) => start + first.next)
    expect([...first.starts, ...shifted]).toEqual(whole.starts)
  }
})

test('scanCsv() stops at the number of records that it is told', () => {
  const options = { delimiter: 0x2c, blankIsRecord: false, recordsMax: 2 }
  expect(scanCsv(utf8('1\n2\n3\n'), true, options)).toMatchObject({ starts: [0, 2], next: 4 })
})

test('typed columns become numbers and truth values; empty ones are null', () => {
  const types: Record<string, FieldType> = { d: 'double', i: 'int', b: 'bool' }
  const text = 's,d,i,b\n1,1.5,-7,true\n2,-2e3, 12 ,FALSE\n3,,,\n4,.5,9007199254740991,false\n'
  expect(recordsOf(text, types).rows()).toEqual([
    { s: '1', d: 1.5, i: -7, b: true },
    { s: '2', d: -2000, i: 12, b: false },
    { s: '3', d: null, i: null, b: null },
    { s: '4', d: 0.5, i: 9007199254740991, b: false },
  ])
})

test('a row that does not parse is a fault with its code and line, and the rows around it stay', () => {
  const types: Record<string, FieldType> = { d: 'double', i: 'int', b: 'bool' }
  const bad: [string, string][] = [
    ['1,2,3', 'csv.row_ragged'],
    ['1,2,3,true,5', 'csv.row_ragged'],
    ['x,NaN,1,true', 'csv.not_double'],
    ['x,Infinity,1,true', 'csv.not_double'],
    ['x,0x10,1,true', 'csv.not_double'],
    ['x,1e999,1,true', 'csv.not_double'],
    ['x,1,1.5,true', 'csv.not_int'],
    ['x,1,9007199254740992,true', 'csv.not_int'],
    ['x,1,1,yes', 'csv.not_bool'],
    ['x"y,1,1,true', 'csv.quote_misplaced'],
    ['"x"y,1,1,true', 'csv.quote_misplaced'],
  ]
  const good = '"two\nlines",1,1,true'
  const records = recordsOf(`s,d,i,b\n${bad.map(([row]) => `${good}\n${row}\n`).join('')}${good}\n`, types)
  // Each good row has two lines, and the header one.
  expect(faultsOf(records)).toEqual(bad.map(([, code], i) => [2 * i + 1, code, `line ${3 * i + 4}`]))
  expect(records.decode().rows.filter((row) => row !== undefined)).toHaveLength(bad.length + 1)
  expect(() => records.rows()).toThrow('some records do not decode')
})

test('a quote that never closes damages only its own line', () => {
  const records = recordsOf('a,b\n1,2\n3,"4\n5,6\n')
  expect(faultsOf(records)).toEqual([[1, 'csv.quote_unterminated', 'line 3']])
  expect(records.decode().rows[2]).toEqual({ a: '5', b: '6' })
})

test('a row that is not UTF-8 is a fault, and the rows around it are read', () => {
  const bytes = new Uint8Array([...utf8('é,1\n'), 0xff, 0x2c, 0x32, 0x0a, ...utf8('ü,3\n')])
  const spans = scanCsv(bytes, true, { delimiter: 0x2c, blankIsRecord: false, recordsMax: 9 })
  const records = Records.fromEncoded({
    ...gather(bytes, spans, 1),
    format: 'csv',
    columns: ['a', 'b'],
    types: [],
    delimiter: ',',
  })
  expect(faultsOf(records)).toEqual([[1, 'csv.not_utf8', 'line 2']])
  expect(records.decode().rows[2]).toEqual({ a: 'ü', b: '3' })
})

test('a delimiter is one ASCII character that is no quote and no line end', () => {
  expect([',', ';', '\t', '|', ' '].every(isDelimiter)).toBe(true)
  expect(['', ',,', '"', '\n', '\r', 'é', '\0'].some(isDelimiter)).toBe(false)
})

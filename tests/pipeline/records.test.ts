import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { gather } from '../../src/pipeline/encoded.ts'
import { scanJsonLines } from '../../src/pipeline/json-lines.ts'
import {
  BATCH_RECORDS_MAX,
  type Batch,
  decodeBatch,
  encodeBatch,
  keepRecords,
  positionOf,
  Records,
  type Row,
  trimBefore,
} from '../../src/pipeline/mod.ts'
import { refusalOf } from '../support/refusal.ts'

function jsonLines(text: string): Records {
  const bytes = new TextEncoder().encode(text)
  return Records.fromEncoded({ ...gather(bytes, scanJsonLines(bytes, true, 4_096), 1), format: 'json_lines' })
}

const csv = (text: string): Records => {
  const bytes = new TextEncoder().encode(text)
  const spans = scanJsonLines(bytes, true, 4_096)
  return Records.fromEncoded({
    ...gather(bytes, spans, 2),
    format: 'csv',
    columns: ['a', 'n'],
    types: ['string', 'double'],
    delimiter: ',',
  })
}

const batchOf = (records: Records, from = 10): Batch => ({
  partition: '/in/a.csv',
  from,
  to: from + records.count,
  at: undefined,
  records,
})

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

test('records that nobody decodes stay the very bytes that they came as', () => {
  const text = '{ "spaced" : 1 }\n{"u":"\\u00e9"}\r\n'
  const records = jsonLines(text)
  expect(textOf(records.jsonLines().bytes)).toBe(text)
  expect(textOf(decodeBatch(encodeBatch(batchOf(records))).records.encoded().bytes)).toBe(text)
})

test('records that were decoded are written as the bytes that they came as, too', () => {
  const records = jsonLines('{ "a" : 1 }\n')
  expect(records.rows()).toEqual([{ a: 1 }])
  expect(textOf(records.jsonLines().bytes)).toBe('{ "a" : 1 }\n')
})

test('a last line without a line end gets one, and blank lines are no records', () => {
  const records = jsonLines('\n{"a":1}\n \t\r\n\n{"a":2}')
  expect(records.count).toBe(2)
  expect(textOf(records.encoded().bytes)).toBe('{"a":1}\n{"a":2}\n')
  expect([records.place(0), records.place(1)]).toEqual(['line 1', 'line 4'])
})

test('JSON lines that are not one object are faults; `__proto__` is a field like any other', () => {
  const records = jsonLines('{"a":1}\n[1]\nnull\n{"a":\n"x"\n{"__proto__":{"b":1}}\n')
  expect(Array.from(records.decode().faults, ([i, { code }]) => [i, code])).toEqual([
    [1, 'json_lines.not_object'],
    [2, 'json_lines.not_object'],
    [3, 'json_lines.malformed'],
    [4, 'json_lines.not_object'],
  ])
  const row = records.decode().rows[5]
  expect(row && Object.hasOwn(row, '__proto__')).toBe(true)
  expect(textOf(Records.fromRows(row ? [{ ...row }] : []).encoded().bytes)).toBe('{"__proto__":{"b":1}}\n')
})

test('a line nested without end is a fault, not a crash', () => {
  expect(
    jsonLines(`${'['.repeat(500_000)}\n`)
      .decode()
      .faults.get(0),
  ).toEqual({ code: 'json_lines.malformed' })
})

test('CSV records become JSON lines with their types', () => {
  expect(textOf(csv('x,1.50\n"é",\n').jsonLines().bytes)).toBe('{"a":"x","n":1.5}\n{"a":"é","n":null}\n')
})

test('pick() keeps bytes, rows, faults and lines of the records that it keeps', () => {
  const records = csv('a,1\nb,zwei\nc,3\nd,4\n')
  records.decode()
  const picked = records.pick([1, 3])
  expect(textOf(picked.encoded().bytes)).toBe('b,zwei\nd,4\n')
  expect(picked.decode().rows[1]).toEqual({ a: 'd', n: 4 })
  expect(picked.decode().faults.get(0)).toEqual({ code: 'csv.not_double', column: 'n' })
  expect([picked.place(0), picked.place(1)]).toEqual(['line 3', 'line 5'])
  expect(textOf(picked.pick([1]).recordBytes(0))).toBe('d,4\n')
})

test('keepRecords() and trimBefore() know the position of every record that is left', () => {
  const batch = batchOf(csv('a,1\nb,2\nc,3\nd,4\n'))
  const kept = keepRecords(batch, [0, 2, 3])
  expect([0, 1, 2].map((i) => positionOf(kept, i))).toEqual([10, 12, 13])
  expect(trimBefore(kept, 10)).toBe(kept)
  const trimmed = trimBefore(kept, 12)
  expect([trimmed.from, trimmed.to, trimmed.records.rows().map(({ a }) => a)]).toEqual([12, 14, ['c', 'd']])
  expect(trimBefore(kept, 13).records.rows()).toEqual([{ a: 'd', n: 4 }])
  expect(trimBefore(kept, 99)).toMatchObject({ from: 14, to: 14 })
  expect(trimBefore(kept, 99).records.count).toBe(0)
})

test('a batch comes back from its bytes with its range, positions, records and types', () => {
  const json: fc.Arbitrary<Row> = fc.dictionary(
    fc.string().filter((key) => key !== '__proto__'),
    fc.jsonValue() as fc.Arbitrary<Row[string]>,
  )
  fc.assert(
    fc.property(fc.array(json, { maxLength: 20 }), fc.nat(), (rows, from) => {
      const plain = JSON.parse(JSON.stringify(rows))
      const batch = batchOf(Records.fromRows(plain, { types: { i: 'int' }, complete: false }), from)
      const back = decodeBatch(encodeBatch(batch))
      expect(back.records.rows()).toEqual(plain)
      expect([back.partition, back.from, back.to, back.at]).toEqual([
        batch.partition,
        from,
        from + rows.length,
        undefined,
      ])
      expect(back.records.fields).toEqual({ types: { i: 'int' }, complete: false })
    }),
  )
  const kept = keepRecords(batchOf(csv('a,1\nb,2\nc,3\n')), [0, 2])
  const back = decodeBatch(encodeBatch(kept))
  expect([0, 1].map((i) => positionOf(back, i))).toEqual([10, 12])
  expect(back.records.rows()).toEqual([
    { a: 'a', n: 1 },
    { a: 'c', n: 3 },
  ])
  expect(back.records.fields.types).toEqual({ a: 'string', n: 'double' })
})

test('the same columns are the same fields object, batch after batch, so that expressions compile once', () => {
  const bytes = encodeBatch(batchOf(csv('a,1\n')))
  expect(decodeBatch(bytes).records.fields.types).toEqual(decodeBatch(bytes).records.fields.types)
  expect(decodeBatch(bytes).records.fields.types).toBe(decodeBatch(bytes).records.fields.types)
})

test('bytes that are not exactly a batch are refused, wherever they are damaged', async () => {
  const good = encodeBatch(keepRecords(batchOf(csv('a,1\nb,2\nc,3\n')), [0, 2]))
  for (let length = 0; length < good.length; length++) {
    expect(await refusalOf(() => decodeBatch(good.subarray(0, length)))).toBe('pipeline.batch_malformed')
  }
  expect(await refusalOf(() => decodeBatch(new Uint8Array([...good, 0])))).toBe('pipeline.batch_malformed')
  for (let at = 0; at < good.length; at++) {
    const damaged = good.slice()
    damaged[at] = (damaged[at] ?? 0) ^ 0x80
    // A flipped bit in a record's own bytes is found by who decodes it, elsewhere here: nothing else may be thrown.
    expect(['nothing', 'pipeline.batch_malformed']).toContain(await refusalOf(() => decodeBatch(damaged)))
  }
})

test('a batch with more records than one may have, or with a column named __proto__, is refused', async () => {
  const header = { partition: 'p', from: 0, to: 9_999, count: BATCH_RECORDS_MAX + 1, positions: false, line: 0 }
  const forms = [{ format: 'json_lines' }, { format: 'csv', columns: ['__proto__'], types: ['string'], delimiter: ',' }]
  for (const [i, form] of forms.entries()) {
    const count = i === 0 ? BATCH_RECORDS_MAX + 1 : 0
    const text = new TextEncoder().encode(JSON.stringify({ ...header, count, form }))
    const bytes = new Uint8Array(5 + text.length + 4 * count)
    bytes[0] = 1
    new DataView(bytes.buffer).setUint32(1, text.length)
    bytes.set(text, 5)
    expect(await refusalOf(() => decodeBatch(bytes))).toBe('pipeline.batch_malformed')
  }
})

test('the size of records without bytes is guessed from a sample', () => {
  const rows = Array.from({ length: 1_000 }, (_, n) => ({ n, text: 'x'.repeat(90) }))
  const guess = Records.fromRows(rows).sizeBytes
  expect(guess / Records.fromRows(rows).encoded().bytes.length).toBeCloseTo(1, 1)
})

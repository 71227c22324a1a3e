/** Any bytes at all: scans lose none, decoding never throws, and what is not understood is a fault with a code. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { scanCsv } from '../../src/pipeline/csv-scan.ts'
import { gather, type Spans } from '../../src/pipeline/encoded.ts'
import { scanJsonLines } from '../../src/pipeline/json-lines.ts'
import { Records } from '../../src/pipeline/mod.ts'

/** Bytes that matter to CSV and JSON, and some that are no UTF-8. */
const bytes = fc
  .array(fc.constantFrom(0x22, 0x2c, 0x0a, 0x0d, 0x61, 0x20, 0x7b, 0x7d, 0x3a, 0x31, 0xc3, 0xa9, 0xff, 0x00), {
    maxLength: 60,
  })
  .map((values) => new Uint8Array(values))

/** What lies outside the spans of a scan. */
function outside(content: Uint8Array, spans: Spans & { next: number }): number[] {
  const rest: number[] = []
  let at = 0
  for (const [i, start] of spans.starts.entries()) {
    expect(start).toBeGreaterThanOrEqual(at)
    expect(spans.ends[i] ?? 0).toBeGreaterThan(start)
    rest.push(...content.subarray(at, start))
    at = spans.ends[i] ?? 0
  }
  rest.push(...content.subarray(at))
  return rest
}

const BLANK = new Set([0x0a, 0x0d, 0x20, 0x09])

test('a CSV scan puts every byte into a record, but for blank lines; decoding gives a row or a code for each', () => {
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 3 }), (content, width) => {
      const spans = scanCsv(content, true, { delimiter: 0x2c, blankIsRecord: width === 1, recordsMax: 1_000 })
      expect(outside(content, spans).filter((byte) => byte !== 0x0a && byte !== 0x0d)).toEqual([])
      const columns = ['a', 'b', 'c'].slice(0, width)
      const encoded = { ...gather(content, spans, 1), format: 'csv' as const, columns, types: [], delimiter: ',' }
      const records = Records.fromEncoded(encoded)
      const { rows, faults } = records.decode()
      expect(rows.length).toBe(spans.starts.length)
      for (const [i, row] of rows.entries()) {
        if (row) expect(Object.keys(row)).toEqual(columns)
        else expect(faults.get(i)?.code).toMatch(/^csv\.[a-z0-9_]+$/)
      }
    }),
    { numRuns: 2_000 },
  )
})

test('a CSV scan in two parts finds the records that a scan of the whole finds, unless a quote stays open', () => {
  fc.assert(
    fc.property(bytes, fc.nat(60), (content, cut) => {
      const options = { delimiter: 0x2c, blankIsRecord: false, recordsMax: 1_000 }
      const first = scanCsv(content.subarray(0, cut), false, options)
      const rest = scanCsv(content.subarray(first.next), true, options)
      const whole = scanCsv(content, true, options)
      expect([...first.starts, ...rest.starts.map((start) => start + first.next)]).toEqual(whole.starts)
    }),
    { numRuns: 2_000 },
  )
})

test('a scan of JSON lines puts every byte that is not blank into a record; decoding gives a row or a code for each', () => {
  fc.assert(
    fc.property(bytes, (content) => {
      const spans = scanJsonLines(content, true, 1_000)
      expect(outside(content, spans).filter((byte) => !BLANK.has(byte))).toEqual([])
      const records = Records.fromEncoded({ ...gather(content, spans, 1), format: 'json_lines' })
      const { rows, faults } = records.decode()
      expect(rows.filter((row) => row === undefined).length).toBe(faults.size)
      for (const { code } of faults.values()) expect(code).toMatch(/^json_lines\.[a-z0-9_]+$/)
    }),
    { numRuns: 2_000 },
  )
})

test('records picked out of a batch are the same bytes, and decode to the same rows', () => {
  fc.assert(
    fc.property(bytes, fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }), (content, picks) => {
      const spans = scanCsv(content, true, { delimiter: 0x2c, blankIsRecord: false, recordsMax: 1_000 })
      const encoded = {
        ...gather(content, spans, 1),
        format: 'csv' as const,
        columns: ['a', 'b'],
        types: [],
        delimiter: ',',
      }
      const records = Records.fromEncoded(encoded)
      const keep = [...spans.starts.keys()].filter((i) => picks[i])
      const picked = records.pick(keep)
      expect(picked.count).toBe(keep.length)
      for (const [i, index] of keep.entries()) {
        expect(picked.recordBytes(i)).toEqual(records.recordBytes(index))
        expect(picked.decode().rows[i]).toEqual(records.decode().rows[index])
        expect(picked.place(i)).toBe(records.place(index))
      }
    }),
  )
})

/** Records of 300 bytes, each with its own number, as JSON lines and as CSV. */
import { closeSync, openSync, writeSync } from 'node:fs'

export const RECORD_BYTES = 300
const CHUNK_RECORDS = 10_000
export const CSV_COLUMNS = ['id', 'at', 'site', 'price', 'quantity', 'note'] as const

type Values = { id: number; at: string; site: string; price: string; quantity: number }

function valuesOf(i: number): Values {
  const at = new Date(1_767_225_600_000 + i * 1_000).toISOString()
  return {
    id: 1_000_000_000 + i,
    at,
    site: `site-${i % 97}`,
    price: ((i % 9_973) / 100 + 1).toFixed(2),
    quantity: (i % 50) + 1,
  }
}

/** One JSON object and its line end, 300 bytes together. */
export function jsonLine(i: number): string {
  const { id, at, site, price, quantity } = valuesOf(i)
  const head = `{"id":${id},"at":"${at}","site":"${site}","price":${price},"quantity":${quantity},"note":"`
  return `${head}${'x'.repeat(RECORD_BYTES - 3 - head.length)}"}\n`
}

/** One line of CSV and its line end, 300 bytes together. */
export function csvLine(i: number): string {
  const { id, at, site, price, quantity } = valuesOf(i)
  const head = `${id},${at},${site},${price},${quantity},`
  return `${head}${'x'.repeat(RECORD_BYTES - 1 - head.length)}\n`
}

/** Writes `count` lines, after `head`. */
export function writeLines(path: string, count: number, line: (i: number) => string, head = ''): void {
  const file = openSync(path, 'w')
  writeSync(file, head)
  for (let from = 0; from < count; from += CHUNK_RECORDS) {
    const length = Math.min(CHUNK_RECORDS, count - from)
    writeSync(file, Array.from({ length }, (_, i) => line(from + i)).join(''))
  }
  closeSync(file)
}

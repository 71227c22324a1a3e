/**
 * The values of an answer as they can be had. SQLite takes any bytes for a text, and the driver ends the process over a text that is no
 * UTF-8 and cuts one at a NUL: so texts are had as their bytes, and bytes as a text of hexadecimal digits.
 */
import type { ForeignValue } from '../../store/mod.ts'
import type { SqlAnswer } from '../../wire/mod.ts'

/** No dataset is called so. */
const ANSWER = '"the answer"'

/** The question around which that is done, for so many columns and at most so many rows. Two limits keep SQLite from joining the two queries, by which each value would be reckoned twice. */
export function inPlainValues(question: string, columns: number, rowsMax: number): string {
  const names = Array.from({ length: columns }, (_, at) => `c${at}`)
  const plain = names.map(
    (name) =>
      `CASE typeof(${name}) WHEN 'text' THEN CAST(${name} AS BLOB) WHEN 'blob' THEN hex(${name}) ELSE ${name} END`,
  )
  const limited = `(SELECT * FROM ${ANSWER} LIMIT ${rowsMax})`
  return `WITH ${ANSWER} (${names.join(', ')}) AS (\n${question}\n) SELECT ${plain.join(', ')} FROM ${limited} LIMIT ${rowsMax}`
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What JSON holds of a value: digits of an integer that its numbers do not hold. */
export function plainValue(value: ForeignValue): SqlAnswer['rows'][number][number] {
  if (value instanceof Uint8Array) return decoder.decode(value)
  if (typeof value === 'bigint') {
    const number = Number(value)
    return Number.isSafeInteger(number) ? number : String(value)
  }
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value
}

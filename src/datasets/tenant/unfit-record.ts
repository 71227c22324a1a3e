/** Why a record is refused whatever its dataset holds: its shape needs another, or it is too large. */
import { ownValue } from '../../base/mod.ts'
import { quoted, type RecordItem } from '../formats/item.ts'
import type { ShapeRules } from '../shapes/shapes.ts'

/** Names and values of one record: as many characters as a line of a document has bytes. A page of an answer ends behind such a one. */
export const RECORD_CHARS_MAX = 1_048_576

/** `undefined`: it is fit. */
export function unfitReason({ required, allowed }: ShapeRules, record: RecordItem['record']): string | undefined {
  for (const name of required) {
    const value = ownValue(record, name)
    if (value === undefined || value === null || value === '') return `a record needs ${name}, which is missing`
  }
  for (const [name, values] of allowed) {
    const value = ownValue(record, name)
    if (typeof value !== 'string' || !values.includes(value)) {
      return `${name} is ${quoted(String(value))}, expected ${values.join(', ')}`
    }
  }
  const chars = charsOf(record)
  if (chars <= RECORD_CHARS_MAX) return undefined
  return `a record of ${chars} characters, expected at most ${RECORD_CHARS_MAX} with the names of its fields`
}

/** Names and values as they are kept, nested ones as JSON. */
function charsOf(record: RecordItem['record']): number {
  let chars = 0
  for (const name in record) {
    const value = record[name]
    chars += name.length
    if (typeof value === 'string') chars += value.length
    else if (typeof value === 'object' && value !== null) chars += JSON.stringify(value).length
  }
  return chars
}

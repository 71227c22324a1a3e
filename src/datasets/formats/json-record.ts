/** JSON objects that are to be records. */
import { fromUtf8 } from '../../base/mod.ts'
import { DEPTH_MAX, FIELDS_MAX, type Item, type Json, warningItem } from './item.ts'
import { mayHaveLongNumber, parseExactly, type ReadExactly } from './long-numbers.ts'

/** A parsed object and what is to be said of it, or why there is none. */
export type ParsedRecord = { record: Readonly<Record<string, Json>>; warning?: string } | { reason: string }

/** What is told of bytes that are no text, and of text that is no JSON object. */
export const NOT_UTF8 = 'expected text in UTF-8, found bytes that are none'
export const NOT_AN_OBJECT = 'expected a JSON object, found what is not JSON'

/** Reads one JSON object from its bytes. */
export function parseRecord(bytes: Uint8Array): ParsedRecord {
  let text: string
  try {
    text = fromUtf8(bytes)
  } catch {
    return { reason: NOT_UTF8 }
  }
  let read: ReadExactly
  try {
    read = mayHaveLongNumber(bytes) ? parseExactly(text) : { value: JSON.parse(text) as Json }
  } catch {
    return { reason: NOT_AN_OBJECT }
  }
  const { value, warning } = read
  if (!isObject(value)) return { reason: `expected a JSON object, found ${kindOf(value)}` }
  const fault = faultOfRecord(value)
  if (fault !== undefined) return { reason: fault }
  return warning === undefined ? { record: value } : { record: value, warning }
}

/** What was said of a record, as an item in front of it. */
export function warningItems(line: number, { warning }: { warning?: string }): Item[] {
  return warning === undefined ? [] : [warningItem(line, warning)]
}

/** What is wrong with an object as a record, or `undefined`: no field, too many, nested too deeply, one that would be a prototype. */
export function faultOfRecord(record: Readonly<Record<string, Json>>): string | undefined {
  let fields = 0
  for (const name in record) {
    if (name === '__proto__') return 'a field called `__proto__`; expected any other name'
    if (++fields > FIELDS_MAX) return `more than ${FIELDS_MAX} fields; expected at most that`
    const value = record[name]
    if (typeof value === 'object' && value !== null && isDeep(value, DEPTH_MAX - 1))
      return `nested more than ${DEPTH_MAX} deep; expected at most that`
  }
  return fields === 0 ? 'an object without a field; expected one at least' : undefined
}

/** Whether a value is an object with names, not an array and not null. */
export function isObject(value: Json | undefined): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A text that says something, or null. */
export function textOf(value: Json | undefined): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isDeep(value: object, left: number): boolean {
  if (left === 0) return true
  for (const inner of Array.isArray(value) ? value : Object.values(value)) {
    if (typeof inner === 'object' && inner !== null && isDeep(inner, left - 1)) return true
  }
  return false
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'an array' : `a ${typeof value}`
}

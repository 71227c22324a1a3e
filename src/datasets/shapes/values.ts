/** Values between a document, a column and an answer. What does not have its field's type is kept as text: nothing is lost of a record. */
import type { SqlResult, SqlValue } from '../../store/mod.ts'
import type { FieldType } from '../../wire/mod.ts'
import type { Json } from '../formats/reading.ts'

/** As JSON has numbers, of as many digits as a double keeps. */
const NUMBER = /^-?(0|[1-9]\d{0,14})(\.\d{1,15})?([eE][+-]?\d{1,3})?$/
const DIGITS_MAX = 15
const DATE = /^\d{4}-\d{2}-\d{2}$/
const TIME = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2})$/
/** What needs no change: all that our own readers give. */
const UTC_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{3})?Z$/

/** `misfit`: it does not have the type, and is kept as it is. */
export type Stored = { value: SqlValue; misfit: boolean }

const fits = (value: SqlValue): Stored => ({ value, misfit: false })

/** A value as the column of a field keeps it. */
export function storedValue(value: Json | undefined, type: FieldType): Stored {
  if (value === null || value === undefined) return fits(null)
  if (type === 'json') return fits(JSON.stringify(value))
  if (type === 'text') return storedText(value, false)
  if (value === '') return fits(null)
  const typed = typedValue(value, type)
  return typed === undefined ? storedText(value, true) : fits(typed)
}

/** The driver gives a text back only up to its first NUL. */
function storedText(value: Json, misfit: boolean): Stored {
  const text = textOf(value)
  return text.includes('\0') ? { value: text.replaceAll('\0', '\ufffd'), misfit: true } : { value: text, misfit }
}

function typedValue(value: Json, type: 'number' | 'boolean' | 'time'): SqlValue | undefined {
  switch (type) {
    case 'number':
      return typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value) : undefined
    case 'boolean':
      return booleanOf(value)
    case 'time':
      return typeof value === 'string' ? timeOf(value) : undefined
  }
}

/** The number that a text is, if writing it back would give the same number. */
export function numberOf(text: string): number | undefined {
  if (!NUMBER.test(text)) return undefined
  const digits = text.length > DIGITS_MAX ? text.replace(/[eE].*$/, '').replace(/\D/g, '').length : 0
  const number = digits > DIGITS_MAX ? Number.NaN : Number(text)
  // What is too small for a number becomes 0, which it is not.
  const isVoid = number === 0 && /^-?[0.]*[1-9]/.test(text)
  return Number.isFinite(number) && !isVoid ? number : undefined
}

function booleanOf(value: Json): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (typeof value !== 'string') return undefined
  const word = value.toLowerCase()
  return word === 'true' ? 1 : word === 'false' ? 0 : undefined
}

/** In UTC, so that text sorts as time does; a date alone stays one. */
export function timeOf(text: string): string | undefined {
  if (UTC_TIME.test(text) || DATE.test(text)) return Number.isNaN(Date.parse(text)) ? undefined : text
  if (!TIME.test(text)) return undefined
  const ms = Date.parse(text.replace(' ', 'T'))
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString()
}

function textOf(value: Json): string {
  return typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value)
}

/** The narrowest type that all of these have; `text` when there is nothing to tell by. */
export function inferType(values: Iterable<Json | undefined>): FieldType {
  let candidates: readonly FieldType[] = ['number', 'boolean', 'time']
  let seen = false
  for (const value of values) {
    if (value === null || value === undefined || value === '') continue
    if (typeof value === 'object') return 'json'
    seen = true
    candidates = candidates.filter((type) => !storedValue(value, type).misfit)
    if (candidates.length === 0) return 'text'
  }
  return seen ? (candidates[0] ?? 'text') : 'text'
}

/** A column's value as an answer has it. */
export function givenValue(value: SqlResult, type: FieldType): unknown {
  if (typeof value === 'number' && type === 'boolean') return value !== 0
  if (typeof value === 'string' && type === 'json') return JSON.parse(value)
  return value instanceof Uint8Array ? null : value
}

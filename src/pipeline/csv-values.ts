/** CSV fields as typed values. An empty field of a type other than `string` is null. */
import type { FieldType } from './fields.ts'
import type { Value } from './value.ts'

const DOUBLE = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/
const INT = /^[+-]?\d+$/

/** Reads one field; `undefined` when the text is not of that type. */
export function readValue(text: string, type: FieldType): Value | undefined {
  switch (type) {
    case 'string':
      return text
    case 'double':
      return readDouble(text.trim())
    case 'int':
      return readInt(text.trim())
    case 'bool':
      return readBool(text.trim())
    case 'json':
      return readJson(text)
  }
}

/** Decimal notation, with an exponent perhaps. No `NaN`, no infinity, no hex: JSON has none of them, so they could not travel on. */
function readDouble(text: string): number | null | undefined {
  if (text === '') return null
  const value = Number(text)
  return DOUBLE.test(text) && Number.isFinite(value) ? value : undefined
}

/** A whole number that a double holds exactly (±2^53 − 1); a larger one is refused rather than rounded. */
function readInt(text: string): number | null | undefined {
  if (text === '') return null
  const value = Number(text)
  return INT.test(text) && Number.isSafeInteger(value) ? value : undefined
}

function readBool(text: string): boolean | null | undefined {
  if (text === '') return null
  const lower = text.toLowerCase()
  return lower === 'true' ? true : lower === 'false' ? false : undefined
}

function readJson(text: string): Value | undefined {
  if (text === '') return null
  try {
    return JSON.parse(text) as Value
  } catch {
    return undefined
  }
}

/**
 * The values by which records are put into groups, said twice: for a record in hand, as rollups count it, and as SQL over many. Both must
 * give the same for every value that a column can have, since either may answer a question.
 */
import type { SqlResult, SqlValue } from '../../store/mod.ts'
import type { Bucket, DatasetField, FieldType, Shape } from '../../wire/mod.ts'
import { isOurs } from '../shapes/our-fields.ts'
import { saidFields } from '../shapes/shapes.ts'

/** A text is in the group of its first 256 characters. */
export const GROUP_CHARS_MAX = 256
/** Elements of an array beyond these are passed over. */
export const ELEMENTS_MAX = 32
const DAY_CHARS = 10

/** What is needed of a dataset to count its records. */
export type Counted = { no: number; shape: Shape; columns: readonly (DatasetField & { column: string })[] }

/** Where a field's value is: in a column of the record, or with the import that brought it. */
export type FieldPlace = { type: FieldType } & ({ column: string } | { ofImport: string })

/** Of a field that can be counted by; `undefined` for one that is not there, or that no rollup has. */
export function placeOfField({ shape, columns }: Counted, name: string): FieldPlace | undefined {
  const own = isOurs(name) ? undefined : columns.find((column) => column.name === name)
  if (own) return { type: own.type, column: own.column }
  if (saidFields(shape).some((field) => field.name === name)) return { type: 'text', ofImport: name }
  return name === '_received_at' ? { type: 'time', ofImport: name } : undefined
}

/** The groups that a record with this value is in. */
export function groupsOfValue(value: SqlValue, type: FieldType): readonly SqlValue[] {
  return type === 'json' ? textsOf(value) : [groupOfValue(value, type)]
}

/** The one group of a value that is not nested. */
export function groupOfValue(value: SqlValue, type: FieldType): SqlValue {
  return cut(value, type === 'time' ? DAY_CHARS : GROUP_CHARS_MAX)
}

/** As `substr` cuts it: at characters, of which some are two units. */
function cut(value: SqlValue, chars: number): SqlValue {
  if (typeof value !== 'string' || value.length <= chars) return value
  return Array.from(value.slice(0, 2 * chars))
    .slice(0, chars)
    .join('')
}

function textsOf(value: SqlValue): readonly SqlValue[] {
  const nested: unknown = typeof value === 'string' ? JSON.parse(value) : null
  if (!Array.isArray(nested)) return [null]
  const texts = nested.slice(0, ELEMENTS_MAX).filter((element) => typeof element === 'string')
  return texts.length === 0 ? [null] : [...new Set(texts.map((text) => cut(text, GROUP_CHARS_MAX)))]
}

/** A column's value as far as its groups and sums need it, so that many are read without their long texts. */
export function countedSql(column: string, type: FieldType): string {
  const cutText = (text: string) => `substr(${text}, 1, ${GROUP_CHARS_MAX})`
  if (type !== 'json') return `CASE typeof(${column}) WHEN 'text' THEN ${cutText(column)} ELSE ${column} END`
  return `(SELECT json_group_array(${cutText('e.value')}) FROM json_each(${column}) e WHERE e.type = 'text' AND e.key < ${ELEMENTS_MAX})`
}

/** A row for each group of a nested field, as `alias`; `expression` is its JSON. */
export function elementsJoin(expression: string, alias: string): string {
  const text = (each: string) => `substr(${each}.value, 1, ${GROUP_CHARS_MAX})`
  const counts = (each: string) => `${each}.type = 'text' AND ${each}.key < ${ELEMENTS_MAX}`
  return `LEFT JOIN json_each(coalesce(${expression}, 'null')) ${alias} ON ${counts(alias)} AND NOT EXISTS (
    SELECT 1 FROM json_each(${expression}) earlier
    WHERE ${counts('earlier')} AND earlier.key < ${alias}.key AND ${text('earlier')} = ${text(alias)})`
}

/** The group of a text, a number or a truth value. */
export function groupSql(expression: string, type: FieldType): string {
  return type === 'text' || type === 'json' ? `substr(${expression}, 1, ${GROUP_CHARS_MAX})` : expression
}

const DAY = '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'

/** The beginning of a day's bucket in UTC; null for what is no day. `expression`: the first ten characters of a time. */
export function bucketSql(expression: string, bucket: Exclude<Bucket, 'hour'>): string {
  const given = {
    day: expression,
    week: `date(${expression}, '-6 days', 'weekday 1')`,
    month: `substr(${expression}, 1, 7) || '-01'`,
  }
  return `CASE WHEN ${expression} GLOB '${DAY}' THEN ${given[bucket]} END`
}

/** Null stands in a key as an empty blob: a primary key has no nulls, and no value of a column is a blob. */
export const NULL_KEY = new Uint8Array(0)

/** A value of a rollup's key as it was counted. */
export function fromKey(value: SqlResult): string | number | null {
  return typeof value === 'object' ? null : value
}

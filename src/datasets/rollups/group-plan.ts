/** A question about groups, made ready: the columns of its answer, and what is added up for each. */
import { isTimeZone, TimeZone } from '../../base/mod.ts'
import type { FieldType, GroupAnswer, GroupKey, GroupMeasure, GroupQuery } from '../../wire/mod.ts'
import { QueryInvalid } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import type { QueryField, QueryFields } from '../tenant/query-fields.ts'

export type PlannedKey = { key: GroupKey; field: QueryField }
export type PlannedMeasure = { measure: 'count' } | { measure: 'sum' | 'avg' | 'min' | 'max'; field: QueryField }
export type GroupPlan = {
  columns: GroupAnswer['columns']
  keys: PlannedKey[]
  measures: PlannedMeasure[]
  /** Of the buckets; none where they are those of UTC, or there are none. */
  zone: TimeZone | undefined
  /** Columns by their places, the first most important. */
  order: { at: number; descending: boolean }[]
}

/** Fields that may be nested and grouped by in one question: each multiplies the rows of a record. */
const NESTED_KEYS_MAX = 1

/** Refuses `query.invalid`, `query.field_restricted`. */
export function planOf(fields: QueryFields, { by, measures, sort, where, timeZone }: GroupQuery): GroupPlan {
  const keys = by.map((key) => ({ key, field: keyField(fields, key) }))
  if (keys.filter(({ field }) => field.type === 'json').length > NESTED_KEYS_MAX) {
    throw new QueryInvalid('one nested field can be grouped by at a time')
  }
  for (const { field } of where) fields.named(field)
  const planned = measures.map((measure) => plannedMeasure(fields, measure))
  const columns = [...keys.map(keyColumn), ...planned.map(measureColumn)]
  const names = columns.map(({ name }) => name)
  const twice = names.find((name, at) => names.indexOf(name) !== at)
  if (twice !== undefined) throw new QueryInvalid(`${quoted(twice)} is asked for twice`)
  const sorted = sort.map(({ column, descending = false }) => ({ at: names.indexOf(column), descending }))
  const unknown = sort.find((_, at) => sorted[at]?.at === -1)
  if (unknown) {
    throw new QueryInvalid(`the answer has no column ${quoted(unknown.column)}, expected one of ${names.join(', ')}`)
  }
  const order = [...sorted, ...keys.map((_, at) => ({ at, descending: false }))]
  return { columns, keys, measures: planned, zone: zoneOf(by, timeZone), order }
}

function zoneOf(by: readonly GroupKey[], name = 'UTC'): TimeZone | undefined {
  if (!isTimeZone(name)) {
    throw new QueryInvalid(`${quoted(name)} is no time zone here, expected a name such as Europe/Berlin`)
  }
  return name === 'UTC' || by.every(({ bucket }) => bucket === undefined) ? undefined : new TimeZone(name)
}

function keyField(fields: QueryFields, { field: name, bucket }: GroupKey): QueryField {
  const field = fields.named(name)
  if (bucket !== undefined && field.type !== 'time') {
    throw new QueryInvalid(`${quoted(name)} is no time, and has no ${bucket}`)
  }
  if (bucket === undefined && field.type === 'time') {
    throw new QueryInvalid(`${quoted(name)} is a time: group by its hour, day, week or month`)
  }
  return field
}

function plannedMeasure(fields: QueryFields, measure: GroupMeasure): PlannedMeasure {
  if (measure.measure === 'count') return measure
  const field = fields.named(measure.field)
  const isAdded = measure.measure === 'sum' || measure.measure === 'avg'
  const types: readonly FieldType[] = isAdded ? ['number', 'boolean'] : ['number', 'text', 'time']
  if (!types.includes(field.type)) {
    throw new QueryInvalid(`${quoted(field.name)} is ${field.type}, and has no ${measure.measure}`)
  }
  return { measure: measure.measure, field }
}

function keyColumn({ key: { bucket }, field: { name, type } }: PlannedKey): GroupAnswer['columns'][number] {
  if (bucket) return { name: `${bucket}(${name})`, type: 'time' }
  return { name, type: type === 'json' ? 'text' : type }
}

function measureColumn(planned: PlannedMeasure): GroupAnswer['columns'][number] {
  if (planned.measure === 'count') return { name: 'count', type: 'number' }
  const isAdded = planned.measure === 'sum' || planned.measure === 'avg'
  return { name: `${planned.measure}(${planned.field.name})`, type: isAdded ? 'number' : planned.field.type }
}

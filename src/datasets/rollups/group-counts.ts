/** Records counted by their keys alone, without sorting them: the database gives the keys of a stretch as texts of JSON, half the work. */
import type { SqlResult } from '../../store/mod.ts'
import type { GroupPlan } from './group-plan.ts'

/** Whether a question only counts, by what JSON keeps as it is: numbers with fractions would lose digits, nested fields count manifold. */
export function onlyCounts({ keys, measures }: GroupPlan): boolean {
  const isKept = keys.every(({ field: { type } }) => type === 'text' || type === 'time' || type === 'boolean')
  return keys.length > 0 && isKept && measures.every(({ measure }) => measure === 'count')
}

/** A column for each key, of the values of a stretch's records in one order. */
export function keysSql(keys: readonly string[]): string[] {
  return keys.map((key) => `json_group_array(${key})`)
}

/** Of such columns: the keys of each group, and last how many records it has. */
export function countedGroups(columns: readonly SqlResult[]): SqlResult[][] {
  const values = columns.map((column): SqlResult[] => JSON.parse(String(column)))
  const records = values[0]?.length ?? 0
  const groups: SqlResult[][] = [[]]
  let groupOf: Uint32Array = new Uint32Array(records)
  for (const column of values) groupOf = dividedBy(column, groupOf, groups)
  const counts = new Uint32Array(groups.length)
  for (const group of groupOf) counts[group] = (counts[group] ?? 0) + 1
  return records === 0 ? [] : groups.map((keys, group) => [...keys, counts[group] ?? 0])
}

/** Divides groups by one more key: which group each record is in then. `groups` are replaced by those. */
function dividedBy(column: readonly SqlResult[], groupOf: Uint32Array, groups: SqlResult[][]): Uint32Array {
  const parts = groups.map(() => new Map<SqlResult, number>())
  const divided: SqlResult[][] = []
  const result = groupOf.map((group, record) => {
    const value = column[record] ?? null
    const known = parts[group]?.get(value)
    if (known !== undefined) return known
    parts[group]?.set(value, divided.length)
    return divided.push([...(groups[group] ?? []), value]) - 1
  })
  groups.splice(0, groups.length, ...divided)
  return result
}

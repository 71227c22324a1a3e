/** Groups as they are gathered from parts: each part has a row for each of its groups, of keys and then of what its measures add up. */
import type { SqlResult } from '../../store/mod.ts'
import type { GroupAnswer, GroupQuery } from '../../wire/mod.ts'
import { GroupsTooMany } from '../errors.ts'
import { givenValue } from '../shapes/values.ts'
import { fromKey } from './dimensions.ts'
import type { GroupPlan, PlannedMeasure } from './group-plan.ts'

/** 100,000 × ~400 B = 40 MB, of which an answer has at most a tenth. */
export const GROUPS_MAX = 100_000

type Value = string | number | null
type Group = { keys: Value[]; added: Value[] }

/** How two parts of a column are one. */
type Merge = (one: Value, other: Value) => Value
const add: Merge = (one, other) => Number(one ?? 0) + Number(other ?? 0)
const least: Merge = (one, other) => (one === null || (other !== null && compared(other, one) < 0) ? other : one)
const most: Merge = (one, other) => (one === null || (other !== null && compared(other, one) > 0) ? other : one)

/** `sum` and `avg` have two columns in a part: the sum, and of how many numbers it is. */
function mergesOf({ measure }: PlannedMeasure): Merge[] {
  switch (measure) {
    case 'count':
      return [add]
    case 'sum':
    case 'avg':
      return [add, add]
    case 'min':
      return [least]
    case 'max':
      return [most]
  }
}

export class Groups {
  readonly #plan: GroupPlan
  readonly #merges: Merge[]
  readonly #groups = new Map<string, Group>()

  constructor(plan: GroupPlan) {
    this.#plan = plan
    this.#merges = plan.measures.flatMap(mergesOf)
  }

  /** Refuses `query.groups_too_many`. */
  add(part: readonly SqlResult[][]): void {
    const { length } = this.#plan.keys
    for (const row of part) {
      const keys = row.slice(0, length).map(fromKey)
      const added = row.slice(length).map(fromKey)
      const text = JSON.stringify(keys)
      const group = this.#groups.get(text)
      if (group) group.added = group.added.map((value, at) => this.#merges[at]?.(value, added[at] ?? null) ?? null)
      else this.#groups.set(text, { keys, added })
    }
    if (this.#groups.size > GROUPS_MAX) {
      throw new GroupsTooMany(`there are more than ${GROUPS_MAX} groups, expected at most so many`)
    }
  }

  answer({ limit }: GroupQuery, from: GroupAnswer['from']): GroupAnswer {
    const { columns, order } = this.#plan
    const rows = [...this.#groups.values()].map((group) => [...group.keys, ...this.#measured(group)])
    rows.sort((one, other) => {
      for (const { at, descending } of order) {
        const difference = compared(one[at] ?? null, other[at] ?? null)
        if (difference !== 0) return descending ? -difference : difference
      }
      return 0
    })
    const given = rows
      .slice(0, limit)
      .map((row) => row.map((value, at) => givenValue(value, columns[at]?.type ?? 'text')))
    return { columns, rows: given, more: rows.length > limit, from }
  }

  #measured({ added }: Group): Value[] {
    let at = 0
    return this.#plan.measures.map(({ measure }) => {
      const value = added[at++] ?? null
      if (measure !== 'sum' && measure !== 'avg') return value
      const numbers = Number(added[at++] ?? 0)
      if (numbers === 0) return null
      return measure === 'avg' ? Number(value) / numbers : value
    })
  }
}

/** As the database sorts: nothing, numbers, texts. */
function compared(one: Value, other: Value): number {
  const rank = (value: Value): number => (value === null ? 0 : typeof value === 'number' ? 1 : 2)
  if (rank(one) !== rank(other)) return rank(one) - rank(other)
  if (one === null || other === null || one === other) return 0
  return one < other ? -1 : 1
}

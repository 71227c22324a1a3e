/** What a dashboard shows, whatever the shape of its dataset: figures, charts along one time, and tables that lead to records. */
import { type ChartFigures, formatDuration } from '../../web/mod.ts'
import type { Condition, GroupAnswer, GroupQuery } from '../../wire/mod.ts'
import type { Window } from './window.ts'

/** A row leads to the records for which the condition holds, or to the page of one test. */
export type DashboardRow = {
  cells: readonly string[]
  records?: Condition & { value: unknown }
  test?: { name: string; suite: string }
}
export type DashboardTable = {
  id: string
  title: string
  columns: readonly { title: string; numeric?: boolean }[]
  rows: readonly DashboardRow[]
}
export type DashboardTile = { label: string; value: string; context: string }
export type Dashboard = {
  tiles: readonly DashboardTile[]
  charts: readonly ChartFigures[]
  tables: readonly DashboardTable[]
  /** What the figures leave out. */
  note?: string
}

/** What is chosen among, beside the time: fields with the values that they have, and which of them is taken. */
export type Choice = {
  field: string
  label: string
  values: readonly string[]
  chosen: string
  /** What it is to choose none of them; default `all`. */
  none?: string
}

/** Beside the time that is shown the one just before it, as the word of an address and of a choice. */
export const BEFORE = 'the time before'

export function besideChoice({ chosen }: Pick<DashboardAsked, 'chosen'>): Choice {
  return {
    field: 'beside',
    label: 'Compare with',
    values: [BEFORE],
    chosen: isBeside({ chosen }) ? BEFORE : '',
    none: 'nothing',
  }
}

/** Whether the time before was chosen. */
export function isBeside({ chosen }: Pick<DashboardAsked, 'chosen'>): boolean {
  return chosen['beside'] === BEFORE
}

/** Asks one dataset for groups, as who looks may. What a question leaves out is as the wire has it. */
export type AskGroups = (query: Partial<GroupQuery>) => Promise<GroupAnswer>

export type DashboardAsked = { ask: AskGroups; window: Window; chosen: Readonly<Record<string, string>> }

/** Values of one field that are offered to choose from. */
const VALUES_OFFERED_MAX = 50

/** The values of a field within the time, the commonest first. */
export async function choiceOf(
  { ask, chosen }: Pick<DashboardAsked, 'ask' | 'chosen'>,
  { field, label, where }: { field: string; label: string; where: Condition[] },
): Promise<Choice> {
  const { rows } = await ask({
    ...{ by: [{ field }], where, limit: VALUES_OFFERED_MAX },
    sort: [{ column: 'count', descending: true }],
  })
  const values = rows.map(([value]) => String(value ?? '')).filter((value) => value !== '')
  const taken = chosen[field] ?? ''
  return { field, label, values: taken === '' || values.includes(taken) ? values : [taken, ...values], chosen: taken }
}

/** The conditions of what was chosen. */
export function chosenConditions(chosen: Readonly<Record<string, string>>, fields: readonly string[]): Condition[] {
  return fields.flatMap((field): Condition[] => {
    const value = chosen[field] ?? ''
    return value === '' ? [] : [{ field, is: 'eq', value }]
  })
}

/** How long one test takes: most end within a second. */
export function took(ms: number): string {
  return ms < 1_000 ? `${Number(ms.toPrecision(3))} ms` : formatDuration(Math.round(ms))
}

/** A share as `12.3 %`, or a dash of nothing. */
export function shareOf(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Number(((part / whole) * 100).toFixed(1))} %`
}

/** Issues: what came and what was resolved, what is open by status, component and age. */
import { grouped } from '../../web/mod.ts'
import type { Condition, GroupAnswer } from '../../wire/mod.ts'
import {
  BEFORE,
  besideChoice,
  type Choice,
  choiceOf,
  chosenConditions,
  type Dashboard,
  type DashboardAsked,
  type DashboardTable,
  isBeside,
  shareOf,
} from './dashboard.ts'
import { along, counted, keyOf, since, timeOf, type Window, windowBefore, within } from './window.ts'

const ROWS_MAX = 10_000
const COMPONENTS_MAX = 25
const AGES = [
  { label: 'under a week', days: 7 },
  { label: 'a week to a month', days: 30 },
  { label: 'one to three months', days: 90 },
  { label: 'three months to a year', days: 365 },
  { label: 'over a year', days: Number.POSITIVE_INFINITY },
] as const
const DAY_MS = 86_400_000

/** Of what is open the whole of it is shown, whenever it was created. */
export async function issuesDashboard(
  asked: DashboardAsked,
  nowMs: number,
): Promise<{ dashboard: Dashboard; choices: readonly Choice[] }> {
  const { ask, window, chosen } = asked
  const typed = chosenConditions(chosen, ['type'])
  const flow = (field: string, time: Window, conditions: Condition[]): Promise<GroupAnswer> =>
    ask({ by: [keyOf(time, field)], where: [...conditions, ...typed], limit: ROWS_MAX })
  const created = await flow('created_at', window, [since(window, 'created_at')])
  const resolved = await flow('resolved_at', window, [since(window, 'resolved_at')])
  const before = windowBefore(window)
  const earlier = isBeside(asked)
    ? {
        created: await flow('created_at', before, within(before, 'created_at')),
        resolved: await flow('resolved_at', before, within(before, 'resolved_at')),
      }
    : undefined
  const all = await ask({
    by: [{ field: 'status_category' }, { field: 'status' }, { field: 'priority' }],
    ...{ measures: [{ measure: 'count' }, { measure: 'sum', field: 'points' }], where: typed, limit: ROWS_MAX },
  })
  const months = await ask({
    by: [{ field: 'created_at', bucket: 'day' }, { field: 'status_category' }],
    // Ages are reckoned from midnight of UTC, in whatever zone days are shown.
    ...{ where: typed, limit: ROWS_MAX, timeZone: 'UTC' },
  })
  const open = all.rows.filter(([category]) => isOpen(category))
  const total = (rows: readonly unknown[][], column: number) =>
    rows.reduce((sum, row) => sum + Number(row[column] ?? 0), 0)
  const perBucket = (answer: GroupAnswer, time = window) =>
    counted(along(time, answer, (sum, row) => sum + Number(row[1])))
  const told = (answer: GroupAnswer | undefined) => (answer ? `; ${BEFORE}: ${grouped(total(answer.rows, 1))}` : '')
  return {
    choices: [await choiceOf(asked, { field: 'type', label: 'Type', where: [] }), besideChoice(asked)],
    dashboard: {
      tiles: [
        { label: 'Open', value: grouped(total(open, 3)), context: `of ${grouped(total(all.rows, 3))} issues` },
        { label: 'Points open', value: grouped(total(open, 4)), context: `of ${grouped(total(all.rows, 4))} points` },
        {
          ...{ label: 'Created', value: grouped(total(created.rows, 1)) },
          context: `within the time shown${told(earlier?.created)}`,
        },
        {
          ...{ label: 'Resolved', value: grouped(total(resolved.rows, 1)) },
          context: `within the time shown${told(earlier?.resolved)}`,
        },
      ],
      charts: [
        {
          ...{ ...timeOf(window), id: 'flow', title: 'Created and resolved', unit: 'count' },
          series: [
            { name: 'created', values: perBucket(created) },
            { name: 'resolved', values: perBucket(resolved) },
            ...(earlier
              ? [
                  { name: 'created before', values: perBucket(earlier.created, before) },
                  { name: 'resolved before', values: perBucket(earlier.resolved, before) },
                ]
              : []),
          ],
        },
      ],
      tables: [
        await typesTable(asked, typed),
        grouping('statuses', 'Open by status', 'Status', open, { field: 'status', at: 1 }),
        grouping('priorities', 'Open by priority', 'Priority', open, { field: 'priority', at: 2 }),
        await componentsTable(asked, typed),
        agesTable(months, nowMs),
      ],
    },
  }
}

function isOpen(category: unknown): boolean {
  return String(category ?? '').toLowerCase() !== 'done'
}

function grouping(
  id: string,
  title: string,
  column: string,
  rows: readonly unknown[][],
  { field, at }: { field: string; at: number },
): DashboardTable {
  const counts = new Map<string, number>()
  for (const row of rows) {
    const value = String(row[at] ?? '')
    counts.set(value, (counts.get(value) ?? 0) + Number(row[3]))
  }
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const sorted = [...counts].sort(([, a], [, b]) => b - a)
  return {
    ...{ id, title },
    columns: [{ title: column }, { title: 'Open', numeric: true }, { title: 'Share', numeric: true }],
    rows: sorted.map(([value, count]) => ({
      cells: [value === '' ? 'none' : value, grouped(count), shareOf(count, all)],
      ...(value !== '' && { records: { field, is: 'eq', value } }),
    })),
  }
}

/** How stories, epics, defects and others come and go. */
async function typesTable({ ask, window }: DashboardAsked, where: Condition[]): Promise<DashboardTable> {
  const type = { field: 'type' }
  const countsOf = ({ rows }: Pick<GroupAnswer, 'rows'>) =>
    new Map(rows.map(([name, count]) => [String(name ?? ''), Number(count)]))
  const ofTime = async (field: string) =>
    countsOf(await ask({ by: [type], where: [since(window, field), ...where], limit: ROWS_MAX }))
  const created = await ofTime('created_at')
  const resolved = await ofTime('resolved_at')
  const open = new Map<string, number>()
  for (const [name, category, count] of (
    await ask({ by: [type, { field: 'status_category' }], where, limit: ROWS_MAX })
  ).rows) {
    const of = String(name ?? '')
    open.set(of, (open.get(of) ?? 0) + (isOpen(category) ? Number(count) : 0))
  }
  const names = [...open.keys()].sort((a, b) => (open.get(b) ?? 0) - (open.get(a) ?? 0))
  return {
    ...{ id: 'types', title: 'By type' },
    columns: ['Type', 'Created', 'Resolved', 'Open'].map((title, at) => ({ title, numeric: at > 0 })),
    rows: names.map((name) => ({
      cells: [
        name === '' ? 'none' : name,
        ...[created, resolved, open].map((counts) => grouped(counts.get(name) ?? 0)),
      ],
      ...(name !== '' && { records: { field: 'type', is: 'eq', value: name } }),
    })),
  }
}

/** An issue of several components counts in each. */
async function componentsTable({ ask }: DashboardAsked, where: Condition[]): Promise<DashboardTable> {
  const by = [{ field: 'components' }, { field: 'status_category' }]
  const { rows } = await ask({ by, where, limit: ROWS_MAX })
  const components = new Map<string, { open: number; all: number }>()
  for (const [component, category, count] of rows) {
    const name = String(component ?? '')
    const own = components.get(name) ?? { open: 0, all: 0 }
    own.all += Number(count)
    if (isOpen(category)) own.open += Number(count)
    components.set(name, own)
  }
  const most = [...components].sort(([, a], [, b]) => b.open - a.open || b.all - a.all).slice(0, COMPONENTS_MAX)
  return {
    ...{ id: 'components', title: 'By component' },
    columns: [{ title: 'Component' }, { title: 'Open', numeric: true }, { title: 'All', numeric: true }],
    rows: most.map(([name, { open, all }]) => ({
      cells: [name === '' ? 'none' : name, grouped(open), grouped(all)],
      ...(name !== '' && { records: { field: 'components', is: 'contains', value: `"${name}"` } }),
    })),
  }
}

function agesTable({ rows }: GroupAnswer, nowMs: number): DashboardTable {
  const counts = AGES.map(() => 0)
  for (const [day, category, count] of rows) {
    if (day === null || !isOpen(category)) continue
    const days = (nowMs - Date.parse(String(day))) / DAY_MS
    const at = AGES.findIndex((age) => days < age.days)
    counts[at] = (counts[at] ?? 0) + Number(count)
  }
  const all = counts.reduce((sum, count) => sum + count, 0)
  return {
    ...{ id: 'ages', title: 'Open by age' },
    columns: [{ title: 'Age' }, { title: 'Open', numeric: true }, { title: 'Share', numeric: true }],
    rows: AGES.map(({ label }, at) => ({ cells: [label, grouped(counts[at] ?? 0), shareOf(counts[at] ?? 0, all)] })),
  }
}

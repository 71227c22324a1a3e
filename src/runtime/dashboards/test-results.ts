/** Results of tests: how many pass, how long they take, which suites fail, and what fails again and again. */
import { formatDuration, grouped } from '../../web/mod.ts'
import type { Condition, GroupAnswer } from '../../wire/mod.ts'
import {
  type Choice,
  choiceOf,
  chosenConditions,
  type Dashboard,
  type DashboardAsked,
  type DashboardTable,
  shareOf,
} from './dashboard.ts'
import { along, counted, keyOf, since, timeOf, type Window } from './window.ts'

const FILTERS = ['branch', 'environment'] as const
const SUITES_MAX = 25
const CASES_MAX = 25
const ROWS_MAX = 10_000
const FAILED = new Set(['failed', 'error'])

/** Results of one group (a day, a suite) that ended in one way. */
type Ended = { of: unknown; status: string; count: number; durationMs: number; flaky: number }

const MEASURES = [
  { measure: 'count' },
  { measure: 'sum', field: 'duration_ms' },
  { measure: 'sum', field: 'flaky' },
] as const

/** Results that say when they began are shown by that; where most do not, all are shown by when they came. */
export async function testResultsDashboard(
  asked: DashboardAsked,
): Promise<{ dashboard: Dashboard; choices: readonly Choice[] }> {
  const { ask, window, chosen } = asked
  const time = await timeField(asked)
  const inTime = since(window, time)
  const where = [inTime, ...chosenConditions(chosen, FILTERS)]
  const compared = chosen['compare'] ?? ''
  const daysWhere = (conditions: Condition[]) =>
    ask({ by: [keyOf(window, time), { field: 'status' }], measures: [...MEASURES], where: conditions, limit: ROWS_MAX })
  const days = await daysWhere(where)
  const other = compared === '' ? undefined : await daysWhere([inTime, { field: 'branch', is: 'eq', value: compared }])
  const branches = await choiceOf(asked, { field: 'branch', label: 'Branch', where: [inTime] })
  const choices = [
    branches,
    await choiceOf(asked, { field: 'environment', label: 'Environment', where: [inTime] }),
    { field: 'compare', label: 'Beside branch', values: branches.values, chosen: compared },
  ]
  const tables = [await suitesTable(asked, where), await failingTable(asked, where)]
  const names = { own: chosen['branch'] || 'all branches', other: compared }
  return {
    choices,
    dashboard: {
      ...{ tiles: tilesOf(days), charts: chartsOf(window, names, days, other), tables },
      ...(time === '_received_at' && {
        note: 'Most results do not say when they began: they are shown by when they came.',
      }),
    },
  }
}

async function timeField({ ask, window }: DashboardAsked): Promise<string> {
  const { rows } = await ask({ by: [keyOf(window, 'started_at')], limit: ROWS_MAX })
  const undated = rows.reduce((sum, [day, count]) => sum + (day === null ? Number(count) : 0), 0)
  const all = rows.reduce((sum, [, count]) => sum + Number(count), 0)
  return undated * 2 > all ? '_received_at' : 'started_at'
}

/** Of answers by two keys, the second the status, with `MEASURES`. */
function endedOf({ rows }: GroupAnswer): Ended[] {
  return rows.map(([of, status, count, durationMs, flaky]) => ({
    ...{ of, status: String(status), count: Number(count) },
    ...{ durationMs: Number(durationMs ?? 0), flaky: Number(flaky ?? 0) },
  }))
}

function tilesOf(days: GroupAnswer): Dashboard['tiles'] {
  const sums = { results: 0, passed: 0, failed: 0, skipped: 0, durationMs: 0, flaky: 0 }
  for (const { status, count, durationMs, flaky } of endedOf(days)) {
    sums.results += count
    sums.durationMs += durationMs
    sums.flaky += flaky
    if (status === 'passed') sums.passed += count
    else if (status === 'skipped') sums.skipped += count
    else sums.failed += count
  }
  const run = sums.results - sums.skipped
  return [
    { label: 'Pass rate', value: shareOf(sums.passed, run), context: `of ${grouped(run)} that ran` },
    { label: 'Failed', value: grouped(sums.failed), context: `${grouped(sums.skipped)} skipped beside` },
    { label: 'Flaky', value: shareOf(sums.flaky, run), context: `${grouped(sums.flaky)} passed after they failed` },
    {
      label: 'Time in tests',
      value: formatDuration(sums.durationMs),
      context: `${run === 0 ? '–' : formatDuration(Math.round(sums.durationMs / run))} each`,
    },
  ]
}

function chartsOf(
  window: Window,
  names: { own: string; other: string },
  days: GroupAnswer,
  other: GroupAnswer | undefined,
): Dashboard['charts'] {
  const time = timeOf(window)
  const sumWhere = (holds: (status: string) => boolean, answer = days) =>
    along(window, answer, (sum, [, status, count]) => (holds(String(status)) ? sum + Number(count) : sum))
  const rate = (answer: GroupAnswer) => {
    const passed = sumWhere((status) => status === 'passed', answer)
    return sumWhere((status) => status !== 'skipped', answer).map((run, at) =>
      run === undefined || run === 0 ? undefined : ((passed[at] ?? 0) / run) * 100,
    )
  }
  const measured = (column: number) =>
    along(window, days, (sum, row) => sum + (typeof row[column] === 'number' ? row[column] : 0))
  return [
    {
      ...{ ...time, id: 'pass-rate', title: 'Pass rate', unit: 'percent' },
      series: [{ name: names.own, values: rate(days) }, ...(other ? [{ name: names.other, values: rate(other) }] : [])],
    },
    {
      ...{ ...time, id: 'results', title: 'Results', unit: 'count' },
      series: [
        { name: 'skipped', values: counted(sumWhere((status) => status === 'skipped')) },
        { name: 'failed', values: counted(sumWhere((status) => FAILED.has(status))) },
        { name: 'passed', values: counted(sumWhere((status) => status === 'passed')) },
      ],
    },
    {
      ...{ ...time, id: 'duration', title: 'Time in tests', unit: 'ms' },
      series: [{ name: 'time', values: counted(measured(3)) }],
    },
    {
      ...{ ...time, id: 'flaky', title: 'Flaky results', unit: 'count' },
      series: [{ name: 'flaky', values: counted(measured(4)) }],
    },
  ]
}

type Suite = { name: string; count: number; failed: number; skipped: number; durationMs: number; flaky: number }

/** The suites with the most failures. */
async function suitesTable({ ask }: DashboardAsked, where: Condition[]): Promise<DashboardTable> {
  const by = [{ field: 'suite' }, { field: 'status' }]
  const answer = await ask({ by, measures: [...MEASURES], where, limit: ROWS_MAX })
  const suites = new Map<string, Suite>()
  for (const { of, status, count, durationMs, flaky } of endedOf(answer)) {
    const name = String(of ?? '')
    const own = suites.get(name) ?? { name, count: 0, failed: 0, skipped: 0, durationMs: 0, flaky: 0 }
    own.count += count
    own.durationMs += durationMs
    own.flaky += flaky
    if (FAILED.has(status)) own.failed += count
    if (status === 'skipped') own.skipped += count
    suites.set(name, own)
  }
  const worst = [...suites.values()].sort((a, b) => b.failed - a.failed || b.count - a.count).slice(0, SUITES_MAX)
  return {
    ...{ id: 'suites', title: suites.size > SUITES_MAX ? `${SUITES_MAX} of ${grouped(suites.size)} suites` : 'Suites' },
    columns: ['Suite', 'Results', 'Failed', 'Pass rate', 'Flaky', 'Time each'].map((title, at) => ({
      ...{ title, numeric: at > 0 },
    })),
    rows: worst.map(({ name, count, failed, skipped, durationMs, flaky }) => ({
      cells: [
        ...[name === '' ? 'without a suite' : name, grouped(count), grouped(failed)],
        shareOf(count - failed - skipped, count - skipped),
        ...[grouped(flaky), formatDuration(Math.round(durationMs / count))],
      ],
      ...(name !== '' && { records: { field: 'suite', is: 'eq', value: name } }),
    })),
  }
}

/** What failed most often; found among the records themselves. */
async function failingTable({ ask }: DashboardAsked, where: Condition[]): Promise<DashboardTable> {
  const { rows } = await ask({
    by: [{ field: 'name' }, { field: 'suite' }],
    measures: [{ measure: 'count' }, { measure: 'max', field: 'started_at' }],
    where: [...where, { field: 'status', is: 'in', value: [...FAILED] }],
    ...{ sort: [{ column: 'count', descending: true }], limit: CASES_MAX },
  })
  return {
    ...{ id: 'failing', title: 'What fails most' },
    columns: [{ title: 'Test' }, { title: 'Suite' }, { title: 'Failed', numeric: true }, { title: 'Last began' }],
    rows: rows.map(([name, suite, count, last]) => ({
      cells: [
        String(name ?? ''),
        String(suite ?? ''),
        grouped(Number(count)),
        String(last ?? '–')
          .slice(0, 16)
          .replace('T', ' '),
      ],
      records: { field: 'name', is: 'eq', value: String(name ?? '') },
    })),
  }
}

/** Results of tests: how many pass, how long they take, which suites fail, and what fails again and again. */
import { formatDuration, grouped } from '../../web/mod.ts'
import type { Condition, GroupAnswer } from '../../wire/mod.ts'
import {
  BEFORE,
  besideChoice,
  type Choice,
  choiceOf,
  chosenConditions,
  type Dashboard,
  type DashboardAsked,
  isBeside,
  shareOf,
  took,
} from './dashboard.ts'
import {
  BRANCHES,
  ENVIRONMENTS,
  endedOf,
  endsTable,
  FAILED,
  failingTable,
  MEASURES,
  SUITES,
} from './test-result-tables.ts'
import { along, counted, keyOf, since, timeOf, type Window, windowBefore, within } from './window.ts'

const FILTERS = ['branch', 'environment'] as const
const ROWS_MAX = 10_000
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
  const own: Shown = { name: chosen['branch'] || 'all branches', window, days: await daysWhere(where) }
  const others: Shown[] = []
  if (compared !== '') {
    const days = await daysWhere([inTime, { field: 'branch', is: 'eq', value: compared }])
    others.push({ name: compared, window, days })
  }
  const before = windowBefore(window)
  if (isBeside(asked)) {
    const days = await daysWhere([...within(before, time), ...chosenConditions(chosen, FILTERS)])
    others.push({ name: BEFORE, window: before, days })
  }
  const branches = await choiceOf(asked, { field: 'branch', label: 'Branch', where: [inTime] })
  const choices = [
    branches,
    await choiceOf(asked, { field: 'environment', label: 'Environment', where: [inTime] }),
    { field: 'compare', label: 'Compare with branch', values: branches.values, chosen: compared, none: 'none' },
    besideChoice(asked),
  ]
  const tables = [
    await endsTable(asked, where, SUITES),
    await failingTable(asked, where),
    await endsTable(asked, where, BRANCHES),
    await endsTable(asked, where, ENVIRONMENTS),
  ]
  return {
    choices,
    dashboard: {
      ...{ tiles: tilesOf(own, others), charts: chartsOf(own, others), tables },
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

/** Results of a branch or a time, in its window. */
type Shown = { name: string; window: Window; days: GroupAnswer }

function sumsOf({ days }: Shown) {
  const sums = { results: 0, passed: 0, failed: 0, skipped: 0, durationMs: 0, flaky: 0 }
  for (const { status, count, durationMs, flaky } of endedOf(days)) {
    sums.results += count
    sums.durationMs += durationMs
    sums.flaky += flaky
    if (status === 'passed') sums.passed += count
    else if (status === 'skipped') sums.skipped += count
    else sums.failed += count
  }
  return { ...sums, run: sums.results - sums.skipped }
}
type Sums = ReturnType<typeof sumsOf>

function tilesOf(own: Shown, others: readonly Shown[]): Dashboard['tiles'] {
  const sums = sumsOf(own)
  const { passed, failed, skipped, durationMs, flaky, run } = sums
  const compared = others.map((other) => ({ name: other.name, sums: sumsOf(other) }))
  const beside = (figure: (sums: Sums) => string) =>
    compared.map(({ name, sums }) => `; ${name}: ${figure(sums)}`).join('')
  const each = (of: Sums) => (of.run === 0 ? '–' : took(of.durationMs / of.run))
  return [
    {
      ...{ label: 'Pass rate', value: shareOf(passed, run) },
      context: `of ${grouped(run)} that ran${beside((of) => shareOf(of.passed, of.run))}`,
    },
    {
      ...{ label: 'Failed', value: grouped(failed) },
      context: `${grouped(skipped)} skipped beside${beside((of) => grouped(of.failed))}`,
    },
    {
      ...{ label: 'Flaky', value: shareOf(flaky, run) },
      context: `${grouped(flaky)} passed after they failed${beside((of) => shareOf(of.flaky, of.run))}`,
    },
    { label: 'Time in tests', value: formatDuration(durationMs), context: `${each(sums)} each${beside(each)}` },
  ]
}

function chartsOf(own: Shown, others: readonly Shown[]): Dashboard['charts'] {
  const time = timeOf(own.window)
  const all = [own, ...others]
  const sumWhere = ({ window, days }: Shown, holds: (status: string) => boolean) =>
    along(window, days, (sum, [, status, count]) => (holds(String(status)) ? sum + Number(count) : sum))
  const rate = (shown: Shown) => {
    const passed = sumWhere(shown, (status) => status === 'passed')
    return sumWhere(shown, (status) => status !== 'skipped').map((run, at) =>
      run === undefined || run === 0 ? undefined : ((passed[at] ?? 0) / run) * 100,
    )
  }
  const measured = (column: number, name: string) =>
    all.map(({ window, days, name: other }, at) => ({
      name: at === 0 ? name : other,
      values: counted(along(window, days, (sum, row) => sum + (typeof row[column] === 'number' ? row[column] : 0))),
    }))
  return [
    {
      ...{ ...time, id: 'pass-rate', title: 'Pass rate', unit: 'percent' },
      series: all.map((shown) => ({ name: shown.name, values: rate(shown) })),
    },
    {
      ...{ ...time, id: 'results', title: 'Results', unit: 'count' },
      series: [
        { name: 'skipped', values: counted(sumWhere(own, (status) => status === 'skipped')) },
        { name: 'failed', values: counted(sumWhere(own, (status) => FAILED.has(status))) },
        { name: 'passed', values: counted(sumWhere(own, (status) => status === 'passed')) },
      ],
    },
    { ...{ ...time, id: 'duration', title: 'Time in tests', unit: 'ms' }, series: measured(3, own.name) },
    { ...{ ...time, id: 'flaky', title: 'Flaky results', unit: 'count' }, series: measured(4, own.name) },
  ]
}

/** Tables of test results: how they end by suite, branch and environment, and what fails most. */
import { grouped } from '../../web/mod.ts'
import type { Condition, GroupAnswer } from '../../wire/mod.ts'
import { type DashboardAsked, type DashboardTable, shareOf, took } from './dashboard.ts'

const ROWS_SHOWN_MAX = 25
const ROWS_MAX = 10_000
export const FAILED = new Set(['failed', 'error'])

type EndsBy = { id: string; field: string; one: string; many: string }
export const SUITES: EndsBy = { id: 'suites', field: 'suite', one: 'suite', many: 'suites' }
export const BRANCHES: EndsBy = { id: 'branches', field: 'branch', one: 'branch', many: 'branches' }
export const ENVIRONMENTS: EndsBy = {
  id: 'environments',
  field: 'environment',
  one: 'environment',
  many: 'environments',
}

/** Results of one group (a day, a suite) that ended in one way. */
type Ended = { of: unknown; status: string; count: number; durationMs: number; flaky: number }

export const MEASURES = [
  { measure: 'count' },
  { measure: 'sum', field: 'duration_ms' },
  { measure: 'sum', field: 'flaky' },
] as const

/** Of answers by two keys, the second the status, with `MEASURES`. */
export function endedOf({ rows }: GroupAnswer): Ended[] {
  return rows.map(([of, status, count, durationMs, flaky]) => ({
    ...{ of, status: String(status), count: Number(count) },
    ...{ durationMs: Number(durationMs ?? 0), flaky: Number(flaky ?? 0) },
  }))
}

type Ends = { name: string; count: number; failed: number; skipped: number; durationMs: number; flaky: number }

/** By a field: the values with the most failures. */
export async function endsTable(
  { ask }: DashboardAsked,
  where: Condition[],
  { id, field, one, many }: EndsBy,
): Promise<DashboardTable> {
  const by = [{ field }, { field: 'status' }]
  const answer = await ask({ by, measures: [...MEASURES], where, limit: ROWS_MAX })
  const groups = new Map<string, Ends>()
  for (const { of, status, count, durationMs, flaky } of endedOf(answer)) {
    const name = String(of ?? '')
    const own = groups.get(name) ?? { name, count: 0, failed: 0, skipped: 0, durationMs: 0, flaky: 0 }
    own.count += count
    own.durationMs += durationMs
    own.flaky += flaky
    if (FAILED.has(status)) own.failed += count
    if (status === 'skipped') own.skipped += count
    groups.set(name, own)
  }
  const worst = [...groups.values()].sort((a, b) => b.failed - a.failed || b.count - a.count).slice(0, ROWS_SHOWN_MAX)
  return {
    ...{
      id,
      title: groups.size > ROWS_SHOWN_MAX ? `${ROWS_SHOWN_MAX} of ${grouped(groups.size)} ${many}` : `By ${one}`,
    },
    columns: [
      `${one.slice(0, 1).toUpperCase()}${one.slice(1)}`,
      'Results',
      'Failed',
      'Pass rate',
      'Flaky',
      'Time each',
    ].map((title, at) => ({
      ...{ title, numeric: at > 0 },
    })),
    rows: worst.map(({ name, count, failed, skipped, durationMs, flaky }) => ({
      cells: [
        ...[name === '' ? `without ${one}` : name, grouped(count), grouped(failed)],
        shareOf(count - failed - skipped, count - skipped),
        ...[grouped(flaky), took(durationMs / count)],
      ],
      ...(name !== '' && { records: { field, is: 'eq', value: name } }),
    })),
  }
}

/** What failed most often; found among the records themselves. */
export async function failingTable({ ask }: DashboardAsked, where: Condition[]): Promise<DashboardTable> {
  const { rows } = await ask({
    by: [{ field: 'name' }, { field: 'suite' }],
    measures: [{ measure: 'count' }, { measure: 'max', field: 'started_at' }],
    where: [...where, { field: 'status', is: 'in', value: [...FAILED] }],
    ...{ sort: [{ column: 'count', descending: true }], limit: ROWS_SHOWN_MAX },
  })
  return {
    ...{ id: 'failing', title: 'What fails most' },
    columns: [{ title: 'Test' }, { title: 'Suite' }, { title: 'Failed', numeric: true }, { title: 'Last began (UTC)' }],
    rows: rows.map(([name, suite, count, last]) => ({
      cells: [
        String(name ?? ''),
        String(suite ?? ''),
        grouped(Number(count)),
        String(last ?? '–')
          .slice(0, 16)
          .replace('T', ' '),
      ],
      test: { name: String(name ?? ''), suite: String(suite ?? '') },
    })),
  }
}

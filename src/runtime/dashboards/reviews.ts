/** Reviews: how they rate over time, and by version. */
import { grouped } from '../../web/mod.ts'
import type { Condition } from '../../wire/mod.ts'
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
} from './dashboard.ts'
import { along, counted, keyOf, since, timeOf, type Window, windowBefore, within } from './window.ts'

const ROWS_MAX = 10_000
const VERSIONS_MAX = 25
const FILTERS = ['app', 'store'] as const
const RATED = [{ measure: 'count' }, { measure: 'sum', field: 'rating' }] as const

export async function reviewsDashboard(
  asked: DashboardAsked,
): Promise<{ dashboard: Dashboard; choices: readonly Choice[] }> {
  const { ask, window, chosen } = asked
  const inTime = since(window, 'created_at')
  const filters = chosenConditions(chosen, FILTERS)
  const where = [inTime, ...filters]
  const rated = await ratedIn(asked, window, where)
  const before = windowBefore(window)
  const earlier = isBeside(asked)
    ? await ratedIn(asked, before, [...within(before, 'created_at'), ...filters])
    : undefined
  const ratings = await ask({ by: [{ field: 'rating' }], where, limit: ROWS_MAX })
  const versions = await ask({
    ...{ by: [{ field: 'version' }], measures: [...RATED], where, limit: VERSIONS_MAX },
    sort: [{ column: 'count', descending: true }],
  })
  const { count } = rated
  const low = ratings.rows.reduce((sum, [rating, many]) => sum + (Number(rating) <= 2 ? Number(many) : 0), 0)
  return {
    choices: [
      await choiceOf(asked, { field: 'app', label: 'App', where: [inTime] }),
      await choiceOf(asked, { field: 'store', label: 'Store', where: [inTime] }),
      besideChoice(asked),
    ],
    dashboard: {
      tiles: [
        {
          ...{ label: 'Rating', value: average(rated.sum, count) },
          context: `on average${earlier ? `; ${BEFORE}: ${average(earlier.sum, earlier.count)}` : ''}`,
        },
        {
          ...{ label: 'Reviews', value: grouped(count) },
          context: `within the time shown${earlier ? `; ${BEFORE}: ${grouped(earlier.count)}` : ''}`,
        },
        { label: 'One and two stars', value: shareOf(low, count), context: `${grouped(low)} reviews` },
      ],
      charts: [
        {
          ...{ ...timeOf(window), id: 'rating', title: 'Rating on average', unit: 'count' },
          series: [
            { name: 'rating', values: rated.averages },
            ...(earlier ? [{ name: BEFORE, values: earlier.averages }] : []),
          ],
        },
        {
          ...{ ...timeOf(window), id: 'reviews', title: 'Reviews', unit: 'count' },
          series: [
            { name: 'reviews', values: rated.counts },
            ...(earlier ? [{ name: BEFORE, values: earlier.counts }] : []),
          ],
        },
      ],
      tables: [
        {
          ...{ id: 'ratings', title: 'By rating' },
          columns: [{ title: 'Rating' }, { title: 'Reviews', numeric: true }, { title: 'Share', numeric: true }],
          rows: [...ratings.rows]
            .sort(([a], [b]) => Number(b) - Number(a))
            .map(([rating, many]) => ({
              cells: [rating === null ? 'none' : String(rating), grouped(Number(many)), shareOf(Number(many), count)],
              ...(typeof rating === 'number' && { records: { field: 'rating', is: 'eq', value: rating } }),
            })),
        },
        {
          ...{ id: 'versions', title: 'By version' },
          columns: [{ title: 'Version' }, { title: 'Reviews', numeric: true }, { title: 'Rating', numeric: true }],
          rows: versions.rows.map(([version, many, sum]) => ({
            cells: [String(version ?? 'none'), grouped(Number(many)), average(Number(sum ?? 0), Number(many))],
            ...(version !== null && { records: { field: 'version', is: 'eq', value: String(version) } }),
          })),
        },
      ],
    },
  }
}

function average(sum: number, many: number): string {
  return many === 0 ? '–' : (sum / many).toFixed(2)
}

/** How reviews of a time rate, bucket by bucket and all together. */
async function ratedIn({ ask }: DashboardAsked, window: Window, where: Condition[]) {
  const days = await ask({ by: [keyOf(window, 'created_at')], measures: [...RATED], where, limit: ROWS_MAX })
  const counts = counted(along(window, days, (sum, row) => sum + Number(row[1])))
  const stars = along(window, days, (sum, row) => sum + Number(row[2] ?? 0))
  return {
    counts,
    averages: stars.map((sum, at) => sum && sum / (counts[at] || 1)),
    count: counts.reduce((sum, one) => sum + one, 0),
    sum: counted(stars).reduce((sum, one) => sum + one, 0),
  }
}

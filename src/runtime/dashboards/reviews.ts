/** Reviews: how they rate over time, and by version. */
import { grouped } from '../../web/mod.ts'
import { type Choice, choiceOf, chosenConditions, type Dashboard, type DashboardAsked, shareOf } from './dashboard.ts'
import { along, counted, keyOf, since, timeOf } from './window.ts'

const ROWS_MAX = 10_000
const VERSIONS_MAX = 25
const FILTERS = ['app', 'store'] as const
const RATED = [{ measure: 'count' }, { measure: 'sum', field: 'rating' }] as const

export async function reviewsDashboard(
  asked: DashboardAsked,
): Promise<{ dashboard: Dashboard; choices: readonly Choice[] }> {
  const { ask, window, chosen } = asked
  const inTime = since(window, 'created_at')
  const where = [inTime, ...chosenConditions(chosen, FILTERS)]
  const days = await ask({ by: [keyOf(window, 'created_at')], measures: [...RATED], where, limit: ROWS_MAX })
  const ratings = await ask({ by: [{ field: 'rating' }], where, limit: ROWS_MAX })
  const versions = await ask({
    ...{ by: [{ field: 'version' }], measures: [...RATED], where, limit: VERSIONS_MAX },
    sort: [{ column: 'count', descending: true }],
  })
  const counts = counted(along(window, days, (sum, row) => sum + Number(row[1])))
  const stars = along(window, days, (sum, row) => sum + Number(row[2] ?? 0))
  const count = counts.reduce((sum, one) => sum + one, 0)
  const low = ratings.rows.reduce((sum, [rating, many]) => sum + (Number(rating) <= 2 ? Number(many) : 0), 0)
  const average = (sum: number, many: number) => (many === 0 ? '–' : (sum / many).toFixed(2))
  return {
    choices: [
      await choiceOf(asked, { field: 'app', label: 'App', where: [inTime] }),
      await choiceOf(asked, { field: 'store', label: 'Store', where: [inTime] }),
    ],
    dashboard: {
      tiles: [
        {
          ...{ label: 'Rating', context: 'on average, within the time shown' },
          value: average(
            counted(stars).reduce((sum, one) => sum + one, 0),
            count,
          ),
        },
        { label: 'Reviews', value: grouped(count), context: 'within the time shown' },
        { label: 'One and two stars', value: shareOf(low, count), context: `${grouped(low)} reviews` },
      ],
      charts: [
        {
          ...{ ...timeOf(window), id: 'rating', title: 'Rating on average', unit: 'count' },
          series: [{ name: 'rating', values: stars.map((sum, at) => sum && sum / (counts[at] || 1)) }],
        },
        {
          ...{ ...timeOf(window), id: 'reviews', title: 'Reviews', unit: 'count' },
          series: [{ name: 'reviews', values: counts }],
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

/** A dashboard of a dataset: figures, charts along one time, and tables of which each row leads to its records. */
import {
  Charts,
  Empty,
  type Failure,
  Filters,
  FormError,
  Select,
  Table,
  type TableRow,
  Tiles,
  type View,
} from '../../web/mod.ts'
import type { Choice, Dashboard, DashboardRow } from '../dashboards/dashboard.ts'
import { DASHBOARD_RANGES, type DashboardRange } from '../dashboards/window.ts'

export type DashboardProps = {
  /** Of the dataset's pages. */
  path: string
  range: DashboardRange
  chosen: Readonly<Record<string, string>>
  /** Nothing when it was refused, for which `failure` says why. */
  drawn: { dashboard: Dashboard; choices: readonly Choice[] } | undefined
  failure?: Failure | undefined
  isEmpty: boolean
}

export function DashboardPage({ path, range, chosen, drawn, failure, isEmpty }: DashboardProps): View {
  if (isEmpty) {
    const actions = [{ label: 'How to upload', href: path }]
    return <Empty title="No records yet" teaches="Figures are drawn once documents were uploaded." actions={actions} />
  }
  if (!drawn) return <FormError {...(failure ?? { message: 'The figures cannot be drawn' })} />
  const { dashboard, choices } = drawn
  const own = `${path}/dashboard`
  const keep = Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== ''))
  return (
    <>
      <Filters
        action={own}
        label="Choose what is drawn"
        clear={Object.keys(keep).length > 0 ? `${own}?range=${range}` : undefined}
      >
        {choices.map(({ field, label, values, chosen: value }) => (
          <Select
            name={field}
            {...{ label, value }}
            options={[
              { value: '', label: field === 'compare' ? 'none' : 'all' },
              ...values.map((one) => ({ value: one, label: one })),
            ]}
          />
        ))}
        <input type="hidden" name="range" value={range} />
      </Filters>
      <Tiles label="Figures" tiles={dashboard.tiles} />
      {dashboard.note !== undefined && <p class="help">{dashboard.note}</p>}
      <Charts {...{ path: own, range, ranges: DASHBOARD_RANGES, keep, charts: dashboard.charts }} title="Over time" />
      {dashboard.tables.map(({ id, title, columns, rows }) => (
        <Table
          {...{ id, title, columns }}
          rows={rows.map((row) => tableRow(path, row))}
          empty="Nothing within this time."
        />
      ))}
    </>
  )
}

function tableRow(path: string, { cells, records }: DashboardRow): TableRow {
  if (!records) return { cells }
  const words = new URLSearchParams({ field: records.field, is: records.is, value: String(records.value) })
  return { href: `${path}?${words}`, cells }
}

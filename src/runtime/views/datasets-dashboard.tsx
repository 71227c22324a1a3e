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
import { ViewActs } from './datasets-views.tsx'

const UTC = 'UTC'

export type DashboardProps = {
  /** Of the dataset's pages. */
  path: string
  range: DashboardRange
  /** Of the days and weeks. */
  zone: string
  chosen: Readonly<Record<string, string>>
  /** Nothing when it was refused, for which `failure` says why. */
  drawn: { dashboard: Dashboard; choices: readonly Choice[] } | undefined
  failure?: Failure | undefined
  isEmpty: boolean
}

export function DashboardPage({ path, range, zone, chosen, drawn, failure, isEmpty }: DashboardProps): View {
  if (isEmpty) {
    const actions = [{ label: 'How to upload', href: path }]
    return <Empty title="No records yet" teaches="Figures are drawn once documents were uploaded." actions={actions} />
  }
  if (!drawn) return <FormError {...(failure ?? { message: 'The figures cannot be drawn' })} />
  const { dashboard, choices } = drawn
  const own = `${path}/dashboard`
  const keep = Object.fromEntries(
    Object.entries({ ...chosen, zone: zone === UTC ? '' : zone }).filter(([, value]) => value !== ''),
  )
  return (
    <>
      <Filters
        action={own}
        label="Choose what is drawn"
        clear={Object.keys(keep).length > 0 ? `${own}?range=${range}` : undefined}
      >
        {choices.map(({ field, label, values, chosen: value, none = 'all' }) => (
          <Select
            name={field}
            {...{ label, value }}
            options={[{ value: '', label: none }, ...values.map((one) => ({ value: one, label: one }))]}
          />
        ))}
        <Select
          name="zone"
          label="Time zone"
          value={zone}
          options={zonesWith(zone).map((name) => ({ value: name, label: name }))}
        />
        <input type="hidden" name="range" value={range} />
      </Filters>
      <ViewActs path={path} page="dashboard" words={{ ...keep, range }} />
      <Tiles label="Figures" tiles={dashboard.tiles} />
      <p class="help">{daysOf(zone)}</p>
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

/** What is kept ready is kept by days of UTC. */
function daysOf(zone: string): string {
  return zone === UTC ? 'Days are those of UTC.' : `Days are those of ${zone}, counted anew from the records.`
}

/** A name that is another for one of the list is a choice as well. */
function zonesWith(zone: string): string[] {
  return [...new Set([UTC, zone, ...Intl.supportedValuesOf('timeZone')])]
}

function tableRow(path: string, { cells, records, test }: DashboardRow): TableRow {
  if (test) return { href: `${path}/tests?${testWords(test)}`, cells }
  if (!records) return { cells }
  const words = new URLSearchParams({ field: records.field, is: records.is, value: String(records.value) })
  return { href: `${path}?${words}`, cells }
}

/** A suite that is missing is none to ask for. */
function testWords({ name, suite }: { name: string; suite: string }): URLSearchParams {
  return new URLSearchParams({ name, ...(suite !== '' && { suite }) })
}

/** The last audit logs of a deployment: when, where, which template, which typed fields. */
import { Ago, Level, type Regions, Table, type View } from '../../web/mod.ts'
import type { LogLine } from '../reports/logs.ts'

/** Lines that the page of a deployment shows. */
export const LINES_SHOWN = 50

export function logRegions(lines: readonly LogLine[], names: ReadonlyMap<string, string>, nowMs: number): Regions {
  return { 'deployment-logs': <LogLines lines={lines} names={names} nowMs={nowMs} /> }
}

function LogLines(props: { lines: readonly LogLine[]; names: ReadonlyMap<string, string>; nowMs: number }): View {
  return (
    <Table
      id="logs"
      feed
      title="Audit logs"
      columns={[{ title: 'When' }, { title: 'Level' }, { title: 'Runtime' }, { title: 'Component' }, { title: 'What' }]}
      empty="Nothing was told yet."
      rows={props.lines.toReversed().map((line) => ({
        id: `log-${line.sequence}`,
        cells: [
          <Ago at={Date.parse(line.at)} now={props.nowMs} />,
          <Level level={line.level} />,
          props.names.get(line.runtime) ?? line.runtime,
          line.component !== undefined && (props.names.get(line.component) ?? line.component),
          <>
            <code>{line.template}</code>{' '}
            <small>
              {Object.entries(line.fields)
                .map(([name, value]) => `${name}=${value}`)
                .join(' ')}
            </small>
          </>,
        ],
      }))}
    />
  )
}

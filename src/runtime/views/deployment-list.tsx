/** Deployments as a table, with what each takes in and gives out. */
import {
  Ago,
  ByteCount,
  Count,
  Empty,
  Id,
  type Listing,
  pageOf,
  Rate,
  State,
  Table,
  type TableRow,
  type View,
  wordOf,
} from '../../web/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import { throughputOf } from '../throughput.ts'

export type DeploymentListProps = {
  deployments: readonly DeploymentDetail[]
  nowMs: number
  /** Without it, all of them in the order they come in. */
  listing?: Listing
}

/** Words by which the list is sorted. */
export const DEPLOYMENT_SORTS = ['name', 'state', 'in', 'out', 'refused', 'errors', 'memory', 'since'] as const

const TERMS = {
  text: (one: DeploymentDetail) => `${one.blueprint} ${one.deployment} ${wordOf(one.state, one.reasons)}`,
  by: {
    name: (one: DeploymentDetail) => one.blueprint,
    state: (one: DeploymentDetail) => wordOf(one.state, one.reasons),
    in: (one: DeploymentDetail) => throughputOf([one]).in ?? 0,
    out: (one: DeploymentDetail) => throughputOf([one]).out ?? 0,
    refused: (one: DeploymentDetail) => one.deadLetters,
    errors: errorsOf,
    memory: (one: DeploymentDetail) => one.worker?.rssBytes ?? 0,
    since: (one: DeploymentDetail) => one.changedAtMs,
  } satisfies Record<(typeof DEPLOYMENT_SORTS)[number], unknown>,
}

export function DeploymentList({ deployments, nowMs, listing }: DeploymentListProps): View {
  if (deployments.length === 0) {
    return (
      <Empty
        title="No deployments"
        teaches="A deployment is one version of a Blueprint in force here. The Platform sends it; you approve what it may touch."
        command="sluice blueprint deploy orders-to-warehouse.yaml"
      />
    )
  }
  const shown = listing ? pageOf(deployments, listing, TERMS) : { rows: deployments, total: deployments.length }
  return (
    <Table
      id="deployments"
      title="Deployments"
      columns={[
        { title: 'Deployment', sort: 'name' },
        { title: 'State', sort: 'state' },
        { title: 'In', numeric: true, sort: 'in' },
        { title: 'Out', numeric: true, sort: 'out' },
        { title: 'Refused', numeric: true, sort: 'refused' },
        { title: 'Errors', numeric: true, sort: 'errors' },
        { title: 'Memory', numeric: true, sort: 'memory' },
        { title: 'Since', sort: 'since' },
      ]}
      rows={shown.rows.map((one) => rowOf(one, nowMs))}
      total={shown.total}
      {...(listing && { listing, filterLabel: 'Filter by name, id or state' })}
    />
  )
}

/** Failed attempts of all its components, those that were tried again among them. */
function errorsOf({ components }: DeploymentDetail): number {
  return components.reduce((sum, { errors }) => sum + errors, 0)
}

function rowOf(one: DeploymentDetail, nowMs: number): TableRow {
  const rate = throughputOf([one])
  return {
    id: `row-${one.deployment}`,
    href: `/deployments/${one.deployment}`,
    under: (
      <>
        {`version ${one.version} `}
        <Id value={one.deployment} label="deployment id" />
      </>
    ),
    cells: [
      one.blueprint,
      <State state={one.state} why={one.reasons} finished={one.finished} />,
      <Rate perSecond={rate.in} />,
      <Rate perSecond={rate.out} />,
      <Count value={one.deadLetters} />,
      <Count value={errorsOf(one)} />,
      one.worker?.pid === undefined ? '–' : <ByteCount value={one.worker.rssBytes} />,
      <Ago at={one.changedAtMs} now={nowMs} />,
    ],
  }
}

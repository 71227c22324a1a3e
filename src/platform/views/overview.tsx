/** The overview of a tenant: what needs a person, then its fleet and its deployments. Every part updates live. */
import {
  Ago,
  Count,
  Empty,
  type Need,
  Needs,
  Region,
  type Regions,
  State,
  Table,
  Tiles,
  type View,
  Words,
} from '../../web/mod.ts'
import type { DeploymentView } from '../deployments/view.ts'
import type { Contact, RuntimeView } from '../runtimes.ts'
import { cureOf } from './cures.ts'
import { named } from './names.ts'

export type OverviewProps = {
  base: string
  runtimes: readonly RuntimeView[]
  deployments: readonly DeploymentView[]
  logLines: number
  nowMs: number
}

export function Overview(props: OverviewProps): View {
  const regions = overviewRegions(props)
  return (
    <>
      {Object.entries(regions).map(([id, view]) => (
        <Region id={id}>{view}</Region>
      ))}
    </>
  )
}

/** The parts by the id of their element: what the live stream of the page sends. */
export function overviewRegions(props: OverviewProps): Regions {
  return {
    'overview-needs': <Needs needs={needsOf(props)} well="Nothing needs you." />,
    'overview-tiles': <Figures {...props} />,
    'overview-runtimes': <Runtimes {...props} />,
    'overview-deployments': <Deployments {...props} />,
  }
}

const TROUBLED = new Set(['failed', 'refused', 'awaiting-approval'])

function needsOf({ base, runtimes, deployments, nowMs }: OverviewProps): Need[] {
  const late = runtimes
    .filter(({ state }) => state === 'late')
    .map(
      ({ name, lastHeartbeatAt }): Need => ({
        state: 'late',
        what: `${name} is late`,
        effect: lastHeartbeatAt ? (
          <>
            Last heard of <Ago at={Date.parse(lastHeartbeatAt)} now={nowMs} />
          </>
        ) : (
          'Never heard of'
        ),
        action: { label: 'Runtimes', href: '#runtimes' },
      }),
    )
  const troubled = deployments.flatMap(({ deployment, blueprint, runtimes: places }) =>
    places
      .filter(({ state }) => TROUBLED.has(state))
      .map(
        ({ name, state, reasons }): Need => ({
          state,
          what:
            state === 'awaiting-approval'
              ? `${blueprint} waits for the owner of ${name}`
              : `${blueprint}: ${state} on ${name}`,
          effect: state === 'awaiting-approval' ? newTo(reasons) : <Words text={whyAndCure(reasons, name, runtimes)} />,
          action: { label: 'Look', href: `${base}/deployments/${deployment}` },
        }),
      ),
  )
  return [
    ...wentBack(runtimes, nowMs),
    ...troubled.filter(({ state }) => state !== 'awaiting-approval'),
    ...late,
    ...troubled.filter(({ state }) => state === 'awaiting-approval'),
  ]
}

/** What it adds is on the page of the deployment, item by item. */
function newTo(reasons: readonly { code: string }[]): string {
  const added = reasons.filter(({ code }) => code.startsWith('approval.')).length
  const things = added === 1 ? 'one thing' : `${added} things`
  return `It adds ${things} to what was approved there; until that is decided, what runs goes on.`
}

/** The code and what it is about, then what to do on that Runtime or here. */
function whyAndCure(
  reasons: DeploymentView['runtimes'][number]['reasons'],
  name: string,
  runtimes: readonly RuntimeView[],
): string {
  const why = reasons.map(inWords(runtimes)).join(', ')
  const cure = cureOf(reasons, name)
  return cure ? `${why}. ${cure}` : why
}

function inWords(runtimes: readonly RuntimeView[]) {
  return ({ code, item }: { code: string; item?: string | undefined }): string =>
    item ? `${code} ${named(item, runtimes)}` : code
}

function wentBack(runtimes: readonly RuntimeView[], nowMs: number): Need[] {
  return runtimes.flatMap(({ name, trailWentBack }): Need[] =>
    trailWentBack === undefined
      ? []
      : [
          {
            state: 'failed',
            what: `${name} lost part of its audit trail`,
            effect: (
              <>
                It had told of <Count value={trailWentBack.from.count} /> entries and then of{' '}
                <Count value={trailWentBack.to.count} />, <Ago at={Date.parse(trailWentBack.at)} now={nowMs} />
              </>
            ),
            action: { label: 'Runtimes', href: '#runtimes' },
          },
        ],
  )
}

function Figures({ runtimes, deployments, logLines }: OverviewProps): View {
  const up = runtimes.filter(({ state }) => state === 'running').length
  const running = deployments.filter(({ state }) => state === 'running').length
  return (
    <Tiles
      label="Figures"
      tiles={[
        { label: 'Runtimes', value: <Count value={up} />, context: `running, of ${runtimes.length}` },
        { label: 'Deployments', value: <Count value={running} />, context: `running, of ${deployments.length}` },
        { label: 'Heartbeats', value: <Count value={runtimes.reduce((sum, { heartbeats }) => sum + heartbeats, 0)} /> },
        { label: 'Audit logs', value: <Count value={logLines} />, context: 'kept here' },
      ]}
    />
  )
}

/** `pending` is no state of anything that runs: it is shown as what it is, a beginning. */
function ContactState(props: { state: Contact }): View {
  return props.state === 'pending' ? <State state="received" word="pending" /> : <State state={props.state} />
}

function Runtimes({ runtimes, nowMs }: OverviewProps): View {
  if (runtimes.length === 0)
    return (
      <Empty
        title="No Runtimes yet"
        teaches="A Runtime is Sluice in a network of yours. An enrolment code makes one known here."
        command="sluice enrolment-code create"
      />
    )
  return (
    <Table
      id="runtimes"
      title="Runtimes"
      columns={[
        { title: 'Runtime' },
        { title: 'State' },
        { title: 'Heartbeat' },
        { title: 'Version' },
        { title: 'Address' },
      ]}
      rows={runtimes.map((runtime) => ({
        id: `runtime-${runtime.id}`,
        cells: [
          <b>{runtime.name}</b>,
          <ContactState state={runtime.state} />,
          runtime.lastHeartbeatAt ? <Ago at={Date.parse(runtime.lastHeartbeatAt)} now={nowMs} /> : '–',
          runtime.version,
          runtime.managementUrl,
        ],
      }))}
    />
  )
}

function Deployments({ base, deployments, nowMs }: OverviewProps): View {
  if (deployments.length === 0)
    return (
      <Empty
        title="No deployments yet"
        teaches="A Blueprint says what runs where and how records flow. Deploying it tells the Runtimes."
        command="sluice blueprint deploy FILE"
      />
    )
  return (
    <Table
      id="deployments"
      title="Deployments"
      columns={[
        { title: 'Blueprint' },
        { title: 'State' },
        { title: 'Version', numeric: true },
        { title: 'Runtimes' },
        { title: 'Changed' },
      ]}
      rows={deployments.map((row) => ({
        id: `deployment-${row.deployment}`,
        href: `${base}/deployments/${row.deployment}`,
        cells: [
          row.blueprint,
          <State state={row.state} why={row.runtimes.flatMap(({ reasons }) => reasons)} finished={row.finished} />,
          String(row.version),
          row.runtimes.map(({ name }) => name).join(', '),
          <Ago at={Date.parse(row.changedAt)} now={nowMs} />,
        ],
      }))}
    />
  )
}

/** One deployment with its live counts, what waits for the owner's decision, and its log. */
import {
  type BridgeView,
  type ComponentView,
  DeploymentView,
  type DeploymentViewProps,
  Region,
  Table,
  type View,
} from '../../web/mod.ts'
import type { DeadLetterEntry } from '../../wire/mod.ts'
import type { DeploymentDetail } from '../deployment-detail.ts'
import type { LogEntry } from '../local-logs.ts'

export type DeploymentPageProps = {
  detail: DeploymentDetail
  /** Newest first. */
  logs: readonly LogEntry[]
  letters: readonly DeadLetterEntry[]
  nowMs: number
  mayDecide: boolean
  mayStop: boolean
}

export function DeploymentPage(props: DeploymentPageProps): View {
  const newest = props.letters.at(-1)
  return (
    <>
      {props.detail.waiting !== undefined && (
        <Approval mayDecide={props.mayDecide} deployment={props.detail.deployment} waiting={props.detail.waiting} />
      )}
      <DeploymentView {...deploymentViewProps(props.detail, props.nowMs)} />
      {props.detail.deadLetters > 0 && (
        <>
          <Letters letters={props.letters} count={props.detail.deadLetters} />
          {props.mayDecide && newest && (
            <Drop deployment={props.detail.deployment} shown={props.letters.length} through={newest.position} />
          )}
        </>
      )}
      <Region id="deployment-log">
        <Logs logs={props.logs} />
      </Region>
      {props.mayStop && props.detail.state !== 'stopped' && (
        <form method="post" action={`/deployments/${props.detail.deployment}/stop`}>
          <button type="submit" class="button quiet">
            Stop this deployment
          </button>
        </form>
      )}
    </>
  )
}

/** The shared view's props. A component that its worker has not told of yet shows the deployment's own state. */
export function deploymentViewProps(detail: DeploymentDetail, nowMs: number): DeploymentViewProps {
  const told = new Map(detail.components.map((component) => [component.name, component]))
  const remote = (name: string): string | undefined =>
    detail.bridges.find((bridge) => bridge.direction === 'in' && bridge.from === name)?.bridge
  const components = detail.wiring.map(({ name, type, from }): ComponentView => {
    const place = { name, type, system: detail.system, from: from.filter((source) => remote(source) === undefined) }
    const counts = told.get(name)
    return counts ? { ...counts, ...place } : { ...place, ...NOTHING_YET, state: detail.state }
  })
  return {
    ...{ id: detail.deployment, version: detail.version, state: detail.state, nowMs },
    // What waits says above what it adds.
    reasons: detail.state === 'awaiting-approval' ? [] : detail.reasons,
    sinceMs: Date.parse(detail.changedAt),
    systems: [{ name: detail.system }],
    components,
    bridges: detail.bridges.map((bridge): BridgeView => ({ ...bridge, id: bridge.bridge })),
  }
}

const NOTHING_YET = {
  ...{ messagesIn: 0, messagesOut: 0, bytesIn: 0, bytesOut: 0 },
  ...{ errors: 0, retries: 0, refused: 0, executionMs: 0 },
}

type ApprovalProps = {
  deployment: string
  waiting: NonNullable<DeploymentDetail['waiting']>
  mayDecide: boolean
}

function Approval({ deployment, waiting, mayDecide }: ApprovalProps): View {
  const adds = Object.entries(waiting.adds).flatMap(([kind, items]) => items.map((item) => ({ kind, item })))
  return (
    <section class="card gate" aria-labelledby="approval-title">
      <h2 id="approval-title">{`Version ${waiting.version} waits for approval`}</h2>
      <p>Approving allows it, and later versions of this deployment, what follows. Nothing of it runs before.</p>
      <ul>
        {adds.map(({ kind, item }) => (
          <li>
            {`${kind}: `}
            <code>{item}</code>
          </li>
        ))}
      </ul>
      {mayDecide ? (
        <>
          <form method="post" action={`/deployments/${deployment}/approve`}>
            <input type="hidden" name="version" value={String(waiting.version)} />
            <button type="submit" class="button">
              Approve
            </button>
          </form>
          <form method="post" action={`/deployments/${deployment}/refuse`}>
            <input type="hidden" name="version" value={String(waiting.version)} />
            <button type="submit" class="button quiet">
              Refuse
            </button>
          </form>
        </>
      ) : (
        <p>An owner of this Runtime decides.</p>
      )}
    </section>
  )
}

export function Logs({ logs }: { logs: readonly LogEntry[] }): View {
  return (
    <Table
      id="logs"
      title="Log"
      columns={[
        { title: 'At' },
        { title: 'Component' },
        { title: 'Level', wide: true },
        { title: 'What' },
        { title: 'Fields', wide: true },
      ]}
      empty="Nothing was logged yet."
      rows={logs.map((entry) => ({
        id: `log-${entry.position}`,
        cells: [entry.at, entry.component ?? '', entry.level, <code>{entry.template}</code>, fieldsOf(entry)],
      }))}
    />
  )
}

/** Where the refused records are and why they were refused; what they hold is not shown here. */
function Letters({ letters, count }: { letters: readonly DeadLetterEntry[]; count: number }): View {
  return (
    <Table
      id="letters"
      title={`Refused records: ${count}`}
      columns={[{ title: 'Component' }, { title: 'From' }, { title: 'Position', numeric: true }, { title: 'Why' }]}
      rows={letters.map((letter) => ({
        id: `letter-${letter.position}`,
        cells: [
          letter.component,
          letter.partition,
          String(letter.sourcePosition),
          <>
            <code>{letter.reason.code}</code> {letter.reason.item ?? ''}
          </>,
        ],
      }))}
    />
  )
}

/** Drops what is shown, and nothing that came meanwhile. */
function Drop({ deployment, shown, through }: { deployment: string; shown: number; through: number }): View {
  return (
    <form method="post" action={`/deployments/${deployment}/dead-letters/drop`}>
      <input type="hidden" name="through" value={String(through)} />
      <button type="submit" class="button quiet">
        {shown === 1 ? 'Drop this record for good' : `Drop these ${shown} records for good`}
      </button>
    </form>
  )
}

function fieldsOf(entry: LogEntry): string {
  return Object.entries(entry.fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}

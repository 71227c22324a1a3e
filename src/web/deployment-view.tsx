/** One deployment, as the Platform and each Runtime show it: state, flow, components with their counts, bridges. Parts update live. */

import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { nounFor } from '../base/mod.ts'
import { Ago, ByteCount, Count, Id, Rate } from './figures.tsx'
import { FlowPicture, type FlowRemote, type FlowSystem } from './flow-picture.tsx'
import { formatDuration } from './format.ts'
import { NothingCrosses, type PeerView, Reason, type ReasonView } from './reasons.tsx'
import { Region, type Regions } from './region.tsx'
import { componentWordOf, type Finished, State, type StateWord, unsaid } from './state.tsx'
import { type Column, Rows } from './table.tsx'
import type { View } from './view.ts'

/** Counts as in wire's `ComponentStatus`; the Runtime or system it is on, and rates where they are known. */
export type ComponentView = {
  name: string
  type: string
  system: string
  from: readonly string[]
  state: StateWord
  reason?: ReasonView | undefined
  messagesIn: number
  messagesOut: number
  bytesIn: number
  bytesOut: number
  errors: number
  retries: number
  refused: number
  executionMs: number
  inPerSecond?: number
  outPerSecond?: number
}

/** One Secure Bridge of a deployment; counts as in wire's `BridgeStatus`. */
export type BridgeView = {
  id: string
  from: string
  to: readonly string[]
  /** The name of the Runtime at its other end. */
  peer?: string
  state: 'connecting' | 'up' | 'down' | 'closed'
  suite: string
  frames: number
  bytes: number
  rotations: number
  keyAgeMs?: number
  /** Since when it is in this state, milliseconds since 1970. */
  sinceMs?: number | undefined
  /** Why it is not up. */
  reason?: ReasonView | undefined
}

/** What the view shows; everything is plain data. */
export type DeploymentViewProps = {
  id: string
  version: number
  state: StateWord
  reasons: readonly ReasonView[]
  /** What it moved, where it came to its end by itself. */
  finished?: Finished | undefined
  peers?: readonly PeerView[]
  /** Milliseconds since 1970: when it came into this state, and now. */
  sinceMs?: number
  nowMs: number
  systems: readonly FlowSystem[]
  /** Components of other Runtimes that bridges lead from and to: drawn, but not ours to tell of. */
  remotes?: readonly FlowRemote[]
  components: readonly ComponentView[]
  bridges: readonly BridgeView[]
  /** What can be done with it, at its top. */
  acts?: Child
  /** What else belongs to it, below: logs, approval. */
  children?: Child
}

/** The whole view; each part stands in an element that a live stream may update. */
export function DeploymentView(props: DeploymentViewProps): View {
  const regions = deploymentRegions(props)
  return (
    <>
      <div class="standing">
        <Region id="deployment-state">{regions['deployment-state']}</Region>
        {props.acts}
      </div>
      <section aria-labelledby="flow-title">
        <h2 id="flow-title">Flow</h2>
        <Region id="deployment-flow" class="card">
          {regions['deployment-flow']}
        </Region>
      </section>
      <section aria-labelledby="components-title">
        <h2 id="components-title">Components</h2>
        <Region id="deployment-components" class="card">
          {regions['deployment-components']}
        </Region>
      </section>
      <Region id="deployment-bridges">{regions['deployment-bridges']}</Region>
      {props.children}
    </>
  )
}

/** The parts that change while one looks, by the id of their element: what a live stream of this page sends. */
export function deploymentRegions(props: DeploymentViewProps): Regions {
  return {
    'deployment-state': <Summary {...props} />,
    'deployment-flow': (
      <FlowPicture
        systems={props.systems}
        nodes={props.components.map((one) => ({
          ...one,
          word: componentWordOf(one.state, props),
          out: one.messagesOut,
        }))}
        remotes={props.remotes ?? []}
        bridges={props.bridges}
      />
    ),
    'deployment-components': <Components {...props} />,
    'deployment-bridges': props.bridges.length === 0 ? html`` : <Bridges {...props} />,
  }
}

function Summary(props: DeploymentViewProps): View {
  const reasons = unsaid(props.state, props.reasons)
  const peers = props.peers ?? []
  return (
    <div class="summary">
      <State state={props.state} why={props.reasons} finished={props.finished} />
      <span>{`version ${props.version}`}</span>
      {props.sinceMs !== undefined && (
        <span>
          since <Ago at={props.sinceMs} now={props.nowMs} />
        </span>
      )}
      <Id value={props.id} label="deployment id" />
      {reasons.length + peers.length > 0 && (
        <ul class="reasons">
          {reasons.map((reason) => (
            <li>
              <Reason reason={reason} />
            </li>
          ))}
          {peers.map((peer) => (
            <li>
              <NothingCrosses peer={peer} nowMs={props.nowMs} />
            </li>
          ))}
        </ul>
      )}
    </div>
  )
}

const COMPONENT_COLUMNS: readonly Column[] = [
  { title: 'Component' },
  { title: 'State' },
  { title: 'In', numeric: true },
  { title: 'Out', numeric: true },
  { title: 'Rate', numeric: true },
  { title: 'Bytes out', numeric: true },
  { title: 'Refused', numeric: true },
  { title: 'Errors', numeric: true },
  { title: 'Retries', numeric: true },
  { title: 'At work', numeric: true },
]

function Components(props: DeploymentViewProps): View {
  const rows = props.components.map((component) => ({
    id: `component-${component.name}`,
    cells: [
      <>
        <b>{component.name}</b>
        <small>{`${component.type} on ${component.system}`}</small>
      </>,
      <>
        <State state={component.state} word={componentWordOf(component.state, props)} />
        {component.reason !== undefined && <Reason reason={component.reason} />}
      </>,
      <Count value={component.messagesIn} />,
      <Count value={component.messagesOut} />,
      <Rate perSecond={component.outPerSecond ?? component.inPerSecond} />,
      <ByteCount value={component.bytesOut} />,
      <Troubling value={component.refused} />,
      <Troubling value={component.errors} />,
      <Count value={component.retries} />,
      formatDuration(component.executionMs),
    ],
  }))
  return <Rows title="Components" columns={COMPONENT_COLUMNS} rows={rows} />
}

const BRIDGE_COLUMNS: readonly Column[] = [
  { title: 'Secure Bridge' },
  { title: 'State' },
  { title: 'Frames', numeric: true },
  { title: 'Bytes', numeric: true },
  { title: 'Key', numeric: true },
  { title: 'Suite' },
]

function Bridges({ bridges, nowMs }: Pick<DeploymentViewProps, 'bridges' | 'nowMs'>): View {
  const rows = bridges.map((bridge) => ({
    id: `bridge-${bridge.id}`,
    cells: [
      <>
        <b>{`${bridge.from} → ${bridge.to.join(', ')}`}</b>
        <small>
          {bridge.peer !== undefined && `with ${bridge.peer} `}
          <Id value={bridge.id} label="bridge id" />
        </small>
      </>,
      <>
        <State state={bridge.state} />
        {bridge.reason !== undefined && (
          <small>
            <code>{bridge.reason.code}</code>
          </small>
        )}
        {bridge.sinceMs !== undefined && (
          <small>
            since <Ago at={bridge.sinceMs} now={nowMs} />
          </small>
        )}
      </>,
      <Count value={bridge.frames} />,
      <ByteCount value={bridge.bytes} />,
      <>
        {bridge.keyAgeMs === undefined ? '–' : `${formatDuration(bridge.keyAgeMs)} old`}
        <small>{`${bridge.rotations} ${nounFor(bridge.rotations, 'rotation')}`}</small>
      </>,
      <code class="suite">{bridge.suite}</code>,
    ],
  }))
  return (
    <section aria-labelledby="bridges-title">
      <h2 id="bridges-title">Bridges</h2>
      <div class="card">
        <Rows title="Bridges" columns={BRIDGE_COLUMNS} rows={rows} />
      </div>
    </section>
  )
}

/** A count that should be zero; it stands out as soon as it is not. */
function Troubling(props: { value: number }): View {
  return props.value === 0 ? (
    <span>0</span>
  ) : (
    <b class="late">
      <Count value={props.value} />
    </b>
  )
}

/** One deployment, as the Platform and each Runtime show it: state, flow, components with their counts, bridges. Parts update live. */
import { html } from 'hono/html'
import type { Child } from 'hono/jsx'
import { Ago, ByteCount, Count, Id, Rate } from './figures.tsx'
import { FlowPicture } from './flow-picture.tsx'
import { formatDuration } from './format.ts'
import { Region, type Regions } from './region.tsx'
import { State, type StateWord } from './state.tsx'
import { type Column, Rows } from './table.tsx'
import type { View } from './view.ts'

/** Why something is as it is: a stable code and the item it is about (wire's `Reason`). */
export type ReasonView = { code: string; item?: string | undefined }

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
  state: 'connecting' | 'up' | 'down' | 'closed'
  suite: string
  frames: number
  bytes: number
  rotations: number
  keyAgeMs?: number
}

/** What the view shows; everything is plain data. */
export type DeploymentViewProps = {
  id: string
  version: number
  state: StateWord
  reasons: readonly ReasonView[]
  /** Milliseconds since 1970: when it came into this state, and now. */
  sinceMs?: number
  nowMs: number
  systems: readonly { name: string; place?: string }[]
  components: readonly ComponentView[]
  bridges: readonly BridgeView[]
  /** What else belongs to it, below: logs, approval. */
  children?: Child
}

/** The whole view; each part stands in an element that a live stream may update. */
export function DeploymentView(props: DeploymentViewProps): View {
  const regions = deploymentRegions(props)
  return (
    <>
      <Region id="deployment-state">{regions['deployment-state']}</Region>
      <section aria-labelledby="flow-title">
        <h2 id="flow-title">Flow</h2>
        <Region id="deployment-flow" class="card">
          {regions['deployment-flow']}
        </Region>
      </section>
      <section aria-labelledby="components-title">
        <h2 id="components-title">Components</h2>
        <Region id="deployment-components" class="card scroll">
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
        nodes={props.components.map((component) => ({ ...component, out: component.messagesOut }))}
        bridges={props.bridges}
      />
    ),
    'deployment-components': <Components components={props.components} />,
    'deployment-bridges': props.bridges.length === 0 ? html`` : <Bridges bridges={props.bridges} />,
  }
}

function Summary(props: DeploymentViewProps): View {
  return (
    <div class="summary">
      <State state={props.state} />
      <span>{`version ${props.version}`}</span>
      {props.sinceMs !== undefined && (
        <span>
          since <Ago at={props.sinceMs} now={props.nowMs} />
        </span>
      )}
      <Id value={props.id} label="deployment id" />
      {props.reasons.length > 0 && (
        <ul class="reasons">
          {props.reasons.map((reason) => (
            <li>
              <Reason reason={reason} />
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
  { title: 'In', numeric: true, wide: true },
  { title: 'Out', numeric: true },
  { title: 'Rate', numeric: true, wide: true },
  { title: 'Bytes out', numeric: true, wide: true },
  { title: 'Refused', numeric: true },
  { title: 'Errors', numeric: true, wide: true },
  { title: 'Retries', numeric: true, wide: true },
  { title: 'Busy', numeric: true, wide: true },
]

function Components(props: { components: readonly ComponentView[] }): View {
  const rows = props.components.map((component) => ({
    id: `component-${component.name}`,
    cells: [
      <>
        <b>{component.name}</b>
        <small>{`${component.type} on ${component.system}`}</small>
      </>,
      <>
        <State state={component.state} />
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
  return <Rows columns={COMPONENT_COLUMNS} rows={rows} />
}

const BRIDGE_COLUMNS: readonly Column[] = [
  { title: 'Secure Bridge' },
  { title: 'State' },
  { title: 'Frames', numeric: true, wide: true },
  { title: 'Bytes', numeric: true },
  { title: 'Key', numeric: true },
  { title: 'Suite', wide: true },
]

function Bridges(props: { bridges: readonly BridgeView[] }): View {
  const rows = props.bridges.map((bridge) => ({
    id: `bridge-${bridge.id}`,
    cells: [
      <>
        <b>{`${bridge.from} → ${bridge.to.join(', ')}`}</b>
        <small>
          <Id value={bridge.id} label="bridge id" />
        </small>
      </>,
      <State state={bridge.state} />,
      <Count value={bridge.frames} />,
      <ByteCount value={bridge.bytes} />,
      <>
        {bridge.keyAgeMs === undefined ? '–' : `${formatDuration(bridge.keyAgeMs)} old`}
        <small>{bridge.rotations === 1 ? '1 rotation' : `${bridge.rotations} rotations`}</small>
      </>,
      <code class="suite">{bridge.suite}</code>,
    ],
  }))
  return (
    <section aria-labelledby="bridges-title">
      <h2 id="bridges-title">Bridges</h2>
      <div class="card scroll">
        <Rows columns={BRIDGE_COLUMNS} rows={rows} />
      </div>
    </section>
  )
}

function Reason(props: { reason: ReasonView }): View {
  return (
    <small class="reason">
      <code>{props.reason.code}</code>
      {props.reason.item !== undefined && ` ${props.reason.item}`}
    </small>
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

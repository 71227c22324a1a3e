/** The picture of a flow, the same for a plan, a running and a failed deployment: lanes, components, bridges with their lock. */

import { html } from 'hono/html'
import { type Box, type FlowLayout, isDrawable, layoutFlow, type PlacedEdge, type Point } from './flow-layout.ts'
import { formatCount, formatDuration, formatRate } from './format.ts'
import { lookOf, type StateWord, shapeOf, wordOf } from './state.tsx'
import type { View } from './view.ts'

export type FlowNode = {
  name: string
  type: string
  system: string
  from: readonly string[]
  state: StateWord
  /** In place of the state's usual word. */
  word?: string
  /** Records that left it, all in all and a second; what its outgoing edges show. */
  out?: number
  outPerSecond?: number
}
/** A crossing from one system to another; its age of key shows while it is up. */
export type FlowBridge = { from: string; to: readonly string[]; state: StateWord; keyAgeMs?: number }
/** `name` is unique; `label` is shown in its place, and `place` beside it: the Runtime that the system is on. */
export type FlowSystem = { name: string; label?: string; place?: string }
/** A component of which only its place is known: it belongs to another Runtime. */
export type FlowRemote = { name: string; system: string; from: readonly string[] }
/** Systems in the order of their lanes, components, bridges. */
export type FlowProps = {
  systems: readonly FlowSystem[]
  nodes: readonly FlowNode[]
  remotes?: readonly FlowRemote[]
  bridges: readonly FlowBridge[]
}

/** Draws what is small enough (`isDrawable`); beyond, it says so and leaves the table to tell. */
export function FlowPicture(props: FlowProps): View {
  const remotes = props.remotes ?? []
  const all = [...props.nodes, ...remotes]
  if (!isDrawable(all)) {
    return (
      <p class="nothing">{`${all.length} components are too many to draw with all that they take from; the table below has them all.`}</p>
    )
  }
  const placed = layoutFlow({
    systems: props.systems.map((system) => system.name),
    nodes: [
      ...props.nodes.map((node) => ({ ...pick(node), width: widthOf(node) })),
      ...remotes.map((node) => ({ ...pick(node), width: widthOf({ ...node, type: '' }) })),
    ],
  })
  const byName = new Map(props.nodes.map((node) => [node.name, node]))
  return (
    <section class="flow" tabindex={0} aria-label={flowInWords(props)}>
      {/* biome-ignore lint/a11y/noSvgWithoutTitle: the section says all of it in words; a title would hover over every empty spot */}
      <svg
        viewBox={`0 0 ${round(placed.width)} ${round(placed.height)}`}
        width={round(placed.width)}
        height={round(placed.height)}
      >
        {props.systems.map((system) => (
          <Lane box={placed.lanes.get(system.name)} name={system.label ?? system.name} place={system.place} />
        ))}
        {placed.edges.map((edge) => (
          <Edge edge={edge} source={byName.get(edge.from)} bridge={bridgeOf(props.bridges, edge)} />
        ))}
        {props.nodes.map((node) => (
          <Node node={node} layout={placed} />
        ))}
        {remotes.map((node) => (
          <Remote name={node.name} box={placed.nodes.get(node.name)} />
        ))}
      </svg>
    </section>
  )
}

/** The picture as a sentence, for those who do not see it. */
export function flowInWords(props: FlowProps): string {
  const parts = props.nodes.map((node) => {
    const sources = node.from.length === 0 ? '' : `, takes records from ${node.from.join(' and ')}`
    return `${node.name} (${node.type}) on ${node.system} is ${node.word ?? wordOf(node.state)}${sources}`
  })
  const labels = new Map(props.systems.map(({ name, label }) => [name, label ?? name]))
  const remotes = (props.remotes ?? []).map(
    (node) => `${node.name} is on another Runtime, ${labels.get(node.system) ?? node.system}`,
  )
  const bridges = props.bridges.map(
    (bridge) => `Secure Bridge from ${bridge.from} to ${bridge.to.join(' and ')} is ${bridge.state}`,
  )
  return `Flow: ${[...parts, ...remotes, ...bridges].join('; ')}.`
}

function Lane(props: { box: Box | undefined; name: string; place: string | undefined }): View {
  const { box } = props
  if (box === undefined) return html``
  return (
    <g>
      <rect
        class="lane"
        x={round(box.x)}
        y={round(box.y)}
        width={round(box.width)}
        height={round(box.height)}
        rx="10"
      />
      <text class="lane-name" x={round(box.x + 16)} y={round(box.y + 24)}>
        {props.name}
        {props.place !== undefined && props.place !== props.name && (
          <tspan class="lane-place">{`  ${props.place}`}</tspan>
        )}
      </text>
    </g>
  )
}

function Node(props: { node: FlowNode; layout: FlowLayout }): View {
  const { node } = props
  const box = props.layout.nodes.get(node.name)
  if (box === undefined) return html``
  return (
    <a href={`#component-${node.name}`}>
      <g class={`node ${lookOf(node.state)}`} transform={`translate(${round(box.x)} ${round(box.y)})`}>
        <title>{`${node.name}: ${node.word ?? wordOf(node.state)}`}</title>
        <rect width={box.width} height={box.height} rx="8" />
        <path class="shape" fill-rule="evenodd" transform="translate(14 15)" d={shapeOf(node.state)} />
        <text x="33" y="26">
          {shortened(node.name)}
        </text>
        <text class="type" x="14" y="46">
          {shortened(node.type)}
        </text>
      </g>
    </a>
  )
}

function Remote(props: { name: string; box: Box | undefined }): View {
  const { box, name } = props
  if (box === undefined) return html``
  return (
    <g class="node remote" transform={`translate(${round(box.x)} ${round(box.y)})`}>
      <rect width={box.width} height={box.height} rx="8" />
      <text x="14" y="35">
        {shortened(name)}
      </text>
    </g>
  )
}

function Edge(props: { edge: PlacedEdge; source: FlowNode | undefined; bridge: FlowBridge | undefined }): View {
  const { edge, source, bridge } = props
  const { x, y } = edge.label
  const classes = ['edge', edge.crosses && 'bridge', bridge && lookOf(bridge.state)].filter(
    (name) => typeof name === 'string',
  )
  return (
    <g class={classes.join(' ')}>
      <path d={pathOf(edge.points)} stroke-width={thickness(source?.outPerSecond)} />
      {edge.crosses && (
        <g class="lock" transform={`translate(${round(x - 11)} ${round(y - 11)})`}>
          <circle cx="11" cy="11" r="13" />
          <path d="M5.5 10h11v7.5h-11zM8 10V7.5a3 3 0 0 1 6 0V10" />
        </g>
      )}
      <text x={round(x)} y={round(y - (edge.crosses ? 20 : 9))}>
        {source?.outPerSecond === undefined ? '' : formatRate(source.outPerSecond)}
      </text>
      <text class="below" x={round(x)} y={round(y + (edge.crosses ? 30 : 18))}>
        {edge.crosses ? bridgeWords(bridge) : source?.out === undefined ? '' : formatCount(source.out)}
      </text>
    </g>
  )
}

function bridgeWords(bridge: FlowBridge | undefined): string {
  if (bridge === undefined) return ''
  if (bridge.state === 'up' && bridge.keyAgeMs !== undefined) return `key ${formatDuration(bridge.keyAgeMs)} old`
  return wordOf(bridge.state)
}

function bridgeOf(bridges: readonly FlowBridge[], edge: PlacedEdge): FlowBridge | undefined {
  return bridges.find((bridge) => bridge.from === edge.from && bridge.to.includes(edge.to))
}

/** Level where it leaves and arrives, so that lines read as left to right. */
function pathOf(points: readonly Point[]): string {
  return points.reduce((path, point, i) => {
    const before = points[i - 1]
    if (before === undefined) return `M${round(point.x)} ${round(point.y)}`
    const middle = round((before.x + point.x) / 2)
    return `${path}C${middle} ${round(before.y)} ${middle} ${round(point.y)} ${round(point.x)} ${round(point.y)}`
  }, '')
}

/** 1.5 px when still, about one more for each tenfold rate, at most 5. */
function thickness(perSecond: number | undefined): number {
  return round(Math.min(5, 1.5 + Math.log10(1 + (perSecond ?? 0)) * 0.9))
}

function pick(node: FlowRemote): { name: string; system: string; from: readonly string[] } {
  return { name: node.name, system: node.system, from: node.from }
}

/** System fonts differ; 7.4 px a letter is above the widest of them at this size. */
function widthOf(node: { name: string; type: string }): number {
  return Math.max(
    128,
    Math.ceil(Math.max(50 + 7.4 * shortened(node.name).length, 28 + 6.6 * shortened(node.type).length)),
  )
}

function shortened(text: string): string {
  return text.length <= 24 ? text : `${text.slice(0, 23)}…`
}

function round(value: number): number {
  return Math.round(value * 10) / 10
}

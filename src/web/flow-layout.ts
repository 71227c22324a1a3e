/** Places the components of a flow: left to right as records move, each system a lane of its own. */
import { Unreachable } from '../base/mod.ts'
import type { Graph } from './dagre.ts'
import { dagre } from './on-demand.cts'

export type FlowShape = {
  systems: readonly string[]
  nodes: readonly { name: string; system: string; from: readonly string[]; width: number }[]
}
export type Box = { x: number; y: number; width: number; height: number }
export type Point = { x: number; y: number }
export type PlacedEdge = { from: string; to: string; crosses: boolean; points: readonly Point[]; label: Point }
export type FlowLayout = {
  width: number
  height: number
  lanes: ReadonlyMap<string, Box>
  nodes: ReadonlyMap<string, Box>
  edges: readonly PlacedEdge[]
}

export const NODE_HEIGHT = 60
/** Larger flows are told by their table alone: laying out 64 components costs ~30 ms once, 256 of them 200 ms of the loop. */
export const FLOW_NODES_MAX = 64
/**
 * Columns that all edges of a flow cross together: each costs ~0.3 ms, so 512 take 150 ms of the loop, once. 64 components in a row
 * cross 63; 64 that each take from all before them cross 43,680, and would take a minute.
 */
export const FLOW_CROSSED_MAX = 512
/** 64 layouts × at most 64 nodes × ~1 kB = 4 MiB. The oldest is dropped. */
const LAYOUTS_KEPT = 64

const LANE_PADDING = { top: 46, side: 24, bottom: 26 }
/** A flow narrower than this is spread, but never by more than `SPREAD_MAX`. */
const WIDTH_WANTED = 930
const SPREAD_MAX = 1.7

const kept = new Map<string, FlowLayout>()

/** The layout of a shape; the same shape is laid out once, since live pages ask every second. */
export function layoutFlow(shape: FlowShape): FlowLayout {
  const key = JSON.stringify([
    shape.systems,
    shape.nodes.map((node) => [node.name, node.system, node.from, node.width]),
  ])
  const found = kept.get(key)
  if (found !== undefined) return found
  const placed = place(shape)
  const oldest = kept.keys().next().value
  if (kept.size >= LAYOUTS_KEPT && oldest !== undefined) kept.delete(oldest)
  kept.set(key, placed)
  return placed
}

/** Whether it is small enough to be laid out: how many there are, and how far apart those that take from each other stand. */
export function isDrawable(nodes: readonly Pick<FlowShape['nodes'][number], 'name' | 'from'>[]): boolean {
  if (nodes.length > FLOW_NODES_MAX) return false
  const columns = new Map(nodes.map(({ name }) => [name, 0]))
  // Once for each component is enough for the longest way without a circle, and ends where there is one.
  for (const _ of nodes)
    for (const { name, from } of nodes)
      columns.set(name, Math.max(columns.get(name) ?? 0, ...from.map((input) => (columns.get(input) ?? -1) + 1)))
  const crossed = nodes.flatMap(({ name, from }) =>
    from.map((input) => (columns.get(name) ?? 0) - (columns.get(input) ?? columns.get(name) ?? 0)),
  )
  return crossed.reduce((sum, columns) => sum + columns, 0) <= FLOW_CROSSED_MAX
}

function place(shape: FlowShape): FlowLayout {
  if (shape.nodes.length === 0) return { width: 0, height: 0, lanes: new Map(), nodes: new Map(), edges: [] }
  const graph = graphOf(shape)
  dagre().layout(graph)
  const centres = shape.nodes.map((node) => placedAt(graph, `n:${node.name}`))
  const corner = {
    x: Math.min(...shape.nodes.map((node, i) => (centres[i]?.x ?? 0) - node.width / 2)),
    y: Math.min(...centres.map((centre) => centre.y)) - NODE_HEIGHT / 2,
  }
  const naturalWidth = Math.max(...centres.map((centre) => centre.x)) - corner.x + 4 * LANE_PADDING.side
  const spread = Math.min(SPREAD_MAX, Math.max(1, WIDTH_WANTED / naturalWidth))
  const at = (point: Point): Point => ({
    x: (point.x - corner.x) * spread + LANE_PADDING.side,
    y: point.y - corner.y + LANE_PADDING.top,
  })
  const nodes = new Map(
    shape.nodes.map((node, i) => [node.name, boxAround(at(centres[i] ?? corner), node.width)] as const),
  )
  return framed(shape, nodes, (lanes) =>
    graph.edges().map((edge): PlacedEdge => {
      const [from, to] = [edge.v.slice(2), edge.w.slice(2)]
      const crosses = graph.edge(edge)?.['crosses'] === true
      const between = (graph.edge(edge)?.points ?? []).slice(1, -1).map(at)
      const points = [sideOf(nodes, from, 'right'), ...between, sideOf(nodes, to, 'left')]
      return { from, to, crosses, points, label: crosses ? outsideOf(lanes, points) : middleOf(points) }
    }),
  )
}

function graphOf(shape: FlowShape): Graph {
  const graph = new (dagre().Graph)({ compound: true })
  graph.setGraph({ rankdir: 'LR', nodesep: 34, ranksep: 26, edgesep: 24 })
  for (const system of shape.systems) graph.setNode(`s:${system}`, {})
  const systemOf = new Map(shape.nodes.map((node) => [node.name, node.system]))
  for (const node of shape.nodes) {
    graph.setNode(`n:${node.name}`, { width: node.width, height: NODE_HEIGHT })
    if (shape.systems.includes(node.system)) graph.setParent(`n:${node.name}`, `s:${node.system}`)
  }
  for (const node of shape.nodes) {
    for (const from of node.from) {
      if (!systemOf.has(from)) continue
      const crosses = systemOf.get(from) !== node.system
      const label = crosses ? { width: 96, height: 44 } : { width: 44, height: 20 }
      graph.setEdge(`n:${from}`, `n:${node.name}`, { ...label, labelpos: 'c', crosses })
    }
  }
  return graph
}

/** Lanes around their components; side by side they share one height, one above the other one width. */
function framed(
  shape: FlowShape,
  nodes: ReadonlyMap<string, Box>,
  edgesBetween: (lanes: readonly Box[]) => PlacedEdge[],
): FlowLayout {
  const boxes = [...nodes.values()]
  const width = Math.max(...boxes.map((box) => box.x + box.width), 0) + LANE_PADDING.side
  const height = Math.max(...boxes.map((box) => box.y + box.height), 0) + LANE_PADDING.bottom
  const lanes = new Map<string, Box>()
  for (const system of shape.systems) {
    const inside = shape.nodes.filter((node) => node.system === system).flatMap((node) => nodes.get(node.name) ?? [])
    if (inside.length > 0) lanes.set(system, laneAround(inside))
  }
  const all = [...lanes.values()]
  const sideBySide = disjoint(all, (box) => [box.x, box.x + box.width])
  const stacked = !sideBySide && disjoint(all, (box) => [box.y, box.y + box.height])
  for (const [name, box] of lanes) {
    if (sideBySide) lanes.set(name, { ...box, y: 0, height })
    else if (stacked) lanes.set(name, { ...box, x: 0, width })
  }
  return { width, height, lanes, nodes, edges: edgesBetween([...lanes.values()]) }
}

function laneAround(boxes: readonly Box[]): Box {
  const x = Math.min(...boxes.map((box) => box.x)) - LANE_PADDING.side
  const y = Math.min(...boxes.map((box) => box.y)) - LANE_PADDING.top
  const right = Math.max(...boxes.map((box) => box.x + box.width)) + LANE_PADDING.side
  const bottom = Math.max(...boxes.map((box) => box.y + box.height)) + LANE_PADDING.bottom
  return { x, y, width: right - x, height: bottom - y }
}

function disjoint(boxes: readonly Box[], range: (box: Box) => [number, number]): boolean {
  const ranges = boxes.map(range).sort((a, b) => a[0] - b[0])
  return ranges.every(([start], i) => i === 0 || start >= (ranges[i - 1]?.[1] ?? 0))
}

function placedAt(graph: Graph, id: string): Point {
  const node = graph.node(id)
  if (node?.x === undefined || node.y === undefined) throw new Unreachable('the layout left a node without a place')
  return { x: node.x, y: node.y }
}

function boxAround(centre: Point, width: number): Box {
  return { x: centre.x - width / 2, y: centre.y - NODE_HEIGHT / 2, width, height: NODE_HEIGHT }
}

function sideOf(nodes: ReadonlyMap<string, Box>, name: string, side: 'left' | 'right'): Point {
  const box = nodes.get(name)
  if (box === undefined) throw new Unreachable('an edge leads to a node that is not there')
  return { x: side === 'left' ? box.x : box.x + box.width, y: box.y + box.height / 2 }
}

/** Samples of each piece of a line when a place on it is sought: fine enough for a lock of 26 px. */
const SAMPLES = 24

/** Half way along the part of a line that lies between lanes: there a bridge shows its lock. */
function outsideOf(lanes: readonly Box[], points: readonly Point[]): Point {
  const outside = samplesOf(points).filter((point) => !lanes.some((lane) => contains(lane, point)))
  return outside[Math.floor(outside.length / 2)] ?? middleOf(points)
}

function middleOf(points: readonly Point[]): Point {
  const along = samplesOf(points)
  const middle = ((points[0]?.x ?? 0) + (points.at(-1)?.x ?? 0)) / 2
  return along.find((point) => point.x >= middle) ?? { x: 0, y: 0 }
}

/** Places along the curve that the picture draws: cubic pieces, level at both ends. */
function samplesOf(points: readonly Point[]): Point[] {
  return points.slice(1).flatMap((end, i) => {
    const start = points[i] ?? end
    return Array.from({ length: SAMPLES + 1 }, (_, sample) => {
      const t = sample / SAMPLES
      const rise = t * t * (3 - 2 * t)
      const run = 1.5 * t * (1 - t) + t * t * t
      return { x: start.x + (end.x - start.x) * run, y: start.y + (end.y - start.y) * rise }
    })
  })
}

function contains(box: Box, point: Point): boolean {
  return point.x >= box.x && point.x <= box.x + box.width && point.y >= box.y && point.y <= box.y + box.height
}

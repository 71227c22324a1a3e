import { describe, expect, test } from 'bun:test'
import { type Box, FLOW_NODES_MAX, isDrawable, layoutFlow } from '../../src/web/flow-layout.ts'
import { FlowPicture, type FlowProps, flowInWords } from '../../src/web/flow-picture.tsx'

type Wire = [name: string, system: string, ...from: string[]]

function shape(systems: string[], wires: Wire[]) {
  return { systems, nodes: wires.map(([name, system, ...from]) => ({ name, system, from, width: 140 })) }
}
function inside(outer: Box, inner: Box): boolean {
  return (
    inner.x >= outer.x &&
    inner.y >= outer.y &&
    inner.x + inner.width <= outer.x + outer.width &&
    inner.y + inner.height <= outer.y + outer.height
  )
}
function overlap(a: Box, b: Box): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

const linear = shape(
  ['factory', 'cloud'],
  [
    ['orders', 'factory'],
    ['tidy', 'factory', 'orders'],
    ['archive', 'factory', 'tidy'],
    ['warehouse', 'cloud', 'tidy'],
  ],
)
const woven = shape(
  ['a', 'b', 'c'],
  Array.from(
    { length: 18 },
    (_, i): Wire => [
      `n${i}`,
      ['a', 'b', 'c'][i % 3] ?? 'a',
      ...(i > 2 ? [`n${i - 3}`] : []),
      ...(i > 4 && i % 5 === 0 ? [`n${i - 4}`] : []),
    ],
  ),
)

describe('layoutFlow()', () => {
  test.each([linear, woven])('keeps every component inside the lane of its system, and none on another', (flow) => {
    const placed = layoutFlow(flow)
    const boxes = [...placed.nodes.values()]
    for (const node of flow.nodes) {
      const [box, lane] = [placed.nodes.get(node.name), placed.lanes.get(node.system)]
      expect(box !== undefined && lane !== undefined && inside(lane, box)).toBe(true)
    }
    for (const [i, a] of boxes.entries()) for (const b of boxes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
    const lanes = [...placed.lanes.values()]
    for (const [i, a] of lanes.entries()) for (const b of lanes.slice(i + 1)) expect(overlap(a, b)).toBe(false)
  })

  test('lets records move from left to right, each edge ending where its component begins', () => {
    const placed = layoutFlow(linear)
    for (const edge of placed.edges) {
      const [from, to] = [placed.nodes.get(edge.from), placed.nodes.get(edge.to)]
      if (from === undefined || to === undefined) throw new Error('an edge of nothing')
      expect(to.x).toBeGreaterThan(from.x + from.width)
      expect(edge.points.at(0)?.x).toBeCloseTo(from.x + from.width)
      expect(edge.points.at(-1)?.x).toBeCloseTo(to.x)
    }
  })

  test('puts a bridge’s lock between the lanes', () => {
    for (const flow of [linear, woven]) {
      const placed = layoutFlow(flow)
      const crossing = placed.edges.filter((edge) => edge.crosses)
      expect(crossing.length).toBeGreaterThan(0)
      for (const { label } of crossing) {
        for (const lane of placed.lanes.values()) {
          const within =
            label.x > lane.x && label.x < lane.x + lane.width && label.y > lane.y && label.y < lane.y + lane.height
          expect(within).toBe(false)
        }
      }
    }
  })

  test('lays a shape out once', () => {
    expect(layoutFlow(structuredClone(linear))).toBe(layoutFlow(linear))
  })

  test('takes an empty flow, and sources that are not there', () => {
    expect(layoutFlow(shape(['a'], []))).toMatchObject({ width: 0, height: 0 })
    expect(
      layoutFlow(
        shape(
          ['a'],
          [
            ['x', 'a', 'missing'],
            ['y', 'nowhere', 'x'],
          ],
        ),
      ).edges,
    ).toHaveLength(1)
  })
})

describe('FlowPicture', () => {
  const props: FlowProps = {
    systems: [{ name: 'factory' }, { name: 'cloud' }],
    nodes: [
      {
        name: 'orders',
        type: 'csv_file',
        system: 'factory',
        from: [],
        state: 'running',
        out: 12_345,
        outPerSecond: 820,
      },
      { name: 'warehouse', type: 'libsql_table', system: 'cloud', from: ['orders'], state: 'awaiting-approval' },
    ],
    bridges: [{ from: 'orders', to: ['warehouse'], state: 'down' }],
  }

  test('says in words what it draws', () => {
    expect(flowInWords(props)).toBe(
      'Flow: orders (csv_file) on factory is running; warehouse (libsql_table) on cloud is awaiting approval, takes records from orders; Secure Bridge from orders to warehouse is down.',
    )
  })

  test('draws a bridge with its lock and state, and the rate on its edge', async () => {
    const html = String(await FlowPicture(props))
    expect(html).toContain('class="edge bridge late"')
    expect(html).toContain('class="lock"')
    expect(html).toContain('820 /s')
    expect(html).toContain('>down</text>')
    expect(html).toContain('class="node awaiting"')
  })

  test('draws up to its bound, and says so beyond', async () => {
    const nodes = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        name: `n${i}`,
        type: 'map',
        system: 'a',
        from: [],
        state: 'running' as const,
      }))
    const flow = (count: number) => FlowPicture({ systems: [{ name: 'a' }], nodes: nodes(count), bridges: [] })
    expect(String(await flow(FLOW_NODES_MAX))).toContain('<svg')
    expect(String(await flow(FLOW_NODES_MAX + 1))).toContain('65 components are too many to draw')
  })

  test('does not lay out what would hold the loop for a minute: components that each take from all before them', async () => {
    const nodes = (count: number) =>
      Array.from({ length: count }, (_, i) => ({
        ...{ name: `n${i}`, type: 'map', system: 'a', state: 'running' as const },
        from: Array.from({ length: i }, (_, before) => `n${before}`),
      }))
    const flow = (count: number) => FlowPicture({ systems: [{ name: 'a' }], nodes: nodes(count), bridges: [] })
    expect(String(await flow(14))).toContain('<svg')
    const before = process.cpuUsage()
    expect(String(await flow(FLOW_NODES_MAX))).toContain('64 components are too many to draw')
    expect(process.cpuUsage(before).user / 1_000).toBeLessThan(1_000)
    // A circle, which never runs, has an end as well.
    expect(
      isDrawable([
        { name: 'a', from: ['b'] },
        { name: 'b', from: ['a'] },
      ]),
    ).toBe(true)
  })
})

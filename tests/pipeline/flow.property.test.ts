/** Random small graphs under random failures: whatever happens, everything read is delivered, and once where positions are kept. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { AppError } from '../../src/base/mod.ts'
import { type Batch, type FlowComponent, keepRecords, runFlow } from '../../src/pipeline/mod.ts'
import {
  changing,
  collecting,
  type Ledger,
  numbered,
  numbersIn,
  transactional,
} from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'

class MayPass extends AppError {
  override readonly code = 'test.may_pass' as const
  override readonly kind = 'unavailable' as const
}
class Crash extends AppError {
  override readonly code = 'test.crash' as const
}

/** `from` are picks among the nodes before; `drops` is the remainder of 3 that a filter drops, 3 for none. */
type Graph = {
  sources: number[]
  transforms: { from: number[]; drops: number }[]
  sinks: { from: number[]; exact: boolean }[]
  failures: ('none' | 'may_pass' | 'crash')[]
  sizes: number[]
}

const picks = fc.array(fc.nat(9), { minLength: 1, maxLength: 3 })
const graphs: fc.Arbitrary<Graph> = fc.record({
  sources: fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 3 }),
  transforms: fc.array(fc.record({ from: picks, drops: fc.nat(3) }), { maxLength: 4 }),
  sinks: fc.array(fc.record({ from: picks, exact: fc.boolean() }), { minLength: 1, maxLength: 3 }),
  failures: fc.array(fc.constantFrom('none', 'none', 'may_pass', 'crash'), { maxLength: 40 }),
  sizes: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 }),
})

type Built = { name: string; from: string[]; drops: number }

/** Names of the picked nodes, without repeats. */
function pick(from: readonly number[], before: readonly string[]): string[] {
  return [...new Set(from.map((n) => before[n % before.length] ?? ''))]
}

function buildTransforms({ sources, transforms }: Graph): Built[] {
  const names = sources.map((_, i) => `s${i}`)
  return transforms.map(({ from, drops }, i) => {
    const built = { name: `t${i}`, from: pick(from, names), drops }
    names.push(built.name)
    return built
  })
}

/** What arrives at a node: for every way from a source to it, the numbers that the filters on the way let through. */
function arriving(node: string, graph: Graph, transforms: readonly Built[]): string[] {
  const transform = transforms.find(({ name }) => name === node)
  if (!transform) return Array.from({ length: graph.sources[Number(node.slice(1))] ?? 0 }, (_, n) => `${node}:${n}`)
  const all = transform.from.flatMap((from) => arriving(from, graph, transforms))
  return all.filter((record) => Number(record.split(':')[1]) % 3 !== transform.drops)
}

/** Runs the graph again and again, as a supervisor would after each crash, until it comes to its end. */
async function runToEnd(graph: Graph) {
  const state = memory()
  const [failures, transforms] = [[...graph.failures], buildTransforms(graph)]
  let sized = 0
  const fail = (): void => {
    const failure = failures.shift() ?? 'none'
    if (failure === 'may_pass') throw new MayPass('again')
    if (failure === 'crash') throw new Crash('gone')
  }
  const before = [...graph.sources.map((_, i) => `s${i}`), ...transforms.map(({ name }) => name)]
  const size = (): number => graph.sizes[sized++ % graph.sizes.length] ?? 1
  const ledgers = graph.sinks.map((): Ledger => ({ rows: [], positions: new Map() }))
  const collected = graph.sinks.map((): Batch[] => [])
  const components: FlowComponent[] = [
    ...graph.sources.map((rows, i) => numbered(`s${i}`, { rows, size, partition: `p${i}` })),
    ...transforms.map(({ name, from, drops }) => changing(name, from, (batch) => dropping(batch, drops))),
    ...graph.sinks.map(({ from, exact }, i) =>
      exact
        ? transactional(`k${i}`, pick(from, before), ledgers[i] ?? { rows: [], positions: new Map() }, fail)
        : collecting(`k${i}`, pick(from, before), collected[i] ?? [], fail),
    ),
  ]
  let runs = 0
  for (let ended = false; !ended; runs++) {
    ended = await runFlow(state.options(components)).finished.then(
      () => true,
      () => false,
    )
  }
  return { state, transforms, before, ledgers, collected, runs }
}

function dropping(batch: Batch, drops: number): Batch {
  const keep = [...batch.records.rows().keys()].filter((i) => Number(batch.records.rows()[i]?.['n']) % 3 !== drops)
  return keepRecords(batch, keep)
}

test('everything read is delivered at least once, and exactly once into a sink that commits positions, on random graphs with random failures', async () => {
  await fc.assert(
    fc.asyncProperty(graphs, async (graph) => {
      const { state, transforms, before, ledgers, collected } = await runToEnd(graph)
      for (const [i, sink] of graph.sinks.entries()) {
        const expected = pick(sink.from, before).flatMap((from) => arriving(from, graph, transforms))
        if (sink.exact) {
          const got = (ledgers[i]?.rows ?? []).map((row) => row.replace(/^.*?p(\d+)@.*=(\d+)$/, 's$1:$2'))
          expect(got.toSorted()).toEqual(expected.toSorted())
        } else {
          const got = new Set(numbersIn(collected[i] ?? []))
          for (const record of expected) expect(got).toContain(Number(record.split(':')[1]))
        }
      }
      for (const [i, rows] of graph.sources.entries()) {
        // A source without rows has no position to save.
        if (rows > 0) expect(state.saved.get(`s${i}`)).toEqual({ [`p${i}`]: rows })
      }
    }),
    { numRuns: 200 },
  )
})

test('a crash between a write and its checkpoint makes the source read again, and positions keep the sink from writing twice', async () => {
  const { ledgers, collected, runs } = await runToEnd({
    sources: [9],
    transforms: [],
    sinks: [
      { from: [0], exact: true },
      { from: [0], exact: false },
    ],
    // The first sink commits and crashes after it: its batch was never answered.
    failures: ['none', 'crash'],
    sizes: [4, 3, 5],
  })
  expect(runs).toBe(2)
  expect(ledgers[0]?.rows).toHaveLength(9)
  expect(new Set(numbersIn(collected[1] ?? [])).size).toBe(9)
})

/** Components that each take from all before them: as many ways as there can be, and no rule may walk each of them. */
import { expect, test } from 'bun:test'
import { assert, integer, property, uniqueArray } from 'fast-check'
import { compileBlueprint, lintBlueprint } from '../../../src/blueprint/mod.ts'
import { catalogue } from '../../../src/catalogue.ts'
import { examine, touchesOf } from '../../../src/runtime/deployments/examine.ts'
import { needsOf } from '../../../src/runtime/deployments/needs.ts'
import { wiringReasons } from '../../../src/runtime/deployments/wiring-reasons.ts'
import { DEFAULT_POLICY } from '../../../src/runtime/policy/policy.ts'
import type { AssignedComponent } from '../../../src/wire/mod.ts'
import { frozenClock } from '../../support/frozen-clock.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { DEPLOYMENT, RUNTIME, TENANT } from '../../support/wire/parties.ts'

const COUNT = 200
const around = {
  ...{ types: catalogue, credentials: new Set<string>(), peers: new Set<string>(), policy: DEFAULT_POLICY },
  folders: { data: '/var/lib/sluice/runtime', files: '/srv/files' },
}

/** A source, transforms, and a sink; each takes from all before it. */
function dense(count: number): AssignedComponent[] {
  return Array.from({ length: count }, (_, i) => {
    const from = Array.from({ length: i }, (_one, before) => `c${before}`)
    if (i === 0) return { name: 'c0', type: 'csv_file', from, config: { paths: ['in/*.csv'] } }
    return i === count - 1
      ? { name: `c${i}`, type: 'json_lines_file', from, config: { path: 'out.jsonl' } }
      : { name: `c${i}`, type: 'map', from, config: { drop: ['note'] } }
  })
}

/** Processor time, milliseconds: unlike the clock on the wall it does not run while others work. */
function processorTime(run: () => void): number {
  const before = process.cpuUsage()
  run()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

test('200 components with 19,900 ways between them are examined, and their needs told, in no time', () => {
  const assignment = plainAssignment({ components: dense(COUNT) })
  const [first, ...others] = dense(COUNT)
  const last = { ...others.at(-2), from: [`c${COUNT - 2}`] } as AssignedComponent
  // The last transform feeds itself, so that a circle stands behind all of them.
  const circle = plainAssignment({
    components: [first as AssignedComponent, ...others.slice(0, -2), last, ...others.slice(-1)],
  })
  const spent = processorTime(() => {
    expect(examine(assignment, around)).toEqual([])
    expect(needsOf(assignment, (one) => touchesOf(one, catalogue)).length).toBeGreaterThan(0)
    expect(examine(circle, around)).toContainEqual({ code: 'assignment.wiring', item: `c${COUNT - 2}` })
  })
  expect(spent).toBeLessThan(1_500)
})

test('200 of them are linted and compiled in no time', async () => {
  const lines = dense(COUNT).map(
    ({ name, type, from, config }) =>
      `  ${name}: { type: ${type}, on: s, ${from.length > 0 ? `from: [${from.join(', ')}], ` : ''}config: ${JSON.stringify(config)} }`,
  )
  const text = `blueprint: b\nsystems: { s: { runtime: r } }\ncomponents:\n${lines.join('\n')}\n`
  let linted: ReturnType<typeof lintBlueprint> | undefined
  const spent = processorTime(() => {
    linted = lintBlueprint(text, { catalogue, code: new Map() })
  })
  expect(linted?.findings).toEqual([])
  expect(spent).toBeLessThan(6_000)
  if (!linted?.blueprint) throw new Error('there is no blueprint')
  const [assignment] = await compileBlueprint({
    ...{
      blueprint: linted.blueprint,
      code: new Map(),
      clock: frozenClock(),
      random: (length) => new Uint8Array(length),
    },
    targets: new Map([['s', { runtime: RUNTIME, bridgeHost: 'r.example', bridgePort: 32_100 }]]),
    ...{ tenant: TENANT, deployment: DEPLOYMENT, version: 1 },
  })
  expect(assignment?.components.at(-1)?.from).toHaveLength(COUNT - 1)
})

/** Who is in a circle, or between two: whoever is reached from one and reaches one, found by walking every pair. */
function inCircles(components: readonly AssignedComponent[]): Set<string> {
  const reached = new Map(components.map(({ name, from }) => [name, new Set(from)]))
  for (const { name: middle } of components)
    for (const upstream of reached.values())
      if (upstream.has(middle)) for (const further of reached.get(middle) ?? []) upstream.add(further)
  const circles = components.filter(({ name }) => reached.get(name)?.has(name)).map(({ name }) => name)
  const behind = (name: string) => circles.some((one) => one === name || reached.get(name)?.has(one))
  const before = (name: string) => circles.some((one) => one === name || reached.get(one)?.has(name))
  return new Set(components.map(({ name }) => name).filter((name) => behind(name) && before(name)))
}

test('of any graph those in a circle or between two are named, and no others', () => {
  const nodes = 9
  const edges = uniqueArray(integer({ min: 0, max: nodes * nodes - 1 }), { maxLength: 24 })
  assert(
    property(edges, (chosen) => {
      const components = Array.from({ length: nodes }, (_, i): AssignedComponent => {
        const from = chosen.filter((edge) => Math.floor(edge / nodes) === i).map((edge) => `c${edge % nodes}`)
        return { name: `c${i}`, type: 'map', from, config: {} }
      })
      // Of no known kind, so that circles are all that can be wrong.
      const named = wiringReasons(plainAssignment({ components }), () => undefined)
      expect(new Set(named.map(({ item }) => item))).toEqual(inCircles(components))
    }),
    { numRuns: 500 },
  )
})

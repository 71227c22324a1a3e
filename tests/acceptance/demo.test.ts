import { expect } from 'bun:test'
import { readdirSync } from 'node:fs'
import * as v from 'valibot'
import { type Finished, sluiceProcess } from '../support/acceptance/command.ts'
import { TEST_MS } from '../support/acceptance/world.ts'
import { temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'

const count = v.pipe(v.number(), v.integer(), v.minValue(0))
const Https = v.pipe(v.string(), v.startsWith('https://127.0.0.1:'))
/** The object that `demo --once --json` promises, and nothing beside it. */
const Result = v.strictObject({
  ok: v.literal(true),
  elapsedMs: count,
  platform: v.strictObject({ url: Https, tenant: v.pipe(v.string(), v.startsWith('ten_')) }),
  runtimes: v.tuple([runtime('factory-01'), runtime('cloud-01')]),
  deployment: v.strictObject({
    id: v.pipe(v.string(), v.startsWith('dep_')),
    version: v.literal(1),
    state: v.literal('stopped'),
  }),
  components: v.array(
    v.strictObject({
      ...{ name: v.string(), type: v.string(), system: v.picklist(['factory', 'cloud']) },
      ...{ messagesIn: count, messagesOut: count, bytesIn: count, bytesOut: count, errors: count },
      executionMs: v.number(),
    }),
  ),
  bridges: v.array(
    v.strictObject({
      ...{ id: v.pipe(v.string(), v.startsWith('br_')), suite: v.literal('Noise_KKpsk0_P256_AESGCM_SHA256') },
      ...{ frames: count, bytes: count, rotations: count },
    }),
  ),
  delivered: v.strictObject({
    ...{ rowsRead: count, rowsWritten: count, refused: v.literal(3), missing: v.literal(0), duplicates: v.literal(0) },
    ...{ sha256In: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)), sha256Out: v.string() },
  }),
  testResults: v.strictObject({
    dataset: v.pipe(v.string(), v.startsWith('ds_')),
    records: v.literal(748),
    dashboard: v.pipe(Https, v.regex(/\/datasets\/dt_[^/]+\/ds_[^/]+\/dashboard$/)),
  }),
  auditLogs: v.pipe(count, v.minValue(1)),
  canary: v.strictObject({
    ...{ planted: v.literal(5), searchedBytes: v.pipe(count, v.minValue(1)), found: v.literal(0) },
    controlFound: v.pipe(count, v.minValue(1)),
  }),
})

function runtime(name: string) {
  return v.strictObject({
    ...{ id: v.pipe(v.string(), v.startsWith('rt_')), name: v.literal(name), managementUrl: Https },
    ...{ bridgePort: count, heartbeats: v.pipe(count, v.minValue(1)) },
  })
}

/** Runs the demo to its end with a folder for temporary files of its own, in which nothing may be left. */
async function demo(...words: string[]): Promise<Finished> {
  using folder = temporaryFolder()
  const ran = await sluiceProcess(['demo', '--once', '--json', ...words], {
    env: { TMPDIR: folder.path },
    limitMs: TEST_MS - 30_000,
  })
  expect(readdirSync(folder.path)).toEqual([])
  return ran
}

/** The result, once it is known to be one JSON object on one line, and of the promised form. */
function resultOf({ exit, out, err }: Finished) {
  const faults = err.split('\n').filter((line) => /^(Does not hold|[a-z_]+\.[a-z_]+:)/.test(line))
  expect({ exit, faults }).toEqual({ exit: 0, faults: [] })
  expect(out.match(/\n/g)).toHaveLength(1)
  const result = v.parse(Result, JSON.parse(out))
  expect(result.delivered.sha256Out).toBe(result.delivered.sha256In)
  expect(result.delivered.rowsWritten).toBe(result.delivered.rowsRead - 3)
  return result
}

slowTest(
  'demo --once --json prints exactly one object of the promised form, leaves nothing, and exits with 0',
  async () => {
    const result = resultOf(await demo('--records', '5000'))
    expect(result.delivered.rowsRead).toBe(5_000)
    expect(new Set(result.components.map(({ type }) => type))).toContain('bridge_out')
  },
  TEST_MS,
)

for (const killed of ['factory', 'cloud'] as const) {
  slowTest(
    `kill -9 of the ${killed}'s Runtime in the middle loses no row and doubles none`,
    async () => {
      const ran = await demo('--records', '200000', '--kill', killed)
      expect(ran.err).toContain(`Killing ${killed}-01`)
      expect(resultOf(ran).delivered.rowsRead).toBe(200_000)
    },
    TEST_MS,
  )
}

slowTest(
  'demo that is told to end in the middle stops everything and leaves nothing',
  async () => {
    using folder = temporaryFolder()
    const ran = await sluiceProcess(['demo', '--once', '--json'], {
      env: { TMPDIR: folder.path },
      interruptAt: 'Deploying',
    })
    expect(ran).toMatchObject({ exit: 6, out: '' })
    expect(ran.err).toMatch(/\ninternal\.cancelled: .+\n$/)
    expect(readdirSync(folder.path)).toEqual([])
  },
  TEST_MS,
)

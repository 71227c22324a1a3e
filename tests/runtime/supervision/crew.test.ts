import { expect, test } from 'bun:test'
import { logOf, systemRandom } from '../../../src/base/mod.ts'
import { HostUnreachable } from '../../../src/host/mod.ts'
import { CountsMemory, type KeptCounts } from '../../../src/runtime/state/counts.ts'
import { REPLACE_RETRY_MS, Workers } from '../../../src/runtime/supervision/crew.ts'
import { RESTART_BACKOFF } from '../../../src/runtime/supervision/supervised.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { fakeLauncher, settled } from '../../support/runtime/fake-worker.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

const NOTHING: KeptCounts = { components: [], bridges: [], deadLetters: 0 }

function crew(load: () => Promise<KeptCounts> = async () => NOTHING, memoryBytesMax = () => 1_000) {
  const { launch, workers } = fakeLauncher()
  const clock = new ManualClock()
  const states: string[] = []
  const kept: KeptCounts[] = []
  const running = new Workers({
    ...{ launch, clock, random: systemRandom, log: logOf('test'), memoryBytesMax },
    ...{ residentBytes: async () => 1, start: async () => ({}) as never, deskFor: () => ({}) as never },
    onLog: () => undefined,
    onState: ({ version }, state, [reason]) => states.push(`${version} ${state} ${reason?.code ?? ''}`.trim()),
    counts: { load, keep: (_assignment, counts) => kept.push(counts) },
  })
  return { running, workers, states, kept, clock }
}

test('a version whose counts cannot be read is told as failed, and the next one runs', async () => {
  let broken = true
  const { running, workers, states } = crew(async () => {
    if (broken) throw new HostUnreachable('the disk does not answer')
    return NOTHING
  })
  running.replace(plainAssignment())
  await settled()
  expect(states).toEqual(['1 failed host.unreachable'])
  expect(workers).toHaveLength(0)
  broken = false
  running.replace(plainAssignment({ version: 2 }))
  await settled()
  workers[0]?.status()
  expect(states.slice(1)).toEqual(['2 preparing', '2 running'])
})

test('a version that could not be put into force is tried again until it is, replaced or stopped', async () => {
  let broken = true
  const { running, workers, states, clock } = crew(async () => {
    if (broken) throw new HostUnreachable('the disk does not answer')
    return NOTHING
  })
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms)
    await settled()
  }
  running.replace(plainAssignment())
  await settled()
  await pass(REPLACE_RETRY_MS)
  expect(states).toEqual(['1 failed host.unreachable', '1 failed host.unreachable'])
  await running.stop(DEPLOYMENT)
  await pass(REPLACE_RETRY_MS)
  expect(states).toHaveLength(2)
  running.replace(plainAssignment({ version: 2 }))
  await settled()
  running.replace(plainAssignment({ version: 3 }))
  await settled()
  broken = false
  await pass(REPLACE_RETRY_MS)
  workers[0]?.status()
  expect(states.slice(2)).toEqual([
    '2 failed host.unreachable',
    '3 failed host.unreachable',
    '3 preparing',
    '3 running',
  ])
  await pass(REPLACE_RETRY_MS)
  expect(workers).toHaveLength(1)
})

test('how much memory a worker may hold is asked at each of its starts', async () => {
  let bytes = 1_000
  const { running, workers, clock } = crew(undefined, () => bytes)
  running.replace(plainAssignment())
  await settled()
  bytes = 2_000
  expect(running.list()[0]?.memoryBytesMax).toBe(1_000)
  workers[0]?.crash()
  await settled()
  clock.advance(RESTART_BACKOFF.longestMs)
  await settled()
  expect(workers).toHaveLength(2)
  expect(running.list()[0]?.memoryBytesMax).toBe(2_000)
  running.replace(plainAssignment({ version: 2 }))
  bytes = 3_000
  await settled()
  workers[1]?.finish('drained')
  await settled()
  expect(running.list()[0]?.memoryBytesMax).toBe(3_000)
})

test('counts that do not parse begin anew instead of keeping a deployment from starting', async () => {
  const counts = new CountsMemory({ below: async () => new Map([[DEPLOYMENT, '{"version":"one"}']]) } as never)
  expect(await counts.load(DEPLOYMENT, 1)).toEqual(NOTHING)
})

test('how many refused records wait is known by what the worker told last, and by what was dropped since', async () => {
  const { running, workers, kept } = crew(async () => ({ ...NOTHING, deadLetters: 4 }))
  running.replace(plainAssignment())
  await settled()
  expect(running.counts(DEPLOYMENT, 1)?.deadLetters).toBe(4)
  workers[0]?.status(1, 1, 7)
  expect(running.counts(DEPLOYMENT, 1)?.deadLetters).toBe(7)
  expect(running.counts(DEPLOYMENT, 2)).toBeUndefined()
  expect(running.lettersLeft(DEPLOYMENT, 2)).toBe(true)
  expect(running.counts(DEPLOYMENT, 1)?.deadLetters).toBe(2)
  workers[0]?.finish('ended')
  await settled()
  expect(kept.at(-1)?.deadLetters).toBe(2)
  await running.forget(DEPLOYMENT)
  expect(running.lettersLeft(DEPLOYMENT, 1)).toBe(false)
})

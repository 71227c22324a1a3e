import { expect, test } from 'bun:test'
import { logOf } from '../../../src/base/mod.ts'
import { HostUnreachable } from '../../../src/host/mod.ts'
import type { KeptCounts } from '../../../src/runtime/state/counts.ts'
import {
  COUNTS_KEPT_MS,
  DRAIN_MAX_MS,
  HEALTHY_MS,
  RESTART_BACKOFF,
  SILENCE_MAX_MS,
  Supervised,
  WATCH_INTERVAL_MS,
} from '../../../src/runtime/supervision/supervised.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { component, fakeLauncher, settled } from '../../support/runtime/fake-worker.ts'
import { BRIDGE, DEPLOYMENT, RUNTIME } from '../../support/wire/parties.ts'

function supervise(
  options: { residentBytes?: () => number; start?: () => Promise<never>; earlier?: KeptCounts; faults?: number } = {},
) {
  const clock = new ManualClock()
  const { launch: launchFake, workers } = fakeLauncher()
  let faults = options.faults ?? 0
  const launch: typeof launchFake = (handlers) => {
    if (faults-- > 0) throw new HostUnreachable('no process can be made')
    return launchFake(handlers)
  }
  const states: string[] = []
  const kept: KeptCounts[] = []
  const supervised = new Supervised({
    ...{ deployment: DEPLOYMENT, launch, clock, log: logOf('test'), answers: {} as never },
    start: options.start ?? (async () => ({}) as never),
    onLog: () => undefined,
    earlier: options.earlier ?? { components: [], bridges: [], deadLetters: 0 },
    onCounts: (counts) => kept.push(counts),
    onState: (state, [reason]) => states.push(reason ? `${state} ${reason.code}` : state),
    memoryBytesMax: () => 1_000,
    residentBytes: async () => options.residentBytes?.() ?? 1,
    random: (length) => new Uint8Array(length).fill(255),
  })
  const worker = (index = workers.length - 1) => {
    const found = workers[index]
    if (!found) throw new Error(`there is no worker ${index}`)
    return found
  }
  /** Lets `ms` pass second by second, as the watch sees it. */
  const pass = async (ms: number): Promise<void> => {
    await settled()
    for (let at = 0; at < ms; at += WATCH_INTERVAL_MS) {
      clock.advance(Math.min(WATCH_INTERVAL_MS, ms - at))
      await settled()
    }
  }
  return { supervised, clock, workers, worker, states, kept, pass }
}

test('a worker is preparing until its first status, then running', async () => {
  const { supervised, states, worker } = supervise()
  supervised.start()
  await settled()
  expect(states).toEqual(['preparing'])
  worker().status()
  expect(states).toEqual(['preparing', 'running'])
  expect(worker().asked).toEqual(['start'])
})

test('a flow that ends by itself stops its deployment and is not started again', async () => {
  const { supervised, states, worker, workers, pass } = supervise()
  supervised.start()
  await settled()
  worker().status(7)
  worker().finish('ended')
  await pass(120_000)
  expect(states.at(-1)).toBe('stopped flow.ended')
  expect(workers).toHaveLength(1)
  expect(supervised.counts.components[0]?.messagesOut).toBe(7)
})

test('a crashed worker is started again after a wait that grows to its bound', async () => {
  const { supervised, states, worker, workers, pass } = supervise()
  supervised.start()
  await settled()
  worker().crash()
  await settled()
  expect(states.at(-1)).toBe('failed worker.crashed')
  await pass(RESTART_BACKOFF.firstMs - 1)
  expect(workers).toHaveLength(1)
  await pass(1)
  expect(workers).toHaveLength(2)
  worker().crash()
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(2)
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(3)
  for (let life = 0; life < 12; life++) {
    worker().crash()
    await pass(RESTART_BACKOFF.longestMs)
  }
  expect(workers).toHaveLength(15)
})

test('a worker that was healthy for long begins a new series of waits', async () => {
  const { supervised, worker, workers, pass } = supervise()
  supervised.start()
  await settled()
  for (let life = 0; life < 6; life++) {
    worker().crash()
    await pass(RESTART_BACKOFF.longestMs)
  }
  worker().status()
  await pass(HEALTHY_MS + WATCH_INTERVAL_MS)
  const before = workers.length
  worker().crash()
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(before + 1)
})

test('counts go on over the restarts of a worker', async () => {
  const { supervised, worker, pass } = supervise()
  supervised.start()
  await settled()
  worker().status(5)
  worker().crash()
  await pass(RESTART_BACKOFF.firstMs)
  worker().status(3)
  expect(supervised.counts.components[0]?.messagesOut).toBe(8)
  expect(supervised.restarts).toBe(1)
})

test('counts are kept every ten seconds and at the end, and go on from what an earlier process kept', async () => {
  const first = supervise()
  first.supervised.start()
  await settled()
  first.clock.advance(COUNTS_KEPT_MS)
  first.worker().status(5)
  expect(first.kept.at(-1)?.components[0]?.messagesOut).toBe(5)
  const before = first.kept.length
  first.worker().status(6)
  expect(first.kept).toHaveLength(before)
  first.worker().finish('ended')
  await first.pass(1_000)
  expect(first.kept.at(-1)?.components[0]?.messagesOut).toBe(6)
  const second = supervise({ earlier: first.kept.at(-1) ?? { components: [], bridges: [], deadLetters: 0 } })
  second.supervised.start()
  await settled()
  second.worker().status(2)
  expect(second.supervised.counts.components[0]?.messagesOut).toBe(8)
})

test('a bridge keeps its counts when its worker has ended, and is down', async () => {
  const { supervised, worker, pass } = supervise()
  const bridge = {
    ...{ bridge: BRIDGE, peer: RUNTIME, state: 'up' as const, suite: 'S', frames: 3, bytes: 300, rotations: 1 },
  }
  supervised.start()
  await settled()
  worker().tell({ news: 'status', components: [], bridges: [bridge], deadLetters: 0, rssBytes: 1 })
  worker().crash()
  await pass(RESTART_BACKOFF.firstMs)
  expect(supervised.counts.bridges).toEqual([{ ...bridge, state: 'down', since: expect.any(String) }])
  worker().tell({ news: 'status', components: [], bridges: [bridge], deadLetters: 0, rssBytes: 1 })
  expect(supervised.counts.bridges).toEqual([{ ...bridge, frames: 6, bytes: 600, rotations: 2 }])
})

test('rates are those between the last two reports', async () => {
  const { supervised, worker, pass } = supervise()
  supervised.start()
  await settled()
  worker().status(100)
  expect(supervised.counts.rates.size).toBe(0)
  await pass(2_000)
  worker().status(1_100)
  expect(supervised.counts.rates.get('orders')?.outPerSecond).toBe(500)
})

test('since when a component has a reason is known until it has none, and not of the process before', async () => {
  const { supervised, clock, worker, pass } = supervise()
  supervised.start()
  await settled()
  const tell = (reason?: string): void =>
    worker().tell({
      ...{ news: 'status', bridges: [], deadLetters: 0, rssBytes: 1 },
      components: [{ ...component(0), ...(reason !== undefined && { reason: { code: reason } }) }],
    })
  const since = () => supervised.counts.reasonsSince.get('orders')
  tell()
  expect(since()).toBeUndefined()
  await pass(1_000)
  const firstMs = clock.now()
  tell('host.unreachable')
  await pass(30_000)
  tell('host.timed_out')
  expect(since()).toBe(firstMs)
  tell()
  expect(since()).toBeUndefined()
  tell('host.unreachable')
  worker().crash()
  await settled()
  expect(since()).toBeUndefined()
})

test('a failed component is named, and its worker started again', async () => {
  const { supervised, states, worker, workers, pass } = supervise()
  supervised.start()
  await settled()
  worker().fail({
    code: 'csv_file.file_missing',
    component: 'orders',
    item: 'in/*.csv',
    message: 'no file',
    advice: 'Check.',
  })
  await settled()
  expect(states.at(-1)).toBe('failed csv_file.file_missing')
  // What is said to the owner stays out of what is told to the Platform.
  const told = { code: 'csv_file.file_missing', component: 'orders', item: 'in/*.csv' }
  expect(supervised.reasons).toEqual([told])
  expect(supervised.failure).toEqual({ ...told, message: 'no file', advice: 'Check.' })
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(2)
  expect(supervised.failure).toBeDefined()
  worker().status()
  expect(supervised.failure).toBeUndefined()
})

test('a worker that holds more memory than its limit is killed and started again', async () => {
  let resident = 1_000
  const { supervised, states, worker, workers, pass } = supervise({ residentBytes: () => resident })
  supervised.start()
  await settled()
  worker().status()
  await pass(WATCH_INTERVAL_MS)
  expect(worker().killed).toBeUndefined()
  resident = 1_001
  await pass(WATCH_INTERVAL_MS)
  expect(worker(0).killed).toBe('SIGKILL')
  expect(states).toContain('failed worker.memory_exceeded')
  resident = 1
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(2)
})

test('a worker that spins and tells nothing any more is killed and started again', async () => {
  const { supervised, states, worker, pass } = supervise()
  supervised.start()
  await settled()
  worker().status()
  await pass(SILENCE_MAX_MS)
  expect(worker(0).killed).toBeUndefined()
  await pass(WATCH_INTERVAL_MS)
  expect(worker(0).killed).toBe('SIGKILL')
  expect(states).toContain('failed worker.silent')
})

test('drain() lets a worker end by itself and does not start it again', async () => {
  const { supervised, states, worker, workers, pass } = supervise()
  supervised.start()
  await settled()
  worker().status()
  const drained = supervised.drain('stopped')
  await settled()
  expect(worker().asked).toContain('drain')
  worker().finish('drained')
  await drained
  await pass(60_000)
  expect(states.slice(-2)).toEqual(['draining', 'stopped'])
  expect(workers).toHaveLength(1)
  expect(worker().killed).toBeUndefined()
})

test('drain() kills a worker that does not end in time', async () => {
  const { supervised, worker, pass } = supervise()
  supervised.start()
  await settled()
  worker().status()
  const drained = supervised.drain('stopped')
  await pass(DRAIN_MAX_MS - 1)
  expect(worker().killed).toBeUndefined()
  worker().status()
  await pass(1)
  await drained
  expect(worker().killed).toBe('SIGKILL')
})

test('drain() during the wait for a restart ends it at once', async () => {
  const { supervised, states, worker, workers } = supervise()
  supervised.start()
  await settled()
  worker().crash()
  await settled()
  await supervised.drain('stopped')
  expect(states.at(-1)).toBe('stopped')
  expect(workers).toHaveLength(1)
})

test('what keeps a worker from being started is its reason', async () => {
  const { supervised, states } = supervise({
    start: async () => {
      throw new (await import('../../../src/runtime/errors.ts')).PeerNotFound('gone')
    },
  })
  supervised.start()
  await settled()
  expect(states.at(-1)).toBe('failed peer.not_found')
})

test('a worker whose channel breaks is killed', async () => {
  const { supervised, states, worker } = supervise()
  supervised.start()
  await settled()
  worker().handlers.onBroken(new Error('garbage'))
  await settled()
  expect(worker().killed).toBe('SIGKILL')
  expect(states.at(-1)).toBe('failed worker.channel_broken')
})

test('a worker that cannot be made at all is tried again like one that crashed', async () => {
  const { supervised, states, workers, pass } = supervise({ faults: 1 })
  supervised.start()
  await settled()
  expect(states.at(-1)).toBe('failed host.unreachable')
  await pass(RESTART_BACKOFF.firstMs)
  expect(workers).toHaveLength(1)
})

import { describe, expect, test } from 'bun:test'
import { Cancelled, type Clock, EncodingInvalid, systemRandom } from '../../src/base/mod.ts'
import { DELIVERIES_MAX, Deliveries } from '../../src/platform/deployments/deliveries.ts'
import { overallOf, standingOf, type Target } from '../../src/platform/deployments/targets.ts'
import { C2MessageTooLarge } from '../../src/wire/errors.ts'
import { DEPLOYMENT, RUNTIME } from '../support/wire/parties.ts'

const target = (changes: Partial<Target> = {}): Target => ({
  ...{
    deployment: DEPLOYMENT,
    version: 1,
    runtime: RUNTIME,
    system: 'factory',
    wanted: 'run',
    assignment: null,
    signature: null,
  },
  ...{
    shape: { components: [], bridges: [] },
    delivery: 'due',
    attempts: 0,
    problem: null,
    outcome: null,
    state: null,
  },
  ...{ reasons: [], changedAtMs: 0, ...changes },
})

/** Waits only end when the test or an abort says so; notes how long each was to be. */
function heldClock(): Clock & { waits: number[]; release(): void; waiting(count: number): Promise<void> } {
  let held: (() => void)[] = []
  let watchers: (() => void)[] = []
  const waits: number[] = []
  return {
    waits,
    now: () => 0,
    monotonic: () => 0,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        waits.push(ms)
        held.push(resolve)
        signal?.addEventListener('abort', () => reject(new Cancelled('cancelled')))
        for (const watcher of watchers.splice(0)) watcher()
      }),
    release() {
      for (const resolve of held.splice(0)) resolve()
    },
    async waiting(count) {
      while (waits.length < count) await new Promise<void>((resolve) => watchers.push(resolve))
      watchers = []
      held = [...held]
    },
  }
}

describe('Deliveries', () => {
  test('wait longer after each failure, up to a minute, and a sign of life ends the wait', async () => {
    const clock = heldClock()
    let reachable = false
    let asked = 0
    const nothingDue = Promise.withResolvers<void>()
    const failures: string[] = []
    const deliveries = new Deliveries({
      ...{
        clock,
        random: systemRandom,
        runtimesDue: async () => [RUNTIME],
        due: async () => {
          asked++
          if (!reachable) return target()
          nothingDue.resolve()
          return undefined
        },
      },
      deliver: async () => {
        throw new RangeError('nobody there')
      },
      failed: async (_, code) => void failures.push(code),
      refused: () => Promise.reject(new RangeError('nothing here can never pass')),
    })
    await deliveries.start()
    for (let count = 1; count <= 9; count++) {
      await clock.waiting(count)
      clock.release()
    }
    await clock.waiting(10)
    expect(clock.waits[0]).toBeLessThanOrEqual(1_000)
    for (const wait of clock.waits.slice(7)) expect(wait).toBeGreaterThanOrEqual(30_000)
    expect(Math.max(...clock.waits)).toBeLessThanOrEqual(60_000)
    expect(new Set(failures)).toEqual(new Set(['internal.unexpected']))
    reachable = true
    expect(asked).toBe(10)
    deliveries.kick(RUNTIME)
    await nothingDue.promise
    expect(asked).toBe(11)
    await deliveries.close()
    expect(clock.waits).toHaveLength(10)
  })

  test('to many Runtimes go on side by side, but never more than the bound at a time', async () => {
    const due = new Map(
      Array.from({ length: DELIVERIES_MAX + 4 }, (_, index) => [`rt_${index}`, target({ runtime: `rt_${index}` })]),
    )
    let [under, most] = [0, 0]
    const held: (() => void)[] = []
    let full: () => void = () => undefined
    const reached = new Promise<void>((resolve) => {
      full = resolve
    })
    const deliveries = new Deliveries({
      ...{
        clock: heldClock(),
        random: systemRandom,
        runtimesDue: async () => [...due.keys()],
        due: async (runtime) => due.get(runtime),
      },
      deliver: async ({ runtime }) => {
        under++
        most = Math.max(most, under)
        if (under === DELIVERIES_MAX) full()
        await new Promise<void>((resolve) => held.push(resolve))
        due.delete(runtime)
        under--
      },
      failed: async () => undefined,
      refused: async () => undefined,
    })
    await deliveries.start()
    await reached
    while (due.size > 0) {
      for (const resolve of held.splice(0)) resolve()
      await new Promise((resolve) => setImmediate(resolve))
    }
    await deliveries.close()
    expect(most).toBe(DELIVERIES_MAX)
  })

  test('what can never be told is noted as refused, at once, and what stands behind it is told', async () => {
    const clock = heldClock()
    const due = [target({ version: 1 }), target({ version: 2 }), target({ version: 3 })]
    const [told, refused]: [number[], string[]] = [[], []]
    const nothingDue = Promise.withResolvers<void>()
    const deliveries = new Deliveries({
      ...{ clock, random: systemRandom, runtimesDue: async () => [RUNTIME] },
      due: async () => {
        if (due.length === 0) nothingDue.resolve()
        return due[0]
      },
      deliver: async ({ version }) => {
        if (version === 1) throw new C2MessageTooLarge('a message of 2000000 bytes is too long')
        if (version === 2) throw new EncodingInvalid('the key of the Runtime is no base64url')
        told.push(version)
        due.shift()
      },
      failed: () => Promise.reject(new RangeError('it would be tried again')),
      refused: async ({ version }, code) => {
        refused.push(`${version} ${code}`)
        due.shift()
      },
    })
    await deliveries.start()
    await nothingDue.promise
    await deliveries.close()
    expect(told).toEqual([3])
    expect(refused).toEqual(['1 c2.message_too_large', '2 encoding.invalid'])
    expect(clock.waits).toEqual([])
  })
})

describe('how a deployment stands', () => {
  test.each([
    [[], 'stopped'],
    [['stopped', 'stopped'], 'stopped'],
    [['running', 'stopped'], 'running'],
    [['running', 'preparing'], 'preparing'],
    [['running', 'awaiting-approval', 'preparing'], 'awaiting-approval'],
    [['awaiting-approval', 'refused'], 'refused'],
    [['refused', 'failed', 'running'], 'failed'],
    [['running', 'draining'], 'draining'],
  ] as const)('%p together are %p', (states, overall) => {
    expect(overallOf(states)).toBe(overall)
  })

  test('what was not told yet says so or why, and an answer that was not understood has failed', () => {
    expect(standingOf(target())).toEqual({ state: 'preparing', reasons: [{ code: 'deployment.not_told_yet' }] })
    expect(standingOf(target({ problem: 'host.unreachable' })).reasons).toEqual([{ code: 'host.unreachable' }])
    expect(standingOf(target({ wanted: 'stop' })).state).toBe('draining')
    expect(standingOf(target({ delivery: 'told', outcome: 'not-understood', state: 'received' })).state).toBe('failed')
    expect(standingOf(target({ delivery: 'told', outcome: 'applied', state: 'running' })).state).toBe('running')
  })
})

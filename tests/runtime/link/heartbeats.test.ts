import { expect, test } from 'bun:test'
import { logOf } from '../../../src/base/mod.ts'
import { RowNotAuthentic } from '../../../src/runtime/errors.ts'
import { CHANGES_GATHERED_MS, Heartbeats } from '../../../src/runtime/link/heartbeats.ts'
import type { Heartbeat } from '../../../src/wire/mod.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { settled } from '../../support/runtime/fake-worker.ts'
import { heartbeat } from '../../support/wire/samples.ts'

function beating(options: { chance?: number; send?: () => Promise<void>; faults?: number } = {}) {
  const clock = new ManualClock()
  let faults = options.faults ?? 0
  const sent: { at: number; heartbeat: Heartbeat }[] = []
  const heartbeats = new Heartbeats({
    ...{ intervalMs: 10_000, clock, log: logOf('test') },
    random: (length) => new Uint8Array(length).fill(options.chance ?? 128),
    compose: async (leaving) => {
      if (faults-- > 0) throw new RowNotAuthentic('changed')
      return { ...heartbeat, leaving }
    },
    send: async (one) => {
      await options.send?.()
      sent.push({ at: clock.monotonic(), heartbeat: one })
    },
  })
  return { clock, sent, heartbeats }
}

test('a heartbeat goes out at the start and then every 10 s, a tenth more or less', async () => {
  for (const [chance, wait] of [
    [0, 9_000],
    [255, 11_000],
  ] as const) {
    const { clock, sent, heartbeats } = beating({ chance })
    heartbeats.start()
    await settled()
    expect(sent).toHaveLength(1)
    clock.advance(wait - 1)
    await settled()
    expect(sent).toHaveLength(1)
    clock.advance(1)
    await settled()
    expect(sent).toHaveLength(2)
    await heartbeats.close()
  }
})

test('a change sends one at once; changes that come together share it', async () => {
  const { clock, sent, heartbeats } = beating()
  heartbeats.start()
  await settled()
  heartbeats.changed()
  heartbeats.changed()
  await settled()
  clock.advance(CHANGES_GATHERED_MS)
  await settled()
  expect(sent.map(({ at }) => at)).toEqual([0, CHANGES_GATHERED_MS])
  await heartbeats.close()
})

test('the last one says that the Runtime is leaving', async () => {
  const { sent, heartbeats } = beating()
  heartbeats.start()
  await settled()
  await heartbeats.close()
  expect(sent.map((one) => one.heartbeat.leaving)).toEqual([false, true])
})

test('a Platform that does not answer is asked again at the next interval, and the failure is shown by its code', async () => {
  let failures = 1
  const { clock, sent, heartbeats } = beating({
    send: async () => {
      if (failures-- > 0) throw new Error('unreachable')
    },
  })
  heartbeats.start()
  await settled()
  expect(heartbeats.state).toMatchObject({ answered: 0, lastFailure: 'internal.unexpected' })
  clock.advance(11_000)
  await settled()
  expect(sent).toHaveLength(1)
  expect(heartbeats.state).toMatchObject({ answered: 1, lastFailure: undefined })
  await heartbeats.close()
})

test('a Runtime that cannot say how it is shows why, and beats again once it can', async () => {
  const { clock, sent, heartbeats } = beating({ faults: 1 })
  heartbeats.start()
  await settled()
  expect(heartbeats.state).toMatchObject({
    answered: 0,
    lastSentMs: undefined,
    lastFailure: 'runtime.row_not_authentic',
  })
  clock.advance(11_000)
  await settled()
  expect(sent).toHaveLength(1)
  expect(heartbeats.state.lastFailure).toBeUndefined()
  await heartbeats.close()
})

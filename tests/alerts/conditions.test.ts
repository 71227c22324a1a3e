import { describe, expect, test } from 'bun:test'
import { CONDITIONS_MAX, HOLD_MS } from '../../src/alerts/conditions.ts'
import type { Alerts, Condition } from '../../src/alerts/mod.ts'
import { KEEP_MS, WAITING_MAX } from '../../src/alerts/outbox.ts'
import { alertsDesk, type Hook, look, webhookReceiver } from '../support/alerts.ts'

const BEGIN = Date.UTC(2026, 0, 2, 3, 4, 5)

function late(id = 'platform.late', sinceMs = BEGIN): Condition {
  return { id, what: 'the Platform does not answer', effect: 'What is owed to it waits', sinceMs }
}

function told(hook: Hook): string[] {
  return hook.taken.map(({ body }) => {
    const { type, subject } = JSON.parse(body)
    return `${type.replace('sluice.alert.', '')} ${subject}`
  })
}

async function withHook() {
  const desk = await alertsDesk()
  const hook = await webhookReceiver()
  await desk.alerts.addWebhook('team', { url: hook.url, ca: hook.ca })
  const close = async (): Promise<void> => {
    await hook[Symbol.asyncDispose]()
    desk[Symbol.dispose]()
  }
  return { ...desk, hook, [Symbol.asyncDispose]: close }
}

/** Looks again and again, a quarter of a minute apart. */
async function looks(alerts: Alerts, clock: { advance(ms: number): void }, times: number, conditions: Condition[]) {
  for (let n = 0; n < times; n++) {
    await look(alerts, conditions)
    clock.advance(15_000)
  }
}

describe('what is wrong', () => {
  test('is told once it has lasted a minute, once, and again when it has passed', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    await looks(alerts, clock, 4, [late()])
    expect(told(hook)).toEqual([])
    await looks(alerts, clock, 9, [late()])
    expect(told(hook)).toEqual(['raised platform.late'])
    await looks(alerts, clock, 4, [])
    expect(told(hook)).toEqual(['raised platform.late'])
    await looks(alerts, clock, 1, [])
    expect(told(hook)).toEqual(['raised platform.late', 'cleared platform.late'])
    await looks(alerts, clock, 9, [])
    expect(told(hook)).toHaveLength(2)
  })

  test('that comes and goes within a minute is told once, and has passed only after a whole minute without it', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    for (let times = 0; times < 8; times++) {
      await looks(alerts, clock, 2, [late('flapping', clock.now())])
      await looks(alerts, clock, 3, [])
    }
    expect(told(hook)).toEqual(['raised flapping'])
    await looks(alerts, clock, 2, [])
    expect(told(hook)).toEqual(['raised flapping', 'cleared flapping'])
  })

  test('is never told when it passes within a minute', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    await looks(alerts, clock, 3, [late()])
    await looks(alerts, clock, 9, [])
    expect(told(hook)).toEqual([])
  })

  test('counts from the first look, however often it says a later beginning', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    for (let at = 0; at <= HOLD_MS; at += 15_000) {
      await look(alerts, [late('flapping', clock.now())])
      clock.advance(15_000)
    }
    expect(told(hook)).toEqual(['raised flapping'])
  })

  test('is told once although the process ended and began again in between', async () => {
    await using made = await withHook()
    const { clock, hook } = made
    await looks(made.alerts, clock, 6, [late()])
    const again = await made.reopened()
    await looks(again, clock, 6, [late()])
    await looks(again, clock, 5, [])
    expect(told(hook)).toEqual(['raised platform.late', 'cleared platform.late'])
  })

  test(`is looked at up to ${CONDITIONS_MAX} at once; more wait until others have passed`, async () => {
    using desk = await alertsDesk()
    const many = Array.from({ length: CONDITIONS_MAX + 1 }, (_, n) => late(`c${n}`))
    desk.clock.advance(HOLD_MS)
    await look(desk.alerts, many)
    const hook = await webhookReceiver()
    await desk.alerts.addWebhook('team', { url: hook.url, ca: hook.ca })
    await look(desk.alerts, many.slice(1))
    expect(told(hook)).toEqual([])
    desk.clock.advance(HOLD_MS)
    await look(desk.alerts, many.slice(1))
    expect(told(hook)).toEqual(['cleared c0', `raised c${CONDITIONS_MAX}`])
    await hook[Symbol.asyncDispose]()
  })
})

describe('a receiver that is away', () => {
  test('is told everything in order when it is back, even by another process', async () => {
    await using made = await withHook()
    const { clock, hook } = made
    hook.status = 503
    await looks(made.alerts, clock, 6, [late('a'), late('b')])
    await looks(made.alerts, clock, 5, [late('b')])
    expect((await made.alerts.list())[0]).toMatchObject({ lastFailure: 'alert.not_taken', lastSentAtMs: null })
    hook.status = 204
    hook.taken.length = 0
    const again = await made.reopened()
    clock.advance(600_000)
    await look(again, [late('b')])
    expect(told(hook)).toEqual(['raised a', 'raised b', 'cleared a'])
    expect((await again.list())[0]).toMatchObject({ lastFailure: null, lastSentAtMs: clock.now(), dropped: 0 })
  })

  test('is asked less and less often, and never for two things in one look', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    hook.status = 500
    clock.advance(HOLD_MS)
    await looks(alerts, clock, 40, [late('a'), late('b')])
    expect(hook.taken.length).toBeLessThan(10)
    expect(new Set(told(hook))).toEqual(new Set(['raised a']))
  })

  test('does not hold up another channel', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    await using other = await webhookReceiver()
    await alerts.addWebhook('other', { url: other.url, ca: other.ca })
    hook.status = 500
    clock.advance(HOLD_MS)
    await look(alerts, [late()])
    expect(told(other)).toEqual(['raised platform.late'])
  })

  test('that is slow ends its round, so that what came since is told to others', async () => {
    using desk = await alertsDesk()
    await using slow = await webhookReceiver({ onTaken: () => desk.clock.advance(2_000) })
    await desk.alerts.addWebhook('slow', { url: slow.url, ca: slow.ca })
    const sinceMs = desk.clock.now()
    desk.clock.advance(HOLD_MS)
    const wrong = Array.from({ length: 10 }, (_, i) => ({ id: `c${i}`, what: 'a thing', sinceMs }))
    await look(desk.alerts, wrong)
    expect(slow.taken).toHaveLength(3)
    await desk.alerts.deliver()
    expect(slow.taken).toHaveLength(6)
  })

  test('for a day is given up, which its channel counts', async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    hook.status = 500
    clock.advance(HOLD_MS)
    await look(alerts, [late()])
    clock.advance(KEEP_MS)
    await look(alerts, [late()])
    hook.taken.length = 0
    hook.status = 204
    clock.advance(KEEP_MS)
    await look(alerts, [late()])
    expect(hook.taken).toEqual([])
    expect((await alerts.list())[0]).toMatchObject({ dropped: 1 })
  })

  test(`is kept ${WAITING_MAX} alerts; the oldest give way, and are counted`, async () => {
    await using made = await withHook()
    const { alerts, clock, hook } = made
    hook.status = 500
    clock.advance(HOLD_MS)
    await look(
      alerts,
      Array.from({ length: WAITING_MAX }, (_, n) => late(`c${n}`)),
    )
    await look(
      alerts,
      Array.from({ length: WAITING_MAX + 1 }, (_, n) => late(`c${n}`)),
    )
    expect((await alerts.list())[0]).toMatchObject({ dropped: 1 })
    await look(alerts, [])
    clock.advance(HOLD_MS)
    await look(alerts, [])
    expect((await alerts.list())[0]).toMatchObject({ dropped: 1 + WAITING_MAX + 1 })
  })
})

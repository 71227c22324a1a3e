import { describe, expect, test } from 'bun:test'
import { Unreachable } from '../../../src/base/mod.ts'
import { deploymentLines } from '../../../src/runtime/attention/deployments.ts'
import { DISK_FREE, diskGauge, diskLines } from '../../../src/runtime/attention/disk.ts'
import {
  CLOCK_OFFSET_WARN_MS,
  type PlatformSeen,
  platformLines,
  SILENT_MS,
} from '../../../src/runtime/attention/platform.ts'
import { RETRIED_MS } from '../../../src/runtime/attention/retried.ts'
import { Attention, type AttentionLine } from '../../../src/runtime/attention.ts'
import type { DeploymentDetail } from '../../../src/runtime/deployment-detail.ts'
import { additionsByKind } from '../../../src/runtime/deployments/needs.ts'

const T0 = Date.UTC(2026, 10, 24)
const line = (state: AttentionLine['state'], what: string): AttentionLine => ({
  ...{ id: what, state, what, effect: 'x' },
  cure: { label: 'Look', href: '/' },
})

describe('Attention', () => {
  test('puts what is wrong first and what waits for a decision last, whoever says it', async () => {
    const attention = new Attention<{ known: string }>()
    attention.watch('a', ({ known }) => [line('awaiting-approval', 'decide'), line('late', known)])
    attention.watch('b', async () => [line('failed', 'broken'), line('late', 'soon')])
    const lines = await attention.lines({ known: 'known' })
    expect(lines.map(({ what }) => what)).toEqual(['broken', 'known', 'soon', 'decide'])
  })

  test('tells of a watch that fails by its name and code, and of the others all the same', async () => {
    const attention = new Attention<undefined>()
    attention.watch('certificates', () => Promise.reject(new Unreachable('canary-geheim')))
    attention.watch('b', () => [line('late', 'soon')])
    const lines = await attention.lines(undefined)
    expect(lines.map(({ what }) => what)).toEqual([
      'How it stands with certificates cannot be told: internal.unreachable',
      'soon',
    ])
    expect(JSON.stringify(lines)).not.toContain('canary-geheim')
  })
})

const quiet: PlatformSeen = {
  ...{ nowMs: T0 + SILENT_MS, uptimeMs: 10_000_000 },
  platform: {
    state: 'enrolled',
    lastHeartbeatAnsweredMs: T0,
    owed: { auditLogs: 2, status: 1, lost: 0 },
  },
}
const platform = (more: Partial<PlatformSeen['platform']>, nowMs = T0): AttentionLine[] =>
  platformLines({ ...quiet, nowMs, platform: { ...quiet.platform, ...more } })

describe('the link to the Platform', () => {
  test('needs nobody while it answers, and someone after three intervals', () => {
    expect(platformLines({ ...quiet, nowMs: quiet.nowMs - 1 })).toEqual([])
    expect(platformLines(quiet)).toMatchObject([
      { state: 'late', sinceMs: T0, effect: 'This Runtime works on; 3 messages are kept for the Platform.' },
    ])
    expect(platform({ failure: 'host.unreachable' }, quiet.nowMs)[0]?.what).toContain('host.unreachable')
  })

  test('that never answered is silent since this process runs', () => {
    const silent = { ...quiet.platform, lastHeartbeatAnsweredMs: undefined }
    expect(platformLines({ nowMs: T0, uptimeMs: SILENT_MS, platform: silent })[0]?.sinceMs).toBe(T0 - SILENT_MS)
    expect(platformLines({ nowMs: T0, uptimeMs: SILENT_MS - 1, platform: silent })).toEqual([])
  })

  test('says which way this machine’s clock is wrong, before messages are refused', () => {
    expect(platform({ clockOffsetMs: CLOCK_OFFSET_WARN_MS - 1 })).toEqual([])
    expect(platform({ clockOffsetMs: CLOCK_OFFSET_WARN_MS })[0]?.what).toContain('behind the Platform')
    expect(platform({ clockOffsetMs: -CLOCK_OFFSET_WARN_MS })[0]?.what).toContain('ahead of the Platform')
  })

  test('says what is lost, and how to begin where there is no Platform yet', () => {
    expect(platform({ owed: { auditLogs: 0, status: 0, lost: 1 } })[0]).toMatchObject({ state: 'failed' })
    expect(platform({ state: 'none' })).toHaveLength(1)
    expect(platform({ state: 'none' })[0]?.effect).toContain('sluice runtime enrol')
  })
})

describe('the disk', () => {
  const big = 1_000_000_000_000
  const lines = (freeBytes: number, totalBytes = big) =>
    diskLines({ disk: { freeBytes, totalBytes } }).map(({ state }) => state)

  test('is told of by what is left of a large volume, and by the share of a small one', () => {
    expect(lines(DISK_FREE.late.bytes)).toEqual([])
    expect(lines(DISK_FREE.late.bytes - 1)).toEqual(['late'])
    expect(lines(DISK_FREE.failed.bytes)).toEqual(['late'])
    expect(lines(DISK_FREE.failed.bytes - 1)).toEqual(['failed'])
    expect(lines(51_000_000, 1_000_000_000)).toEqual([])
    expect(lines(49_000_000, 1_000_000_000)).toEqual(['late'])
    expect(lines(9_000_000, 1_000_000_000)).toEqual(['failed'])
  })

  test('is asked for at most once in five seconds', async () => {
    let nowMs = 0
    const gauge = diskGauge('.', { monotonic: () => nowMs })
    const first = gauge()
    nowMs = 5_000
    expect(gauge()).toBe(first)
    nowMs = 5_001
    expect(gauge()).not.toBe(first)
    const { totalBytes, freeBytes } = await first
    expect(totalBytes).toBeGreaterThan(freeBytes)
  })
})

describe('deployments', () => {
  const calm: DeploymentDetail = {
    ...{ deployment: 'dep_1', blueprint: 'orders', system: 'here', version: 7, state: 'running', reasons: [] },
    ...{ changedAtMs: T0, components: [], wiring: [], deadLetters: 0, bridges: [], peers: [] },
  }
  const bridge = {
    ...{ bridge: 'br_1', peer: 'rt_1', state: 'down', suite: '', frames: 0, bytes: 0, rotations: 0 },
    ...{ from: 'orders', to: ['warehouse'], direction: 'out', peerName: 'cloud-01' },
  } as DeploymentDetail['bridges'][0]
  const linesOf = (more: Partial<DeploymentDetail>, nowMs = T0) =>
    deploymentLines({ deployments: [{ ...calm, ...more }], nowMs })
  const words = (more: Partial<DeploymentDetail>, nowMs = T0) =>
    linesOf(more, nowMs).map(({ state, word, what, cure }) => `${word ?? state}: ${what} → ${cure.href}`)

  test('that run well need nobody', () => {
    expect(words({})).toEqual([])
    expect(words({ bridges: [{ ...bridge, state: 'up' }] })).toEqual([])
  })

  test('say what does not run, what waits and what was refused, each with the page that helps', () => {
    const waiting = {
      version: 8,
      receivedAtMs: T0,
      adds: additionsByKind([{ kind: 'host', item: 'a' }]),
    }
    expect(words({ waiting, state: 'failed', reasons: [{ code: 'csv_file.file_missing' }], deadLetters: 1 })).toEqual([
      'awaiting-approval: orders version 8 waits for your approval → /deployments/dep_1/approval',
      'failed: orders does not run: csv_file.file_missing → /deployments/dep_1',
      'to decide: 1 refused record of orders waits → /deployments/dep_1/dead-letters',
    ])
  })

  const component = (name: string, code?: string): DeploymentDetail['components'][0] => ({
    ...{ name, type: 'libsql_table', state: 'running', messagesIn: 1, messagesOut: 1, bytesIn: 1, bytesOut: 1 },
    ...{ errors: 5_000, retries: 5_000, executionMs: 1, refused: 0 },
    ...(code !== undefined && { reason: { code }, reasonSince: new Date(T0).toISOString() }),
  })

  test('say what is tried again and again, once it has lasted a minute, whether the flow runs or is getting ready', () => {
    const components = [component('orders'), component('warehouse', 'libsql_table.unavailable')]
    for (const state of ['running', 'preparing'] as const) {
      expect(words({ state, components }, T0 + RETRIED_MS - 1)).toEqual([])
      expect(words({ state, components }, T0 + RETRIED_MS)).toEqual([
        'late: warehouse of orders is tried again and again: libsql_table.unavailable → /deployments/dep_1',
      ])
    }
    expect(linesOf({ components }, T0 + RETRIED_MS)[0]?.sinceMs).toBe(T0)
    expect(words({ state: 'stopped', components }, T0 + RETRIED_MS)).toEqual([])
    const both = { bridges: [{ ...bridge, state: 'up' as const }], components: [component('br_1', 'store.disk_full')] }
    expect(words(both, T0 + RETRIED_MS)[0]).toContain('late: The bridge to cloud-01 of orders')
  })

  test('that get ready for over a minute without a reason are told of', () => {
    const preparing = { state: 'preparing' as const, components: [component('orders')] }
    expect(words(preparing, T0 + RETRIED_MS - 1)).toEqual([])
    expect(words(preparing, T0 + RETRIED_MS)).toEqual([
      'late: orders has been getting ready for over a minute → /deployments/dep_1',
    ])
  })

  test('that failed have failed until they run again', () => {
    const preparing = { state: 'preparing' as const, reasons: [{ code: 'worker.crashed' }] }
    expect(linesOf(preparing)).toMatchObject([{ id: 'deployment.failed dep_1', state: 'failed' }])
    expect(words({ state: 'running' })).toEqual([])
    const unsound = { ...preparing, reasons: [{ code: 'runtime.row_not_authentic' }] }
    expect(linesOf(unsound)).toMatchObject([{ id: 'deployment.undecidable dep_1' }])
  })

  test('whose refused records have no room left say that the flow is held', () => {
    const effects = (code?: string) =>
      linesOf({ deadLetters: 9, components: [component('orders', code)] }, T0 + RETRIED_MS).map(({ effect }) => effect)
    expect(effects()).toEqual([expect.stringContaining('what runs goes on')])
    for (const effect of effects('journal.full')) expect(effect).toContain('the flow is held')
    expect(effects('journal.full')).toHaveLength(2)
  })

  test('name the peer of a bridge that is not up, once for each peer, and only while they run', () => {
    const reason = { code: 'bridge.not_in_force' }
    const two = [bridge, { ...bridge, bridge: 'br_2' as const }]
    expect(words({ bridges: two })).toEqual([
      'late: The bridge of orders to cloud-01 is not up → /deployments/dep_1#deployment-bridges',
    ])
    expect(words({ bridges: [{ ...bridge, state: 'connecting' }] })).toEqual([])
    expect(words({ bridges: [{ ...bridge, state: 'connecting', reason }] })[0]).toContain('bridge.not_in_force')
    expect(words({ bridges: two, state: 'stopped' })).toEqual([])
  })

  test('say of a bridge that is not up which side it is, why, and since when', () => {
    const since = '2026-11-24T10:00:00.000Z'
    const lineOf = (more: Partial<DeploymentDetail>) => {
      const [only] = linesOf(more)
      return [only?.what, only?.sinceMs]
    }
    const at = Date.parse(since)
    const closed = { ...bridge, since, reason: { code: 'bridge.peer_stopped' } }
    expect(lineOf({ bridges: [closed] })).toEqual([
      ...['The bridge of orders to cloud-01 is not up: cloud-01 has stopped its part', at],
    ])
    const peer = { runtime: 'rt_1', name: 'cloud-01', version: 7, state: 'refused' as const, since }
    const later = { ...closed, since: '2026-11-24T11:00:00.000Z' }
    expect(lineOf({ bridges: [later], peers: [{ ...peer, inForce: 6 }] })).toEqual([
      'The bridge of orders to cloud-01 is not up: cloud-01 refused version 7, and has version 6 in force; here it is version 7',
      at,
    ])
    expect(lineOf({ bridges: [later], peers: [peer] })[0]).toEndWith(': cloud-01 refused version 7')
    // The side that has turned it down.
    const ahead = { ...peer, version: 8, state: 'running' as const, inForce: 8 }
    expect(lineOf({ bridges: [later], peers: [ahead] })[0]).toEndWith(
      ': cloud-01 has version 8 in force; here it is version 7',
    )
  })
})

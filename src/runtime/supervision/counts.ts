/** Counts of a deployment over all processes that ran it. */
import type { BridgeStatus, ComponentStatus } from '../../wire/mod.ts'

const COUNTED = [
  'messagesIn',
  'messagesOut',
  'bytesIn',
  'bytesOut',
  'errors',
  'retries',
  'executionMs',
  'refused',
] as const

/** The later states with the earlier counts added; components that the later process has not told of yet keep the earlier ones. */
export function addCounts(earlier: readonly ComponentStatus[], later: readonly ComponentStatus[]): ComponentStatus[] {
  const byName = new Map(earlier.map((status) => [status.name, status]))
  for (const status of later) {
    const before = byName.get(status.name)
    const sum = { ...status }
    if (before) for (const key of COUNTED) sum[key] += before[key]
    byName.set(status.name, sum)
  }
  return [...byName.values()]
}

/** The same for bridges: the later state, the frames and bytes of all processes. */
export function addBridgeCounts(earlier: readonly BridgeStatus[], later: readonly BridgeStatus[]): BridgeStatus[] {
  const byId = new Map<string, BridgeStatus>(earlier.map((status) => [status.bridge, status]))
  for (const status of later) {
    const before = byId.get(status.bridge)
    const { frames, bytes, rotations } = before ?? { frames: 0, bytes: 0, rotations: 0 }
    byId.set(status.bridge, {
      ...status,
      frames: status.frames + frames,
      bytes: status.bytes + bytes,
      rotations: status.rotations + rotations,
    })
  }
  return [...byId.values()]
}

/** Since when each component has had a reason, milliseconds since 1970: one that changes is the same trouble going on. */
export function reasonsSince(
  earlier: ReadonlyMap<string, number>,
  later: readonly ComponentStatus[],
  nowMs: number,
): ReadonlyMap<string, number> {
  const held = later.filter(({ reason }) => reason !== undefined)
  return new Map(held.map(({ name }) => [name, earlier.get(name) ?? nowMs]))
}

/** Records in and out a second, by component. */
export type Rates = ReadonlyMap<string, { inPerSecond: number; outPerSecond: number }>

/** Rates between two reports of one process; a component that the earlier one lacks has none. */
export function ratesBetween(
  earlier: readonly ComponentStatus[],
  later: readonly ComponentStatus[],
  elapsedMs: number,
): Rates {
  const before = new Map(earlier.map((status) => [status.name, status]))
  const perSecond = (from: number, to: number): number => (Math.max(0, to - from) * 1_000) / elapsedMs
  return new Map(
    later.flatMap(({ name, messagesIn, messagesOut }) => {
      const former = before.get(name)
      if (!former || elapsedMs <= 0) return []
      const rates = {
        inPerSecond: perSecond(former.messagesIn, messagesIn),
        outPerSecond: perSecond(former.messagesOut, messagesOut),
      }
      return [[name, rates] as const]
    }),
  )
}

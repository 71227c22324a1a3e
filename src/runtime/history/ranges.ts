/** The ranges of time that a history is kept for, each in steps of its own, and the stretch of one that is read. */

export type HistoryRange = '15m' | '1h' | '6h' | '24h' | '7d' | '30d'

/** From the finest steps to the longest reach. None has more than the 240 values of a chart. */
export const HISTORY_RANGES: Readonly<Record<HistoryRange, { label: string; lengthMs: number; stepMs: number }>> = {
  '15m': { label: '15 min', lengthMs: 900_000, stepMs: 10_000 },
  '1h': { label: '1 hour', lengthMs: 3_600_000, stepMs: 30_000 },
  '6h': { label: '6 hours', lengthMs: 21_600_000, stepMs: 120_000 },
  '24h': { label: '24 hours', lengthMs: 86_400_000, stepMs: 600_000 },
  '7d': { label: '7 days', lengthMs: 604_800_000, stepMs: 3_600_000 },
  '30d': { label: '30 days', lengthMs: 2_592_000_000, stepMs: 14_400_000 },
}

export const RANGE_WORDS = Object.keys(HISTORY_RANGES) as HistoryRange[]

/** `stepMs` divides `lengthMs`, and `fromMs` is a multiple of it, so that figures fall into the same steps each time. */
export type HistoryWindow = { range: HistoryRange; fromMs: number; lengthMs: number; stepMs: number }

/** The whole of a range; it ends with the step that `nowMs` is in. */
export function lastOf(range: HistoryRange, nowMs: number): HistoryWindow {
  const { lengthMs, stepMs } = HISTORY_RANGES[range]
  return { range, fromMs: startOf(nowMs, stepMs) + stepMs - lengthMs, lengthMs, stepMs }
}

/**
 * From one time to another, in the finest steps that are no finer than `stepMs` and still reach back to `fromMs`, widened to whole
 * steps. What is older than anything kept, and what is still to come, is left out.
 */
export function between(
  { fromMs, toMs, stepMs }: { fromMs: number; toMs: number; stepMs: number },
  nowMs: number,
): HistoryWindow {
  const coarseEnough = RANGE_WORDS.filter((range) => HISTORY_RANGES[range].stepMs >= stepMs)
  const range = coarseEnough.find((one) => lastOf(one, nowMs).fromMs <= fromMs) ?? coarseEnough.at(-1) ?? '30d'
  const kept = lastOf(range, nowMs)
  const first = Math.max(kept.fromMs, startOf(fromMs, kept.stepMs))
  const end = Math.min(kept.fromMs + kept.lengthMs, startOf(toMs - 1, kept.stepMs) + kept.stepMs)
  return { ...kept, fromMs: first, lengthMs: Math.max(0, end - first) }
}

function startOf(atMs: number, stepMs: number): number {
  return Math.floor(atMs / stepMs) * stepMs
}

/** The stretches of time that dashboards show, in days or weeks of UTC or of a chosen zone, and answers of groups laid out along them. */
import { rfc3339, type TimeZone } from '../../base/mod.ts'
import type { ChartFigures } from '../../web/mod.ts'
import type { Condition, GroupAnswer, GroupKey } from '../../wire/mod.ts'

const DAY_MS = 86_400_000
/** The first Monday after 1970-01-01, a Thursday. */
const MONDAY_MS = 4 * DAY_MS

/** None has more than the 240 values of a chart. */
const RANGES = {
  '14d': { label: '14 days', days: 14, bucket: 'day' },
  '30d': { label: '30 days', days: 30, bucket: 'day' },
  '90d': { label: '90 days', days: 90, bucket: 'day' },
  '1y': { label: '1 year', days: 364, bucket: 'week' },
  '3y': { label: '3 years', days: 1_092, bucket: 'week' },
} as const satisfies Record<string, { label: string; days: number; bucket: 'day' | 'week' }>

export type DashboardRange = keyof typeof RANGES
export const DASHBOARD_RANGES = Object.entries(RANGES).map(([word, { label }]) => ({ word, label }))
export const DASHBOARD_RANGE_WORDS = Object.keys(RANGES) as DashboardRange[]

/**
 * `fromMs` is the first day, which the midnight of UTC stands for in whatever zone: so all steps are as long, be a day of 23 or of 25 hours.
 * Without a zone they are days of UTC.
 */
export type Window = {
  bucket: 'day' | 'week'
  fromMs: number
  stepMs: number
  steps: number
  zone: TimeZone | undefined
}

/** The last bucket is that of `nowMs`. */
export function windowOf(range: DashboardRange, nowMs: number, zone?: TimeZone): Window {
  const { days, bucket } = RANGES[range]
  const stepMs = bucket === 'day' ? DAY_MS : 7 * DAY_MS
  const offset = bucket === 'day' ? 0 : MONDAY_MS
  const last = Math.floor((nowMs + (zone?.offsetMs(nowMs) ?? 0) - offset) / stepMs) * stepMs + offset
  const steps = days / (stepMs / DAY_MS)
  return { bucket, stepMs, steps, zone, fromMs: last - (steps - 1) * stepMs }
}

/** What puts records into the buckets of a window. */
export function keyOf(window: Window, field: string): GroupKey {
  return { field, bucket: window.bucket }
}

/** Holds for records from the window's beginning on. */
export function since(window: Window, field: string): Condition {
  return { field, is: 'ge', value: beginOf(window, window.fromMs) }
}

/** Times are compared as texts: without its zone's letter it comes before each time of its second, with fractions or without. */
function beginOf({ zone }: Window, dayMs: number): string {
  return zone ? rfc3339(zone.beginsMs(dayMs)).slice(0, 19) : rfc3339(dayMs).slice(0, 10)
}

/** As long a time just before it. */
export function windowBefore(window: Window): Window {
  return { ...window, fromMs: window.fromMs - window.steps * window.stepMs }
}

/** Holds for records within it. */
export function within(window: Window, field: string): Condition[] {
  const end = beginOf(window, window.fromMs + window.steps * window.stepMs)
  return [since(window, field), { field, is: 'lt', value: end }]
}

/** For each bucket what `add` makes of its groups, one after another; `undefined` where there are none. The first column is the bucket. */
export function along(
  { fromMs, stepMs, steps }: Window,
  { rows }: Pick<GroupAnswer, 'rows'>,
  add: (sum: number, row: readonly unknown[]) => number,
): (number | undefined)[] {
  const values: (number | undefined)[] = Array.from({ length: steps }, () => undefined)
  for (const row of rows) {
    const step = (Date.parse(String(row[0])) - fromMs) / stepMs
    if (Number.isInteger(step) && step >= 0 && step < steps) values[step] = add(values[step] ?? 0, row)
  }
  return values
}

/** The time of a chart along a window. */
export function timeOf({ fromMs, stepMs, zone }: Window): Pick<ChartFigures, 'fromMs' | 'stepMs' | 'zone'> {
  return { fromMs, stepMs, ...(zone && { zone: zone.name }) }
}

/** 0 where nothing is known: of what is counted, that is how many there were. */
export function counted(values: readonly (number | undefined)[]): number[] {
  return values.map((value) => value ?? 0)
}

/** Numbers, times and ids as people read them. Every function is pure; `now` comes in. */
import { nounFor } from '../base/mod.ts'

const COUNT_UNITS = ['', 'k', 'M', 'G', 'T'] as const
const BYTE_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'] as const

/** 1,234 stays exact below 10,000; then three digits and a unit: `12.3 k`, `4.21 M`. */
export function formatCount(count: number): string {
  return count < 10_000 ? grouped(count) : scaled(count, COUNT_UNITS)
}

/** Decimal units, three digits: `512 B`, `1.80 GB`. */
export function formatBytes(bytes: number): string {
  return bytes < 1_000 ? `${Math.round(bytes)} B` : scaled(bytes, BYTE_UNITS)
}

/** Records a second: `820 /s`; below 10 with one decimal. */
export function formatRate(perSecond: number): string {
  return `${perSecond > 0 && perSecond < 9.95 ? perSecond.toFixed(1) : formatCount(Math.round(perSecond))} /s`
}

/** A length of time: `0.4 s`, `12 s`, `4 min`, `3 h`, `11 days`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000
  if (seconds < 10) return `${Number(seconds.toFixed(1))} s`
  if (seconds < 60) return `${Math.floor(seconds)} s`
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`
  const days = Math.floor(seconds / 86_400)
  return `${grouped(days)} ${nounFor(days, 'day')}`
}

/** How long ago, or how far ahead: `just now`, `12 min ago`, `in 3 h`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs
  if (Math.abs(ms) < 1_000) return 'just now'
  return ms > 0 ? `${formatDuration(wholeSeconds(ms))} ago` : `in ${formatDuration(wholeSeconds(-ms))}`
}

/** The exact time with its zone, for hovering: `2026-11-24 05:44:19 UTC`. */
export function formatInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

/** An id that still tells its noun and can be compared by eye: `dep_0199…c3d4`. */
export function shortId(id: string): string {
  const [prefix = '', rest] = id.includes('_')
    ? [id.slice(0, id.indexOf('_') + 1), id.slice(id.indexOf('_') + 1)]
    : ['', id]
  return rest === undefined || rest.length <= 12 ? id : `${prefix}${rest.slice(0, 4)}…${rest.slice(-4)}`
}

/** `1234567` → `1,234,567`. */
export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')
}

function wholeSeconds(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}

/** Three significant digits in the largest unit that keeps the figure at or above 1. */
function scaled(value: number, units: readonly string[]): string {
  let [rest, unit] = [value, 0]
  while (rest >= 999.5 && unit < units.length - 1) {
    rest /= 1_000
    unit++
  }
  const digits = rest < 9.995 ? 2 : rest < 99.95 ? 1 : 0
  return `${rest.toFixed(digits)} ${units[unit]}`
}

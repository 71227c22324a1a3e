/** A set of numbers as ranges, ascending and apart: small where whole stretches are in it. */

/** First and last number, both in it. */
export type NumberRange = readonly [from: number, to: number]

/** All of them as ranges that are ascending and apart. */
export function united(ranges: readonly NumberRange[]): NumberRange[] {
  const joined: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = joined.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else joined.push([from, to])
  }
  return joined
}

/** What of the range is in none of the others. */
export function gapsIn([from, to]: NumberRange, ranges: readonly NumberRange[]): NumberRange[] {
  const gaps: NumberRange[] = []
  let at = from
  for (const [start, end] of ranges) {
    if (end < at) continue
    if (start > to) break
    if (start > at) gaps.push([at, start - 1])
    at = end + 1
  }
  if (at <= to) gaps.push([at, to])
  return gaps
}

/** Whether the number is in one of them. */
export function isIn(ranges: readonly NumberRange[], number: number): boolean {
  let [low, high] = [0, ranges.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const [from, to] = ranges[middle] ?? [0, 0]
    if (number < from) high = middle - 1
    else if (number > to) low = middle + 1
    else return true
  }
  return false
}

/** How many numbers there are in all of them. */
export function sizeOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0)
}

/** Ascending numbers as ranges. */
export function rangesOf(numbers: Iterable<number>): NumberRange[] {
  const ranges: [number, number][] = []
  for (const number of numbers) {
    const last = ranges.at(-1)
    if (last && number === last[1] + 1) last[1] = number
    else ranges.push([number, number])
  }
  return ranges
}

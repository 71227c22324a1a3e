/** Numbers of limits in words, and their products. */

const KIB = 1_024
const UNITS = ['B', 'KiB', 'MiB', 'GiB'] as const
const TIMES = [
  [24 * 60 * 60_000, 'days'],
  [60 * 60_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

export function count(value: number): string {
  return value.toLocaleString('en-US')
}

/** In the largest unit of which there is one at least, with one decimal where it is not whole. */
export function bytes(value: number): string {
  const power = Math.min(UNITS.length - 1, Math.floor(Math.log(value) / Math.log(KIB)))
  return `${count(Math.round((value / KIB ** power) * 10) / 10)} ${UNITS[power]}`
}

/** In the largest unit of which it is a whole number. */
export function time(ms: number): string {
  const [unitMs, unit] = TIMES.find(([length]) => ms % length === 0 && (length !== TIMES[0][0] || ms > length)) ?? [
    1,
    'ms',
  ]
  return `${count(ms / unitMs)} ${unit}`
}

/** `1,024 × ≈64 KiB = 64 MiB`; `each` is measured or estimated, in bytes. */
export function times(many: number, each: number): string {
  return `${count(many)} × ≈${bytes(each)} ≈ ${bytes(many * each)}`
}

/** The same where each has a bound of its own. */
export function timesExactly(many: number, each: number): string {
  return `${count(many)} × ${bytes(each)} = ${bytes(many * each)}`
}

/** What is bounded, by how much, and the constants that say so: `NAME` in `path`. */
export type Limit = readonly [what: string, bound: string, where: string]

export function at(path: string, ...names: readonly string[]): string {
  return `${names.map((name) => `\`${name}\``).join(' and ')} in \`${path}\``
}

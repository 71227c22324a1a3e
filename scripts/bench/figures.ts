/** What a bench gives: figures, each with its yardstick measured in the same run, and the goal it is held to. */

export type Figure = {
  /** `bench.figure`, such as `start.ready`. */
  id: string
  /** Median of the rounds. */
  value: number
  unit: string
  /** What it is measured against, run in turn with ours; `null` where there is none. */
  yardstick: { id: string; value: number } | null
  /** Ours divided by the yardstick's. */
  ratio: number | null
  /** What is asked, in words such as `≤ 150 ms`; `null` where nothing is asked yet. */
  goal: string | null
  met: boolean
}

/** How a bench is to run. It ends early, and removes what it made, when the signal aborts. */
export type BenchOptions = {
  log: (line: string) => void
  /** A small part of the work, to see that the bench runs; the figures mean little. */
  quick: boolean
  /** All of the work, also where it takes many minutes. */
  long?: boolean
  /** How often each measurement is taken, in turn with its yardsticks. */
  rounds: number
  signal: AbortSignal
}

/** One bench: a name for the command line, and its figures. */
export type Bench = { name: string; summary: string; run(options: BenchOptions): Promise<Figure[]> }

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  const high = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2
}

/** A figure held to a bound of its own. */
export function bounded(id: string, values: readonly number[], unit: string, most: number): Figure {
  const value = median(values)
  return { id, value, unit, yardstick: null, ratio: null, goal: `≤ ${most} ${unit}`, met: value <= most }
}

/** A figure that stands alone: what it is measured against cannot run on this machine. */
export function alone(id: string, values: readonly number[], unit: string): Figure {
  return { id, value: median(values), unit, yardstick: null, ratio: null, goal: null, met: true }
}

/** A figure beside a yardstick; `goal` is the least ratio asked, or none. */
export function beside(
  id: string,
  ours: readonly number[],
  unit: string,
  yardstick: { id: string; values: readonly number[] },
  goal: number | null,
): Figure {
  const [value, other] = [median(ours), median(yardstick.values)]
  const ratio = value / other
  return {
    id,
    value,
    unit,
    yardstick: { id: yardstick.id, value: other },
    ratio,
    goal: goal === null ? null : `≥ ${goal}× ${yardstick.id}`,
    met: goal === null || ratio >= goal,
  }
}

/** How many rounds a bench has time for. */

/** A bench ends by itself within ten minutes; what is left is for preparing and clearing up. */
const ROUNDS_MS_MAX = 480_000

/** Counts rounds from 1, and begins none that would end too late if it took as long as the longest so far. */
export function* roundsWithin(
  rounds: number,
  now: () => number = () => performance.now(),
  msMax: number = ROUNDS_MS_MAX,
): Generator<number> {
  const started = now()
  let longest = 0
  for (let round = 1; round <= rounds; round++) {
    const began = now()
    if (round > 1 && began - started + longest > msMax) return
    yield round
    longest = Math.max(longest, now() - began)
  }
}

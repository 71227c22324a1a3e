/** How far each partition of a source is done without a gap: what its checkpoint may say. */

type Range = { readonly to: number; done: boolean }

export class Positions {
  readonly #inFlight = new Map<string, Range[]>()
  #moved = new Map<string, number>()

  /** A batch of the partition that reaches to position `to` is on its way. Returns how to say that it is durably done. */
  begin(partition: string, to: number): () => void {
    const range: Range = { to, done: false }
    const ranges = this.#inFlight.get(partition)
    if (ranges) ranges.push(range)
    else this.#inFlight.set(partition, [range])
    return () => this.#done(partition, range)
  }

  /** Partitions that have moved since the last call, with their next position; `undefined` when none has. */
  take(): ReadonlyMap<string, number> | undefined {
    if (this.#moved.size === 0) return undefined
    const moved = this.#moved
    this.#moved = new Map()
    return moved
  }

  #done(partition: string, range: Range): void {
    range.done = true
    const ranges = this.#inFlight.get(partition) ?? []
    // Only from the front: a batch that is done behind one that is not must not move the checkpoint past it.
    while (ranges[0]?.done) {
      this.#moved.set(partition, ranges[0].to)
      ranges.shift()
    }
    if (ranges.length === 0) this.#inFlight.delete(partition)
  }
}

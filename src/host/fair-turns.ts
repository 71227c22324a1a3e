/**
 * Lets what strangers ask for begin a few at a time in each turn of the event loop, one of each network after another. Whatever else
 * this process has to do (its own heartbeats, the workers, other people) has its chance between two turns, however many ask; and who
 * comes alone waits for one turn of each crowd, not for the whole of it.
 */
import { networkOf } from './network-of.ts'

/** 8 requests × ≈1 ms ≈ 8 ms until the loop looks at everything else again. */
export const BEGUN_PER_TURN_MAX = 8
/**
 * Of TLS handshakes, beside those: 2 × ≈1 ms. Each has to be read from twice, and Bun reads in each turn from five connections whose
 * handshake is not done, the newest first; as long as more come, those who came earlier are not read from at all. 2 × 2 < 5.
 */
export const HANDSHAKES_PER_TURN_MAX = 2

export class FairTurns {
  readonly #perTurnMax: number
  /** Network → what waits from there; whose turn is next stands first. No more than there are connections. */
  readonly #waiting = new Map<string, Set<() => void>>()
  #begun = 0
  #isTurning = false

  constructor(perTurnMax: number = BEGUN_PER_TURN_MAX) {
    this.#perTurnMax = perTurnMax
  }

  /** Begins it at once while few ask, else in its network's turn. The returned function takes it back, if it has not begun. */
  begin(address: string, work: () => void): () => void {
    if (this.#begun < this.#perTurnMax && this.#waiting.size === 0) {
      this.#count()
      work()
      return () => undefined
    }
    const network = networkOf(address)
    const line = this.#waiting.get(network) ?? new Set()
    this.#waiting.set(network, line.add(work))
    return () => this.#leave(network, work)
  }

  #leave(network: string, work: () => void): void {
    const line = this.#waiting.get(network)
    if (line?.delete(work) && line.size === 0) this.#waiting.delete(network)
  }

  #count(): void {
    this.#begun++
    if (this.#isTurning) return
    this.#isTurning = true
    setImmediate(() => this.#turn())
  }

  #turn(): void {
    this.#isTurning = false
    this.#begun = 0
    while (this.#begun < this.#perTurnMax) {
      const [next] = this.#waiting
      if (!next) return
      const [network, line] = next
      const [work] = line
      this.#waiting.delete(network)
      if (!work) continue
      line.delete(work)
      if (line.size > 0) this.#waiting.set(network, line)
      this.#count()
      work()
    }
  }
}

/**
 * Bounds how many strangers are in, so that no one of them takes the place of all: who comes when it is full takes the place of the
 * oldest of the network that holds the most. A flood from one network then pushes out its own, and not the few of the others.
 */
import { networkOf } from './network-of.ts'

export class FairRoom<T> {
  readonly #max: number
  /** Network → who is in from there, the oldest first. */
  readonly #byNetwork = new Map<string, Set<T>>()
  #size = 0

  constructor(max: number) {
    this.#max = max
  }

  get size(): number {
    return this.#size
  }

  /** Everyone who is in. */
  get all(): T[] {
    return [...this.#byNetwork.values()].flatMap((entries) => [...entries])
  }

  /** Lets one in; gives the one that has to go for it. `leave` is called for whoever has gone, this one too. */
  enter(entry: T, address: string): T | undefined {
    const network = networkOf(address)
    const gone = this.#size >= this.#max ? this.#oldestOfMost() : undefined
    if (gone !== undefined) this.leave(gone.entry, gone.network)
    this.#byNetwork.set(network, (this.#byNetwork.get(network) ?? new Set<T>()).add(entry))
    this.#size++
    return gone?.entry
  }

  /** Whether it was in. */
  leave(entry: T, address: string): boolean {
    const network = networkOf(address)
    const entries = this.#byNetwork.get(network)
    if (!entries?.delete(entry)) return false
    if (entries.size === 0) this.#byNetwork.delete(network)
    this.#size--
    return true
  }

  #oldestOfMost(): { entry: T; network: string } | undefined {
    let most: { network: string; entries: Set<T> } | undefined
    for (const [network, entries] of this.#byNetwork)
      if (!most || entries.size > most.entries.size) most = { network, entries }
    const [entry] = most?.entries ?? []
    return most && entry !== undefined ? { entry, network: most.network } : undefined
  }
}

/** Memory that the host holds for later use, given back. */

/**
 * Lets go of code that was compiled and is not running, and of blocks that are free: some MB once a start is over, since most of it
 * runs once. It takes a full collection of garbage, soon after the call; such a collection alone frees a tenth of it. Bun calls the
 * function deprecated and has none in its place. Node and Deno have no way to; there it does nothing.
 */
export function releaseMemory(): void {
  if (typeof Bun !== 'undefined') Bun.shrink()
}

/** Bytes of a process that nobody needs to do anything about. */
export const CALM_BYTES = 268_435_456
/** Bytes that it has grown by since the last collection before there is another: what is live is not looked through again and again. */
const GROWN_BYTES = 33_554_432

/** How often it is looked at, milliseconds. */
export const GARBAGE_LOOK_MS = 1_000

export type MemoryHost = {
  /** Of this process, in main memory. */
  residentBytes(): number
  /** Stands still meanwhile: about a millisecond for each MiB that is live. */
  collect(): void
}

const thisProcess: MemoryHost = {
  residentBytes: () => process.memoryUsage.rss(),
  collect: () => (typeof Bun !== 'undefined' ? Bun.gc(true) : undefined),
}

/**
 * Collects garbage before there is much of it: the host's own collector lets a flood of requests leave as much again as is live. In
 * the bench's flood of wrong passwords from 250 addresses a Runtime came to 399 MiB without this and to 308 MiB with it. Node and
 * Deno have no way to ask; there it does nothing.
 */
export class GarbageWatch {
  readonly #host: MemoryHost
  #leftBytes = 0

  constructor(host: MemoryHost = thisProcess) {
    this.#host = host
  }

  /** To be called every `GARBAGE_LOOK_MS`. */
  look(): void {
    const bytes = this.#host.residentBytes()
    this.#leftBytes = Math.min(this.#leftBytes, bytes)
    if (bytes < CALM_BYTES || bytes < this.#leftBytes + GROWN_BYTES) return
    this.#host.collect()
    this.#leftBytes = this.#host.residentBytes()
  }
}

/**
 * Whose uploads are imported: those of a few tenants at a time, in the order of asking. Whoever holds a turn for a while is asked to give
 * it up when somebody waits, and comes again behind them. One whose document may have ended a process has its turn quite alone: what ends
 * then was ended by nobody else.
 */
import type { Clock } from '../../base/mod.ts'

/** Each has a batch of a MiB in the writer, and 8 MiB of pages. */
export const IMPORTING_MAX = 4
/** Two transactions or more. A fifth tenant waits as long, however much the others have. */
export const IMPORTING_MS = 2_000

/** What a turn is asked for: `work` is told by its signal that others wait. */
type Work<T> = (othersWait: AbortSignal) => Promise<T>
type Running = { isAlone: boolean; isOver: boolean; othersWait: AbortController }

export class ImportTurns {
  readonly #clock: Clock
  readonly #running = new Set<Running>()
  readonly #waiting: { isAlone: boolean; begin: () => void }[] = []

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Runs `work` when its turn has come; `isAlone`: nobody else has one meanwhile. */
  async run<T>(isAlone: boolean, work: Work<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#hasRoom(isAlone)) {
      await new Promise<void>((begin) => {
        this.#waiting.push({ isAlone, begin })
        this.#askOthers()
      })
    }
    const running: Running = { isAlone, isOver: false, othersWait: new AbortController() }
    this.#running.add(running)
    const ended = new AbortController()
    const over = (): void => {
      running.isOver = true
      if (this.#waiting.length > 0) this.#askOthers()
    }
    this.#clock.sleep(IMPORTING_MS, ended.signal).then(over, () => undefined)
    this.#beginNext()
    try {
      return await work(running.othersWait.signal)
    } finally {
      ended.abort()
      this.#running.delete(running)
      this.#beginNext()
    }
  }

  #hasRoom(isAlone: boolean): boolean {
    if (isAlone) return this.#running.size === 0
    return this.#running.size < IMPORTING_MAX && ![...this.#running].some((one) => one.isAlone)
  }

  #beginNext(): void {
    const [next] = this.#waiting
    if (!next || !this.#hasRoom(next.isAlone)) return
    this.#waiting.shift()
    // It has its turn in the microtask after this one, and begins the next itself.
    next.begin()
  }

  #askOthers(): void {
    for (const { isOver, othersWait } of this.#running) if (isOver) othersWait.abort()
  }
}

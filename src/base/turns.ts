/** Work that has to wait for its turn: one thing after another, or so many at a time. */

/** One thing at a time, in the order of asking. Work that fails tells only whoever asked for it; the next begins all the same. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Begins `work` once all that was asked for before has ended; never before the caller has gone on. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work)
    this.#last = done.catch(() => undefined)
    return done
  }

  /** Resolves when all that was asked for so far has ended. */
  async idle(): Promise<void> {
    await this.#last
  }
}

/** One thing at a time under each key, in the order of asking. */
export class KeyedTurns {
  readonly #tails = new Map<string, Promise<unknown>>()

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve()
    const mine = before.then(work)
    const tail = mine.catch(() => undefined)
    this.#tails.set(key, tail)
    void tail.then(() => {
      if (this.#tails.get(key) === tail) this.#tails.delete(key)
    })
    return mine
  }

  /** Resolves when nothing is under way any more. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values())
  }
}

/** So many at a time; the others wait in line. */
export class Slots {
  readonly #atOnce: number
  readonly #line: { waitingMax: number; full: () => Error } | undefined
  readonly #waiting: (() => void)[] = []
  #taken = 0

  /** With `line`, at most `waitingMax` wait, and what comes beyond is refused with what `full` makes. */
  constructor(atOnce: number, line?: { waitingMax: number; full: () => Error }) {
    this.#atOnce = atOnce
    this.#line = line
  }

  /** Runs `work` when a slot is free. */
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken < this.#atOnce) this.#taken++
    else {
      if (this.#line && this.#waiting.length >= this.#line.waitingMax) throw this.#line.full()
      // A slot passes straight to the next in line, so that nobody slips in between.
      await new Promise<void>((resolve) => this.#waiting.push(resolve))
    }
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#taken--
    }
  }
}

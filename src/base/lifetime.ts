/** What was opened, in order; closed in reverse. The one place where a process or a scope keeps what it must end. */

export class Lifetime implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = []

  /** Registers how to end something just opened; returns it. */
  use<T>(opened: T, close: (opened: T) => unknown): T {
    this.#closers.push(() => close(opened))
    return opened
  }

  /** Registers an ending. */
  defer(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Ends everything in reverse order, each even if another failed; then throws the first failure. Safe to call twice. */
  async close(): Promise<void> {
    const failures: unknown[] = []
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) {
      try {
        await close()
      } catch (error) {
        failures.push(error)
      }
    }
    if (failures.length > 0) throw failures[0]
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

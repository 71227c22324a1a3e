/** Things that go on behind an answer; all ended before the database closes. */
import { describeError, logOf } from '../base/mod.ts'

export class Background {
  readonly #stop = new AbortController()
  readonly #underWay = new Set<Promise<void>>()

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  begin(task: () => Promise<void>): void {
    if (this.#stop.signal.aborted) return
    const running = task()
      .catch((error: unknown) =>
        logOf('platform').warn('work behind a message failed', { error: describeError(error) }),
      )
      .finally(() => this.#underWay.delete(running))
    this.#underWay.add(running)
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#underWay)
  }
}

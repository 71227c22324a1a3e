/** Finished spans on their way to main, one message at a time; while main takes none, those beyond the bound are dropped and counted. */
import { type BatchSpan, SPANS_MAX, type WorkerNews } from '../../wire/mod.ts'

/** 1,024 spans × ≈ 250 B = 256 KiB. */
export const SPANS_WAITING_MAX = 1_024

export class SpanOutlet {
  readonly #tell: (news: WorkerNews) => Promise<void>
  readonly #waiting: BatchSpan[] = []
  #dropped = 0
  #telling: Promise<void> | undefined

  constructor(tell: (news: WorkerNews) => Promise<void>) {
    this.#tell = tell
  }

  take(span: BatchSpan): void {
    if (this.#waiting.length >= SPANS_WAITING_MAX) this.#dropped++
    else this.#waiting.push(span)
    this.#telling ??= this.#tellAll()
  }

  /** Resolves when main has been told all that waits. */
  async told(): Promise<void> {
    await this.#telling
  }

  async #tellAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0) {
        const dropped = this.#dropped
        this.#dropped = 0
        await this.#tell({ news: 'spans', spans: this.#waiting.splice(0, SPANS_MAX), dropped })
      }
    } catch {
      // Main is gone, and with it soon this process.
    } finally {
      this.#telling = undefined
    }
  }
}

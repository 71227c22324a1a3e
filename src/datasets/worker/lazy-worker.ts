/** A data worker that is started when it is asked, ended when nobody has asked for a while, and started anew when it is gone. */
import { type Clock, type Log, pause } from '../../base/mod.ts'
import { type AskOf, type ReplyOf, WorkerGone } from '../../wire/mod.ts'
import type { DataAsks, DataProcess, LaunchDataWorker } from './data-process.ts'

/** How often it is looked at. */
const LOOK_MS = 5_000
/** It ends a minute after its last answer; by then it has closed what it had open. */
const IDLE_MS = 75_000
/** A transaction of 50,000 rows takes a second, on a slow disk ten. */
const SILENT_MS = 120_000
/** Beyond this it is ended, and what it was in the middle of is begun again by the next. */
const MEMORY_BYTES_MAX = 536_870_912

type Running = { process: DataProcess; heardAtMs: number; usedAtMs: number; open: number }

export class LazyWorker {
  readonly #deps: { launch: LaunchDataWorker; clock: Clock; log: Log }
  readonly #over = new AbortController()
  #running: Running | undefined

  constructor(deps: { launch: LaunchDataWorker; clock: Clock; log: Log }) {
    this.#deps = deps
  }

  /** Its process, while there is one. */
  get pid(): number | undefined {
    return this.#running?.process.pid
  }

  /** Asks it, started if need be. Refuses what it refuses, and `worker.gone` when it ends meanwhile. */
  async ask<What extends keyof DataAsks>(what: What, body: AskOf<DataAsks, What>): Promise<ReplyOf<DataAsks, What>> {
    if (this.#over.signal.aborted) throw new WorkerGone('the data workers have ended')
    this.#running ??= this.#start()
    const running = this.#running
    running.open++
    try {
      return await running.process.ask(what, body)
    } finally {
      running.open--
      running.usedAtMs = this.#deps.clock.monotonic()
    }
  }

  /** Asks it only if it runs; when it is gone meanwhile, this resolves once its process has ended. */
  async askRunning<What extends keyof DataAsks>(what: What, body: AskOf<DataAsks, What>): Promise<void> {
    const running = this.#running
    if (!running) return
    try {
      await this.ask(what, body)
    } catch (error) {
      if (!(error instanceof WorkerGone)) throw error
      running.process.kill()
      await running.process.exited.catch(() => undefined)
    }
  }

  /** Ends its process at once; what was asked fails with `worker.gone`, and what is asked from now on is asked of the next. */
  kill(): void {
    if (this.#running) this.#end(this.#running)
  }

  /** The same, and resolves when it has ended. */
  async end(): Promise<void> {
    const running = this.#running
    this.kill()
    await running?.process.exited.catch(() => undefined)
  }

  /** Ends it for good, and resolves when it has ended. */
  async close(): Promise<void> {
    this.#over.abort()
    const running = this.#running
    running?.process.kill()
    await running?.process.exited.catch(() => undefined)
  }

  #start(): Running {
    const { launch, clock, log } = this.#deps
    const now = clock.monotonic()
    const running: Running = {
      process: launch({
        onNews: ({ rssBytes }) => {
          running.heardAtMs = clock.monotonic()
          if (rssBytes <= MEMORY_BYTES_MAX) return
          log.error('a data worker held too much memory and was ended', { rssBytes })
          this.#end(running)
        },
        onBroken: () => this.#end(running),
      }),
      ...{ heardAtMs: now, usedAtMs: now, open: 0 },
    }
    const gone = (): void => this.#forget(running)
    running.process.exited.then(gone, gone)
    void this.#watch(running)
    return running
  }

  async #watch(running: Running): Promise<void> {
    const { clock, log } = this.#deps
    while (await pause(clock, LOOK_MS, this.#over.signal)) {
      if (this.#running !== running) return
      const now = clock.monotonic()
      const isIdle = running.open === 0 && now - running.usedAtMs >= IDLE_MS
      if (!isIdle && now - running.heardAtMs < SILENT_MS) continue
      if (!isIdle) log.error('a data worker fell silent and was ended', { pid: running.process.pid })
      this.#end(running)
      return
    }
  }

  /** Nothing is asked of it any more: it may take a moment until it is gone. */
  #end(running: Running): void {
    this.#forget(running)
    running.process.kill()
  }

  #forget(running: Running): void {
    if (this.#running === running) this.#running = undefined
  }
}

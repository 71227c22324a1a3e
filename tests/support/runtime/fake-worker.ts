/** Workers that are no processes: a test says what they tell and when they end. */
import type { LaunchWorker, WorkerHandlers, WorkerProcess } from '../../../src/runtime/supervision/worker-process.ts'
import type { ComponentStatus, Failure, WorkerNews } from '../../../src/wire/mod.ts'

export class FakeWorker {
  readonly asked: string[] = []
  readonly handlers: WorkerHandlers
  readonly process: WorkerProcess
  killed: string | undefined
  readonly #exit = Promise.withResolvers<{ code: number | null; signal: string | null }>()

  constructor(handlers: WorkerHandlers, pid: number) {
    this.handlers = handlers
    this.process = {
      pid,
      ask: async (what) => {
        this.asked.push(what)
        return {} as never
      },
      passSocket: async () => undefined,
      exited: this.#exit.promise,
      kill: (signal) => {
        this.killed = signal
        this.#exit.resolve({ code: null, signal })
      },
    }
  }

  tell(news: WorkerNews): void {
    this.handlers.onNews(news)
  }

  status(messagesOut = 0, rssBytes = 1, deadLetters = 0): void {
    this.tell({ news: 'status', components: [component(messagesOut)], bridges: [], deadLetters, rssBytes })
  }

  finish(how: 'ended' | 'drained'): void {
    this.tell({ news: 'finished', how })
    this.#exit.resolve({ code: 0, signal: null })
  }

  fail(failure: Failure): void {
    this.tell({ news: 'finished', how: 'failed', failure })
    this.#exit.resolve({ code: 0, signal: null })
  }

  crash(): void {
    this.#exit.resolve({ code: null, signal: 'SIGSEGV' })
  }
}

/** Launches fakes and keeps them, oldest first. */
export function fakeLauncher(): { launch: LaunchWorker; workers: FakeWorker[] } {
  const workers: FakeWorker[] = []
  return {
    workers,
    launch: (handlers) => {
      const worker = new FakeWorker(handlers, 1_000 + workers.length)
      workers.push(worker)
      return worker.process
    },
  }
}

export function component(messagesOut: number): ComponentStatus {
  return {
    ...{ name: 'orders', type: 'csv_file', state: 'running', messagesIn: 0, messagesOut, bytesIn: 0, bytesOut: 0 },
    ...{ errors: 0, retries: 0, executionMs: 0, refused: 0 },
  }
}

/** Lets everything that is ready happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
}

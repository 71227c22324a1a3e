/** The two ways into this room. Each loads its own part only: a worker has no pages, and a Runtime no flow. */
import type { RunningRuntime } from './start.ts'

type Start = typeof import('./start.ts')
type Work = typeof import('./worker/run-worker.ts')

/** As `startRuntime` in `start.ts` says. */
export async function startRuntime(...given: Parameters<Start['startRuntime']>): Promise<RunningRuntime> {
  const { startRuntime: start } = await import('./start.ts')
  return await start(...given)
}

/** As `runWorker` in `worker/run-worker.ts` says. */
export async function runWorker(...given: Parameters<Work['runWorker']>): Promise<void> {
  const { runWorker: run } = await import('./worker/run-worker.ts')
  return await run(...given)
}

/** runtime: the customer-hosted agent. Its owner may refuse anything that the Platform asks. */
export type { RuntimeConfig } from './config.ts'
export { type RunningRuntime, startRuntime } from './start.ts'
export { WORKER_SUBCOMMAND } from './supervision/worker-process.ts'
export type { OtlpConfig } from './telemetry/target.ts'
export { runWorker } from './worker/run-worker.ts'

/** runtime: the customer-hosted agent. Its owner may refuse anything that the Platform asks. */
export type { RuntimeConfig } from './config.ts'
export { runWorker, startRuntime } from './entries.ts'
export type { RunningRuntime } from './start.ts'
export { WORKER_SUBCOMMAND } from './supervision/worker-process.ts'
export type { OtlpConfig } from './telemetry/target.ts'

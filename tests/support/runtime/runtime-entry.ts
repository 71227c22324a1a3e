/** A Runtime as a process of its own, for tests that kill it: `runtime <config as JSON>`, and `worker` for its workers. */
import process from 'node:process'
import { CONNECTOR_WORKER_SUBCOMMAND, runConnectorWorker } from '../../../src/connectors/mod.ts'
import { DATA_WORKER_SUBCOMMAND, runDataWorker } from '../../../src/datasets/mod.ts'
import { type RuntimeConfig, runWorker, startRuntime, WORKER_SUBCOMMAND } from '../../../src/runtime/mod.ts'
import { COPIER_SUBCOMMAND, runCopier } from '../../../src/store/mod.ts'

if (process.argv[2] === WORKER_SUBCOMMAND) await runWorker()
else if (process.argv[2] === COPIER_SUBCOMMAND) await runCopier()
else if (process.argv[2] === DATA_WORKER_SUBCOMMAND) await runDataWorker()
else if (process.argv[2] === CONNECTOR_WORKER_SUBCOMMAND) await runConnectorWorker()
else {
  const config: RuntimeConfig = JSON.parse(process.argv[3] ?? '')
  const runtime = await startRuntime(config)
  process.on('SIGTERM', () => void runtime.close().then(() => process.exit(0)))
  process.stdout.write(`${runtime.managementUrl}\n${runtime.oneTimeLink ?? ''}\n`)
}

/** What `main.ts` does for the subcommands of its own children, and nothing else; loads no more than one needs, since tests start many. */
import process from 'node:process'

const [, , subcommand] = process.argv
if (subcommand === 'worker') {
  const { runWorker } = await import('../../../src/runtime/worker/run-worker.ts')
  await runWorker()
} else if (subcommand === 'copy-database') {
  const { runCopier } = await import('../../../src/store/copier.ts')
  await runCopier()
} else if (subcommand === 'data-worker') {
  const { runDataWorker } = await import('../../../src/datasets/worker/run-data-worker.ts')
  await runDataWorker()
} else if (subcommand === 'connector-worker') {
  const { runConnectorWorker } = await import('../../../src/connectors/worker/run-connector-worker.ts')
  await runConnectorWorker()
} else {
  throw new Error('this entry is for workers and copiers only')
}

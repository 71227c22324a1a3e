/** As `runtime/worker-entry.ts`, but the processes of connectors wait by a clock that is in a hurry. */
import process from 'node:process'

if (process.argv[2] === 'connector-worker') {
  const { runConnectorWorker } = await import('../../src/connectors/worker/run-connector-worker.ts')
  const { hurriedClock } = await import('./hurried-clock.ts')
  await runConnectorWorker({ clock: hurriedClock })
} else await import('./runtime/worker-entry.ts')

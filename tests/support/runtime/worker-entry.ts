/** What `main.ts` does for the subcommand `worker`, and nothing else: the entry of workers in tests. */
import process from 'node:process'
import { runWorker, WORKER_SUBCOMMAND } from '../../../src/runtime/mod.ts'

if (process.argv[2] !== WORKER_SUBCOMMAND) throw new Error('this entry is for workers only')
await runWorker()

/** What `main.ts` does for the subcommands of its own children, and nothing else: the entry of workers and copiers in tests. */
import process from 'node:process'
import { runWorker, WORKER_SUBCOMMAND } from '../../../src/runtime/mod.ts'
import { COPIER_SUBCOMMAND, runCopier } from '../../../src/store/mod.ts'

if (process.argv[2] === COPIER_SUBCOMMAND) await runCopier()
else if (process.argv[2] === WORKER_SUBCOMMAND) await runWorker()
else throw new Error('this entry is for workers and copiers only')

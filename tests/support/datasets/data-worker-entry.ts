/** What `main.ts` does for the subcommands of a data desk's children, and nothing else. */
import process from 'node:process'
import { runDataWorker } from '../../../src/datasets/worker/run-data-worker.ts'
import { runCopier } from '../../../src/store/copier.ts'

const [, , subcommand] = process.argv
if (subcommand === 'data-worker') await runDataWorker()
else if (subcommand === 'copy-database') await runCopier()
else throw new Error('this entry is for data workers and copiers only')

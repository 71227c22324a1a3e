/** What `main.ts` does for the subcommand that copies a database. */
import { runCopier } from '../../src/store/copier.ts'

await runCopier()

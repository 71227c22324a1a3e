/** What `main.ts` does for the subcommand that copies a database. */
import { runCopier } from '../../src/store/mod.ts'

await runCopier()

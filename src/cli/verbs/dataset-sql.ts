/** `sluice dataset sql`: its words and flags. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { DATA_TENANT } from '../datasets/named.ts'
import { type SqlFlags, sql } from '../datasets/sql.ts'
import { addRemoteFlags, examples } from './remote.ts'

export function addDatasetSqlVerb(dataset: Command, context: CliContext): void {
  addRemoteFlags(dataset.command('sql'))
    .argument('[question]', 'one SELECT, WITH or VALUES; without it, what can be named is listed')
    .option('--data-tenant <data-tenant>', `${DATA_TENANT}; needed by who owns several`)
    .option('--format <format>', 'csv, to standard output')
    .description('ask all datasets of a data tenant in SQL, which only reads; an owner does')
    .addHelpText(
      'after',
      examples(
        'dataset sql',
        "dataset sql 'SELECT status, count(*) FROM nightly GROUP BY status'",
        "dataset sql 'SELECT * FROM orders WHERE price > 100' --format csv",
      ),
    )
    .action((question: string | undefined, flags: SqlFlags) => sql(context, question, flags))
}

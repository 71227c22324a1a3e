/** `sluice dataset group` and `sluice dataset rollup`: their words and flags. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { CONDITIONS_HELP } from '../datasets/conditions.ts'
import { createRollup, type GroupFlags, group, listRollups, removeRollup } from '../datasets/group.ts'
import type { InTenantFlags } from '../datasets/named.ts'
import { collect } from './credential-fields.ts'
import { addNamed } from './dataset-flags.ts'
import { examples } from './remote.ts'

export function addDatasetGroupVerbs(dataset: Command, context: CliContext): void {
  addNamed(dataset.command('group'))
    .option('--by <names>', 'fields with commas between, a time as hour(…), day(…), week(…) or month(…)')
    .option('--count', 'how many records a group has (without any measure this is given)')
    .option('--sum <names>', 'sums of these fields; may be given several times', collect)
    .option('--avg <names>', 'averages of these fields', collect)
    .option('--min <names>', 'the least of these fields', collect)
    .option('--max <names>', 'the greatest of these fields', collect)
    .option('--where <condition>', 'only records for which it holds; may be given several times', collect)
    .option('--sort <column>', 'in the order of a column of the answer, with - before it from the end', collect)
    .option('--limit <n>', 'at most so many groups (default: 1000, most: 10000)')
    .option('--time-zone <name>', 'of hours, days, weeks and months, as Europe/Berlin (default: UTC)')
    .option('--format <format>', 'csv, to standard output')
    .description('put records into groups, and count, add up or average them')
    .addHelpText('after', CONDITIONS_HELP)
    .addHelpText(
      'after',
      examples(
        "dataset group nightly --by 'status,day(started_at)' --avg duration_ms",
        "dataset group nightly --by suite --where 'status = failed' --sort -count",
        "dataset group orders --by 'month(ordered_at)' --sum price --format csv",
      ),
    )
    .action((name: string, flags: GroupFlags) => group(context, name, flags))
  const rollup = dataset
    .command('rollup')
    .description('figures that are kept ready with every record that comes, so that groups are answered at once')
  addNamed(rollup.command('create'))
    .requiredOption('--by <names>', 'fields with commas between, a time as day(…)')
    .option('--sum <names>', 'fields to add up, with commas between')
    .description('declare a rollup; it is built of the records that are there')
    .addHelpText('after', examples("dataset rollup create orders --by 'region,day(ordered_at)' --sum price"))
    .action((name: string, flags: InTenantFlags & { by: string; sum?: string }) => createRollup(context, name, flags))
  addNamed(rollup.command('list'))
    .description('list the rollups of a dataset: those of its shape, and those that were declared')
    .action((name: string, flags: InTenantFlags) => listRollups(context, name, flags))
  addNamed(rollup.command('remove'))
    .argument('<rollup>', 'id (ru_…) of the rollup')
    .description('remove a rollup that was declared; no record goes with it')
    .action((name: string, id: string, flags: InTenantFlags) => removeRollup(context, name, id, flags))
}

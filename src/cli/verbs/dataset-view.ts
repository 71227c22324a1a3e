/** `sluice dataset view`: its words and flags. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import type { InTenantFlags } from '../datasets/named.ts'
import { listViews, removeView, saveView } from '../datasets/views.ts'
import { collect } from './credential-fields.ts'
import { addNamed } from './dataset-flags.ts'
import { examples } from './remote.ts'

export function addDatasetViewVerbs(dataset: Command, context: CliContext): void {
  const view = dataset
    .command('view')
    .description('dashboards and lists of records, kept under a name with what was chosen there')
  addNamed(view.command('list'))
    .description('list your views of a dataset, and those that others share')
    .action((name: string, flags: InTenantFlags) => listViews(context, name, flags))
  addNamed(view.command('save'))
    .argument('<name>', 'what the view is called')
    .option('--page <page>', 'dashboard or records', 'dashboard')
    .option('--choose <word=value>', 'as in the address of the page; may be given several times', collect)
    .option('--shared', 'for all members of the data tenant, and not only you')
    .description('save a view')
    .addHelpText(
      'after',
      examples("dataset view save nightly 'Main, 90 days' --choose branch=main --choose range=90d --shared"),
    )
    .action((name: string, called: string, flags: Parameters<typeof saveView>[3]) =>
      saveView(context, name, called, flags),
    )
  addNamed(view.command('remove'))
    .argument('<view>', 'name or id (sv_…) of the view')
    .description('remove a view: your own, or as an owner one that is shared')
    .action((name: string, one: string, flags: InTenantFlags) => removeView(context, name, one, flags))
}

/** `sluice dataset search` and `sluice dataset index`: their words and flags. */
import type { Command } from 'commander'
import type { CliContext } from '../context.ts'
import { addIndex, listIndexes, removeIndex } from '../datasets/indexes.ts'
import type { InTenantFlags } from '../datasets/named.ts'
import { removeSearch, setSearch, showSearch } from '../datasets/search.ts'
import { addNamed } from './dataset-flags.ts'
import { examples } from './remote.ts'

const INDEX_HELP = `
A query is led by it that gives values (=) of all its fields, or of the first ones and
sorts by those that follow. It is built of the records that are there.`

export function addDatasetSearchVerbs(dataset: Command, context: CliContext): void {
  const search = dataset
    .command('search')
    .description('which fields are searched by their words; see also: dataset query --search')
  addNamed(search.command('show'))
    .description('the fields that are searched, and whether all records are in the index')
    .action((name: string, flags: InTenantFlags) => showSearch(context, name, flags))
  addNamed(search.command('set'))
    .argument('<fields>', 'names of fields of texts, with commas between')
    .description('search these fields from now on; an owner of the data tenant does')
    .addHelpText('after', examples('dataset search set orders note,customer'))
    .action((name: string, fields: string, flags: InTenantFlags) => setSearch(context, name, fields, flags))
  addNamed(search.command('remove'))
    .description('remove the index: a search then looks through the texts of all records')
    .action((name: string, flags: InTenantFlags) => removeSearch(context, name, flags))
  const index = dataset.command('index').description('what makes queries by some fields quick')
  addNamed(index.command('add'))
    .argument('<fields>', 'one to three names, with commas between')
    .description('declare an index over fields; an owner of the data tenant does')
    .addHelpText('after', INDEX_HELP)
    .addHelpText('after', examples('dataset index add orders region,ordered_at'))
    .action((name: string, fields: string, flags: InTenantFlags) => addIndex(context, name, fields, flags))
  addNamed(index.command('list'))
    .description('list the indexes of a dataset, and whether they are built')
    .action((name: string, flags: InTenantFlags) => listIndexes(context, name, flags))
  addNamed(index.command('remove'))
    .argument('<index>', 'id (ix_…) of the index')
    .description('remove an index; no record goes with it')
    .action((name: string, id: string, flags: InTenantFlags) => removeIndex(context, name, id, flags))
}

/** `sluice dataset`: what a data tenant keeps: datasets, what was uploaded to them, and their records. */
import type { Command } from 'commander'
import type { CliContext, RemoteFlags } from '../context.ts'
import { CONDITIONS_HELP } from '../datasets/conditions.ts'
import { classifyField, createDataset, listDatasets, removeDataset, showDataset } from '../datasets/datasets.ts'
import { type EraseFlags, erase } from '../datasets/erase.ts'
import { type ExportFlags, exportTo } from '../datasets/export.ts'
import { type ImportsFlags, listImports, showImport } from '../datasets/imports.ts'
import { DATA_TENANT, type InTenantFlags } from '../datasets/named.ts'
import { type QueryFlags, query } from '../datasets/query.ts'
import { collect } from './credential-fields.ts'
import { addNamed } from './dataset-flags.ts'
import { addDatasetGroupVerbs } from './dataset-group.ts'
import { addDatasetKeepingVerbs } from './dataset-keeping.ts'
import { addDatasetSearchVerbs } from './dataset-search.ts'
import { addDatasetSqlVerb } from './dataset-sql.ts'
import { addDatasetViewVerbs } from './dataset-view.ts'
import { addRemoteFlags, examples } from './remote.ts'

export function addDatasetVerbs(program: Command, context: CliContext): void {
  const dataset = program
    .command('dataset')
    .description('what a data tenant keeps: test results, issues, reviews, tables')
  addRemoteFlags(dataset.command('create'))
    .argument('<name>', 'lower-case letters, digits, - and _')
    .requiredOption('--data-tenant <data-tenant>', DATA_TENANT)
    .requiredOption('--shape <shape>', 'test-results, issues, reviews or table (fields from its documents)')
    .description('make a dataset of a shape')
    .action((name: string, flags: RemoteFlags & { dataTenant: string; shape: string }) =>
      createDataset(context, name, flags),
    )
  addRemoteFlags(dataset.command('list'))
    .option('--data-tenant <data-tenant>', `only of one: ${DATA_TENANT}`)
    .description('list the datasets of your data tenants')
    .action((flags: InTenantFlags) => listDatasets(context, flags))
  addNamed(dataset.command('show'))
    .description('its fields with their types and classes, how many records it has, and what was uploaded last')
    .action((name: string, flags: InTenantFlags) => showDataset(context, name, flags))
  addNamed(dataset.command('classify'))
    .argument('<field>', 'name of the field')
    .argument('<class>', 'public, or restricted: only for members who are cleared for it')
    .description('give a field a class, from the next query on; an owner of the data tenant does')
    .action((name: string, field: string, to: string, flags: InTenantFlags) =>
      classifyField(context, name, { field, class: to }, flags),
    )
  addNamed(dataset.command('remove'))
    .option('--force', 'without being asked again')
    .description('remove a dataset with its records, documents and upload tokens')
    .action((name: string, flags: InTenantFlags & { force?: boolean }) => removeDataset(context, name, flags))
  addNamed(dataset.command('erase'))
    .requiredOption(
      '--match <condition>',
      'whose data: records for which it holds; several times, all must hold',
      collect,
    )
    .option('--dry-run', 'only count')
    .option('--yes', 'without being asked again')
    .description('erase one person’s data from records, figures, search and documents, and certify it; an owner does')
    .addHelpText('after', CONDITIONS_HELP)
    .addHelpText('after', examples("dataset erase issues --match 'author = mary' --dry-run"))
    .action((name: string, flags: EraseFlags) => erase(context, name, flags))
  addNamed(dataset.command('imports'))
    .argument('[import]', 'id (imp_…) of one, to see what of it was refused and why')
    .option('--before <import>', 'those before this one')
    .description('list what was uploaded and what became of it, the newest first')
    .action((name: string, id: string | undefined, flags: ImportsFlags) =>
      id === undefined ? listImports(context, name, flags) : showImport(context, name, id, flags),
    )
  addQueryVerb(dataset, context)
  addExportVerb(dataset, context)
  addDatasetSearchVerbs(dataset, context)
  addDatasetGroupVerbs(dataset, context)
  addDatasetViewVerbs(dataset, context)
  addDatasetSqlVerb(dataset, context)
  addDatasetKeepingVerbs(dataset, context)
}

function addQueryVerb(dataset: Command, context: CliContext): void {
  addNamed(dataset.command('query'))
    .option('--where <condition>', 'only records for which it holds; may be given several times', collect)
    .option('--search <text>', 'only records with each of these words; "several in a row", begin*')
    .option(
      '--sort <field>',
      'in the order of a field, with - before it from the end; may be given several times',
      collect,
    )
    .option(
      '--fields <names>',
      'only these fields, with commas between (default: all, of which a table shows what fits)',
    )
    .option('--limit <n>', 'at most so many records (default: 50; with --format all)')
    .option('--after <place>', 'go on where an answer said')
    .option('--format <format>', 'csv or ndjson, all of it, to standard output')
    .description('show records, the newest first')
    .addHelpText('after', CONDITIONS_HELP)
    .addHelpText(
      'after',
      examples(
        "dataset query nightly --where 'status = failed' --where 'branch = main'",
        'dataset query nightly --sort -duration_ms --limit 10 --fields suite,name',
        'dataset query nightly --format csv > nightly.csv',
      ),
    )
    .action((name: string, flags: InTenantFlags & QueryFlags) => query(context, name, flags))
}

function addExportVerb(dataset: Command, context: CliContext): void {
  addNamed(dataset.command('export'))
    .requiredOption('--format <format>', 'csv, ndjson or parquet')
    .requiredOption('--out <file>', 'where to; a file that is there is not written over')
    .option('--where <condition>', 'only records for which it holds; may be given several times', collect)
    .option('--search <text>', 'only records with this in one of their texts')
    .option(
      '--sort <field>',
      'in the order of a field, with - before it from the end (default: as they came; each part of a large file sorts anew)',
      collect,
    )
    .option('--fields <names>', 'only these fields, with commas between (default: all that you are cleared for)')
    .description('write records to a file: all of them, however many there are')
    .addHelpText('after', CONDITIONS_HELP)
    .addHelpText(
      'after',
      examples(
        'dataset export nightly --format parquet --out nightly.parquet',
        'dataset export nightly --format csv --search timeout --out found.csv',
      ),
    )
    .action((name: string, flags: ExportFlags) => exportTo(context, name, flags))
}

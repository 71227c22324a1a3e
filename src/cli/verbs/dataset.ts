/** `sluice dataset`: what a data tenant keeps: datasets, what was uploaded to them, and their records. */
import type { Command } from 'commander'
import { Slots } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { DatasetAnswer, DatasetList, DataTenants, ImportList, ImportReportAnswer } from '../datasets/answers.ts'
import { CONDITIONS_HELP } from '../datasets/conditions.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { type EraseFlags, erase } from '../datasets/erase.ts'
import { importLines } from '../datasets/import-lines.ts'
import { DATA_TENANT, DATASET, datasetNamed, dataTenantNamed, IN_DATA_TENANT } from '../datasets/named.ts'
import { type QueryFlags, query } from '../datasets/query.ts'
import { print, table } from '../output.ts'
import { collect } from './credential-fields.ts'
import { addDatasetGroupVerbs } from './dataset-group.ts'
import { addRemoteFlags, examples } from './remote.ts'

/** Requests at a time, each of which opens a database. */
const AT_ONCE = 4

type InTenantFlags = RemoteFlags & { dataTenant?: string }
type ImportsFlags = InTenantFlags & { before?: string }

export function addDatasetVerbs(program: Command, context: CliContext): void {
  const dataset = program
    .command('dataset')
    .description('what a data tenant keeps: test results, issues, reviews, tables')
  addRemoteFlags(dataset.command('create'))
    .argument('<name>', 'lower-case letters, digits, - and _')
    .requiredOption('--data-tenant <data-tenant>', DATA_TENANT)
    .requiredOption('--shape <shape>', 'test-results, issues, reviews or table (fields from its documents)')
    .description('make a dataset of a shape')
    .action((name: string, flags: RemoteFlags & { dataTenant: string; shape: string }) => create(context, name, flags))
  addRemoteFlags(dataset.command('list'))
    .option('--data-tenant <data-tenant>', `only of one: ${DATA_TENANT}`)
    .description('list the datasets of your data tenants')
    .action((flags: InTenantFlags) => list(context, flags))
  addNamed(dataset.command('show'))
    .description('its fields with their types and classes, how many records it has, and what was uploaded last')
    .action((name: string, flags: InTenantFlags) => show(context, name, flags))
  addNamed(dataset.command('classify'))
    .argument('<field>', 'name of the field')
    .argument('<class>', 'public, or restricted: only for members who are cleared for it')
    .description('give a field a class, from the next query on; an owner of the data tenant does')
    .action((name: string, field: string, to: string, flags: InTenantFlags) =>
      classify(context, name, { field, class: to }, flags),
    )
  addNamed(dataset.command('remove'))
    .option('--force', 'without being asked again')
    .description('remove a dataset with its records, documents and upload tokens')
    .action((name: string, flags: InTenantFlags & { force?: boolean }) => remove(context, name, flags))
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
      id === undefined ? imports(context, name, flags) : showImport(context, name, id, flags),
    )
  addQueryVerb(dataset, context)
  addDatasetGroupVerbs(dataset, context)
}

function addQueryVerb(dataset: Command, context: CliContext): void {
  addNamed(dataset.command('query'))
    .option('--where <condition>', 'only records for which it holds; may be given several times', collect)
    .option('--search <text>', 'only records with this in one of their texts')
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

function addNamed(command: Command): Command {
  return addRemoteFlags(command).argument('<dataset>', DATASET).option('--data-tenant <data-tenant>', IN_DATA_TENANT)
}

async function create(
  context: CliContext,
  name: string,
  { dataTenant, shape, ...flags }: RemoteFlags & { dataTenant: string; shape: string },
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await dataTenantNamed(client, dataTenant)}/datasets`
  const made = readAs(DatasetAnswer, await client.request('POST', path, { name, shape }))
  print(context.terminal, flags.json, made, ({ id }) =>
    [`Made ${name} (${id}).`, `Let a pipeline upload to it with: sluice token create --dataset ${id} --name ci`].join(
      '\n',
    ),
  )
}

async function list(context: CliContext, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const slots = new Slots(AT_ONCE)
  const listOf = async ({ path, name }: { path: string; name: string }) => {
    const { datasets } = readAs(DatasetList, await client.get(`${path}/datasets`))
    return datasets.map((one) => ({ ...one, dataTenant: name }))
  }
  const tenants = await tenantsOf(client, flags.dataTenant)
  const all = await Promise.all(tenants.map((one) => slots.run(() => listOf(one))))
  print(context.terminal, flags.json, all.flat(), (datasets) =>
    datasets.length === 0
      ? 'No datasets yet. Make one with `sluice dataset create NAME --data-tenant DATA-TENANT --shape test-results`.'
      : table(
          ['NAME', 'DATA TENANT', 'SHAPE', 'RECORDS', 'IMPORTS', 'LAST UPLOAD', 'ID'],
          datasets.map(({ name, dataTenant, shape, records, imports: documents, lastImport, id }) => [
            ...[name, dataTenant, shape, records, documents],
            ...[lastImport ? `${lastImport.receivedAt} (${lastImport.state})` : 'never', id],
          ]),
        ),
  )
}

async function tenantsOf(client: Client, named: string | undefined): Promise<{ path: string; name: string }[]> {
  if (named !== undefined) return [{ path: await dataTenantNamed(client, named), name: named }]
  const { dataTenants } = readAs(DataTenants, await client.get('/v1/data-tenants'))
  const member = dataTenants.filter(({ role }) => role)
  return Promise.all(member.map(async ({ id, name }) => ({ path: await dataTenantNamed(client, id), name })))
}

async function show(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const one = readAs(DatasetAnswer, await client.get(await datasetNamed(client, named, flags.dataTenant)))
  print(context.terminal, flags.json, one, ({ id, name, shape, records, imports: documents, lastImport, fields }) =>
    [
      `${name} (${id}): ${shape}, ${records} records of ${documents} imports`,
      ...(lastImport ? [`Last upload ${lastImport.receivedAt}: ${lastImport.state} (${lastImport.id})`] : []),
      fields.length === 0
        ? 'Its fields come with the first document.'
        : table(
            ['FIELD', 'TYPE', 'CLASS'],
            fields.map((field) => [field.name, field.type, field.class]),
          ),
    ].join('\n'),
  )
}

async function classify(
  context: CliContext,
  named: string,
  given: { field: string; class: string },
  flags: InTenantFlags,
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/classes`
  await client.request('POST', path, given)
  print(context.terminal, flags.json, { dataset: named, ...given }, (one) => `${one.field} is ${one.class} now.`)
}

async function remove(context: CliContext, named: string, flags: InTenantFlags & { force?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await datasetNamed(client, named, flags.dataTenant)
  const loses = `All records, documents and upload tokens of ${named} go`
  await confirmed(context, { name: named, loses, force: flags.force })
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: named }, () => `Removed ${named}.`)
}

async function imports(context: CliContext, named: string, flags: ImportsFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/imports`
  const page = flags.before === undefined ? '' : `?${new URLSearchParams({ before: flags.before })}`
  const { imports: all, next } = readAs(ImportList, await client.get(`${path}${page}`))
  print(context.terminal, flags.json, all, (shown) =>
    shown.length === 0
      ? 'Nothing was uploaded.'
      : [
          table(
            ['RECEIVED', 'FILE', 'FORMAT', 'STATE', 'TAKEN', 'REFUSED', 'WARNINGS', 'ID'],
            shown.map((one) => [
              ...[one.receivedAt, one.fileName, one.format, one.state],
              ...[one.rowsTaken, one.rowsRefused, one.warnings, one.id],
            ]),
          ),
          ...(next === undefined ? [] : ['', `There are more: --before ${next}`]),
        ].join('\n'),
  )
}

async function showImport(context: CliContext, named: string, id: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/imports/${encodeURIComponent(id)}`
  const report = readAs(ImportReportAnswer, await client.get(path))
  print(context.terminal, flags.json, report, (one) =>
    [
      `${one.fileName ?? one.id}: ${one.state}, ${one.rowsTaken} taken (${one.rowsReplaced} in place of others), ${one.rowsRefused} refused`,
      ...importLines(one, Number.POSITIVE_INFINITY).map((line) => `  ${line}`),
    ].join('\n'),
  )
}

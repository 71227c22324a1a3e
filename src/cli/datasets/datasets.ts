/** Datasets made, listed, shown and removed, and the classes of their fields. */
import { nounFor, Slots } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { DatasetAnswer, DatasetList, DataTenants } from './answers.ts'
import { confirmed } from './confirmed.ts'
import { datasetNamed, dataTenantNamed, type InTenantFlags } from './named.ts'

/** Requests at a time, each of which opens a database. */
const AT_ONCE = 4

export async function createDataset(
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

export async function listDatasets(context: CliContext, flags: InTenantFlags): Promise<void> {
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

export async function showDataset(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const one = readAs(DatasetAnswer, await client.get(await datasetNamed(client, named, flags.dataTenant)))
  print(context.terminal, flags.json, one, ({ id, name, shape, records, imports: documents, lastImport, fields }) =>
    [
      `${name} (${id}): ${shape}, ${records} ${nounFor(records, 'record')} of ${documents} ${nounFor(documents, 'import')}`,
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

export async function classifyField(
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

export async function removeDataset(
  context: CliContext,
  named: string,
  flags: InTenantFlags & { force?: boolean },
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = await datasetNamed(client, named, flags.dataTenant)
  const loses = `All records, documents and upload tokens of ${named} go`
  await confirmed(context, { name: named, loses, force: flags.force })
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: named }, () => `Removed ${named}.`)
}

/** Data tenants and datasets as people name them, made into the paths by which a Runtime's API knows them. */
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import type { RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { idOf, NameUnknown } from '../named.ts'
import { DatasetList, DataTenants } from './answers.ts'

export type InTenantFlags = RemoteFlags & { dataTenant?: string }

/** Help of arguments that take what these do. */
export const DATA_TENANT = 'name or id (dt_…) of the data tenant'
export const DATASET = 'name or id (ds_…) of the dataset'
export const IN_DATA_TENANT = 'its data tenant, by name or id; needed where the dataset’s name does not tell'

/** Each is asked with a request of its own, and its database opened for it. */
const TENANTS_SEARCHED_MAX = 16

/** The path of a data tenant, by its id or its name. Refuses `cli.name_unknown`, `cli.name_ambiguous`. */
export async function dataTenantNamed(client: Client, word: string): Promise<string> {
  return tenantPath(/^dt_[0-9a-f-]+$/.test(word) ? word : idOf(await tenants(client), word, TENANT_WORDS))
}

/**
 * The path of a dataset, by its id or its name, in the data tenant that is named or else in all of which one is a member.
 * Refuses `cli.name_unknown`, `cli.name_ambiguous`, `cli.usage`.
 */
export async function datasetNamed(client: Client, word: string, dataTenant: string | undefined): Promise<string> {
  const isId = /^ds_[0-9a-f-]+$/.test(word)
  if (dataTenant !== undefined) {
    const path = await dataTenantNamed(client, dataTenant)
    return `${path}/datasets/${isId ? word : idOf(await datasetsOf(client, path), word, DATASET_WORDS)}`
  }
  const member = (await tenants(client)).filter(({ role }) => role)
  if (member.length > TENANTS_SEARCHED_MAX)
    throw new UsageInvalid(`you are a member of ${member.length} data tenants: say which with --data-tenant`)
  const found = []
  for (const { id } of member) found.push(...(await datasetsOf(client, tenantPath(id))))
  const dataset = isId ? word : idOf(found, word, DATASET_WORDS)
  const place = found.find(({ id }) => id === dataset)
  if (!place) throw new NameUnknown(`there is no dataset \`${word}\` in your data tenants`, DATASET_WORDS.advice)
  return `${place.path}/datasets/${dataset}`
}

const TENANT_WORDS = { noun: 'data tenant', advice: 'See which there are with `sluice data-tenant list`.' }
const DATASET_WORDS = { noun: 'dataset', advice: 'See which there are with `sluice dataset list`.' }

function tenantPath(id: string): string {
  return `/v1/data-tenants/${encodeURIComponent(id)}`
}

async function tenants(client: Client) {
  return readAs(DataTenants, await client.get('/v1/data-tenants')).dataTenants
}

async function datasetsOf(client: Client, path: string) {
  const { datasets } = readAs(DatasetList, await client.get(`${path}/datasets`))
  return datasets.map(({ id, name }) => ({ id, name, path }))
}

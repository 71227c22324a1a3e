/** `sluice dataset search`: which fields of a dataset are searched by their words. */
import * as v from 'valibot'
import { readAs } from '../answers.ts'
import { type CliContext, connect } from '../context.ts'
import { print } from '../output.ts'
import { datasetNamed, type InTenantFlags } from './named.ts'

const SearchAnswer = v.looseObject({ state: v.string(), fields: v.array(v.string()), waiting: v.number() })
type SearchAnswer = v.InferOutput<typeof SearchAnswer>

export async function showSearch(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/search`
  print(context.terminal, flags.json, readAs(SearchAnswer, await client.get(path)), lines)
}

export async function setSearch(
  context: CliContext,
  named: string,
  names: string,
  flags: InTenantFlags,
): Promise<void> {
  const fields = names
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/search`
  print(context.terminal, flags.json, readAs(SearchAnswer, await client.request('PUT', path, { fields })), lines)
}

export async function removeSearch(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/search`
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: named }, () => lines({ state: 'off', fields: [], waiting: 0 }))
}

function lines({ state, fields, waiting }: SearchAnswer): string {
  if (state === 'off') return 'There is no index: a search looks through the texts of all records.'
  const words = `Searched by their words: ${fields.join(', ')}.`
  return waiting === 0 ? words : `${words} ${waiting} records, at most, are not in the index yet.`
}

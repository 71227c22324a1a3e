/** `sluice dataset index`: indexes over fields of a dataset. */
import * as v from 'valibot'
import { readAs } from '../answers.ts'
import { type CliContext, connect } from '../context.ts'
import { print, table } from '../output.ts'
import { datasetNamed, type InTenantFlags } from './named.ts'

const IndexAnswer = v.looseObject({ id: v.string(), state: v.string(), fields: v.array(v.string()) })
const Indexes = v.looseObject({ indexes: v.array(IndexAnswer) })

export async function addIndex(context: CliContext, named: string, names: string, flags: InTenantFlags): Promise<void> {
  const fields = names.split(',').map((name) => name.trim())
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/indexes`
  const made = readAs(IndexAnswer, await client.request('POST', path, { fields }))
  print(context.terminal, flags.json, made, ({ id, state }) =>
    state === 'building' ? `Made ${id}. Until it is built, queries do without it.` : `${id} is ${state}.`,
  )
}

export async function listIndexes(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/indexes`
  const { indexes } = readAs(Indexes, await client.get(path))
  print(context.terminal, flags.json, indexes, (all) =>
    all.length === 0
      ? 'No indexes. Declare one with `sluice dataset index add NAME FIELD,FIELD`.'
      : table(
          ['FIELDS', 'STATE', 'ID'],
          all.map(({ fields, state, id }) => [fields.join(','), state, id]),
        ),
  )
}

export async function removeIndex(context: CliContext, named: string, id: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/indexes/${encodeURIComponent(id)}`
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: id }, () => `Removed ${id}.`)
}

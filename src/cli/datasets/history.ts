/** `sluice dataset history`: what records were before, where an owner asked for that. */
import { readAs } from '../answers.ts'
import { type CliContext, connect } from '../context.ts'
import { print, table } from '../output.ts'
import { ChangesAnswer } from './answers.ts'
import { confirmed } from './confirmed.ts'
import { datasetNamed, type InTenantFlags } from './named.ts'

export async function setHistory(
  context: CliContext,
  named: string,
  { on, yes, ...flags }: InTenantFlags & { on: boolean; yes?: boolean },
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/history`
  const loses = `What records of ${named} were before is kept no more, and what was kept goes`
  if (!on) await confirmed(context, { name: named, loses, force: yes, flag: '--yes' })
  await client.request('PUT', path, { on })
  print(context.terminal, flags.json, { dataset: named, on }, () =>
    on
      ? `What records of ${named} were before is kept from the next import on.`
      : `What records of ${named} were before is kept no more.`,
  )
}

export async function showHistory(
  context: CliContext,
  named: string,
  { key, before, ...flags }: InTenantFlags & { key: string; before?: string },
): Promise<void> {
  const { client } = await connect(context, flags)
  const asked = new URLSearchParams({ key, ...(before !== undefined && { before }) })
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/history?${asked}`
  print(context.terminal, flags.json, readAs(ChangesAnswer, await client.get(path)), (one) => lines(named, one))
}

function lines(named: string, { since, changes, next }: ChangesAnswer): string {
  if (since === null) return `No history is kept. An owner begins one with: sluice dataset history on ${named}`
  if (changes.length === 0) return `No change since ${since}.`
  const rows = changes.map(({ at, field, from, to, masked, import: by }) => [
    ...[at, field, masked ? '(masked)' : textOf(from), masked ? '(masked)' : textOf(to), by],
  ])
  const more = next === undefined ? [] : ['', `There are more: --before ${next}`]
  return [table(['WHEN', 'FIELD', 'FROM', 'TO', 'IMPORT'], rows), ...more].join('\n')
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '-'
  return typeof value === 'string' ? value : JSON.stringify(value)
}

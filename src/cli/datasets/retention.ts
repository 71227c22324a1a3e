/** `sluice dataset retention`: how long a dataset keeps records and documents. */
import { readAs } from '../answers.ts'
import { type CliContext, connect } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { RetentionAnswer } from './answers.ts'
import { datasetNamed, type InTenantFlags } from './named.ts'

/** Stands for no number of days. */
const FOR_EVER = 'for-ever'

export type RetentionFlags = InTenantFlags & { recordsDays?: string; documentsDays?: string }

export async function showRetention(context: CliContext, named: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/retention`
  print(context.terminal, flags.json, readAs(RetentionAnswer, await client.get(path)), (one) => lines(one).join('\n'))
}

/** What is not said stays as it is. */
export async function setRetention(context: CliContext, named: string, flags: RetentionFlags): Promise<void> {
  const { recordsDays, documentsDays } = flags
  if (recordsDays === undefined && documentsDays === undefined)
    throw new UsageInvalid('nothing to set', 'Say how long with --records-days or --documents-days.')
  const asked = { records: daysOf('--records-days', recordsDays), documents: daysOf('--documents-days', documentsDays) }
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/retention`
  const before = readAs(RetentionAnswer, await client.get(path))
  const days = {
    recordsDays: asked.records === undefined ? before.recordsDays : asked.records,
    documentsDays: asked.documents === undefined ? before.documentsDays : asked.documents,
  }
  const set = readAs(RetentionAnswer, await client.request('PUT', path, days))
  print(context.terminal, flags.json, set, (one) =>
    [...lines(one), 'What is older goes with the next look, of which there is one a day.'].join('\n'),
  )
}

function daysOf(flag: string, word: string | undefined): number | null | undefined {
  if (word === undefined) return undefined
  if (word === FOR_EVER) return null
  if (!/^[1-9]\d{0,4}$/.test(word)) throw new UsageInvalid(`${flag} takes a number of days, or ${FOR_EVER}`)
  return Number(word)
}

function lines({ recordsDays, documentsDays, removed }: RetentionAnswer): string[] {
  const words = (days: number | null): string => (days === null ? 'for ever' : `for ${days} days after they came`)
  const kept = documentsDays ?? recordsDays
  return [
    `Records are kept ${words(recordsDays)}, documents ${words(kept)}.`,
    ...(removed ? [`Removed ${removed.records} records and ${removed.documents} documents, ${removed.at}.`] : []),
  ]
}

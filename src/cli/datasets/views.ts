/** `sluice dataset view`: dashboards and lists of records that are kept under a name with what was chosen there. */
import * as v from 'valibot'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { idOf } from '../named.ts'
import { print, table } from '../output.ts'
import { datasetNamed } from './named.ts'

type InTenant = RemoteFlags & { dataTenant?: string }

const ViewAnswer = v.looseObject({
  ...{ id: v.string(), name: v.string(), page: v.string(), words: v.record(v.string(), v.string()) },
  ...{ isShared: v.boolean(), isOwn: v.boolean(), savedAt: v.string() },
})
const Views = v.looseObject({ views: v.array(ViewAnswer) })
const VIEW_WORDS = { noun: 'view', advice: 'See which there are with `sluice dataset view list DATASET`.' }

export async function listViews(context: CliContext, named: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/views`
  print(context.terminal, flags.json, readAs(Views, await client.get(path)).views, (views) =>
    views.length === 0
      ? 'No views. Save one on a page of the dataset, or with `sluice dataset view save`.'
      : table(
          ['NAME', 'SHOWS', 'FOR', 'CHOSEN', 'ID'],
          views.map(({ name, page, words, isShared, isOwn, id }) => [
            ...[name, page, isShared ? (isOwn ? 'all, by you' : 'all') : 'you'],
            ...[new URLSearchParams(words).toString(), id],
          ]),
        ),
  )
}

export async function saveView(
  context: CliContext,
  named: string,
  name: string,
  { page, choose = [], shared = false, ...flags }: InTenant & { page: string; choose?: string[]; shared?: boolean },
): Promise<void> {
  const words = Object.fromEntries(choose.map(wordOf))
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/views`
  const saved = readAs(ViewAnswer, await client.request('POST', path, { name, page, words, isShared: shared }))
  print(context.terminal, flags.json, saved, (view) => `Saved ${view.name} (${view.id}).`)
}

/** `branch=main`. */
function wordOf(text: string): [word: string, value: string] {
  const at = text.indexOf('=')
  if (at < 1) throw new UsageInvalid(`--choose takes word=value, not \`${text}\``)
  return [text.slice(0, at), text.slice(at + 1)]
}

export async function removeView(context: CliContext, named: string, view: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/views`
  const isId = /^sv_[0-9a-f-]+$/.test(view)
  const id = isId ? view : idOf(readAs(Views, await client.get(path)).views, view, VIEW_WORDS)
  await client.request('DELETE', `${path}/${encodeURIComponent(id)}`)
  print(context.terminal, flags.json, { removed: view }, () => `Removed ${view}.`)
}

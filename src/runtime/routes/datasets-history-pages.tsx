/** The form by which an owner of a data tenant says whether a dataset keeps what its records were before. */
import type { Hono } from 'hono'
import * as v from 'valibot'
import { SHAPES } from '../../datasets/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import type { QueryPage, RecordChanges } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type HistoryActDeps, setHistory } from '../datasets/history-act.ts'
import { HistoryForm } from '../views/datasets-history.tsx'
import { type AskedDataset, askedDataset, tabbed } from './datasets-frame.tsx'

/** Mounted at the address of a dataset. */
export function datasetHistoryPages(deps: HistoryActDeps & { access: DataAccess }, site: Site): Hono<PersonEnv> {
  return formPage(site, '/history', {
    ...{ role: 'viewer', fresh: true, schema: v.object({ on: v.picklist(['yes', 'no']) }) },
    async about(c) {
      const asked = await askedDataset(deps.access, c, 'owner')
      const { sinceMs } = await asked.member.data.changes(asked.dataset.id, {}, asked.member.clearance)
      return { asked, on: sinceMs === undefined }
    },
    again: ({ about: { asked, on }, failed }) =>
      tabbed(asked, 'settings', <HistoryForm {...{ path: asked.path, on, ...failed }} />, 'History'),
    async act({ about: { asked }, input }) {
      await setHistory(deps, asked.member, { dataset: asked.dataset.id, on: input.on === 'yes' })
      return `${asked.path}/settings`
    },
  })
}

/** Since when it is kept; `undefined` for a shape whose records have no key, `sinceMs` is nothing where none is kept. */
export async function historyOf({
  member,
  dataset,
}: AskedDataset): Promise<{ sinceMs: number | undefined } | undefined> {
  if (keyOf(dataset) === undefined) return undefined
  return { sinceMs: (await member.data.changes(dataset.id, {}, member.clearance)).sinceMs }
}

/** What a record was before, for who may know it by its key, where that is kept. */
export async function changesOf(
  { member, dataset }: AskedDataset,
  fields: QueryPage['fields'],
  row: readonly unknown[],
): Promise<RecordChanges | undefined> {
  const at = fields.findIndex(({ name, masked }) => name === keyOf(dataset) && !masked)
  const key = row[at]
  if (typeof key !== 'string' || key === '') return undefined
  const changes = await member.data.changes(dataset.id, { key }, member.clearance)
  return changes.sinceMs === undefined ? undefined : changes
}

function keyOf({ shape }: AskedDataset['dataset']): string | undefined {
  const { key } = SHAPES[shape]
  return key && 'field' in key ? key.field : undefined
}

/** The forms by which an owner of a data tenant declares and removes indexes of a dataset. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { IndexNotFound } from '../../datasets/mod.ts'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { NewIndex } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { createIndex, type IndexActsDeps, removeIndex } from '../datasets/index-acts.ts'
import { IndexForm, IndexRemoval } from '../views/datasets-indexes.tsx'
import { askedDataset, tabbed } from './datasets-frame.tsx'

const Given = v.object({
  fields: v.pipe(
    v.string(),
    v.transform((text) => text.split(/\r?\n/).map((name) => name.trim())),
    v.transform((names) => names.filter((name) => name !== '')),
    NewIndex.entries.fields,
  ),
})

/** Mounted at the address of a dataset. */
export function datasetIndexPages(
  { access, ...deps }: IndexActsDeps & { access: DataAccess },
  site: Site,
): Hono<PersonEnv> {
  const declaration = formPage(site, '/indexes/new', {
    ...{ role: 'viewer', schema: Given },
    about: (c) => askedDataset(access, c, 'owner'),
    again: ({ about, values: { fields }, failed }) =>
      tabbed(about, 'settings', <IndexForm {...{ path: about.path, fields, ...failed }} />, 'New index'),
    async act({ about: { member, dataset, path }, input: { fields } }) {
      await createIndex(deps, member, { dataset: dataset.id, fields })
      return `${path}/settings`
    },
  })
  const removal = formPage(site, '/indexes/:index/remove', {
    ...{ role: 'viewer', schema: v.object({}) },
    async about(c) {
      const asked = await askedDataset(access, c, 'owner')
      const index = (await asked.member.data.indexes(asked.dataset.id)).find(({ id }) => id === c.req.param('index'))
      if (!index) throw new IndexNotFound('there is no such index in this dataset')
      return { asked, index }
    },
    again: ({ about: { asked, index }, failed }) =>
      tabbed(asked, 'settings', <IndexRemoval {...{ path: asked.path, index, ...failed }} />, 'Remove an index'),
    async act({ about: { asked, index } }) {
      await removeIndex(deps, asked.member, { dataset: asked.dataset.id, index: index.id })
      return `${asked.path}/settings`
    },
  })
  return new Hono<PersonEnv>().route('/', declaration).route('/', removal)
}

/** The form by which an owner of a data tenant decides which fields are searched by their words. */
import type { Hono } from 'hono'
import * as v from 'valibot'
import { formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { NewSearch } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { setSearch } from '../datasets/search-act.ts'
import { SearchForm } from '../views/datasets-search.tsx'
import { askedDataset, tabbed } from './datasets-frame.tsx'

const Given = v.object({
  fields: v.pipe(
    v.string(),
    v.transform((text) => text.split(/\r?\n/).map((name) => name.trim())),
    v.transform((names) => names.filter((name) => name !== '')),
    v.union([v.pipe(v.array(v.string()), v.length(0)), NewSearch.entries.fields]),
  ),
})

/** Mounted at the address of a dataset. */
export function datasetSearchPages(
  { access, ...deps }: Parameters<typeof setSearch>[0] & { access: DataAccess },
  site: Site,
): Hono<PersonEnv> {
  return formPage(site, '/search', {
    ...{ role: 'viewer', schema: Given },
    async about(c) {
      const asked = await askedDataset(access, c, 'owner')
      return { asked, before: await asked.member.data.search(asked.dataset.id) }
    },
    again({ about: { asked, before }, values, failed }) {
      const { fields = before.fields.join('\n') } = values
      return tabbed(asked, 'settings', <SearchForm {...{ path: asked.path, fields, ...failed }} />, 'Search')
    },
    async act({ about: { asked }, input: { fields } }) {
      await setSearch(deps, asked.member, { dataset: asked.dataset.id, fields })
      return `${asked.path}/settings`
    },
  })
}

/** The views of a dataset that are kept, and the forms that save, change and remove one. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import { formAct, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { checkField, PageNotFound, parseInput } from '../../web/mod.ts'
import { NewView, type SavedView, ViewId } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { NewViewForm, ViewForms, ViewsPage, viewHref } from '../views/datasets-views.tsx'
import { viewerOf } from './dataset-views.ts'
import { askedDataset, tabbed } from './datasets-frame.tsx'

const Changed = v.object({ name: NewView.entries.name, shared: checkField() })
/** What was chosen comes back as it was given to the form, in JSON. */
const Given = v.object({
  ...Changed.entries,
  page: NewView.entries.page,
  words: v.pipe(v.string(), v.maxLength(32_768), v.parseJson(undefined, 'must be JSON'), NewView.entries.words),
})

/** Mounted at the address of a dataset. */
export function datasetViewsPages(
  { access, clock }: { access: DataAccess; clock: Clock },
  site: Site,
): Hono<PersonEnv> {
  const saving = formPage(site, '/views/new', {
    ...{ role: 'viewer', schema: Given },
    about: (c) => askedDataset(access, c, 'viewer'),
    again({ c, about, values, failed }) {
      const shown = Object.keys(values).length > 0 ? values : c.req.query()
      return tabbed(about, 'dashboard', <NewViewForm {...{ path: about.path, values: shown, ...failed }} />, 'New view')
    },
    async act({ c, about: { member, dataset, path }, input: { shared: isShared, ...view } }) {
      return viewHref(path, await member.data.saveView(dataset.id, { ...view, isShared }, viewerOf(c, member)))
    },
  })
  const found = async (c: Parameters<typeof viewerOf>[0]) => {
    const asked = await askedDataset(access, c, 'viewer')
    const viewer = viewerOf(c, asked.member)
    const id = parseInput(ViewId, c.req.param('view'))
    const view: SavedView | undefined = (await asked.member.data.views(asked.dataset.id, viewer)).find(
      (one) => one.id === id,
    )
    if (!view) throw new PageNotFound('there is no such view of this dataset')
    return { asked, viewer, view }
  }
  const change = {
    ...({ role: 'viewer', about: found } as const),
    again: ({ about: { asked, view }, values, failed }: Again<Awaited<ReturnType<typeof found>>>) =>
      tabbed(asked, 'dashboard', <ViewForms {...{ path: asked.path, view, values, ...failed }} />, view.name),
  }
  const changing = formPage(site, '/views/:view', {
    ...{ ...change, schema: Changed },
    async act({ about: { asked, viewer, view }, input: { name, shared: isShared } }) {
      await asked.member.data.changeView(asked.dataset.id, view.id, { name, isShared }, viewer)
      return `${asked.path}/views`
    },
  })
  const removing = formAct(site, '/views/:view/remove', {
    ...{ ...change, schema: v.object({}) },
    async act({ about: { asked, viewer, view } }) {
      await asked.member.data.removeView(asked.dataset.id, view.id, viewer)
      return `${asked.path}/views`
    },
  })
  return new Hono<PersonEnv>()
    .get('/views', async (c) => {
      const asked = await askedDataset(access, c, 'viewer')
      const viewer = viewerOf(c, asked.member)
      const views = await asked.member.data.views(asked.dataset.id, viewer)
      const view = <ViewsPage {...{ views, ...viewer, path: asked.path, nowMs: clock.now() }} />
      return site.page(c, tabbed(asked, 'dashboard', view, 'Views'))
    })
    .route('/', saving)
    .route('/', changing)
    .route('/', removing)
}

type Again<About> = Parameters<Parameters<typeof formPage<v.GenericSchema, About>>[2]['again']>[0]

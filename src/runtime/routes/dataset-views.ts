/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/views: dashboards and lists of records with what was chosen there, kept under a name. */
import type { Context } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import { rfc3339 } from '../../base/mod.ts'
import type { Viewer } from '../../datasets/mod.ts'
import { ApiRoutes, type PersonEnv } from '../../server/mod.ts'
import { NewView, SavedView, ViewChange, ViewId } from '../../wire/mod.ts'
import type { DataAccess, Member } from '../datasets/access.ts'
import { OfDataset } from './datasets.ts'

const OfView = v.object({ ...OfDataset.entries, view: ViewId })
const { savedAtMs: _, user: __, ...told } = SavedView.entries
/** `isOwn`: who asks saved it. */
const ViewJson = v.object({ ...told, isOwn: v.boolean(), savedAt: v.string() })

export function datasetViewRoutes({ access }: { access: DataAccess }): ApiRoutes {
  const asJson = ({ savedAtMs, user, ...view }: SavedView, viewer: Viewer) => ({
    ...{ ...view, isOwn: user === viewer.user, savedAt: rfc3339(savedAtMs) },
  })
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/views',
      {
        summary: 'The views of a dataset that who asks has saved or others share, by name.',
        ...{ role: 'viewer', params: OfDataset, answer: v.object({ views: v.array(ViewJson) }) },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data, viewer } = await viewing(access, c, dataTenant)
        return { views: (await data.views(dataset, viewer)).map((view) => asJson(view, viewer)) }
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/views',
      {
        summary: 'Saves a view: a page with the words of its address. One that is shared is there for all members.',
        ...{ role: 'viewer', params: OfDataset, body: NewView, answer: ViewJson, status: 201 },
      },
      async ({ c, params: { dataTenant, dataset }, body }) => {
        const { data, viewer } = await viewing(access, c, dataTenant)
        return asJson(await data.saveView(dataset, body, viewer), viewer)
      },
    )
    .patch(
      '/:dataTenant/datasets/:dataset/views/:view',
      {
        summary:
          'Gives a view another name, shares it or does not any more. For who saved it; owners there change shared ones too.',
        ...{ role: 'viewer', params: OfView, body: ViewChange, answer: ViewJson },
      },
      async ({ c, params: { dataTenant, dataset, view }, body }) => {
        const { data, viewer } = await viewing(access, c, dataTenant)
        return asJson(await data.changeView(dataset, view, body, viewer), viewer)
      },
    )
    .delete(
      '/:dataTenant/datasets/:dataset/views/:view',
      {
        summary: 'Removes a view. For who saved it; owners there remove shared ones too.',
        ...{ role: 'viewer', params: OfView },
      },
      async ({ c, params: { dataTenant, dataset, view } }) => {
        const { data, viewer } = await viewing(access, c, dataTenant)
        await data.removeView(dataset, view, viewer)
      },
    )
}

async function viewing(
  access: DataAccess,
  c: Context<PersonEnv>,
  tenant: string,
): Promise<{ data: Member['data']; viewer: Viewer }> {
  const member = await access.demandMember(c, tenant, 'viewer')
  return { data: member.data, viewer: viewerOf(c, member) }
}

/** Who asks, for what they have saved. */
export function viewerOf(c: Context<PersonEnv>, { clearance, role }: Pick<Member, 'clearance' | 'role'>): Viewer {
  return { user: c.var.user.id, clearance, mayChangeAll: roleReaches(role, 'owner') }
}

/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/group and /rollups: figures over many records, and those that are kept ready. */
import * as v from 'valibot'
import { recorded } from '../../audit/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { GroupAnswer, GroupQuery, NewRollup, Rollup, RollupId } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import type { RuntimeState } from '../open-state.ts'
import { OfDataset } from './datasets.ts'

export type DatasetGroupRoutesDeps = { access: DataAccess; state: Pick<RuntimeState, 'trail'> }

const OfRollup = v.object({ ...OfDataset.entries, rollup: RollupId })

export function datasetGroupRoutes({ access, state: { trail } }: DatasetGroupRoutesDeps): ApiRoutes {
  return new ApiRoutes('Datasets')
    .post(
      '/:dataTenant/datasets/:dataset/group',
      {
        summary:
          'Records of a dataset in groups, by fields and by hours, days, weeks or months of a time zone: how many, and sums, averages, least and greatest of fields. From a rollup where one serves. Restricted fields cannot be named by who is not cleared.',
        ...{ role: 'viewer', params: OfDataset, body: GroupQuery, answer: GroupAnswer },
      },
      async ({ c, params: { dataTenant, dataset }, body }) => {
        const { data, clearance } = await access.demandMember(c, dataTenant, 'viewer')
        return data.group(dataset, body, clearance)
      },
    )
    .get(
      '/:dataTenant/datasets/:dataset/rollups',
      {
        summary:
          'The figures of a dataset that are kept ready: by its shape, and as they were declared. Those of restricted fields are told to who is cleared alone.',
        ...{ role: 'viewer', params: OfDataset, answer: v.object({ rollups: v.array(Rollup) }) },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data, clearance } = await access.demandMember(c, dataTenant, 'viewer')
        return { rollups: await data.rollups(dataset, clearance) }
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/rollups',
      {
        summary:
          'Declares a rollup: counts by some fields, and sums of others, kept ready from then on and built of the records that are there. Needs the role operator there, and the clearance for each field.',
        ...{ role: 'viewer', params: OfDataset, body: NewRollup, answer: Rollup, status: 201 },
      },
      async ({ c, params: { dataTenant, dataset }, body }) => {
        const { data, actor, tenant, clearance } = await access.demandMember(c, dataTenant, 'operator')
        // Names of fields are the data tenant's own.
        const act = { actor, action: 'rollup.created', subject: dataset, detail: { dataTenant: tenant.id } }
        return recorded(trail, act, () => data.createRollup(dataset, body, clearance))
      },
    )
    .delete(
      '/:dataTenant/datasets/:dataset/rollups/:rollup',
      {
        summary: 'Removes a rollup that was declared; no record goes with it. Needs the role operator there.',
        ...{ role: 'viewer', params: OfRollup },
      },
      async ({ c, params: { dataTenant, dataset, rollup } }) => {
        const { data, actor, tenant, clearance } = await access.demandMember(c, dataTenant, 'operator')
        const act = { actor, action: 'rollup.removed', subject: rollup, detail: { dataTenant: tenant.id, dataset } }
        await recorded(trail, act, () => data.removeRollup(dataset, rollup, clearance))
      },
    )
}

/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/indexes: what makes queries by some fields quick. */
import * as v from 'valibot'
import { ApiRoutes } from '../../server/mod.ts'
import { DatasetIndex, IndexId, NewIndex } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { createIndex, type IndexActsDeps, removeIndex } from '../datasets/index-acts.ts'
import { OfDataset } from './datasets.ts'

const OfIndex = v.object({ ...OfDataset.entries, index: IndexId })

export function datasetIndexRoutes({ access, ...deps }: IndexActsDeps & { access: DataAccess }): ApiRoutes {
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/indexes',
      {
        summary: 'The indexes of a dataset that were declared, and whether they are built.',
        ...{ role: 'viewer', params: OfDataset, answer: v.object({ indexes: v.array(DatasetIndex) }) },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        return { indexes: await data.indexes(dataset) }
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/indexes',
      {
        summary:
          'Declares an index over one to three fields, built of the records that are there: queries that give values of all of them, or of the first and the order of the others, are led by it. Needs the role owner there.',
        ...{ role: 'viewer', params: OfDataset, body: NewIndex, answer: DatasetIndex, status: 201 },
      },
      async ({ c, params: { dataTenant, dataset }, body: { fields } }) =>
        createIndex(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, fields }),
    )
    .delete(
      '/:dataTenant/datasets/:dataset/indexes/:index',
      {
        summary: 'Removes an index; no record goes with it. Needs the role owner there.',
        ...{ role: 'viewer', params: OfIndex },
      },
      async ({ c, params: { dataTenant, dataset, index } }) =>
        removeIndex(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, index }),
    )
}

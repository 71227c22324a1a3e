/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/search: which fields are searched by their words. */
import { ApiRoutes } from '../../server/mod.ts'
import { NewSearch, SearchIndex } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { setSearch } from '../datasets/search-act.ts'
import { OfDataset } from './datasets.ts'

export function datasetSearchRoutes({
  access,
  ...deps
}: Parameters<typeof setSearch>[0] & { access: DataAccess }): ApiRoutes {
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/search',
      {
        summary: 'The fields of a dataset that are searched by their words, and whether all records are in the index.',
        ...{ role: 'viewer', params: OfDataset, answer: SearchIndex },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        return data.search(dataset)
      },
    )
    .put(
      '/:dataTenant/datasets/:dataset/search',
      {
        summary:
          'Decides which fields are searched by their words; the index is built of the records that are there. Needs the role owner there.',
        ...{ role: 'viewer', params: OfDataset, body: NewSearch, answer: SearchIndex },
      },
      async ({ c, params: { dataTenant, dataset }, body: { fields } }) =>
        setSearch(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, fields }),
    )
    .delete(
      '/:dataTenant/datasets/:dataset/search',
      {
        summary:
          'Removes the index of words: a search then looks through the texts of all records. Needs the role owner there.',
        ...{ role: 'viewer', params: OfDataset },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        await setSearch(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, fields: [] })
      },
    )
}

/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/export: records as a file, as large as they are. */
import * as v from 'valibot'
import { recorded } from '../../audit/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { ExportFormat, ExportQuery } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { exportAnswer } from '../datasets/export-answer.ts'
import type { RuntimeState } from '../open-state.ts'
import { OfDataset } from './datasets.ts'

export type DatasetExportRoutesDeps = { access: DataAccess; clock: Clock; state: Pick<RuntimeState, 'trail'> }

/** As much as 32 conditions may have. */
const QUERY_LENGTH_MAX = 16_384
const Asked = v.object({
  format: ExportFormat,
  query: v.optional(
    v.pipe(v.string(), v.maxLength(QUERY_LENGTH_MAX), v.parseJson(undefined, 'must be JSON'), ExportQuery),
    '{}',
  ),
})

export function datasetExportRoutes({ access, clock, state: { trail } }: DatasetExportRoutesDeps): ApiRoutes {
  return new ApiRoutes('Datasets').get(
    '/:dataTenant/datasets/:dataset/export',
    {
      summary:
        'Records of a dataset as a file: CSV, NDJSON or Parquet. `query` is in JSON what `query` takes as its body, without `limit` and `after`. Restricted fields are left out for who is not cleared; texts that a spreadsheet would run have an apostrophe before them in CSV.',
      ...{ role: 'viewer', params: OfDataset, query: Asked, file: 'application/octet-stream' },
    },
    async ({ c, params: { dataTenant, dataset }, query: { format, query } }) => {
      const member = await access.demandMember(c, dataTenant, 'viewer')
      const { actor, tenant, data } = member
      const { name } = await data.dataset(dataset)
      // Who loses their membership meanwhile gets no further part.
      const clearance = async () => (await access.demandMember(c, dataTenant, 'viewer')).clearance
      const act = { actor, action: 'dataset.exported', subject: dataset, detail: { dataTenant: tenant.id, format } }
      const viewer = { user: c.var.user.id, clearance }
      const exported = await recorded(trail, act, () => data.export(dataset, { format, query }, viewer))
      return exportAnswer(clock, exported, { name, format })
    },
  )
}

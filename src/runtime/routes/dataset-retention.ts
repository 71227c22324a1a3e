/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/retention: how long records and documents are kept. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { type Retention, RetentionDays } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type RetentionActDeps, setRetention } from '../datasets/retention-act.ts'
import { OfDataset } from './datasets.ts'

const RetentionJson = v.object({
  ...RetentionDays.entries,
  /** What the last look at which something was too old has removed. */
  removed: v.nullable(v.object({ at: v.string(), records: v.number(), documents: v.number() })),
})

export function datasetRetentionRoutes(deps: RetentionActDeps & { access: DataAccess }): ApiRoutes {
  const { access } = deps
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/retention',
      {
        summary: 'How many days records and documents are kept, null: for ever; and what went last.',
        ...{ role: 'viewer', params: OfDataset, answer: RetentionJson },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        return asJson(await data.retention(dataset))
      },
    )
    .put(
      '/:dataTenant/datasets/:dataset/retention',
      {
        summary:
          'Keeps records and documents for so many days since they were received; what is older goes with the next look, one a day. Needs the role owner there.',
        ...{ role: 'viewer', fresh: true, params: OfDataset, body: RetentionDays, answer: RetentionJson },
      },
      async ({ c, params: { dataTenant, dataset }, body: days }) =>
        asJson(await setRetention(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, days })),
    )
}

function asJson({ removed, ...days }: Retention): v.InferInput<typeof RetentionJson> {
  const { atMs, ...counts } = removed ?? { atMs: 0, records: 0, documents: 0 }
  return { ...days, removed: removed ? { at: rfc3339(atMs), ...counts } : null }
}

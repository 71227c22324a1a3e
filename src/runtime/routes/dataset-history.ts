/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/history: what records were before, where an owner asked for that. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { ChangesAsked, RecordChange, type RecordChanges } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type HistoryActDeps, setHistory } from '../datasets/history-act.ts'
import { OfDataset } from './datasets.ts'

const Asked = v.object({
  key: ChangesAsked.entries.key,
  before: v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/), v.transform(Number))),
})
const ChangesJson = v.object({
  since: v.nullable(v.string()),
  changes: v.array(v.object({ ...v.omit(RecordChange, ['atMs']).entries, at: v.string() })),
  next: v.optional(v.number()),
})

export function datasetHistoryRoutes(deps: HistoryActDeps & { access: DataAccess }): ApiRoutes {
  const { access } = deps
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/history',
      {
        summary:
          'What the record of that key was before, the newest change first; without a key only since when that is kept. Restricted fields are masked for who is not cleared.',
        ...{ role: 'viewer', params: OfDataset, query: Asked, answer: ChangesJson },
      },
      async ({ c, params: { dataTenant, dataset }, query }) => {
        const { data, clearance } = await access.demandMember(c, dataTenant, 'viewer')
        return asJson(await data.changes(dataset, query, clearance))
      },
    )
    .put(
      '/:dataTenant/datasets/:dataset/history',
      {
        summary:
          'Keeps what records were before, from the next import on; or no more, and what was kept goes. Needs the role owner there.',
        ...{ role: 'viewer', fresh: true, params: OfDataset, body: v.strictObject({ on: v.boolean() }) },
      },
      async ({ c, params: { dataTenant, dataset }, body: { on } }) =>
        setHistory(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, on }),
    )
}

function asJson({ sinceMs, changes, next }: RecordChanges): v.InferInput<typeof ChangesJson> {
  return {
    since: sinceMs === undefined ? null : rfc3339(sinceMs),
    changes: changes.map(({ atMs, ...change }) => ({ ...change, at: rfc3339(atMs) })),
    ...(next !== undefined && { next }),
  }
}

/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/reimport: documents as they came, read again. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { NewFieldType, NewReimport, type Reimport } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type ReimportActDeps, reimport, setFieldType } from '../datasets/reimport-act.ts'
import { OfDataset } from './datasets.ts'

const ReimportJson = v.object({
  state: v.picklist(['running', 'done']),
  /** Of one import only. */
  import: v.nullable(v.string()),
  /** Values of this field are being changed to that type before. */
  field: v.nullable(NewFieldType),
  /** Imports that are read again, those that are done, and those that cannot be read again. */
  ...{ total: v.number(), read: v.number(), unread: v.number() },
  ...{ startedAt: v.string(), endedAt: v.nullable(v.string()) },
})

const LastJson = v.object({ reimport: v.nullable(ReimportJson) })

export function datasetReimportRoutes(deps: ReimportActDeps & { access: DataAccess }): ApiRoutes {
  const { access } = deps
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/datasets/:dataset/reimport',
      {
        summary: 'How far the last re-import is, if there was one.',
        ...{ role: 'viewer', params: OfDataset, answer: LastJson },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const { data } = await access.demandMember(c, dataTenant, 'viewer')
        const last = await data.lastReimport(dataset)
        return { reimport: last ? asJson(last) : null }
      },
    )
    .post(
      '/:dataTenant/datasets/:dataset/reimport',
      {
        summary:
          'Reads the documents of all imports again, or of one; it goes on behind the answer, which says how many cannot be read again. Needs the role owner there.',
        ...{ role: 'viewer', params: OfDataset, body: NewReimport, answer: ReimportJson, status: 202 },
      },
      async ({ c, params: { dataTenant, dataset }, body: asked }) =>
        asJson(await reimport(deps, await access.demandMember(c, dataTenant, 'owner'), { dataset, asked })),
    )
    .post(
      '/:dataTenant/datasets/:dataset/fields',
      {
        summary:
          'Gives a field of a table another type: what is there is changed and all documents are read again, behind the answer. Needs the role owner there.',
        ...{ role: 'viewer', params: OfDataset, body: NewFieldType, answer: LastJson, status: 202 },
      },
      async ({ c, params: { dataTenant, dataset }, body: field }) => {
        const member = await access.demandMember(c, dataTenant, 'owner')
        const begun = await setFieldType(deps, member, { dataset, field })
        return { reimport: begun ? asJson(begun) : null }
      },
    )
}

function asJson({ startedAtMs, endedAtMs, import: only, field, ...told }: Reimport): v.InferInput<typeof ReimportJson> {
  const ended = endedAtMs === undefined ? null : rfc3339(endedAtMs)
  return { ...told, import: only ?? null, field: field ?? null, startedAt: rfc3339(startedAtMs), endedAt: ended }
}

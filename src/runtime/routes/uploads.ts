/** Uploads and imports by people: the same as by an upload token, which `upload-door.ts` answers before the gate. */
import * as v from 'valibot'
import { recorded, type Trail } from '../../audit/mod.ts'
import { UPLOAD_BYTES_MAX } from '../../datasets/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { DatasetId, ImportId, ImportState } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { ImportReportJson, reportAsJson } from '../datasets/dataset-json.ts'
import { PIECE_TYPE } from '../datasets/tus-door.ts'
import { locationBelow, takeUpload } from '../datasets/upload-door.ts'
import { OfDataset } from './datasets.ts'

export type UploadRoutesDeps = { access: DataAccess; state: { trail: Pick<Trail, 'record'> } }

const OneJson = v.object({
  ...{ import: v.string(), state: ImportState },
  /** Its `Idempotency-Key` was known: this is the import of then. */
  again: v.boolean(),
})
const UploadedJson = v.union([
  v.object({ dataset: v.string(), ...OneJson.entries }),
  v.object({ dataset: v.string(), imports: v.array(v.object({ name: v.nullable(v.string()), ...OneJson.entries })) }),
])

/** Below `/data-tenants`. */
export function uploadByPersonRoutes({ access, state: { trail } }: UploadRoutesDeps): ApiRoutes {
  return new ApiRoutes('Datasets').post(
    '/:dataTenant/datasets/:dataset/uploads',
    {
      summary:
        'Uploads the body as one document, or each file of a form; answers once it is durable. `name` and `attribute.<name>` may stand in the query. Needs the role operator there.',
      ...{ role: 'viewer', params: OfDataset, upload: '*/*', bodyBytesMax: UPLOAD_BYTES_MAX, streams: true },
      ...{ answer: UploadedJson, status: 202 },
    },
    async ({ c, params: { dataTenant, dataset } }) => {
      const { actor, tenant, data } = await access.demandMember(c, dataTenant, 'operator')
      const act = { actor, action: 'dataset.uploaded', subject: dataset, detail: { dataTenant: tenant.id } }
      const uploaded = await recorded(trail, act, () => takeUpload(c, { data, dataset }))
      const { location } = locationBelow(`/v1/data-tenants/${tenant.id}`, uploaded)
      if (location !== undefined) c.header('location', location)
      return uploaded
    },
  )
}

/** Below `/datasets`: where an upload's `Location` leads a person. */
export function importRoutes({ access }: Pick<UploadRoutesDeps, 'access'>): ApiRoutes {
  const byToken: Parameters<ApiRoutes['describe']>[2] = {
    summary:
      'Uploads the body as one document, or each file of a form, by an upload token of the dataset (`Authorization: Bearer slu_…`); answers once it is durable. `name` and `attribute.<name>` may stand in the query.',
    ...{ role: 'viewer', upload: '*/*', answer: UploadedJson, status: 202 },
  }
  const resumable = (summary: string, upload?: string): Parameters<ApiRoutes['describe']>[2] => ({
    ...{ summary, role: 'viewer', ...(upload !== undefined && { upload }) },
  })
  const routes = new ApiRoutes('Datasets')
    .describe('post', '/:dataset/uploads', byToken)
    .describe('options', '/:dataset/files', resumable('Says what uploads in pieces can do, as tus has it.'))
    .describe('post', '/:dataset/files', resumable('Begins an upload in pieces by tus 1.0.0, by an upload token.'))
    .describe('get', '/:dataset/files/:upload', resumable('Says in headers how far an upload in pieces is; also HEAD.'))
    .describe('patch', '/:dataset/files/:upload', resumable('Goes on with an upload in pieces.', PIECE_TYPE))
    .describe('delete', '/:dataset/files/:upload', resumable('Gives up an upload in pieces.'))
  return routes.get(
    '/:dataset/imports/:import',
    {
      summary: 'What became of one document of a dataset, for members of its data tenant and for its upload tokens.',
      ...{ role: 'viewer', params: v.object({ dataset: DatasetId, import: ImportId }), answer: ImportReportJson },
    },
    async ({ c, params }) => reportAsJson(await access.findImport(c, params.dataset, params.import)),
  )
}

/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/tokens: what pipelines upload with. A token is shown once, when it is made. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { UPLOAD_TOKEN_DAYS, UPLOAD_TOKEN_DAYS_MAX } from '../../datasets/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import {
  createUploadToken,
  type DatasetActsDeps,
  listUploadTokens,
  revokeUploadToken,
} from '../datasets/dataset-acts.ts'
import { UploadTokenJson, uploadTokenAsJson } from '../datasets/dataset-json.ts'
import type { Station } from '../station.ts'
import { TenantName } from './data-tenants.ts'
import { OfDataset } from './datasets.ts'

export type UploadTokenRoutesDeps = DatasetActsDeps & { access: DataAccess } & Pick<Station, 'addresses'>

const OfToken = v.object({ ...OfDataset.entries, token: v.pipe(v.string(), v.maxLength(64)) })
const Days = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(UPLOAD_TOKEN_DAYS_MAX))
const NewToken = v.strictObject({ name: TenantName, days: v.optional(Days, UPLOAD_TOKEN_DAYS) })
/** `uploadAddress`: where it is sent to, on this Runtime's own port. */
const MadeJson = v.object({
  ...{ id: v.string(), name: v.string(), token: v.string(), expiresAt: v.string(), uploadAddress: v.string() },
})

export function uploadTokenRoutes(deps: UploadTokenRoutesDeps): ApiRoutes {
  const { access, addresses } = deps
  const path = '/:dataTenant/datasets/:dataset/tokens'
  return new ApiRoutes('Upload tokens')
    .get(
      path,
      {
        summary: 'Upload tokens of a dataset with their last use, the earliest first. Needs the role operator there.',
        ...{ role: 'viewer', params: OfDataset, answer: v.object({ tokens: v.array(UploadTokenJson) }) },
      },
      async ({ c, params: { dataTenant, dataset } }) => {
        const member = await access.demandMember(c, dataTenant, 'operator')
        return { tokens: (await listUploadTokens(deps, member, dataset)).map(uploadTokenAsJson) }
      },
    )
    .post(
      path,
      {
        summary:
          'Makes an upload token of a dataset, for a year or as many days; answers it this once. Needs the role operator there.',
        ...{ role: 'viewer', fresh: true, params: OfDataset, body: NewToken, answer: MadeJson, status: 201 },
      },
      async ({ c, params: { dataTenant, dataset }, body: { name, days } }) => {
        const member = await access.demandMember(c, dataTenant, 'operator')
        const { expiresAt, ...made } = await createUploadToken(deps, member, { dataset, name, days })
        const uploadAddress = `${addresses().managementUrl}/v1/datasets/${dataset}/uploads`
        return { ...made, name, expiresAt: rfc3339(expiresAt), uploadAddress }
      },
    )
    .delete(
      `${path}/:token`,
      {
        summary: 'Revokes an upload token by its id, from the next request on. Needs the role operator there.',
        ...{ role: 'viewer', params: OfToken },
      },
      async ({ c, params: { dataTenant, dataset, token } }) =>
        revokeUploadToken(deps, await access.demandMember(c, dataTenant, 'operator'), { dataset, token }),
    )
}

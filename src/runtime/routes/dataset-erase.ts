/** /v1/data-tenants/{dataTenant}/datasets/{dataset}/erase: one person's data, from records, figures and documents. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { Erased, EraseRequest } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { eraseFrom } from '../datasets/erase-act.ts'
import { OfDataset } from './datasets.ts'

const CertificateJson = v.object({
  ...{ dataset: v.string(), dryRun: v.boolean(), ...Erased.entries },
  ...{ matched: v.string(), salt: v.string(), erasedAt: v.string(), by: v.string() },
})

export function datasetEraseRoutes(deps: Parameters<typeof eraseFrom>[0] & { access: DataAccess }): ApiRoutes {
  return new ApiRoutes('Datasets').post(
    '/:dataTenant/datasets/:dataset/erase',
    {
      summary:
        'Erases the records for which all conditions hold, and whole documents that tell of them; answers with a certificate. Needs the role owner there.',
      ...{ role: 'viewer', fresh: true, params: OfDataset, body: EraseRequest, answer: CertificateJson },
    },
    async ({ c, params: { dataTenant, dataset }, body }) => {
      const member = await deps.access.demandMember(c, dataTenant, 'owner')
      const { erasedAtMs, ...certificate } = await eraseFrom(deps, member, { dataset, request: body })
      return { ...certificate, erasedAt: rfc3339(erasedAtMs) }
    },
  )
}

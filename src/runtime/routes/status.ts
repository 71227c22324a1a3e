/** /v1/status: how the Runtime is. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { withTenantNames } from '../attention/tenant-names.ts'
import type { DataAccess } from '../datasets/access.ts'
import { type CertificateView, certificateOf, type StatusView, statusOf } from '../status.ts'
import { DeploymentDetailJson, detailJson } from './deployment-json.ts'
import { EnrolmentJson, enrolmentJson } from './enrolment.ts'

export type StatusRoutesDeps = StatusView & CertificateView & { access: Pick<DataAccess, 'list'> }

const Status = v.object({
  version: v.string(),
  name: v.string(),
  uptimeMs: v.number(),
  /** The Runtime's own clock, milliseconds since 1970. */
  nowMs: v.number(),
  managementUrl: v.string(),
  bridgeHost: v.string(),
  bridgePort: v.number(),
  /** Of uploads from outside; absent while it is off. */
  ingestPort: v.optional(v.number()),
  /** The volume of the data folder. */
  disk: v.object({ totalBytes: v.number(), freeBytes: v.number() }),
  /** The certificate that is shown on 8752, the end of its time, and whether its owner brought it. */
  certificate: v.object({ fingerprint: v.string(), validTo: v.string(), installed: v.boolean() }),
  platform: EnrolmentJson,
  deployments: v.array(DeploymentDetailJson),
  /** What needs a person, worst first. */
  attention: v.array(
    v.object({
      /** The same as long as it is the same thing. */
      id: v.string(),
      state: v.picklist(['failed', 'late', 'awaiting-approval']),
      /** In place of the state's usual word. */
      word: v.optional(v.string()),
      what: v.string(),
      /** The data tenant that it is about; by name in `what` for who may know it, else by id. */
      dataTenant: v.optional(v.string()),
      sinceMs: v.optional(v.number()),
      effect: v.string(),
      cure: v.object({ label: v.string(), href: v.string() }),
    }),
  ),
})

export function statusRoutes(station: StatusRoutesDeps): ApiRoutes {
  return new ApiRoutes('Status').get(
    '/status',
    { summary: 'The Runtime, its link to the Platform, and every deployment.', role: 'viewer', answer: Status },
    async ({ c }) => {
      const { platform, deployments, attention, ...figures } = await statusOf(station)
      const { validToMs, ...certificate } = certificateOf(station)
      return {
        ...{ ...figures, platform: enrolmentJson(platform), deployments: deployments.map(detailJson) },
        attention: await withTenantNames(attention, () => station.access.list(c)),
        certificate: { ...certificate, validTo: rfc3339(validToMs) },
      }
    },
  )
}

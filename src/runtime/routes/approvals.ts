/** /v1/deployments/<id>/approval: all that an owner looks at before a waiting version is approved, and both decisions. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { DeploymentId, Reason, Sha256Hex } from '../../wire/mod.ts'
import { type ReviewDeps, reviewedCode, reviewOf } from '../approval.ts'
import { type DetailDeps, deploymentDetail } from '../deployment-detail.ts'
import { DecisionJson, DeploymentDetailJson, detailJson } from './deployment-json.ts'

export type ApprovalRoutesDeps = DetailDeps & ReviewDeps

const Version = v.pipe(v.number(), v.integer(), v.minValue(1))
const Approve = v.strictObject({ version: v.optional(Version) })
const Refuse = v.strictObject({
  version: v.optional(Version),
  reason: v.optional(v.pipe(v.string(), v.maxLength(256))),
  /** Whether the Platform is told the reason too; it learns only that it was refused otherwise. */
  tell: v.optional(v.boolean(), false),
})
/** The id becomes part of a path: only its own form is taken. */
const Identified = v.object({ id: DeploymentId })

const ReviewJson = v.object({
  ...{ deployment: v.string(), blueprint: v.string(), system: v.string(), version: v.number(), receivedAt: v.string() },
  inForce: v.optional(v.number()),
  adds: v.record(v.string(), v.array(v.string())),
  /** What keeps it from running whatever the owner says. */
  against: v.array(Reason),
  /** What changes to the version in force, part by part, as JSON text. */
  changes: v.array(v.object({ part: v.string(), before: v.optional(v.string()), after: v.optional(v.string()) })),
  code: v.array(
    v.object({
      ...{ sha256: v.string(), bytes: v.number(), components: v.array(v.string()), isNew: v.boolean() },
      ...{ text: v.optional(v.string()), isCut: v.boolean() },
    }),
  ),
  signer: v.object({ tenant: v.string(), tenantName: v.string(), platform: v.string(), fingerprint: v.string() }),
})

export function approvalRoutes(station: ApprovalRoutesDeps): ApiRoutes {
  const { deployments } = station
  return new ApiRoutes('Approval')
    .get(
      '/approval',
      {
        summary: 'What the version that waits adds and changes, its code, and who signed it.',
        role: 'operator',
        params: Identified,
        answer: ReviewJson,
      },
      async ({ params }) => {
        const { receivedAtMs, ...review } = await reviewOf(station, params.id)
        return { ...review, receivedAt: rfc3339(receivedAtMs) }
      },
    )
    .get(
      '/approval/code/:sha256',
      {
        summary: 'A code file of the version that waits, as it is.',
        role: 'operator',
        params: v.object({ id: DeploymentId, sha256: Sha256Hex }),
        file: 'application/octet-stream',
      },
      async ({ c, params: { id, sha256 } }) => {
        const headers = {
          'content-type': 'application/octet-stream',
          'content-disposition': `attachment; filename="${sha256}"`,
        }
        return c.body(await reviewedCode(station, id, sha256), 200, headers)
      },
    )
    .post(
      '/approve',
      {
        summary: 'Approves the version that waits, and what it adds.',
        role: 'owner',
        fresh: true,
        params: Identified,
        body: Approve,
        answer: DeploymentDetailJson,
      },
      async ({ params: { id }, body, actor }) => {
        await deployments.approve(id, body.version, actor)
        return detailJson(await deploymentDetail(station, id))
      },
    )
    .post(
      '/refuse',
      {
        summary: 'Refuses the version that waits; what is in force stays.',
        role: 'owner',
        params: Identified,
        body: Refuse,
        answer: DecisionJson,
      },
      ({ params, body: { version, ...words }, actor }) => deployments.refuse(params.id, version, { actor, ...words }),
    )
}

/** /v1/enrolment: the Platform Tenant that this Runtime belongs to, and how it is joined by a code. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { type EnrolmentView, enrolmentOf } from '../status.ts'

const Enrol = v.strictObject({ code: v.pipe(v.string(), v.maxLength(32_768)) })

export const EnrolmentJson = v.object({
  state: v.picklist(['enrolled', 'pending', 'none']),
  runtime: v.optional(v.string()),
  name: v.optional(v.string()),
  tenant: v.optional(v.string()),
  tenantName: v.optional(v.string()),
  platform: v.optional(v.string()),
  lastHeartbeatAt: v.optional(v.string()),
  lastHeartbeatAnsweredAt: v.optional(v.string()),
  failure: v.optional(v.string()),
  /** How far the Platform's clock is ahead of ours; negative: behind. */
  clockOffsetMs: v.optional(v.number()),
  heartbeats: v.number(),
  owed: v.object({ auditLogs: v.number(), status: v.number(), dropped: v.number(), lost: v.number() }),
})

/** As the API tells it: instants as RFC 3339. */
export function enrolmentJson(standing: Awaited<ReturnType<typeof enrolmentOf>>): v.InferOutput<typeof EnrolmentJson> {
  const { lastHeartbeatMs, lastHeartbeatAnsweredMs, ...rest } = standing
  return {
    ...rest,
    ...(lastHeartbeatMs !== undefined && { lastHeartbeatAt: rfc3339(lastHeartbeatMs) }),
    ...(lastHeartbeatAnsweredMs !== undefined && { lastHeartbeatAnsweredAt: rfc3339(lastHeartbeatAnsweredMs) }),
  }
}

export function enrolmentRoutes(station: EnrolmentView): ApiRoutes {
  return new ApiRoutes('Enrolment')
    .get('/', { summary: 'How it stands with the Platform.', role: 'viewer', answer: EnrolmentJson }, async () =>
      enrolmentJson(await enrolmentOf(station)),
    )
    .post(
      '/',
      {
        summary: 'Enrols this Runtime with the Platform Tenant that made the code.',
        role: 'owner',
        fresh: true,
        body: Enrol,
        answer: EnrolmentJson,
        status: 201,
      },
      async ({ body, actor }) => {
        await station.enrolment.enrol(body.code, actor)
        return enrolmentJson(await enrolmentOf(station))
      },
    )
}

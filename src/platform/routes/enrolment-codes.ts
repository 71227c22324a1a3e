/** /v1/enrolment-codes: what a Runtime's owner joins this tenant with. A code's text is told once. */
import * as v from 'valibot'
import { ApiRoutes } from '../../server/mod.ts'
import { Name, recordOf } from '../../wire/mod.ts'
import { CODE_LIFETIME_MAX_MS, type CodeDeps, listCodes, makeCode, revokeCode } from '../enrolment/codes.ts'

/** A minute is the least in which a person can carry a code over. */
const NewCode = v.strictObject({
  labels: v.optional(recordOf(Name, v.pipe(v.string(), v.maxLength(128)))),
  expiresInMs: v.optional(
    v.pipe(
      v.number(),
      v.integer(),
      v.minValue(60_000, 'must be a minute or longer'),
      v.maxValue(CODE_LIFETIME_MAX_MS, `must be ${CODE_LIFETIME_MAX_MS / 86_400_000} days or shorter`),
    ),
  ),
})
const MadeCode = v.object({ id: v.string(), code: v.string(), expires: v.string() })
const CodeSummary = v.object({
  id: v.string(),
  state: v.string(),
  labels: v.record(v.string(), v.string()),
  createdBy: v.string(),
  createdAt: v.string(),
  expires: v.string(),
  usedBy: v.optional(v.string()),
})

export function enrolmentCodeRoutes(room: CodeDeps): ApiRoutes {
  return new ApiRoutes('Enrolment codes')
    .get(
      '/',
      {
        summary: 'Codes and what became of each; their text is not kept.',
        role: 'viewer',
        answer: v.object({ codes: v.array(CodeSummary) }),
      },
      async () => ({ codes: await listCodes(room.db, room.clock) }),
    )
    .post(
      '/',
      {
        summary: 'Makes a code; its text is told this once.',
        role: 'operator',
        body: NewCode,
        answer: MadeCode,
        status: 201,
      },
      ({ body: { labels, expiresInMs }, actor }) =>
        makeCode(room, {
          createdBy: actor,
          ...(labels && { labels }),
          ...(expiresInMs !== undefined && { lifetimeMs: expiresInMs }),
        }),
    )
    .delete(
      '/:id',
      { summary: 'Revokes a code.', role: 'operator', params: v.object({ id: v.string() }) },
      ({ params, actor }) => revokeCode(room, params.id, actor),
    )
}

/** /v1/drift: whether this Runtime is still as it was set up. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { Name, recordOf, Sha256Hex } from '../../wire/mod.ts'
import type { DriftCheck } from '../drift/drift.ts'
import type { Station } from '../station.ts'

export type DriftRoutesDeps = Pick<Station, 'drift'>

const DriftJson = v.object({
  /** Absent before the first check. */
  checkedAt: v.optional(v.string()),
  items: v.array(
    v.object({
      name: v.string(),
      says: v.string(),
      /** SHA-256 of what is found. */
      hash: v.string(),
      /** The hash on record, where it is held against one. */
      recorded: v.optional(v.string()),
      /** Names of what is wrong in itself; never content. */
      faults: v.array(v.string()),
      differs: v.boolean(),
    }),
  ),
})

export function driftRoutes({ drift }: DriftRoutesDeps): ApiRoutes {
  return new ApiRoutes('Drift')
    .get('/', { summary: 'What the last check found.', role: 'viewer', answer: DriftJson }, async () =>
      driftAsJson(drift.last),
    )
    .post('/check', { summary: 'Looks at everything now.', role: 'operator', answer: DriftJson }, async () =>
      driftAsJson(await drift.check()),
    )
    .post(
      '/accept',
      {
        summary: 'Puts on record what was looked at: it is meant to be so.',
        role: 'owner',
        fresh: true,
        /** Name → the hash that was looked at. */
        body: v.strictObject({ found: recordOf(Name, Sha256Hex) }),
        answer: DriftJson,
      },
      async ({ body, actor }) => driftAsJson(await drift.accept(body.found, actor)),
    )
}

function driftAsJson(check: DriftCheck | undefined) {
  return { ...(check && { checkedAt: rfc3339(check.checkedAtMs) }), items: check?.items ?? [] }
}

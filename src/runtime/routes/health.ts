/** /v1/health: what the doctor sees from inside. */
import * as v from 'valibot'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import type { DatabaseCheck, Health } from '../health/health.ts'

export type HealthRoutesDeps = { health: Health }

const CheckJson = v.object({
  name: v.string(),
  verdict: v.picklist(['ok', 'warn', 'bad', 'skipped']),
  found: v.string(),
  advice: v.optional(v.string()),
})
const DatabaseJson = v.object({ ...CheckJson.entries, at: v.string(), tookMs: v.number() })
const HealthJson = v.object({ checks: v.array(CheckJson), database: v.nullable(DatabaseJson) })

export function doctorRoutes({ health }: HealthRoutesDeps): ApiRoutes {
  return new ApiRoutes('Health')
    .get(
      '/',
      {
        summary: 'What this Runtime stands on, looked at now; of the database the last check.',
        role: 'viewer',
        answer: HealthJson,
      },
      async () => ({ checks: await health.checks(), database: health.database ? databaseJson(health.database) : null }),
    )
    .post(
      '/database',
      {
        summary: 'Reads every page of the database and says whether it is sound; about 5 ms a MiB.',
        ...{ role: 'operator', answer: DatabaseJson },
      },
      async () => databaseJson(await health.checkDatabase()),
    )
}

function databaseJson({ check, atMs, tookMs }: DatabaseCheck): v.InferInput<typeof DatabaseJson> {
  return { ...check, at: rfc3339(atMs), tookMs }
}

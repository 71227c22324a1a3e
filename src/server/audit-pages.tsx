/** The pages of the audit trail, on both servers. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import { parseInput } from '../web/mod.ts'
import {
  type AskedPeople,
  type AskedSight,
  type AskedTrail,
  AuditFilterQuery,
  actorNamed,
  ENTRIES_DEFAULT,
  exported,
  filterOf,
  namesOf,
  seen,
  wholeSight,
} from './audit.ts'
import { demand, type PersonEnv } from './person.ts'
import type { Site } from './site.tsx'
import { Audit, type AuditFilters, type AuditVerdict } from './views/audit.tsx'

export type AuditPagesDeps = {
  trail: AskedTrail
  people: AskedPeople
  /** What who asks may see; default: everything. */
  sightOf?: AskedSight
  clock: Clock
}

const PATH = '/audit'
const Typed = v.object({
  ...{ actor: v.optional(v.string(), ''), action: v.optional(v.string(), ''), subject: v.optional(v.string(), '') },
  ...{ since: v.optional(v.string(), ''), until: v.optional(v.string(), '') },
})

export function auditPages(deps: AuditPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', (c) => show(c, deps, site))
    .get('/verify', async (c) => show(c, deps, site, await deps.trail.verify()))
    .post('/export', async (c) => {
      const { sightOf = wholeSight } = deps
      return exported(deps.trail, demand(c, 'owner'), await sightOf(c))
    })
}

async function show(
  c: Context<PersonEnv>,
  deps: AuditPagesDeps,
  site: Site,
  verdict?: AuditVerdict,
): Promise<Response> {
  const { trail, clock, sightOf = wholeSight } = deps
  const people = await deps.people()
  const filters: AuditFilters = parseInput(Typed, c.req.query())
  const query = parseInput(AuditFilterQuery, { ...c.req.query(), actor: actorNamed(filters.actor, people) })
  const sight = await sightOf(c)
  const found = await seen(trail, sight, { ...filterOf(query), before: query.before, limit: ENTRIES_DEFAULT })
  const view = (
    <Audit
      {...{ path: `${site.place.base}${PATH}`, filters, verdict, entries: found.entries, next: found.next }}
      head={sight.hashes ? await trail.head() : undefined}
      names={namesOf(people, sight)}
      mayExport={roleReaches(c.var.user.role, 'owner')}
      nowMs={clock.now()}
    />
  )
  const action = (
    <a class="button" href={`${site.place.base}${PATH}/verify`}>
      Check the trail
    </a>
  )
  return site.page(c, { title: 'Audit', current: PATH, action, view })
}

/** The pages of the audit trail, on both servers. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../accounts/mod.ts'
import type { Clock } from '../base/mod.ts'
import { parseInput } from '../web/mod.ts'
import {
  type AskedPeople,
  type AskedTrail,
  AuditFilterQuery,
  actorNamed,
  ENTRIES_DEFAULT,
  exported,
  filterOf,
} from './audit.ts'
import { actorOf, demand, type PersonEnv } from './person.ts'
import type { Site } from './site.tsx'
import { Audit, type AuditFilters, type AuditVerdict } from './views/audit.tsx'

export type AuditPagesDeps = {
  trail: AskedTrail
  people: AskedPeople
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
    .post('/export', (c) => exported(deps.trail, demand(c, 'owner')))
}

async function show(
  c: Context<PersonEnv>,
  deps: AuditPagesDeps,
  site: Site,
  verdict?: AuditVerdict,
): Promise<Response> {
  const { trail, clock } = deps
  const people = await deps.people()
  const filters: AuditFilters = parseInput(Typed, c.req.query())
  const query = parseInput(AuditFilterQuery, { ...c.req.query(), actor: actorNamed(filters.actor, people) })
  const found = await trail.search({ ...filterOf(query), before: query.before, limit: ENTRIES_DEFAULT })
  const view = (
    <Audit
      {...{ path: `${site.place.base}${PATH}`, filters, verdict, entries: found.entries, next: found.next }}
      head={await trail.head()}
      names={new Map(people.map((person) => [actorOf(person), person.name]))}
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

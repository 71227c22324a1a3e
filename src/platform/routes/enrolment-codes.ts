/** /v1/enrolment-codes */
import { Hono } from 'hono'
import * as v from 'valibot'
import { requireRole } from '../../accounts/mod.ts'
import { readJson } from '../../web/mod.ts'
import { Name } from '../../wire/mod.ts'
import { CODE_LIFETIME_MAX_MS, listCodes, makeCode, revokeCode } from '../enrolment/codes.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { actorOf, type Env } from './variables.ts'

/** A minute is the least in which a person can carry a code over. */
const NewCode = v.strictObject({
  labels: v.optional(v.record(Name, v.pipe(v.string(), v.maxLength(128)))),
  expiresInMs: v.optional(v.pipe(v.number(), v.integer(), v.minValue(60_000), v.maxValue(CODE_LIFETIME_MAX_MS))),
})

export function enrolmentCodeRoutes(room: TenantRoom): Hono<Env> {
  return new Hono<Env>()
    .get('/', async (c) => c.json({ codes: await listCodes(room.db, room.clock) }))
    .post('/', requireRole('operator'), async (c) => {
      const { labels, expiresInMs } = await readJson(c, NewCode)
      const made = await makeCode(room, {
        createdBy: actorOf(c.var.user),
        ...(labels && { labels }),
        ...(expiresInMs !== undefined && { lifetimeMs: expiresInMs }),
      })
      return c.json(made, 201)
    })
    .delete('/:id', requireRole('operator'), async (c) => {
      await revokeCode(room, c.req.param('id'), actorOf(c.var.user))
      return c.body(null, 204)
    })
}

/** The page of drift: the last check, one at once, and the owner's word. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { demand, type FormShown, formAct, type PersonEnv, type Site } from '../../server/mod.ts'
import type { Failure } from '../../web/mod.ts'
import { Name, recordOf, Sha256Hex } from '../../wire/mod.ts'
import { CheckNow, DriftPage } from '../views/drift.tsx'
import type { DriftRoutesDeps } from './drift.ts'

export type DriftPagesDeps = DriftRoutesDeps & { clock: Clock }

const PREFIX = 'found.'
/** Name → the hash that was looked at, each a field of its own. */
const Found = v.pipe(
  recordOf(v.string(), v.unknown()),
  v.transform((fields) => {
    const found = Object.entries(fields).filter(([field]) => field.startsWith(PREFIX))
    return Object.fromEntries(found.map(([field, hash]) => [field.slice(PREFIX.length), hash]))
  }),
  recordOf(Name, Sha256Hex),
)
/** Those fields are not in sight: what is wrong with one is wrong with the form. */
const NOT_SHOWN = { message: 'What was sent is not what the check showed.', advice: 'Look at the check again.' }

export function driftPages(deps: DriftPagesDeps, site: Site): Hono<PersonEnv> {
  const { drift } = deps
  return new Hono<PersonEnv>()
    .get('/', (c) => site.page(c, shown(c, deps)))
    .post('/check', async (c) => {
      demand(c, 'operator')
      await drift.check()
      return c.redirect('/settings/drift', 303)
    })
    .route(
      '/',
      formAct(site, '/accept', {
        ...{ role: 'owner', fresh: true, schema: Found },
        again: ({ c, failed: { failure = NOT_SHOWN } }) => shown(c, deps, failure),
        async act({ input, actor }) {
          await drift.accept(input, actor)
          return '/settings/drift'
        },
      }),
    )
}

function shown(c: Context<PersonEnv>, { drift, clock }: DriftPagesDeps, failure?: Failure): FormShown {
  const { role } = c.var.user
  const mayAccept = roleReaches(role, 'owner')
  return {
    ...{ title: 'Drift', current: '/settings', tab: '/settings/drift' },
    ...(roleReaches(role, 'operator') && { action: <CheckNow /> }),
    view: <DriftPage {...{ check: drift.last, nowMs: clock.now(), mayAccept, failure }} />,
  }
}

/** The pages of a tenant, one line for each noun; their forms call the same functions as the API. */
import { Hono } from 'hono'
import {
  type AccountsSiteDeps,
  accountsPages,
  auditPages,
  PEOPLE_LINK,
  type PersonEnv,
  type Site,
} from '../../server/mod.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { deploymentPages } from './deployments-pages.tsx'
import { overviewPages } from './overview-pages.tsx'

export function pageRoutes(room: TenantRoom, people: AccountsSiteDeps, site: Site): Hono<PersonEnv> {
  const { trail, clock } = room
  return new Hono<PersonEnv>()
    .route('/', overviewPages(room, site))
    .route('/deployments', deploymentPages(room, site))
    .route('/audit', auditPages({ trail, clock, people: () => people.accounts.listUsers() }, site))
    .get('/settings', (c) => c.redirect(`${site.place.base}${PEOPLE_LINK.href}`, 303))
    .route('/', accountsPages(people, site))
}

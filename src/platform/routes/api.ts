/** A tenant's API, `/v1`: one line for each noun; each takes only what it needs. */
import { buildFacts } from '../../host/mod.ts'
import { type AccountsSiteDeps, ApiRoutes, accountsApi, auditRoutes, documented, type Site } from '../../server/mod.ts'
import type { TenantRoom } from '../tenant-room.ts'
import { blueprintRoutes } from './blueprints.ts'
import { deploymentRoutes } from './deployments.ts'
import { enrolmentCodeRoutes } from './enrolment-codes.ts'
import { reportRoutes } from './reports.ts'
import { runtimeRoutes } from './runtimes.ts'

export function tenantApi(room: TenantRoom, people: AccountsSiteDeps, site: Site): ApiRoutes {
  const routes = new ApiRoutes('Platform')
    .mount('', reportRoutes(room, site))
    .mount('/enrolment-codes', enrolmentCodeRoutes(room))
    .mount('/runtimes', runtimeRoutes(room))
    .mount('/blueprints', blueprintRoutes(room))
    .mount('/deployments', deploymentRoutes(room))
    .mount(
      '/audit',
      auditRoutes(room.trail, () => people.accounts.listUsers()),
    )
    .mount('', accountsApi(people))
  return documented(routes, { title: 'Sluice Platform', version: buildFacts.version }, site)
}

/** Everything about people in one place for each server: the API's nouns, and the pages. */
import { Hono } from 'hono'
import { ApiRoutes } from '../api.ts'
import type { PersonEnv } from '../person.ts'
import { signInRulesRoutes } from '../sign-in-rules.ts'
import type { Site } from '../site.tsx'
import { accountRoutes } from './account.ts'
import { ACCOUNT_PATH, type AccountPagesDeps, accountPages } from './account-pages.tsx'
import { type PeopleDeps, peopleRoutes } from './people.ts'
import { PEOPLE_PATH, peoplePages } from './people-pages.tsx'
import { sessionRoutes, tokenRoutes } from './sessions.ts'

export type AccountsSiteDeps = PeopleDeps & AccountPagesDeps

/** To be mounted at the root of an API. */
export function accountsApi(deps: AccountsSiteDeps): ApiRoutes {
  return new ApiRoutes('People')
    .mount('/users', peopleRoutes(deps))
    .mount('/sessions', sessionRoutes(deps))
    .mount('/api-tokens', tokenRoutes(deps))
    .mount('/sign-in-rules', signInRulesRoutes(deps))
    .mount('/account', accountRoutes(deps))
}

/** To be added at the root of an application, behind its gate. */
export function accountsPages(deps: AccountsSiteDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>().route(PEOPLE_PATH, peoplePages(deps, site)).route(ACCOUNT_PATH, accountPages(deps, site))
}

/** What a user's menu leads to. */
export const ACCOUNT_LINK = { href: ACCOUNT_PATH, label: 'Your account' }
/** The tab among the settings. */
export const PEOPLE_LINK = { href: PEOPLE_PATH, label: 'People' }

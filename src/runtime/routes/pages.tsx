/** The pages, one line for each noun; each takes only what it needs, and its forms call the same functions as the API. */
import { Hono } from 'hono'
import {
  type AccountsSiteDeps,
  type AlertRoutesDeps,
  type AuditPagesDeps,
  accountsPages,
  alertPages,
  auditPages,
  type CertificateRoutesDeps,
  certificatePages,
  type KeyRoutesDeps,
  keyPages,
  type PersonEnv,
  type Site,
} from '../../server/mod.ts'
import { sightOf } from '../audit-sight.ts'
import type { RuntimeState } from '../open-state.ts'
import { TABS } from '../views/nav.ts'
import { type ApprovalPagesDeps, approvalPages } from './approvals-pages.tsx'
import { type CredentialPagesDeps, credentialPages } from './credentials-pages.tsx'
import { type DatasetsPagesDeps, datasetsPages } from './datasets-pages.tsx'
import { type DeadLetterPagesDeps, deadLetterPages } from './dead-letters-pages.tsx'
import { type DeploymentPagesDeps, deploymentPages } from './deployments-pages.tsx'
import { type DriftPagesDeps, driftPages } from './drift-pages.tsx'
import { type HealthPagesDeps, healthPages } from './health-pages.tsx'
import { type LibraryPagesDeps, libraryPages } from './libraries-pages.tsx'
import { deploymentLogPages, type LogPagesDeps, logPages } from './logs-pages.tsx'
import type { MetricsDeps } from './metrics.ts'
import { metricsPages } from './metrics-pages.tsx'
import { type NetworkPagesDeps, networkPages } from './network-pages.tsx'
import { type OverviewPagesDeps, overviewPages } from './overview-pages.tsx'
import { type PeerPagesDeps, peerPages } from './peers-pages.tsx'
import type { PolicyRoutesDeps } from './policy.ts'
import { policyPages } from './policy-pages.tsx'
import { type WelcomePagesDeps, welcomePages } from './welcome-pages.tsx'

export type PagesDeps = OverviewPagesDeps &
  WelcomePagesDeps &
  DeploymentPagesDeps &
  DeadLetterPagesDeps &
  LogPagesDeps &
  ApprovalPagesDeps &
  CredentialPagesDeps &
  Omit<DatasetsPagesDeps, 'accounts'> &
  HealthPagesDeps &
  LibraryPagesDeps &
  MetricsDeps &
  NetworkPagesDeps &
  PeerPagesDeps &
  PolicyRoutesDeps &
  DriftPagesDeps &
  Pick<AlertRoutesDeps, 'alerts'> &
  Pick<CertificateRoutesDeps, 'certificates'> &
  Pick<KeyRoutesDeps, 'keys'> &
  Pick<AuditPagesDeps, 'people' | 'clock'> & {
    state: Pick<RuntimeState, 'trail'>
    accountsSite: AccountsSiteDeps
  }

const CERTIFICATES = { current: '/settings', tab: '/settings/certificates' }
const KEYS = { current: '/settings', tab: '/settings/keys' }
const ALERTS = { current: '/settings', tab: '/settings/alerts' }

export function pageRoutes(deps: PagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .route('/', overviewPages(deps, site))
    .route('/deployments', metricsPages(deps, site))
    .route('/deployments', deploymentLogPages(deps, site))
    .route('/deployments', deadLetterPages(deps, site))
    .route('/deployments', deploymentPages(deps, site))
    .route('/logs', logPages(deps, site))
    .route('/deployments', approvalPages(deps, site))
    .route('/peers', peerPages(deps, site))
    .route('/credentials', credentialPages(deps, site))
    .route('/datasets', datasetsPages({ ...deps, accounts: deps.accountsSite.accounts }, site))
    .route('/audit', auditPages({ ...deps, trail: deps.state.trail, sightOf: sightOf(deps.access) }, site))
    .get('/settings', (c) => c.redirect(TABS['/settings']?.[0]?.href ?? '/', 303))
    .route('/settings/policy', policyPages(deps, site))
    .route('/settings/drift', driftPages(deps, site))
    .route('/settings/health', healthPages(deps, site))
    .route('/settings/network', networkPages(deps, site))
    .route('/settings/certificates', certificatePages({ ...deps, trail: deps.state.trail, at: CERTIFICATES }, site))
    .route('/settings/keys', keyPages({ ...deps, trail: deps.state.trail, at: KEYS }, site))
    .route('/settings/libraries', libraryPages(deps, site))
    .route('/settings/alerts', alertPages({ ...deps, trail: deps.state.trail, at: ALERTS }, site))
    .route('/', accountsPages(deps.accountsSite, site))
    .route('/welcome', welcomePages(deps, site))
}

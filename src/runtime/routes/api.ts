/** The local API, `/v1`: what the command line and the pages stand on. One line for each noun; each takes only what it needs. */
import { buildFacts } from '../../host/mod.ts'
import {
  type AccountsSiteDeps,
  type AlertRoutesDeps,
  ApiRoutes,
  accountsApi,
  alertRoutes,
  auditRoutes,
  type CertificateRoutesDeps,
  certificateRoutes,
  documented,
  type KeyRoutesDeps,
  keyRoutes,
  type MetricsTokenRoutesDeps,
  membershipRoutes,
  metricsTokenRoutes,
  type Site,
} from '../../server/mod.ts'
import { sightOf } from '../audit-sight.ts'
import type { DataAccess } from '../datasets/access.ts'
import type { RuntimeState } from '../open-state.ts'
import type { EnrolmentView } from '../status.ts'
import { type ConnectorRoutesDeps, connectorRoutes, connectorTypeRoutes } from './connectors.ts'
import { type CredentialRoutesDeps, credentialRoutes } from './credentials.ts'
import { type DataTenantRoutesDeps, dataTenantRoutes } from './data-tenants.ts'
import { datasetEraseRoutes } from './dataset-erase.ts'
import { datasetExportRoutes } from './dataset-export.ts'
import { datasetGroupRoutes } from './dataset-groups.ts'
import { datasetHistoryRoutes } from './dataset-history.ts'
import { datasetIndexRoutes } from './dataset-indexes.ts'
import { datasetReimportRoutes } from './dataset-reimport.ts'
import { datasetRetentionRoutes } from './dataset-retention.ts'
import { datasetSearchRoutes } from './dataset-search.ts'
import { datasetSqlRoutes } from './dataset-sql.ts'
import { datasetViewRoutes } from './dataset-views.ts'
import { datasetRoutes } from './datasets.ts'
import { type DeploymentRoutesDeps, deploymentRoutes } from './deployments.ts'
import { type DriftRoutesDeps, driftRoutes } from './drift.ts'
import { enrolmentRoutes } from './enrolment.ts'
import { doctorRoutes, type HealthRoutesDeps } from './health.ts'
import { type LibraryRoutesDeps, libraryRoutes } from './libraries.ts'
import { type LogRoutesDeps, logRoutes } from './logs.ts'
import { type MetricsDeps, metricsRoutes } from './metrics.ts'
import { type NetworkRoutesDeps, networkRoutes } from './network.ts'
import { type PeerRoutesDeps, peerRoutes } from './peers.ts'
import { type PolicyRoutesDeps, policyRoutes } from './policy.ts'
import { type StatusRoutesDeps, statusRoutes } from './status.ts'
import { type UploadTokenRoutesDeps, uploadTokenRoutes } from './upload-tokens.ts'
import { importRoutes, uploadByPersonRoutes } from './uploads.ts'

export type ApiDeps = ConnectorRoutesDeps &
  CredentialRoutesDeps &
  DeploymentRoutesDeps &
  DriftRoutesDeps &
  EnrolmentView &
  HealthRoutesDeps &
  LibraryRoutesDeps &
  LogRoutesDeps &
  MetricsDeps &
  NetworkRoutesDeps &
  PeerRoutesDeps &
  PolicyRoutesDeps &
  StatusRoutesDeps &
  Omit<DataTenantRoutesDeps, 'accounts'> &
  UploadTokenRoutesDeps &
  Pick<AlertRoutesDeps, 'alerts'> &
  Pick<CertificateRoutesDeps, 'certificates'> &
  Pick<MetricsTokenRoutesDeps, 'metricsToken'> &
  Pick<KeyRoutesDeps, 'keys'> & {
    state: Pick<RuntimeState, 'trail'>
    access: DataAccess
    accountsSite: AccountsSiteDeps
  }

export function localApi(deps: ApiDeps, site: Site): ApiRoutes {
  const routes = new ApiRoutes('Runtime')
    .mount('', statusRoutes(deps))
    .mount('/deployments', deploymentRoutes(deps))
    .mount('/deployments', metricsRoutes(deps))
    .mount('/logs', logRoutes(deps, site))
    .mount('/enrolment', enrolmentRoutes(deps))
    .mount('/peers', peerRoutes(deps))
    .mount('/credentials', credentialRoutes(deps))
    .mount('/libraries', libraryRoutes(deps))
    .mount('/network', networkRoutes(deps))
    .mount('/policy', policyRoutes(deps))
    .mount('/drift', driftRoutes(deps))
    .mount('/health', doctorRoutes(deps))
    .mount('/metrics-token', metricsTokenRoutes({ metricsToken: deps.metricsToken, trail: deps.state.trail }))
    .mount('/certificate', certificateRoutes({ certificates: deps.certificates, trail: deps.state.trail }))
    .mount(
      '/audit',
      auditRoutes(deps.state.trail, () => deps.accountsSite.accounts.listUsers(), sightOf(deps.access)),
    )
    .mount('', keyRoutes({ keys: deps.keys, trail: deps.state.trail }))
    .mount('/alerts', alertRoutes({ alerts: deps.alerts, trail: deps.state.trail }))
    .mount('', accountsApi(deps.accountsSite))
    .mount('/users', membershipRoutes(deps.accountsSite))
    .mount('/data-tenants', dataTenantRoutes({ ...deps, accounts: deps.accountsSite.accounts }))
    .mount('/data-tenants', datasetRoutes(deps))
    .mount('/data-tenants', datasetGroupRoutes(deps))
    .mount('/data-tenants', datasetSearchRoutes(deps))
    .mount('/data-tenants', datasetIndexRoutes(deps))
    .mount('/data-tenants', datasetExportRoutes(deps))
    .mount('/data-tenants', datasetViewRoutes(deps))
    .mount('/data-tenants', datasetSqlRoutes(deps))
    .mount('/data-tenants', datasetEraseRoutes(deps))
    .mount('/data-tenants', datasetRetentionRoutes(deps))
    .mount('/data-tenants', datasetHistoryRoutes(deps))
    .mount('/data-tenants', datasetReimportRoutes(deps))
    .mount('/data-tenants', uploadTokenRoutes(deps))
    .mount('/data-tenants', uploadByPersonRoutes(deps))
    .mount('/data-tenants', connectorRoutes(deps))
    .mount('/connector-types', connectorTypeRoutes())
    .mount('/datasets', importRoutes(deps))
  return documented(routes, { title: `Sluice Runtime ${deps.name}`, version: buildFacts.version }, site)
}

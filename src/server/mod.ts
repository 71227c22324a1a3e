/** server: what the Platform and the Runtime share as servers: frame, gate, pages, a documented API. It knows neither's domain. */

export { ACCESS_RENEWAL_MS, type AccessDoor, refreshLocalAccess, writeLocalAccess } from './access-file.ts'
export {
  ACCOUNT_LINK,
  type AccountsSiteDeps,
  accountsApi,
  accountsPages,
  PEOPLE_LINK,
} from './accounts/accounts-site.ts'
export { lockRecorder } from './accounts/lock-recorder.ts'
export { membershipRoutes } from './accounts/people.ts'
export { PostButton } from './accounts/views/post-button.tsx'
export { type AlertRoutesDeps, alertRoutes } from './alerts.ts'
export { alertPages } from './alerts-pages.tsx'
export { answerMemory } from './answers.ts'
export { ApiRoutes } from './api.ts'
export { addGate, type GateOptions } from './app.ts'
export { type AskedSight, auditRoutes } from './audit.ts'
export { type AuditPagesDeps, auditPages } from './audit-pages.tsx'
export { type C2Doors, c2Routes, closedDoors } from './c2.ts'
export { type CertificateRoutesDeps, certificateRoutes } from './certificates.ts'
export { certificatePages } from './certificates-pages.tsx'
export { FinishedJson, PeerPartJson } from './deployment-json.ts'
export { API_LINK, documented } from './docs.tsx'
export type { MetricFamily, MetricSample } from './exposition.ts'
export { followedFrom } from './following.ts'
export {
  type DangerProps,
  dangerAct,
  dangerPage,
  type FailedForm,
  type FormShown,
  type FormValues,
  formAct,
  formPage,
} from './forms.tsx'
export { frame } from './frame.tsx'
export { nobody } from './gate.tsx'
export { healthRoutes } from './health.ts'
export { instantOf, limitOf, OptionalText, Whole } from './inputs.ts'
export { type KeyRoutesDeps, keyRoutes, type ServerKeys } from './keys.ts'
export { keyPages } from './keys-pages.tsx'
export { LEAF_CHECK_MS, LOCAL_NAMES, serverLeaf } from './leaf.ts'
export {
  createMetricsToken,
  type MetricsTokenRoutesDeps,
  metricsDoor,
  metricsTokenRoutes,
  revokeMetricsToken,
} from './metrics.ts'
export { openMetricsToken } from './metrics-token.ts'
export { jsonSchemaOf } from './openapi.ts'
export { actorOf, demand, demandFresh, type PeerBindings, type PersonEnv } from './person.ts'
export { hostInUrl, type ServerPlace } from './place.ts'
export { type PageLink, type Site, siteOf } from './site.tsx'

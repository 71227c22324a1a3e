/** The tenant's own tables, and no others: what the queries of this room ask for. */
import type { Database, TenantSchema } from '../store/mod.ts'

type TenantTables = Pick<
  TenantSchema,
  | 'tenantRuntimes'
  | 'tenantEnrolmentCodes'
  | 'tenantBlueprints'
  | 'tenantCode'
  | 'tenantDeployments'
  | 'tenantDeploymentVersions'
  | 'tenantTargets'
  | 'tenantStreams'
  | 'tenantLogs'
  | 'tenantStatus'
  | 'tenantStatusHistory'
  | 'tenantAnswers'
>
export type TenantStore = Database<TenantTables>
/** The store, or a transaction on it: within a transaction every write goes through the transaction. */
export type TenantWriter = Pick<TenantStore, 'select' | 'insert' | 'update' | 'delete'>

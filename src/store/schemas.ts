/** Which tables stand in which kind of database. A table added to one of these schema files is composed by itself. */
import * as accounts from './accounts/schema.ts'
import * as alerts from './alerts/schema.ts'
import * as audit from './audit/schema.ts'
import * as data from './data/schema.ts'
import * as keys from './keys/schema.ts'
import * as registry from './registry/schema.ts'
import * as runtime from './runtime/schema.ts'
import * as tenant from './tenant/schema.ts'

/** The database of a Runtime. */
export const runtimeSchema = { ...keys, ...audit, ...accounts, ...alerts, ...runtime }
/** The database of one Platform Tenant. */
export const tenantSchema = { ...accounts, ...alerts, ...audit, ...tenant }
/** The database of one data tenant. */
export const dataSchema = { ...data }
/** The database of the Platform itself. */
export const registrySchema = { ...registry }

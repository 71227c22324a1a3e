/** What one Platform Tenant keeps: its Runtimes, its Blueprints, what is deployed where, and what the Runtimes told of it. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

type HeadPoint = { count: number; hash: string }
/** `seq` and `sentAtMs` of the heartbeat that carried it: a later one says more. */
type TrailHead = HeadPoint & { signature: string; seq?: number; sentAtMs?: number }
type TrailWentBack = { from: HeadPoint; to: HeadPoint; atMs: number }

/** Registrations. `pending` until the Runtime's first signed heartbeat. Keys are 65 bytes as base64url, ids of keys thumbprints. */
export const tenantRuntimes = sqliteTable(
  'tenant_runtimes',
  {
    id: text('id').primaryKey(),
    name: text('name').notNull().unique(),
    state: text('state', { enum: ['pending', 'enrolled'] }).notNull(),
    signingKid: text('signing_kid').notNull(),
    signingKey: text('signing_key').notNull(),
    agreementKey: text('agreement_key').notNull(),
    managementUrl: text('management_url').notNull(),
    bridgePort: integer('bridge_port').notNull(),
    /** PEM of the Runtime's own CA. */
    authority: text('authority').notNull(),
    labels: text('labels', { mode: 'json' }).$type<Record<string, string>>().notNull(),
    version: text('version').notNull(),
    enrolledAtMs: integer('enrolled_at_ms').notNull(),
    heartbeats: integer('heartbeats').notNull(),
    lastHeartbeatAtMs: integer('last_heartbeat_at_ms'),
    startedAtMs: integer('started_at_ms'),
    /** The last heartbeat said goodbye. */
    left: integer('left', { mode: 'boolean' }).notNull(),
    incarnation: text('incarnation'),
    configurationHash: text('configuration_hash'),
    /** Head of the Runtime's audit trail, JSON as it was signed, with the place of the heartbeat that said so. */
    trail: text('trail', { mode: 'json' }).$type<TrailHead>(),
    /** JSON: a head that did not follow from the one before it. Set once seen, for the owner to look at. */
    trailWentBack: text('trail_went_back', { mode: 'json' }).$type<TrailWentBack>(),
    /** JSON of the last inventory, without its challenge. */
    inventory: text('inventory', { mode: 'json' }).$type<Record<string, unknown>>(),
    inventoryAtMs: integer('inventory_at_ms'),
    /** The configuration hash that the inventory was asked for. */
    inventoryOf: text('inventory_of'),
  },
  (table) => [uniqueIndex('tenant_runtimes_kid').on(table.signingKid)],
)

/** Enrolment codes: the secret as SHA-256 only. */
export const tenantEnrolmentCodes = sqliteTable('tenant_enrolment_codes', {
  id: text('id').primaryKey(),
  secretHash: text('secret_hash').notNull().unique(),
  labels: text('labels', { mode: 'json' }).$type<Record<string, string>>().notNull(),
  createdBy: text('created_by').notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
  expiresAtMs: integer('expires_at_ms').notNull(),
  revokedAtMs: integer('revoked_at_ms'),
  usedAtMs: integer('used_at_ms'),
  /** The Runtime whose keys used it. */
  usedBy: text('used_by'),
})

/** Every version of every Blueprint as it was written. `code`: path → file. */
export const tenantBlueprints = sqliteTable(
  'tenant_blueprints',
  {
    name: text('name').notNull(),
    version: integer('version').notNull(),
    text: text('text').notNull(),
    code: text('code', { mode: 'json' }).$type<Record<string, { sha256: string; bytes: number }>>().notNull(),
    author: text('author').notNull(),
    message: text('message').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
)

/** Code files by their content. */
export const tenantCode = sqliteTable('tenant_code', {
  sha256: text('sha256').primaryKey(),
  content: bytes('content').notNull(),
})

/** One row for each Blueprint that was ever deployed; `version` is the newest. */
export const tenantDeployments = sqliteTable('tenant_deployments', {
  id: text('id').primaryKey(),
  blueprint: text('blueprint').notNull().unique(),
  version: integer('version').notNull(),
  wanted: text('wanted', { enum: ['run', 'stop'] }).notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
  changedAtMs: integer('changed_at_ms').notNull(),
})

/** Each version that was deployed, and which version of the Blueprint it is; a rollback is a new one of an old Blueprint. */
export const tenantDeploymentVersions = sqliteTable(
  'tenant_deployment_versions',
  {
    deployment: text('deployment').notNull(),
    version: integer('version').notNull(),
    blueprintVersion: integer('blueprint_version').notNull(),
    author: text('author').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deployment, table.version] })],
)

/** What one Runtime is to do for one version, and what it answered. */
export const tenantTargets = sqliteTable(
  'tenant_targets',
  {
    deployment: text('deployment').notNull(),
    version: integer('version').notNull(),
    runtime: text('runtime').notNull(),
    system: text('system').notNull(),
    wanted: text('wanted', { enum: ['run', 'stop'] }).notNull(),
    /** JCS of the assignment, wrapped (it holds the secrets of bridges); absent where a Runtime only has to stop. */
    assignment: bytes('assignment'),
    /** The tenant's detached signature over the assignment. */
    signature: text('signature'),
    /** Names and types of its components and its bridges, for pages: JSON without configuration or secrets. */
    shape: text('shape', { mode: 'json' }).$type<TargetShape>().notNull(),
    /** `due`: still to be told · `told`: answered · `superseded`: a newer version took its place. */
    delivery: text('delivery', { enum: ['due', 'told', 'superseded'] }).notNull(),
    attempts: integer('attempts').notNull(),
    /** Code of the last failure to reach the Runtime or to understand its answer. */
    problem: text('problem'),
    outcome: text('outcome'),
    state: text('state'),
    reasons: text('reasons', { mode: 'json' }).$type<TargetReason[]>().notNull(),
    changedAtMs: integer('changed_at_ms').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.deployment, table.version, table.runtime] }),
    index('tenant_targets_due').on(table.delivery),
    index('tenant_targets_runtime').on(table.runtime),
  ],
)

/** Why it stands so: a code, the component and the item that it is about. */
type TargetReason = { code: string; component?: string | undefined; item?: string | undefined }

/** What an assignment consists of, without what is secret in it. */
export type TargetShape = {
  components: { name: string; type: string; from: string[] }[]
  bridges: { bridge: string; from: string; to: string[]; direction: 'in' | 'out'; peer: string }[]
}

/** How far each stream of a Runtime (`audit-logs`, `status`) is durable here. */
export const tenantStreams = sqliteTable(
  'tenant_streams',
  {
    runtime: text('runtime').notNull(),
    stream: text('stream').notNull(),
    through: integer('through').notNull(),
  },
  (table) => [primaryKey({ columns: [table.runtime, table.stream] })],
)

/** Audit logs of deployments as Runtimes tell them; `sequence` is the order of arrival, for paging. */
export const tenantLogs = sqliteTable(
  'tenant_logs',
  {
    sequence: integer('sequence').primaryKey({ autoIncrement: true }),
    runtime: text('runtime').notNull(),
    position: integer('position').notNull(),
    atMs: integer('at_ms').notNull(),
    deployment: text('deployment').notNull(),
    component: text('component'),
    level: text('level', { enum: ['debug', 'info', 'warning', 'error'] }).notNull(),
    template: text('template').notNull(),
    fields: text('fields', { mode: 'json' }).$type<Record<string, string | number | boolean>>().notNull(),
  },
  (table) => [
    uniqueIndex('tenant_logs_position').on(table.runtime, table.position),
    index('tenant_logs_deployment').on(table.deployment, table.sequence),
  ],
)

/** The newest status of each deployment on each Runtime: JSON of wire's DeploymentStatus. */
export const tenantStatus = sqliteTable(
  'tenant_status',
  {
    deployment: text('deployment').notNull(),
    runtime: text('runtime').notNull(),
    atMs: integer('at_ms').notNull(),
    status: text('status').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deployment, table.runtime] })],
)

/** Thinned history of the same: the last status of each minute, and of each hour; `stepMs` says which. */
export const tenantStatusHistory = sqliteTable(
  'tenant_status_history',
  {
    deployment: text('deployment').notNull(),
    runtime: text('runtime').notNull(),
    stepMs: integer('step_ms').notNull(),
    bucketMs: integer('bucket_ms').notNull(),
    status: text('status').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.deployment, table.runtime, table.stepMs, table.bucketMs] }),
    index('tenant_status_history_age').on(table.stepMs, table.bucketMs),
  ],
)

/** Answers already given in C2, so that a repeated message has no second effect. */
export const tenantAnswers = sqliteTable(
  'tenant_answers',
  {
    sender: text('sender').notNull(),
    id: text('id').notNull(),
    digest: text('digest').notNull(),
    /** JSON. */
    answer: text('answer').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sender, table.id] }), index('tenant_answers_expiry').on(table.expiresAtMs)],
)

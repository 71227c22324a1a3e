/** What a Runtime remembers: who it is to its Platform, whom it trusts, what it was told to do and what its owner agreed to. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

/** One row at most: the registration at a Platform Tenant, or the attempt at one. */
export const runtimeEnrolment = sqliteTable('runtime_enrolment', {
  id: integer('id').primaryKey(),
  state: text('state', { enum: ['requested', 'enrolled'] }).notNull(),
  name: text('name').notNull(),
  platformUrl: text('platform_url').notNull(),
  platformAuthority: text('platform_authority'),
  tenant: text('tenant').notNull(),
  tenantName: text('tenant_name'),
  runtime: text('runtime'),
  signingKey: text('signing_key'),
  agreementKey: text('agreement_key'),
  heartbeatIntervalMs: integer('heartbeat_interval_ms'),
  /** The enrolment code, wrapped under the Runtime's own key; kept only while the request is not confirmed. */
  wrappedCode: bytes('wrapped_code'),
  changedAtMs: integer('changed_at_ms').notNull(),
})

/** Runtimes that this one's owner accepted for bridges. `mac` covers the row: the file's encryption authenticates nothing. */
export const runtimePeers = sqliteTable('runtime_peers', {
  runtime: text('runtime').primaryKey(),
  name: text('name').notNull(),
  signingKey: text('signing_key').notNull(),
  agreementKey: text('agreement_key').notNull(),
  authority: text('authority').notNull(),
  bridgeHost: text('bridge_host').notNull(),
  bridgePort: integer('bridge_port').notNull(),
  fingerprint: text('fingerprint').notNull(),
  acceptedBy: text('accepted_by').notNull(),
  acceptedAtMs: integer('accepted_at_ms').notNull(),
  mac: bytes('mac').notNull(),
})

/** Every version of a deployment that was understood, re-sealed under the Runtime's own key with the tenant's signature beside it. */
export const runtimeAssignments = sqliteTable(
  'runtime_assignments',
  {
    deployment: text('deployment').notNull(),
    version: integer('version').notNull(),
    blueprint: text('blueprint').notNull(),
    system: text('system').notNull(),
    /** `current`: in force (running, ended or stopped) · `waiting`: for the owner · `past`: superseded or turned down. */
    place: text('place', { enum: ['current', 'waiting', 'past'] }).notNull(),
    state: text('state').notNull(),
    /** JSON array of reasons. */
    reasons: text('reasons').notNull(),
    /** JCS of the assignment, wrapped. */
    sealed: bytes('sealed').notNull(),
    /** SHA-256 of the JCS form, to know the same version by. */
    digest: text('digest').notNull(),
    /** Detached JWS of the tenant; verified again at every start. */
    signature: text('signature').notNull(),
    receivedAtMs: integer('received_at_ms').notNull(),
    changedAtMs: integer('changed_at_ms').notNull(),
  },
  // Of 1,024 deployments with 20 past versions each, all but 2,048 rows are past: who looks at the others every second reads only those.
  (table) => [
    primaryKey({ columns: [table.deployment, table.version] }),
    index('runtime_assignments_place').on(table.place),
  ],
)

/** What the owner agreed to, item by item, for each deployment. `mac` as with peers. */
export const runtimeApprovals = sqliteTable(
  'runtime_approvals',
  {
    deployment: text('deployment').notNull(),
    kind: text('kind').notNull(),
    item: text('item').notNull(),
    approvedBy: text('approved_by').notNull(),
    approvedAtMs: integer('approved_at_ms').notNull(),
    mac: bytes('mac').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deployment, table.kind, table.item] })],
)

/** How far each source's records are durably done. */
export const runtimeCheckpoints = sqliteTable(
  'runtime_checkpoints',
  {
    deployment: text('deployment').notNull(),
    component: text('component').notNull(),
    partition: text('partition').notNull(),
    position: integer('position').notNull(),
  },
  (table) => [primaryKey({ columns: [table.deployment, table.component, table.partition] })],
)

/** Answers already given in C2, so that a repeated message has no second effect. */
export const runtimeAnswers = sqliteTable(
  'runtime_answers',
  {
    sender: text('sender').notNull(),
    id: text('id').notNull(),
    digest: text('digest').notNull(),
    /** JSON. */
    answer: text('answer').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sender, table.id] }), index('runtime_answers_expiry').on(table.expiresAtMs)],
)

/** Code files by content: parts until the whole is there and its hash was checked, then one row at offset 0 with `whole`. */
export const runtimeCode = sqliteTable(
  'runtime_code',
  {
    sha256: text('sha256').notNull(),
    offset: integer('offset').notNull(),
    whole: integer('whole', { mode: 'boolean' }).notNull(),
    content: bytes('content').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sha256, table.offset] })],
)

/** Libraries that the owner installed, versions side by side. `mac` as with peers; `sha256` names the content, which lies in parts. */
export const runtimeLibraries = sqliteTable(
  'runtime_libraries',
  {
    name: text('name').notNull(),
    version: text('version').notNull(),
    sha256: text('sha256').notNull(),
    bytes: integer('bytes').notNull(),
    /** Path of the module that scripts import. */
    entry: text('entry').notNull(),
    /** JSON: names of the packages that it imports in turn. */
    dependencies: text('dependencies').notNull(),
    /** JSON: how many files there are, and their bytes together. */
    files: text('files').notNull(),
    installedBy: text('installed_by').notNull(),
    installedAtMs: integer('installed_at_ms').notNull(),
    mac: bytes('mac').notNull(),
  },
  (table) => [primaryKey({ columns: [table.name, table.version] })],
)

/** Contents of libraries by their hash, in parts that are each written in a moment. */
export const runtimeLibraryParts = sqliteTable(
  'runtime_library_parts',
  {
    sha256: text('sha256').notNull(),
    offset: integer('offset').notNull(),
    content: bytes('content').notNull(),
  },
  (table) => [primaryKey({ columns: [table.sha256, table.offset] })],
)

/** What each deployment counted in the last week, in steps of time, for charts; see `history-bytes.ts` of the Runtime. */
export const runtimeHistory = sqliteTable('runtime_history', {
  deployment: text('deployment').primaryKey(),
  rings: bytes('rings').notNull(),
  keptAtMs: integer('kept_at_ms').notNull(),
})

/** Settings of the owner and facts of the first start: key → JSON. */
export const runtimeSettings = sqliteTable('runtime_settings', {
  key: text('key').primaryKey(),
  value: text('value').notNull(),
  changedAtMs: integer('changed_at_ms').notNull(),
})

/** What only the owner sets and what decides about trust, the policy among it: key → JSON. `mac` as with peers. */
export const runtimeOwnerDocuments = sqliteTable('runtime_owner_documents', {
  key: text('key').primaryKey(),
  document: text('document').notNull(),
  changedBy: text('changed_by').notNull(),
  changedAtMs: integer('changed_at_ms').notNull(),
  mac: bytes('mac').notNull(),
})

/** The parties whose datasets are kept apart. What belongs to one lies under its id in `data`; a row here comes first and goes first. */
export const dataTenants = sqliteTable('data_tenants', {
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  createdAtMs: integer('created_at_ms').notNull(),
  /** Since when it is there for nobody: what is left of it is being destroyed. */
  removingAtMs: integer('removing_at_ms'),
  /** Whether a dataset of it may not keep everything for ever: else its database need not be opened to look for what is too old. */
  mayRetain: integer('may_retain', { mode: 'boolean' }).notNull().default(true),
})

/** What uploads prove themselves with, each for one dataset. */
export const uploadTokens = sqliteTable(
  'upload_tokens',
  {
    id: text('id').primaryKey(),
    dataTenant: text('data_tenant').notNull(),
    dataset: text('dataset').notNull(),
    name: text('name').notNull(),
    /** SHA-256 of the secret. */
    secretHash: bytes('secret_hash').notNull(),
    createdBy: text('created_by').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    expiresAtMs: integer('expires_at_ms').notNull(),
    revokedAtMs: integer('revoked_at_ms'),
    revokedBy: text('revoked_by'),
    /** To the minute. */
    lastUsedAtMs: integer('last_used_at_ms'),
    lastAddress: text('last_address'),
  },
  (table) => [index('upload_tokens_by_dataset').on(table.dataTenant, table.dataset)],
)

/** What pulls from a system's API into a dataset, when, and how far it is. */
export const connectors = sqliteTable(
  'connectors',
  {
    id: text('id').primaryKey(),
    dataTenant: text('data_tenant').notNull(),
    dataset: text('dataset').notNull(),
    name: text('name').notNull(),
    type: text('type').notNull(),
    /** JSON, as its type's schema has it. */
    config: text('config').notNull(),
    /** Name in the vault. */
    credential: text('credential'),
    /** Whether the site may be at a private address. */
    network: text('network', { enum: ['public', 'private'] }).notNull(),
    /** Without it, it runs when it is told to. */
    cron: text('cron'),
    timeZone: text('time_zone').notNull(),
    paused: integer('paused', { mode: 'boolean' }).notNull(),
    /** SHA-256 of the site, the credential and the rest that an owner of the Runtime agreed to. */
    approvedDigest: text('approved_digest'),
    approvedBy: text('approved_by'),
    approvedAtMs: integer('approved_at_ms'),
    /** JSON of its type's own form; moved once the page before it is durable. */
    cursor: text('cursor'),
    /** Under whose run's name the next page is taken, and how many were: the same page again is known by it. */
    cursorRun: text('cursor_run'),
    cursorPage: integer('cursor_page').notNull(),
    createdBy: text('created_by').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
    startedAtMs: integer('started_at_ms'),
  },
  (table) => [uniqueIndex('connectors_by_name').on(table.dataTenant, table.name)],
)

/** The last runs of each connector. */
export const connectorRuns = sqliteTable(
  'connector_runs',
  {
    id: text('id').primaryKey(),
    connector: text('connector')
      .notNull()
      .references(() => connectors.id, { onDelete: 'cascade' }),
    state: text('state', { enum: ['running', 'done', 'partly', 'failed', 'stopped', 'cut-off'] }).notNull(),
    /** Who ran it; without it its schedule. */
    startedBy: text('started_by'),
    startedAtMs: integer('started_at_ms').notNull(),
    endedAtMs: integer('ended_at_ms'),
    pages: integer('pages').notNull(),
    bytes: integer('bytes').notNull(),
    records: integer('records').notNull(),
    removed: integer('removed').notNull(),
    rowsTaken: integer('rows_taken').notNull(),
    rowsReplaced: integer('rows_replaced').notNull(),
    rowsRefused: integer('rows_refused').notNull(),
    /** JSON: code, message, advice. */
    failure: text('failure'),
    /** JSON: the first of them, each with code and message. */
    warnings: text('warnings').notNull(),
  },
  (table) => [index('connector_runs_by_connector').on(table.connector, table.startedAtMs)],
)

/**
 * Tables of the database of one data tenant. Records are not among them: each dataset has a table of its own, `records_<no>`, whose
 * columns are the dataset's fields, made by the room of datasets as fields come.
 */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bytes } from '../columns.ts'

/** `no` names the table of the records. */
export const datasets = sqliteTable('datasets', {
  no: integer('no').primaryKey({ autoIncrement: true }),
  id: text('id').notNull().unique(),
  name: text('name').notNull().unique(),
  shape: text('shape', { enum: ['test-results', 'issues', 'reviews', 'table'] }).notNull(),
  createdAtMs: integer('created_at_ms').notNull(),
  /** How many there are, counted with each transaction: counting ten million takes a second. */
  records: integer('records').notNull(),
  imports: integer('imports').notNull(),
})

function datasetNo() {
  return integer('dataset')
    .notNull()
    .references(() => datasets.no, { onDelete: 'cascade' })
}

/** The fields of a dataset in order; `column` is ours, so that no name of a document gets into a statement. */
export const datasetFields = sqliteTable(
  'dataset_fields',
  {
    dataset: datasetNo(),
    place: integer('place').notNull(),
    name: text('name').notNull(),
    column: text('column').notNull(),
    type: text('type', { enum: ['text', 'number', 'boolean', 'time', 'json'] }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.place] })],
)

/** What owners decided about the classes of fields, never changed: the last about a field holds. */
export const classChanges = sqliteTable(
  'class_changes',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    dataset: datasetNo(),
    field: text('field').notNull(),
    from: text('from', { enum: ['public', 'restricted'] }).notNull(),
    to: text('to', { enum: ['public', 'restricted'] }).notNull(),
    by: text('by').notNull(),
    atMs: integer('at_ms').notNull(),
  },
  (table) => [index('class_changes_by_field').on(table.dataset, table.field, table.no)],
)

/** Every document that came, in the order in which it was taken. */
export const imports = sqliteTable(
  'imports',
  {
    no: integer('no').primaryKey(),
    id: text('id').notNull().unique(),
    dataset: datasetNo(),
    state: text('state', { enum: ['running', 'done', 'partly', 'refused'] }).notNull(),
    receivedAtMs: integer('received_at_ms').notNull(),
    startedAtMs: integer('started_at_ms').notNull(),
    endedAtMs: integer('ended_at_ms'),
    format: text('format'),
    fileName: text('file_name'),
    contentType: text('content_type'),
    encoding: text('encoding').notNull(),
    bytes: integer('bytes').notNull(),
    sha256: text('sha256').notNull(),
    token: text('token'),
    idempotencyKey: text('idempotency_key'),
    /** What the upload said of itself; the first five are fields of test results. Without a run it is a run of its own. */
    run: text('run'),
    branch: text('branch'),
    environment: text('environment'),
    commit: text('commit'),
    build: text('build'),
    attributes: text('attributes').notNull(),
    /** Imports of one run share a number, that of the first: what a record's key is unique within. */
    runNo: integer('run_no').notNull(),
    /** Items of the document that are done, so that what a crash cut off is gone on with. */
    itemsDone: integer('items_done').notNull(),
    rowsTaken: integer('rows_taken').notNull(),
    rowsReplaced: integer('rows_replaced').notNull(),
    rowsRefused: integer('rows_refused').notNull(),
    warnings: integer('warnings').notNull(),
    reasonCode: text('reason_code'),
    reason: text('reason'),
    reasonLine: integer('reason_line'),
    /** The key of the document's file, if it is too large to be kept here; 32 bytes, of this file alone. */
    objectKey: bytes('object_key'),
    /** When its document was erased, with what quoted it. */
    erasedAtMs: integer('erased_at_ms'),
  },
  (table) => [
    index('imports_by_dataset').on(table.dataset, table.no),
    index('imports_by_run').on(table.dataset, table.run).where(sql`run IS NOT NULL`),
    index('imports_by_idempotency_key').on(table.dataset, table.idempotencyKey).where(sql`idempotency_key IS NOT NULL`),
  ],
)

/** The first refusals and warnings of each import. */
export const importRemarks = sqliteTable(
  'import_remarks',
  {
    import: integer('import')
      .notNull()
      .references(() => imports.no, { onDelete: 'cascade' }),
    kind: text('kind', { enum: ['refused', 'warning'] }).notNull(),
    place: integer('place').notNull(),
    line: integer('line'),
    reason: text('reason').notNull(),
  },
  (table) => [primaryKey({ columns: [table.import, table.kind, table.place] })],
)

/** Small documents as they came. */
export const documents = sqliteTable('documents', {
  import: integer('import')
    .primaryKey()
    .references(() => imports.no, { onDelete: 'cascade' }),
  content: bytes('content').notNull(),
})

/** Uploads that come in pieces, until all of them have come. */
export const partialUploads = sqliteTable(
  'partial_uploads',
  {
    id: text('id').primaryKey(),
    dataset: datasetNo(),
    /** When something of it came last. */
    usedAtMs: integer('used_at_ms').notNull(),
    /** Of the whole document, and how many have come. */
    bytes: integer('bytes').notNull(),
    offset: integer('offset').notNull(),
    /** What its sender said of it, as JSON. */
    about: text('about').notNull(),
    idempotencyKey: text('idempotency_key'),
    /** What it became once all of it had come. */
    import: text('import'),
  },
  (table) => [index('partial_uploads_by_dataset').on(table.dataset)],
)

/** The pieces in their order: a file each, sealed under its key. */
export const partialUploadParts = sqliteTable(
  'partial_upload_parts',
  {
    upload: text('upload')
      .notNull()
      .references(() => partialUploads.id, { onDelete: 'cascade' }),
    place: integer('place').notNull(),
    key: bytes('key').notNull(),
  },
  (table) => [primaryKey({ columns: [table.upload, table.place] })],
)

/**
 * Figures of a dataset that are kept ready. The counts of each are a table of its own, `rollup_<no>`, made by the room of datasets, with
 * a row for each combination of what the records have in `by`.
 */
export const rollups = sqliteTable(
  'rollups',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    dataset: datasetNo(),
    /** Its name among those that its dataset's shape has; none if somebody declared it. */
    preset: text('preset'),
    /** `[{ field, bucket? }]` and `[field]`, as JSON. */
    by: text('by').notNull(),
    sum: text('sum').notNull(),
    state: text('state', { enum: ['building', 'ready', 'ended'] }).notNull(),
    /** While it is being built: the records up to this number are counted. */
    builtTo: integer('built_to').notNull(),
    rows: integer('rows').notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [index('rollups_by_dataset').on(table.dataset)],
)

/** One row: the position in the journal of uploads up to which everything is imported. */
export const intake = sqliteTable('intake', {
  id: integer('id').primaryKey(),
  position: integer('position').notNull(),
})

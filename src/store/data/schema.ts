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

/** Datasets that keep records or documents for so many days only, and what went by that last. */
export const retentions = sqliteTable('retentions', {
  dataset: integer('dataset')
    .primaryKey()
    .references(() => datasets.no, { onDelete: 'cascade' }),
  recordsDays: integer('records_days'),
  documentsDays: integer('documents_days'),
  removedAtMs: integer('removed_at_ms'),
  removedRecords: integer('removed_records').notNull(),
  removedDocuments: integer('removed_documents').notNull(),
})

/** The last re-import of a dataset from its documents, of all that were imported when it was asked for, or of one. */
export const reimports = sqliteTable('reimports', {
  dataset: integer('dataset')
    .primaryKey()
    .references(() => datasets.no, { onDelete: 'cascade' }),
  state: text('state', { enum: ['running', 'done'] }).notNull(),
  /** The one import; none: all. */
  only: integer('only'),
  upTo: integer('up_to').notNull(),
  /** The import up to which all is done. */
  done: integer('done').notNull(),
  total: integer('total').notNull(),
  read: integer('read').notNull(),
  unread: integer('unread').notNull(),
  startedAtMs: integer('started_at_ms').notNull(),
  endedAtMs: integer('ended_at_ms'),
  /** A field that gets another type before: the records up to this number have their values in it as those of that type. */
  field: text('field'),
  type: text('type', { enum: ['text', 'number', 'boolean', 'time', 'json'] }),
  converted: integer('converted'),
  /** How far it came in the import behind these: null when that is not begun. `at`: of the numbers its records had at first. */
  current: integer('current'),
  fromNo: integer('from_no').notNull(),
  toNo: integer('to_no').notNull(),
  at: integer('at').notNull(),
  itemsDone: integer('items_done').notNull(),
  rowsTaken: integer('rows_taken').notNull(),
  rowsRefused: integer('rows_refused').notNull(),
  warnings: integer('warnings').notNull(),
})

/** Datasets that keep what records were before. */
export const histories = sqliteTable('histories', {
  dataset: integer('dataset')
    .primaryKey()
    .references(() => datasets.no, { onDelete: 'cascade' }),
  sinceMs: integer('since_ms').notNull(),
  /** It is kept no more, and what was goes part by part. */
  ending: integer('ending', { mode: 'boolean' }).notNull(),
})

/** What records of datasets with a history were before, a field each; values as their columns had them, as JSON. */
export const recordChanges = sqliteTable(
  'record_changes',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    dataset: datasetNo(),
    /** Of the record. */
    key: text('key').notNull(),
    field: text('field').notNull(),
    from: text('from').notNull(),
    to: text('to').notNull(),
    /** The imports that had brought the one, and that brought the other. */
    fromImport: integer('from_import').notNull(),
    import: integer('import').notNull(),
  },
  (table) => [
    index('record_changes_by_key').on(table.dataset, table.key, table.no),
    index('record_changes_by_import').on(table.import),
    index('record_changes_by_from_import').on(table.fromImport),
  ],
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
    /** When its document went by age, with what quoted it; when its records did. */
    documentGoneAtMs: integer('document_gone_at_ms'),
    recordsGoneAtMs: integer('records_gone_at_ms'),
    /** When its document was read again last. */
    reimportedAtMs: integer('reimported_at_ms'),
    /** The numbers that its records got lie between these, perhaps with others' among them. */
    firstNo: integer('first_no'),
    lastNo: integer('last_no'),
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

/**
 * Which fields of datasets are searched by their words. The words of each are a table of their own, `search_<no>`, made by the room of
 * datasets once there are records.
 */
export const searches = sqliteTable(
  'searches',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    dataset: datasetNo(),
    /** Names of fields, as JSON. */
    fields: text('fields').notNull(),
    /** `declared`: there is no table yet · `off`: nothing is searched, as an owner decided · `ending`: its table goes, part by part. */
    state: text('state', { enum: ['declared', 'made', 'off', 'ending'] }).notNull(),
    /** Records up to this number are in it. */
    builtTo: integer('built_to').notNull(),
    /** Records may have come that are not in it. */
    due: integer('due', { mode: 'boolean' }).notNull(),
  },
  (table) => [index('searches_by_dataset').on(table.dataset)],
)

/**
 * Indexes over fields of a dataset that owners declare. The values of each are a table of its own, `index_<no>`, which is built in steps:
 * an index of SQLite's own over ten million records is made in one piece, and everybody would wait for it.
 */
export const datasetIndexes = sqliteTable(
  'dataset_indexes',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    dataset: datasetNo(),
    /** Names of fields, as JSON. */
    fields: text('fields').notNull(),
    /** `ending`: its table goes, part by part. */
    state: text('state', { enum: ['made', 'ending'] }).notNull(),
    /** Records up to this number are in it; it is used when that are all. */
    builtTo: integer('built_to').notNull(),
    /** Records may have come that are not in it. */
    due: integer('due', { mode: 'boolean' }).notNull(),
    createdAtMs: integer('created_at_ms').notNull(),
  },
  (table) => [index('dataset_indexes_by_dataset').on(table.dataset)],
)

/** Views of datasets that members keep. */
export const savedViews = sqliteTable(
  'saved_views',
  {
    no: integer('no').primaryKey({ autoIncrement: true }),
    id: text('id').notNull().unique(),
    dataset: datasetNo(),
    /** Who saved it, and how far they were cleared. */
    user: text('user').notNull(),
    clearance: text('clearance', { enum: ['public', 'restricted'] }).notNull(),
    name: text('name').notNull(),
    page: text('page', { enum: ['dashboard', 'records'] }).notNull(),
    /** What was chosen, as JSON. */
    words: text('words').notNull(),
    isShared: integer('is_shared', { mode: 'boolean' }).notNull(),
    savedAtMs: integer('saved_at_ms').notNull(),
  },
  (table) => [index('saved_views_by_dataset').on(table.dataset)],
)

/** One row: the position in the journal of uploads up to which everything is imported. */
export const intake = sqliteTable('intake', {
  id: integer('id').primaryKey(),
  position: integer('position').notNull(),
})

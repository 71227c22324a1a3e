/**
 * What passes between a Runtime's main process and its data workers, which open the databases of data tenants. Every question names the
 * tenant that it was made for, and is answered from that tenant's database alone.
 */
import * as v from 'valibot'
import { Erased, EraseWhere } from './dataset-erase.ts'
import { ExportPart, ExportStep } from './dataset-export.ts'
import { GroupAnswer, GroupQuery, NewRollup, Rollup, RollupId } from './dataset-groups.ts'
import { ChangesAsked, RecordChanges } from './dataset-history.ts'
import { DatasetIndex, IndexId, NewIndex } from './dataset-indexes.ts'
import { NewFieldType, NewReimport, Reimport } from './dataset-reimport.ts'
import { Retention, RetentionDays } from './dataset-retention.ts'
import { NewSearch, SearchIndex } from './dataset-search.ts'
import { SqlAnswered, SqlQuestion, SqlView } from './dataset-sql.ts'
import { NewView, SavedView, ViewChange, ViewId } from './dataset-views.ts'
import {
  Attributes,
  ClassChange,
  Clearance,
  Dataset,
  DatasetId,
  DatasetSummary,
  DataTenantId,
  ImportId,
  ImportReport,
  ImportSummary,
  NewDataset,
  PartialUploadId,
  Query,
  QueryPage,
} from './datasets.ts'
import { Count, Sha256Hex } from './formats.ts'

/** What is known of a document that was taken; also its head in the journal of uploads. */
export const TakenHeader = v.strictObject({
  ...{ import: ImportId, dataset: DatasetId, receivedAtMs: Count },
  encoding: v.picklist(['identity', 'gzip', 'zstd']),
  contentType: v.optional(v.string()),
  fileName: v.optional(v.string()),
  attributes: Attributes,
  token: v.optional(v.string()),
  idempotencyKey: v.optional(v.string()),
  /** Of the document as it came. */
  ...{ bytes: Count, sha256: Sha256Hex },
  /** The document is a file of its own, sealed under this key, base64url. */
  objectKey: v.optional(v.string()),
})
export type TakenHeader = v.InferOutput<typeof TakenHeader>

/** A document at its position in the journal: itself in base64url, or the path of its file. */
const TakenDocument = v.strictObject({
  ...{ position: Count, header: TakenHeader },
  content: v.variant('kept', [
    v.strictObject({ kept: v.literal('here'), document: v.string() }),
    v.strictObject({ kept: v.literal('file'), path: v.string() }),
  ]),
})
/** The same, parsed. */
export type TakenDocument = v.InferOutput<typeof TakenDocument>

/** An upload that comes in pieces. `keys`: of the files of its pieces in their order, base64url. `import`: all of it has come. */
export const PartialUpload = v.strictObject({
  ...{ id: PartialUploadId, usedAtMs: Count, bytes: Count, offset: Count },
  about: v.strictObject({
    encoding: v.optional(v.picklist(['identity', 'gzip', 'zstd'])),
    contentType: v.optional(v.string()),
    fileName: v.optional(v.string()),
    attributes: Attributes,
    token: v.optional(v.string()),
    idempotencyKey: v.optional(v.string()),
  }),
  keys: v.array(v.string()),
  import: v.optional(ImportId),
})
export type PartialUpload = v.InferOutput<typeof PartialUpload>

const tenant = { tenant: DataTenantId }
const ofDataset = { ...tenant, dataset: DatasetId }
const ofPartial = { ...ofDataset, upload: PartialUploadId }
/** A step of an erasure: behind record or import `after`, of what came up to import `upTo`. */
const eraseStep = { ...ofDataset, where: EraseWhere, upTo: Count, after: Count, dryRun: v.boolean() }
/** Where a slice of what is too old goes on. */
const retainedBehind = v.strictObject({ import: Count, record: Count })
const nothing = v.strictObject({})
/** Who asks for views. */
const viewer = v.strictObject({ user: v.string(), clearance: Clearance, mayChangeAll: v.boolean() })

/** What main asks a data worker, and what it gets. All but `open` and `close` refuse `data_worker.tenant_not_open`. */
export const dataAsks = {
  /** `key`: 32 bytes, base64url. A reader changes nothing; a writer makes the database. */
  open: {
    ask: v.strictObject({ ...tenant, path: v.string(), key: v.string(), role: v.picklist(['writer', 'reader']) }),
    reply: nothing,
  },
  /** Answered once the files are let go of. */
  close: { ask: v.strictObject(tenant), reply: nothing },
  'create-dataset': { ask: v.strictObject({ ...tenant, dataset: NewDataset }), reply: Dataset },
  datasets: { ask: v.strictObject(tenant), reply: v.strictObject({ datasets: v.array(DatasetSummary) }) },
  dataset: { ask: v.strictObject(ofDataset), reply: Dataset },
  /** `files`: imports whose documents are files, which nobody names any more. */
  'remove-dataset': { ask: v.strictObject(ofDataset), reply: v.strictObject({ files: v.array(ImportId) }) },
  /** Up to which position of the journal all is imported. */
  position: { ask: v.strictObject(tenant), reply: v.strictObject({ position: Count }) },
  /** Answered once all of them are imported, durably, or as many as there were before a pause; `gone`: those whose dataset is not there any more. */
  import: {
    ask: v.strictObject({ ...tenant, documents: v.array(TakenDocument) }),
    reply: v.strictObject({ position: Count, gone: v.array(ImportId) }),
  },
  /** An import that is under way ends with what it has, and is asked for again. */
  'pause-import': { ask: v.strictObject(tenant), reply: nothing },
  /** Passes over one that ends whatever process imports it. */
  'refuse-document': {
    ask: v.strictObject({ ...tenant, document: TakenDocument }),
    reply: v.strictObject({ position: Count }),
  },
  imports: {
    ask: v.strictObject({ ...ofDataset, before: v.optional(ImportId), limit: Count }),
    reply: v.strictObject({ imports: v.array(ImportSummary) }),
  },
  'find-import': {
    ask: v.strictObject({ ...ofDataset, import: ImportId }),
    reply: v.strictObject({ report: v.optional(ImportReport) }),
  },
  /** A document as it came: itself in base64url, or the key of its file. */
  'find-document': {
    ask: v.strictObject({ ...ofDataset, import: ImportId }),
    reply: v.strictObject({
      found: v.optional(
        v.strictObject({
          encoding: v.string(),
          content: v.union([v.strictObject({ document: v.string() }), v.strictObject({ objectKey: v.string() })]),
        }),
      ),
    }),
  },
  /** Which import an idempotency key was given for before. */
  'find-key': {
    ask: v.strictObject({ ...ofDataset, key: v.string() }),
    reply: v.strictObject({ found: v.optional(v.strictObject({ import: ImportId, sha256: Sha256Hex })) }),
  },
  /** Which of these imports the database has. */
  'known-imports': {
    ask: v.strictObject({ ...tenant, imports: v.array(ImportId) }),
    reply: v.strictObject({ known: v.array(ImportId) }),
  },
  /** Forgets those that nothing came of since `forgottenBeforeMs`; one that is under way under the same key is replied as it is. */
  'begin-partial': {
    ask: v.strictObject({
      ...{ ...ofPartial, nowMs: Count, forgottenBeforeMs: Count, bytes: Count },
      about: PartialUpload.entries.about,
    }),
    reply: PartialUpload,
  },
  'find-partial': { ask: v.strictObject(ofPartial), reply: v.strictObject({ found: v.optional(PartialUpload) }) },
  /** A further piece is durable, up to `offset`. */
  'grow-partial': {
    ask: v.strictObject({ ...ofPartial, nowMs: Count, offset: Count, key: v.string() }),
    reply: nothing,
  },
  /** All of it has come, and its pieces are not needed any more. */
  'end-partial': { ask: v.strictObject({ ...ofPartial, import: ImportId }), reply: nothing },
  'remove-partial': { ask: v.strictObject(ofPartial), reply: nothing },
  /** Answers with the dataset as it is then. `from`: the class that the field was known to have. */
  'classify-field': {
    ask: v.strictObject({ ...ofDataset, change: v.omit(ClassChange, ['atMs']) }),
    reply: Dataset,
  },
  'class-changes': { ask: v.strictObject(ofDataset), reply: v.strictObject({ changes: v.array(ClassChange) }) },
  /** Up to which import the erasure is about. */
  'begin-erase': { ask: v.strictObject({ ...ofDataset, where: EraseWhere }), reply: v.strictObject({ upTo: Count }) },
  /** `imports`: those that brought the records, and whether their documents were still there. */
  'erase-records': {
    ask: v.strictObject(eraseStep),
    reply: v.strictObject({
      records: Count,
      imports: v.array(v.strictObject({ no: Count, document: v.boolean() })),
      next: v.optional(Count),
    }),
  },
  /** Reads documents again; `imports`: those whose documents tell of it. `objects`: where the files of large ones are. */
  'erase-documents': {
    ask: v.strictObject({ ...eraseStep, objects: v.string() }),
    reply: v.strictObject({ imports: v.array(Count), unread: Erased.entries.unread, next: v.optional(Count) }),
  },
  /** How many saved views named it, and went unless it was dry. */
  'erase-views': {
    ask: v.strictObject({ ...ofDataset, where: EraseWhere, dryRun: v.boolean() }),
    reply: v.strictObject({ views: Count }),
  },
  /** `files`: imports whose files are to be removed, and then told as `removed`. Asked again until it is clean. */
  'end-erase': {
    ask: v.strictObject({ ...ofDataset, removed: v.array(ImportId) }),
    reply: v.strictObject({ files: v.array(ImportId), isClean: v.boolean() }),
  },
  /** Of what who asks is cleared for. */
  query: { ask: v.strictObject({ ...ofDataset, query: Query, clearance: Clearance }), reply: QueryPage },
  views: { ask: v.strictObject({ ...ofDataset, viewer }), reply: v.strictObject({ views: v.array(SavedView) }) },
  'save-view': { ask: v.strictObject({ ...ofDataset, viewer, view: NewView }), reply: SavedView },
  'change-view': { ask: v.strictObject({ ...ofDataset, viewer, id: ViewId, change: ViewChange }), reply: SavedView },
  'remove-view': { ask: v.strictObject({ ...ofDataset, viewer, id: ViewId }), reply: nothing },
  /** A part of a file of records. */
  'export-part': { ask: v.strictObject({ ...ofDataset, step: ExportStep, clearance: Clearance }), reply: ExportPart },
  /** From a rollup, if one serves; else `group-records` has to be asked. */
  group: {
    ask: v.strictObject({ ...ofDataset, query: GroupQuery, clearance: Clearance }),
    reply: v.strictObject({ answer: v.optional(GroupAnswer) }),
  },
  /** Looks through the records, which may take long. */
  'group-records': {
    ask: v.strictObject({ ...ofDataset, query: GroupQuery, clearance: Clearance }),
    reply: GroupAnswer,
  },
  search: { ask: v.strictObject(ofDataset), reply: SearchIndex },
  /** It is built by `build-indexes`. Without fields it is off. */
  'set-search': {
    ask: v.strictObject({ ...ofDataset, fields: v.optional(NewSearch.entries.fields) }),
    reply: SearchIndex,
  },
  /** Destroys the words of a dataset, until there is no more; `begin`: those in force are built anew. */
  'renew-search': {
    ask: v.strictObject({ ...ofDataset, begin: v.boolean() }),
    reply: v.strictObject({ renewed: v.boolean(), more: v.boolean() }),
  },
  indexes: { ask: v.strictObject(ofDataset), reply: v.strictObject({ indexes: v.array(DatasetIndex) }) },
  /** It is built by `build-indexes`. */
  'create-index': { ask: v.strictObject({ ...ofDataset, index: NewIndex }), reply: DatasetIndex },
  'remove-index': { ask: v.strictObject({ ...ofDataset, index: IndexId }), reply: nothing },
  /** Answered once all of the tenant's records are searched by their words and in its indexes; others use its database meanwhile. */
  'build-indexes': { ask: v.strictObject(tenant), reply: nothing },
  /** It goes on by `go-on-reimporting`. */
  'begin-reimport': { ask: v.strictObject({ ...ofDataset, asked: NewReimport }), reply: Reimport },
  /** The same, once the field has that type; nothing if it has. */
  'set-field-type': {
    ask: v.strictObject({ ...ofDataset, field: NewFieldType }),
    reply: v.strictObject({ reimport: v.optional(Reimport) }),
  },
  /** The last one of a dataset. */
  reimport: { ask: v.strictObject(ofDataset), reply: v.strictObject({ reimport: v.optional(Reimport) }) },
  /** Answered once nothing of the tenant is left to be read again, it waits for an import, or there was a pause. `objects`: as of an erasure. */
  'go-on-reimporting': {
    ask: v.strictObject({ ...tenant, objects: v.string() }),
    reply: v.strictObject({ left: v.picklist(['nothing', 'more', 'waiting']) }),
  },
  'pause-reimport': { ask: v.strictObject(tenant), reply: nothing },
  /** Passes over the import that is under way: it ends whatever process reads it. */
  'pass-over-reimport': { ask: v.strictObject(tenant), reply: nothing },
  'set-history': { ask: v.strictObject({ ...ofDataset, on: v.boolean() }), reply: nothing },
  /** What a record was before, of the newest changes. */
  changes: {
    ask: v.strictObject({ ...ofDataset, asked: ChangesAsked, clearance: Clearance }),
    reply: RecordChanges,
  },
  retention: { ask: v.strictObject(ofDataset), reply: Retention },
  'set-retention': { ask: v.strictObject({ ...ofDataset, days: RetentionDays }), reply: Retention },
  /** Datasets that do not keep everything for ever. */
  retained: { ask: v.strictObject(tenant), reply: v.strictObject({ datasets: v.array(DatasetId) }) },
  /** `files`: of imports whose documents are gone, which the caller removes and names in the next slice. */
  'retain-documents': {
    ask: v.strictObject({ ...ofDataset, nowMs: Count, after: Count, removed: v.array(ImportId) }),
    reply: v.strictObject({ documents: Count, files: v.array(ImportId), next: v.optional(Count) }),
  },
  'retain-records': {
    ask: v.strictObject({ ...ofDataset, nowMs: Count, after: retainedBehind }),
    reply: v.strictObject({ records: Count, next: v.optional(retainedBehind) }),
  },
  /** Asked of a process that was started for it and is ended behind it. */
  sql: {
    ask: v.strictObject({ ...tenant, ...SqlQuestion.entries, clearance: Clearance }),
    reply: SqlAnswered,
  },
  'sql-views': {
    ask: v.strictObject({ ...tenant, clearance: Clearance }),
    reply: v.strictObject({ views: v.array(SqlView) }),
  },
  rollups: {
    ask: v.strictObject({ ...ofDataset, clearance: Clearance }),
    reply: v.strictObject({ rollups: v.array(Rollup) }),
  },
  /** It is built by `build-rollups`. */
  'create-rollup': { ask: v.strictObject({ ...ofDataset, rollup: NewRollup, clearance: Clearance }), reply: Rollup },
  'remove-rollup': { ask: v.strictObject({ ...ofDataset, rollup: RollupId, clearance: Clearance }), reply: nothing },
  /** Answered once all of the tenant's rollups are built; others use its database meanwhile. */
  'build-rollups': { ask: v.strictObject(tenant), reply: nothing },
} as const

/** What a data worker tells by itself, once a second: that it lives, and the memory that it holds. */
export const DataNews = v.variant('news', [v.strictObject({ news: v.literal('alive'), rssBytes: Count })])
export type DataNews = v.InferOutput<typeof DataNews>

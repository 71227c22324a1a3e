/**
 * What passes between a Runtime's main process and its data workers, which open the databases of data tenants. Every question names the
 * tenant that it was made for, and is answered from that tenant's database alone.
 */
import * as v from 'valibot'
import {
  Attributes,
  Dataset,
  DatasetId,
  DataTenantId,
  ImportId,
  ImportReport,
  ImportSummary,
  NewDataset,
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

const tenant = { tenant: DataTenantId }
const ofDataset = { ...tenant, dataset: DatasetId }
const nothing = v.strictObject({})

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
  datasets: { ask: v.strictObject(tenant), reply: v.strictObject({ datasets: v.array(Dataset) }) },
  dataset: { ask: v.strictObject(ofDataset), reply: Dataset },
  /** `files`: imports whose documents are files, which nobody names any more. */
  'remove-dataset': { ask: v.strictObject(ofDataset), reply: v.strictObject({ files: v.array(ImportId) }) },
  /** Up to which position of the journal all is imported. */
  position: { ask: v.strictObject(tenant), reply: v.strictObject({ position: Count }) },
  /** Answered once all of them are imported, durably; `gone`: those whose dataset is not there any more. */
  import: {
    ask: v.strictObject({ ...tenant, documents: v.array(TakenDocument) }),
    reply: v.strictObject({ position: Count, gone: v.array(ImportId) }),
  },
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
  query: { ask: v.strictObject({ ...ofDataset, query: Query }), reply: QueryPage },
} as const

/** What a data worker tells by itself, once a second: that it lives, and the memory that it holds. */
export const DataNews = v.variant('news', [v.strictObject({ news: v.literal('alive'), rssBytes: Count })])
export type DataNews = v.InferOutput<typeof DataNews>

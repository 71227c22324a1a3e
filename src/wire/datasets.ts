/**
 * What is known of datasets and asked of them: the same words between a Runtime's main process and its data workers, and in its API.
 * Values of records are customer data and never leave the Runtime.
 */
import * as v from 'valibot'
import { naming } from '../base/mod.ts'
import { Code, Count, idOf, Sha256Hex } from './formats.ts'
import { recordOf } from './record-of.ts'

/** A field's name as its document has it; a CSV's head may hold anything. */
const FIELD_NAME_LENGTH_MAX = 256
/** Fields of one dataset: SQLite takes 2,000 columns, and a row of 1,000 values is no longer looked at by anybody. */
export const FIELDS_MAX = 1_000
/** Records in one page of an answer. */
export const PAGE_RECORDS_MAX = 1_000
/** Conditions, each with its own bounds, so that a statement stays small. */
export const CONDITIONS_MAX = 32
const IN_VALUES_MAX = 256
const SORTS_MAX = 4
const VALUE_LENGTH_MAX = 1_024
/** Refusals, and warnings, that are kept of one import; all are counted. */
export const REMARKS_MAX = 1_000
/** What an upload says of itself: `branch`, `environment`, `commit`, `build`, `run`, and whatever else. */
const ATTRIBUTES_MAX = 32

/** Id of a data tenant. */
export const DataTenantId = idOf('dt')
/** Id of a dataset; it is looked for in one data tenant only. */
export const DatasetId = idOf('ds')
/** Id of an import: of one uploaded document and what became of it. */
export const ImportId = idOf('imp')
export type DataTenantId = v.InferOutput<typeof DataTenantId>
export type DatasetId = v.InferOutput<typeof DatasetId>
export type ImportId = v.InferOutput<typeof ImportId>
/** Id of an upload that comes in pieces. */
export const PartialUploadId = idOf('upl')
export type PartialUploadId = v.InferOutput<typeof PartialUploadId>

/** Lower-case letters, digits, `-` and `_`, a letter first. */
export const DatasetName = v.pipe(
  v.string(),
  v.maxLength(64),
  v.regex(
    /^[a-z][a-z0-9_-]*$/,
    naming('must be lower-case letters, digits, `-` and `_`, a letter first, such as nightly-tests'),
  ),
)
/** What a dataset's records are: it decides about fields and keys. The fields of a `table` come from its documents. */
export const Shape = v.picklist(['test-results', 'issues', 'reviews', 'table'])
export type Shape = v.InferOutput<typeof Shape>

/** `time`: RFC 3339 text, which sorts as time does · `json`: anything nested. */
export const FieldType = v.picklist(['text', 'number', 'boolean', 'time', 'json'])
export type FieldType = v.InferOutput<typeof FieldType>

const FieldName = v.pipe(v.string(), v.minLength(1), v.maxLength(FIELD_NAME_LENGTH_MAX))

/** One field that records of a dataset may have. */
export const DatasetField = v.strictObject({ name: FieldName, type: FieldType })
export type DatasetField = v.InferOutput<typeof DatasetField>

/** Who may see a field's values: every member of the data tenant, or those alone who are cleared. */
export const FieldClass = v.picklist(['public', 'restricted'])
export type FieldClass = v.InferOutput<typeof FieldClass>
/** Of whom: up to which class they see the values of fields. */
export const Clearance = v.picklist(['public', 'restricted'])
export type Clearance = v.InferOutput<typeof Clearance>

/** A field with its class. */
export const ClassifiedField = v.strictObject({ ...DatasetField.entries, class: FieldClass })
export type ClassifiedField = v.InferOutput<typeof ClassifiedField>

/** What was decided about a field's class, by whom, ms since 1970. */
export const ClassChange = v.strictObject({
  ...{ id: idOf('cls'), field: FieldName, from: FieldClass, to: FieldClass, by: v.string(), atMs: Count },
})
export type ClassChange = v.InferOutput<typeof ClassChange>

const AttributeName = v.pipe(
  v.string(),
  v.regex(
    /^[a-z][a-z0-9_.-]{0,63}$/,
    naming('must be up to 64 lower-case letters, digits, `.`, `-` and `_`, a letter first'),
  ),
)
/** Pairs of name and value. */
export const Attributes = v.pipe(
  recordOf(AttributeName, v.pipe(v.string(), v.maxLength(256))),
  v.check((attributes) => Object.keys(attributes).length <= ATTRIBUTES_MAX, `at most ${ATTRIBUTES_MAX} attributes`),
)
export type Attributes = v.InferOutput<typeof Attributes>

/** `queued`: durable, not begun · `partly`: some of it was refused · `refused`: nothing of it was taken. */
export const ImportState = v.picklist(['queued', 'running', 'done', 'partly', 'refused'])
export type ImportState = v.InferOutput<typeof ImportState>

/** What is wrong with a line of a document, in words of ours; values are cut. */
export const Remark = v.strictObject({ line: v.optional(Count), reason: v.string() })
export type Remark = v.InferOutput<typeof Remark>

/** One document and what became of it. Times are milliseconds since 1970. */
export const ImportSummary = v.strictObject({
  ...{ id: ImportId, dataset: DatasetId, state: ImportState, receivedAtMs: Count },
  startedAtMs: v.optional(Count),
  endedAtMs: v.optional(Count),
  format: v.optional(v.string()),
  fileName: v.optional(v.string()),
  contentType: v.optional(v.string()),
  /** Of the document as it came. The digest of a small one tells a guess from a miss, so it goes with what is masked. */
  ...{ bytes: Count, sha256: v.optional(Sha256Hex) },
  /** The upload token by which it came. */
  token: v.optional(v.string()),
  attributes: Attributes,
  /** Records that are kept; how many of them took the place of others; what was refused; what was taken all the same. */
  ...{ rowsTaken: Count, rowsReplaced: Count, rowsRefused: Count, warnings: Count },
  /** Why the document, or the rest of it, was not read. */
  reason: v.optional(v.strictObject({ code: Code, message: v.string(), line: v.optional(Count) })),
  /** Its document was erased, with what quoted it. */
  erasedAtMs: v.optional(Count),
  /** It was older than its dataset keeps documents, with what quoted it; or records. */
  documentGoneAtMs: v.optional(Count),
  recordsGoneAtMs: v.optional(Count),
  /** Its document is to be read again, or is being read; and when it was read again last. */
  reimport: v.optional(v.picklist(['waiting', 'running'])),
  reimportedAtMs: v.optional(Count),
  /** Who asks is not cleared: names, attributes and digest are left out, and reasons, which quote documents, are not told. */
  masked: v.optional(v.literal(true)),
})
export type ImportSummary = v.InferOutput<typeof ImportSummary>

/** The same with the first 1,000 refusals and warnings. */
export const ImportReport = v.strictObject({
  ...ImportSummary.entries,
  refusals: v.array(Remark),
  remarks: v.array(Remark),
})
export type ImportReport = v.InferOutput<typeof ImportReport>

/** A dataset with its fields in the order in which they came, then those that uploads say of themselves. */
export const Dataset = v.strictObject({
  ...{ id: DatasetId, name: DatasetName, shape: Shape, createdAtMs: Count },
  ...{ records: Count, imports: Count, fields: v.array(ClassifiedField) },
  lastImport: v.optional(v.strictObject({ id: ImportId, state: ImportState, receivedAtMs: Count })),
})
export type Dataset = v.InferOutput<typeof Dataset>
/** As a list has it, which of 1,000 datasets with their fields would be 10 MB and more. */
export const DatasetSummary = v.omit(Dataset, ['fields'])
export type DatasetSummary = v.InferOutput<typeof DatasetSummary>

/** What a dataset is made from. */
export const NewDataset = v.strictObject({ name: DatasetName, shape: Shape })
export type NewDataset = v.InferOutput<typeof NewDataset>

const ConditionValue = v.union([
  v.pipe(v.string(), v.maxLength(VALUE_LENGTH_MAX)),
  v.pipe(v.number(), v.finite()),
  v.boolean(),
])
const comparisons = v.picklist(['eq', 'ne', 'lt', 'le', 'gt', 'ge'])

/** `contains`: letters of ASCII in either case · `missing`: null, or empty text; with `value: false`, neither. */
export const Condition = v.variant('is', [
  v.strictObject({ field: FieldName, is: comparisons, value: ConditionValue }),
  v.strictObject({
    field: FieldName,
    is: v.literal('contains'),
    value: v.pipe(v.string(), v.minLength(1), v.maxLength(VALUE_LENGTH_MAX)),
  }),
  v.strictObject({
    field: FieldName,
    is: v.literal('in'),
    value: v.pipe(v.array(ConditionValue), v.minLength(1), v.maxLength(IN_VALUES_MAX)),
  }),
  v.strictObject({ field: FieldName, is: v.literal('missing'), value: v.optional(v.boolean()) }),
])
export type Condition = v.InferOutput<typeof Condition>

/**
 * Which records of a dataset, and how: all conditions hold, and each word of `search` occurs: `"several in a row"`, `begin*`. Without `sort`
 * the newest come first.
 * `after`: `next` of the page before, of the same query.
 */
export const Query = v.strictObject({
  where: v.optional(v.pipe(v.array(Condition), v.maxLength(CONDITIONS_MAX))),
  search: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(VALUE_LENGTH_MAX))),
  sort: v.optional(
    v.pipe(v.array(v.strictObject({ field: FieldName, descending: v.optional(v.boolean()) })), v.maxLength(SORTS_MAX)),
  ),
  /** Default: all. */
  fields: v.optional(v.pipe(v.array(FieldName), v.minLength(1), v.maxLength(FIELDS_MAX))),
  limit: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(PAGE_RECORDS_MAX)),
  after: v.optional(v.pipe(v.string(), v.maxLength(32_768))),
})
export type Query = v.InferOutput<typeof Query>

/** `masked`: who asks is not cleared for it, and each of its values is given as null. */
export const QueriedField = v.strictObject({ ...DatasetField.entries, masked: v.optional(v.literal(true)) })
export type QueriedField = v.InferOutput<typeof QueriedField>

/**
 * `rows`: for each record its values in the order of `fields`, null where it has none. `next`: where the following page begins. `search`: whether
 * it was by an index of words or through the texts of all records, and how many of the newest records the index has not come to yet, at most.
 */
export const QueryPage = v.strictObject({
  fields: v.array(QueriedField),
  rows: v.array(v.array(v.unknown())),
  next: v.optional(v.string()),
  search: v.optional(v.strictObject({ from: v.picklist(['index', 'records']), waiting: Count })),
})
export type QueryPage = v.InferOutput<typeof QueryPage>

/** What datasets refuse or fail at, by name. */
import { AppError } from '../base/mod.ts'

/** No data tenant has that id; also said of one whose members do not include who asks. */
export class DataTenantNotFound extends AppError {
  override readonly code = 'data_tenant.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List your data tenants to see their ids.'
}

/** Another data tenant of this Runtime has that name. */
export class DataTenantExists extends AppError {
  override readonly code = 'data_tenant.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Choose another name.'
}

/** The data tenant has no such dataset. */
export class DatasetNotFound extends AppError {
  override readonly code = 'dataset.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the datasets of the data tenant to see their ids.'
}

/** Another dataset of the data tenant has that name. */
export class DatasetExists extends AppError {
  override readonly code = 'dataset.exists' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Choose another name, or upload to the dataset that there is.'
}

/** The data tenant has as many datasets as it may. */
export class DatasetsTooMany extends AppError {
  override readonly code = 'dataset.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove datasets that are not needed.'
}

/** Something holds what an erasure has to destroy: uploads that wait, a backup, queries that read. */
export class EraseHeldUp extends AppError {
  override readonly code = 'dataset.erase_held_up' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Ask again in a while; it goes on with what is left.'
}

/** The dataset is being re-imported, or what was asked for would change what a re-import reads. */
export class ReimportUnderWay extends AppError {
  override readonly code = 'dataset.reimport_under_way' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Wait until it has ended: the imports of the dataset show how far it is.'
}

/** The type of a field cannot be changed: its dataset's shape decides about it, or figures are counted by it. */
export class FieldTypeFixed extends AppError {
  override readonly code = 'dataset.field_type_fixed' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Fields of a `table` can be changed, once no rollup counts by them or adds them up, and no index is in the way.'
}

/** The dataset cannot keep what its records were before, or not now. */
export class HistoryUnfit extends AppError {
  override readonly code = 'dataset.history_unfit' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Datasets of the shapes issues and reviews have a key, and can keep a history.'
}

/** Documents would be kept longer than the records that came with them. */
export class RetentionUnfit extends AppError {
  override readonly code = 'dataset.retention_unfit' as const
  override readonly advice = 'Keep documents as long as records, or shorter.'
}

/** The dataset has no such import. */
export class ImportNotFound extends AppError {
  override readonly code = 'import.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the imports of the dataset to see their ids.'
}

/** A query names a field that the dataset lacks, compares what cannot be compared, or goes on from another query's page. */
export class QueryInvalid extends AppError {
  override readonly code = 'query.invalid' as const
  override readonly advice = 'See the fields of the dataset and their types.'
}

/** A query compares, sorts or groups by a field whose values who asks is not cleared for. */
export class FieldRestricted extends AppError {
  override readonly code = 'query.field_restricted' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'Ask without it, or an owner of the data tenant for the clearance or another class of the field.'
}

/** The document of an import is not there as it came: it was erased, or its import has not begun. */
export class DocumentNotKept extends AppError {
  override readonly code = 'import.document_not_kept' as const
  override readonly kind = 'not_found' as const
}

/** The dataset has no such field, or its class is not anybody's to change. */
export class FieldNotFound extends AppError {
  override readonly code = 'dataset.field_not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'See the fields of the dataset and their classes.'
}

/** The dataset has no such view, or it is somebody else's. */
export class ViewNotFound extends AppError {
  override readonly code = 'dataset.view_not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'List the views of the dataset; one is changed by who saved it, or if it is shared by an owner.'
}

/** The dataset has as many views as it may. */
export class ViewsTooMany extends AppError {
  override readonly code = 'dataset.view_too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove views that nobody uses any more.'
}

/** As many files of records are being made as may be at once. */
export class ExportsTooMany extends AppError {
  override readonly code = 'export.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Try again when one of them has ended.'
}

/** A Parquet file of so many records and columns is not made: what its end says of all of them has to be kept until then. */
export class ExportTooLarge extends AppError {
  override readonly code = 'export.too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Name fewer fields, export in parts by a condition, or take csv or ndjson.'
}

/** A query that took longer than it may was ended. */
export class QueryTooSlow extends AppError {
  override readonly code = 'query.too_slow' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Ask for less: fewer records to look through, or no order but the newest first.'
}

/** As many queries of the data tenant wait as may. */
export class QueriesTooMany extends AppError {
  override readonly code = 'query.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Ask again in a while, and one thing after another.'
  readonly retryAfterMs = 2_000
}

/** A question in SQL that SQLite does not take. */
export class SqlInvalid extends AppError {
  override readonly code = 'sql.invalid' as const
  override readonly advice = 'See how datasets and their columns are called: sluice dataset sql'
}

/** A statement that does something else than to read the datasets of its data tenant. */
export class SqlNotAllowed extends AppError {
  override readonly code = 'sql.not_allowed' as const
  override readonly kind = 'forbidden' as const
  override readonly advice =
    'One SELECT, WITH or VALUES over the datasets is taken; the guide on datasets lists the functions.'
}

/** A question in SQL that comes to more memory, steps or bytes than one may. */
export class SqlTooLarge extends AppError {
  override readonly code = 'sql.too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Ask for less: fewer rows to sort or gather, shorter texts.'
}

/** A question whose answer would have more groups than are kept in memory. */
export class GroupsTooMany extends AppError {
  override readonly code = 'query.groups_too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Group by fewer fields or longer times, or set conditions.'
}

/** Search is asked for over fields that the dataset lacks, or that have no words. */
export class SearchUnfit extends AppError {
  override readonly code = 'search.unfit' as const
  override readonly advice = 'See the fields of the dataset and their types.'
}

/** An index is asked for over fields that the dataset lacks, or that have no order. */
export class IndexUnfit extends AppError {
  override readonly code = 'index.unfit' as const
  override readonly advice = 'See the fields of the dataset and their types.'
}

/** The dataset has as many indexes as it may. */
export class IndexesTooMany extends AppError {
  override readonly code = 'index.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove indexes that are not needed.'
}

/** The dataset has no such index. */
export class IndexNotFound extends AppError {
  override readonly code = 'index.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the indexes of the dataset to see their ids.'
}

/** A rollup counts by fields that the dataset lacks, or adds up what has no sum. */
export class RollupUnfit extends AppError {
  override readonly code = 'rollup.unfit' as const
  override readonly advice = 'See the fields of the dataset and their types.'
}

/** The dataset has as many rollups as it may. */
export class RollupsTooMany extends AppError {
  override readonly code = 'rollup.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Remove rollups that are not needed.'
}

/** The dataset has no such rollup. */
export class RollupNotFound extends AppError {
  override readonly code = 'rollup.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the rollups of the dataset to see their ids.'
}

/** A rollup that every dataset of its shape has cannot be removed. */
export class RollupOfShape extends AppError {
  override readonly code = 'rollup.of_shape' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Remove one that somebody declared.'
}

/** Uploads come faster than they are imported, and what waits has reached its bound. */
export class UploadNoRoom extends AppError {
  override readonly code = 'upload.no_room' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'Send it again in a while; what was acknowledged is kept.'
  readonly retryAfterMs = 10_000
}

/** An upload ended before all that it announced had come. */
export class UploadCutOff extends AppError {
  override readonly code = 'upload.cut_off' as const
  override readonly advice = 'Send it again; nothing of it was kept.'
}

/** One document has more bytes than one may have. */
export class UploadTooLarge extends AppError {
  override readonly code = 'upload.too_large' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Split the document.'
}

/** No upload of that id is under way: it was never begun, has been taken or forgotten, or is of another dataset. */
export class PartialUploadNotFound extends AppError {
  override readonly code = 'upload.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'Begin it anew; what nothing came of for a day is forgotten.'
}

/** A piece does not begin where the upload goes on. */
export class PartialUploadOffset extends AppError {
  override readonly code = 'upload.offset' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Ask how far the upload is (HEAD), and go on from there.'
}

/** The data tenant has as many uploads under way as it may. */
export class PartialUploadsTooMany extends AppError {
  override readonly code = 'upload.too_many_partial' as const
  override readonly kind = 'limit' as const
  readonly retryAfterMs = 60_000
  override readonly advice = 'End some of them, or remove those that nobody goes on with.'
}

/** The pieces of one upload are as many as one may have. */
export class PartialUploadPieces extends AppError {
  override readonly code = 'upload.too_many_pieces' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Begin it anew with larger pieces; one request may bring all of it.'
}

/** The key of an earlier upload with another document. */
export class IdempotencyKeyReused extends AppError {
  override readonly code = 'upload.idempotency_key_reused' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Give each document a key of its own.'
}

/** `runDataWorker` was called in a process that no Runtime started. */
export class DataWorkerWithoutParent extends AppError {
  override readonly code = 'data_worker.without_parent' as const
  override readonly advice = 'Data workers are started by a Runtime; run `sluice runtime`.'
}

/** A data worker was asked about a data tenant that it was not given. */
export class TenantNotOpen extends AppError {
  override readonly code = 'data_worker.tenant_not_open' as const
  override readonly kind = 'internal' as const
}

/** Nobody can import the document: the process that tried ended each time. */
export class ImportCrashed extends AppError {
  override readonly code = 'import.crashed' as const
  override readonly kind = 'internal' as const
  override readonly advice = 'The document is kept as it came; tell the makers of Sluice what kind it is.'
}

/** The dataset has no such upload token. */
export class UploadTokenNotFound extends AppError {
  override readonly code = 'upload_token.not_found' as const
  override readonly kind = 'not_found' as const
  override readonly advice = 'List the tokens of the dataset to see their ids.'
}

/** The dataset has as many tokens in force as it may. */
export class UploadTokensTooMany extends AppError {
  override readonly code = 'upload_token.too_many' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Revoke tokens that are not used any more.'
}

/** An upload token that cannot be made as asked for. */
export class UploadTokenUnfit extends AppError {
  override readonly code = 'upload_token.unfit' as const
  override readonly advice = 'Choose another number of days.'
}

/** The request has no token that admits it: none, a wrong one, one that is expired or revoked, one of another dataset. */
export class UploadTokenRefused extends AppError {
  override readonly code = 'upload_token.refused' as const
  override readonly kind = 'unauthenticated' as const
  override readonly advice = 'Send a token of this dataset that is in force, as `Authorization: Bearer slu_…`.'
}

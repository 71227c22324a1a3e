/** datasets: what a Runtime keeps for each data tenant: uploads taken durably, imported once, queried; formats, shapes, records. */
export { createDataTenant, type DataTenant, dataTenant, listDataTenants } from './data-tenants.ts'
export {
  DataTenantNotFound,
  FieldNotFound,
  ImportNotFound,
  IndexNotFound,
  UploadCutOff,
  UploadTokenRefused,
  UploadTooLarge,
} from './errors.ts'
export type { Exported } from './export/exporting.ts'
export { type Taken, UPLOAD_BYTES_MAX } from './intake/taken.ts'
export type { PartialAbout, PartialState } from './partial/partial-uploads.ts'
export { RETENTION_LOOK_MS, RetentionLooks } from './retention/retention-looks.ts'
export { SHAPES } from './shapes/shapes.ts'
export { type CiPlace, type CiScript, ciScripts, curlLine, uploadLine } from './tokens/ci-scripts.ts'
export {
  UPLOAD_TOKEN_DAYS,
  UPLOAD_TOKEN_DAYS_MAX,
  type UploadGrant,
  type UploadTokenSummary,
  UploadTokens,
} from './tokens/upload-tokens.ts'
export type { Viewer } from './views/saved-views.ts'
export type { RawDocument } from './worker/data/imports.ts'
export { DataDesk } from './worker/data-desk.ts'
export { DATA_WORKER_SUBCOMMAND, dataLauncher } from './worker/data-process.ts'
export { runDataWorker } from './worker/run-data-worker.ts'
export type { TenantData } from './worker/tenant-data.ts'

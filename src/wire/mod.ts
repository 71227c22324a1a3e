/** wire: every message that leaves a process, and its envelope (PROTOCOL.md). */
export { signAssignment, verifyAssignment } from './assignment-signature.ts'
export { type Caller, createCaller } from './caller.ts'
export { type Answers, type AskOf, type Channel, createChannel, type ReplyOf } from './channel.ts'
export { chunkOffsets, openCodeChunk, sealCodeChunk } from './code-chunks.ts'
export {
  ConnectorId,
  ConnectorNews,
  ConnectorRunId,
  type ConnectorTask,
  CURSOR_LENGTH_MAX,
  connectorAsks,
  connectorMainAsks,
  DISCOVERED_MAX,
  DiscoveredField,
  KNOWN_KEYS_MAX,
  PAGE_PART_BYTES,
} from './connector.ts'
export { DataNews, dataAsks, type PartialUpload, type TakenDocument, type TakenHeader } from './data-worker.ts'
export { Erased, EraseRequest, EraseWhere } from './dataset-erase.ts'
export { ExportFormat, ExportPart, ExportPlace, ExportQuery, ExportStep } from './dataset-export.ts'
export {
  Bucket,
  GroupAnswer,
  GroupKey,
  GroupMeasure,
  GroupQuery,
  NewRollup,
  Rollup,
  RollupId,
} from './dataset-groups.ts'
export { CHANGES_MAX, ChangesAsked, RecordChange, RecordChanges } from './dataset-history.ts'
export { DatasetIndex, IndexId, NewIndex } from './dataset-indexes.ts'
export { NewFieldType, NewReimport, Reimport } from './dataset-reimport.ts'
export { RETENTION_DAYS_MAX, Retention, RetentionDays } from './dataset-retention.ts'
export { NewSearch, SearchIndex } from './dataset-search.ts'
export { SQL_BYTES_MAX, SqlAnswer, type SqlAnswered, SqlQuestion, SqlView } from './dataset-sql.ts'
export { NewView, SavedView, ViewChange, ViewId } from './dataset-views.ts'
export {
  Attributes,
  ClassChange,
  ClassifiedField,
  type Clearance,
  Condition,
  Dataset,
  DatasetField,
  DatasetId,
  DatasetSummary,
  DataTenantId,
  FIELDS_MAX,
  FieldClass,
  type FieldType,
  ImportId,
  ImportReport,
  ImportState,
  ImportSummary,
  NewDataset,
  PAGE_RECORDS_MAX,
  PartialUploadId,
  type QueriedField,
  Query,
  QueryPage,
  REMARKS_MAX,
  Remark,
  Shape,
} from './datasets.ts'
export {
  AssignedBridge,
  AssignedComponent,
  Assignment,
  Classification,
  COMPONENTS_MAX,
  CodeReference,
  DeploymentAnswer,
  DeploymentRequest,
  DeploymentResult,
  DeploymentState,
  Manifest,
  Reason,
  SealedDocument,
} from './deployment.ts'
export { checkManifest, digestOfJson, manifestOf } from './digests.ts'
export { createDoor, type Door, type Handler, handle, type Received } from './door.ts'
export { EnrolmentAnswer, EnrolmentCode, EnrolmentRequest, PeerIntroduction } from './enrolment.ts'
export { decodeEnrolmentCode, encodeEnrolmentCode } from './enrolment-code.ts'
export {
  ENROLMENT_BYTES_MAX,
  openEnrolmentAnswer,
  openEnrolmentRequest,
  sealEnrolmentAnswer,
  sealEnrolmentRequest,
} from './enrolment-seal.ts'
export type { Self, VerifyKeyOf } from './envelope.ts'
export {
  C2AnswerRefused,
  C2Refused,
  EnrolmentRefused,
  ManifestMismatch,
  RemoteFailure,
  WorkerGone,
  WorkerSilent,
} from './errors.ts'

export { exchanges } from './exchanges.ts'
export { Base64Url, Code, DeploymentId, Name, RuntimeId, Sha256Hex, TenantId, Time } from './formats.ts'
export { DeploymentInForce, Heartbeat, Inventory, PEER_STANDINGS_MAX, PeerStanding } from './heartbeat.ts'
export { decodeIntroduction, encodeIntroduction } from './introduction.ts'
export { CLOCK_AHEAD_MS, CODE_CHUNK_BYTES, MESSAGE_BYTES_MAX, MESSAGE_LIFETIME_MS } from './limits.ts'
export type { AnswerMemory } from './memories.ts'
export { OWN_SERVER_NAME } from './own-name.ts'
export { recordOf } from './record-of.ts'
export { NONCES_PER_KEY_MAX, ReplayWindow } from './replay-window.ts'
export { AuditLog, BridgeStatus, ComponentStatus, DeploymentStatus, ENTRIES_MAX } from './report.ts'
export { assignmentInfo, assignmentPointers, openDocument, openResult, sealDocument, sealResult } from './sealing.ts'
export { BatchSpan, SPANS_MAX } from './spans.ts'
export {
  CheckFailure,
  DEAD_LETTERS_MAX,
  DeadLetterEntry,
  DeadLetterSelection,
  type DrainReason,
  FAILURE_WORDS_MAX,
  Failure,
  MainNews,
  mainAsks,
  PARTITIONS_MAX,
  WorkerBridge,
  WorkerNews,
  WorkerSessionKeys,
  WorkerStart,
  WorkerTls,
  workerAsks,
} from './worker.ts'

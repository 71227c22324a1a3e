/** pipeline: records and batches, the engine that moves them, and the components that need no room above it. */
export {
  type Ack,
  BATCH_RECORDS_MAX,
  type Batch,
  keepRecords,
  positionOf,
  RECORD_BYTES_MAX,
  trimBefore,
} from './batch.ts'
export { decodeBatch, encodeBatch } from './batch-codec.ts'
export {
  type AnyDefinition,
  type ComponentContext,
  type ConfigSchema,
  chooseDefinition,
  defineSink,
  defineSource,
  defineTransform,
  type GroupingSink,
  type Refusal,
  type Sink,
  type Source,
  type Transform,
} from './component.ts'
export { jsonLinesFileSink } from './components/sinks/json_lines_file.ts'
export { libsqlTableSink } from './components/sinks/libsql_table.ts'
export { csvFileSource } from './components/sources/csv_file.ts'
export { filterTransform } from './components/transforms/filter.ts'
export { mapTransform } from './components/transforms/map.ts'
export { parseConfig } from './config.ts'
export { splitCsvRecord } from './csv-decode.ts'
export { scanCsv } from './csv-scan.ts'
export { countLineEnds, type EncodedCsv, gather } from './encoded.ts'
export {
  ComponentFailed,
  isRetryable,
  reasonOf,
} from './errors.ts'
export {
  checkExpression,
  compileExpression,
  EvaluationFailed,
  ExpressionInvalid,
} from './expressions.ts'
export { ANY_FIELDS, type FieldType, type FieldTypes } from './fields.ts'
export { runFlow } from './flow.ts'
export type { Flow, FlowComponent, FlowOptions } from './flow-types.ts'
export { findFiles, isGlob } from './globs.ts'
export { scanJsonLines } from './json-lines.ts'
export type {
  Checkpoints,
  DeadLetter,
  DeadLetters,
  FlowLog,
  Replay,
  Replays,
  Secrets,
} from './ports.ts'
export { recordsFrom } from './record-form.ts'
export { type ByteSource, type Chunk, RecordReader } from './record-reader.ts'
export { Records } from './records.ts'
export type { Row } from './value.ts'

/** A source of files that hold one record after the other: each file a partition by its path, each record's ordinal its position. */
import { relative, resolve, sep } from 'node:path'
import process from 'node:process'
import { type AppError, Cancelled } from '../base/mod.ts'
import { FileMissing } from '../host/mod.ts'
import { PARTITIONS_MAX } from '../wire/mod.ts'
import type { Batch } from './batch.ts'
import type { ComponentContext, Source } from './component.ts'
import { type Encoded, gather, type Spans } from './encoded.ts'
import { findFiles, isGlob } from './globs.ts'
import type { PartitionPositions } from './ports.ts'
import { type Chunk, RecordReader, type Scan } from './record-reader.ts'
import { Records } from './records.ts'

/** How the records of one opened file are found and what they are. */
export type FileFormat = {
  scan: Scan
  /** Completes records found in the file to their encoded form. */
  encode(gathered: ReturnType<typeof gather>): Encoded
}

/** `item` is the path or glob of the config that it is about. */
type ErrorClass = new (item: string, message: string, options?: ErrorOptions) => AppError

/**
 * Files that are gone and whose positions are kept: one that was moved away may be put back, or its disk may not be mounted just now,
 * and must not be read a second time then. 16,384 are four years of a new file every two hours; beyond them the oldest are forgotten,
 * or rotated logs would add rows for ever. With those that are there (`PARTITIONS_MAX`) ≤ 81,920 rows × ~200 B ≈ 16 MiB.
 */
export const VANISHED_KEPT_MAX = 16_384

export type FileSourceOptions = {
  paths: readonly string[]
  context: ComponentContext
  /** Looks at the beginning of a file (its header) and says how to read on. */
  begin(reader: RecordReader, path: string): Promise<FileFormat>
  /** The type's own errors: a path matches no file; the paths together match more than `PARTITIONS_MAX`. */
  errors: { Missing: ErrorClass; TooMany: ErrorClass }
  /** Code of the reason when a record is longer than `RECORD_BYTES_MAX`. */
  overlongCode: string
}

type OpenFile = { partition: string; reader: RecordReader; format: FileFormat; position: number; resumeAt: number }

/**
 * Opens the source at its checkpoints. Every file must be there: a path or glob that matches none fails with `Missing`; all files that
 * are matched must fit into what a worker can load checkpoints of, else it fails with `TooMany`.
 */
export async function openFileSource(options: FileSourceOptions): Promise<Source> {
  const found = await resolvePaths(options)
  const paths = [...found.keys()]
  const { checkpoints, component } = options.context
  const resumeAt = await checkpoints.load(component)
  const vanished = longVanished(resumeAt, paths)
  if (vanished.length > 0) await checkpoints.forget(component, vanished)
  return new FileSource(options, found, resumeAt)
}

/** Of the partitions that no file has any more those that are too many, the ones first seen longest ago. */
function longVanished(resumeAt: PartitionPositions, paths: readonly string[]): string[] {
  if (resumeAt.size <= VANISHED_KEPT_MAX) return []
  const present = new Set(paths.map(partitionOf))
  const vanished = [...resumeAt.keys()].filter((partition) => !present.has(partition))
  return vanished.slice(0, Math.max(0, vanished.length - VANISHED_KEPT_MAX))
}

/** The files in their order, each with the path or glob that found it first. */
async function resolvePaths(options: FileSourceOptions): Promise<Map<string, string>> {
  const paths = new Map<string, string>()
  for (const given of options.paths) {
    const absolute = resolve(given)
    const found = await findFiles(absolute, PARTITIONS_MAX)
    if (found.length === 0) {
      // Opening says what is the matter: it is not there, or may not be read.
      if (!isGlob(given)) await readerOf(options, absolute, given).then((reader) => reader.close())
      throw missing(options, given, given)
    }
    for (const path of found) if (!paths.has(path)) paths.set(path, given)
    if (paths.size > PARTITIONS_MAX)
      throw new options.errors.TooMany(given, `with ${given} there are more than ${PARTITIONS_MAX} files`)
  }
  return paths
}

function missing({ errors }: FileSourceOptions, given: string, path: string, cause?: unknown): AppError {
  return new errors.Missing(given, `no file at ${path}`, { cause })
}

async function readerOf(options: FileSourceOptions, path: string, given: string): Promise<RecordReader> {
  try {
    return await RecordReader.open(path, options.context.admitPath)
  } catch (cause) {
    if (cause instanceof FileMissing) throw missing(options, given, path, cause)
    throw cause
  }
}

class FileSource implements Source {
  readonly #options: FileSourceOptions
  readonly #paths: [path: string, given: string][]
  readonly #resumeAt: PartitionPositions
  #file: OpenFile | undefined
  #closed = false

  constructor(options: FileSourceOptions, paths: ReadonlyMap<string, string>, resumeAt: PartitionPositions) {
    this.#options = options
    this.#paths = [...paths]
    this.#resumeAt = resumeAt
  }

  async read(): ReturnType<Source['read']> {
    for (;;) {
      const file = this.#file ?? (await this.#openNext())
      if (!file) return 'end'
      const chunk = await file.reader.next(file.format.scan)
      if (!chunk) {
        await file.reader.close()
        this.#file = undefined
        continue
      }
      const batch = 'overlong' in chunk ? await this.#refuseOverlong(file, chunk) : batchOf(file, chunk)
      // The bytes of the file were the records: there is nothing to answer beyond the checkpoint, which the engine keeps.
      if (batch) return { batch, ack: () => undefined }
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#file?.reader.close()
    this.#file = undefined
  }

  async #openNext(): Promise<OpenFile | undefined> {
    const next = this.#paths.shift()
    if (next === undefined || this.#closed) return undefined
    const [path, given] = next
    const reader = await readerOf(this.#options, path, given)
    try {
      const format = await this.#options.begin(reader, path)
      if (this.#closed) throw new Cancelled('the source was closed while it opened a file')
      const partition = partitionOf(path)
      this.#file = { partition, reader, format, position: 0, resumeAt: this.#resumeAt.get(partition) ?? 0 }
      return this.#file
    } catch (error) {
      await reader.close()
      throw error
    }
  }

  async #refuseOverlong(file: OpenFile, chunk: { overlong: Uint8Array; line: number }): Promise<Batch | undefined> {
    const position = file.position++
    if (position < file.resumeAt) return undefined
    const record = new Uint8Array(chunk.overlong)
    const reason = { code: this.#options.overlongCode, item: `line ${chunk.line}` }
    await this.#options.context.refuse([{ partition: file.partition, position, reason, record }])
    return {
      partition: file.partition,
      from: position,
      to: position + 1,
      at: new Float64Array(0),
      records: Records.fromRows([]),
    }
  }
}

/**
 * A file's name as a partition. It crosses bridges and stands in the far side's tables, so what lies in the working directory
 * tells nothing of where that is; nor does moving the folder make every file a new one.
 */
function partitionOf(path: string): string {
  const folder = process.cwd()
  return path.startsWith(folder.endsWith(sep) ? folder : folder + sep) ? relative(folder, path) : path
}

/** The records of a chunk as a batch; without those before the checkpoint, and `undefined` when that leaves none. */
function batchOf(file: OpenFile, chunk: Exclude<Chunk, { overlong: Uint8Array }>): Batch | undefined {
  const count = chunk.spans.starts.length
  const skip = Math.min(count, Math.max(0, file.resumeAt - file.position))
  const from = file.position + skip
  file.position += count
  if (skip === count) return undefined
  const gathered = skip === 0 ? gather(chunk.buffer, chunk.spans, chunk.line) : gatherRest(chunk, skip)
  return {
    partition: file.partition,
    from,
    to: file.position,
    at: undefined,
    records: Records.fromEncoded(file.format.encode(gathered)),
  }
}

function gatherRest(chunk: Exclude<Chunk, { overlong: Uint8Array }>, skip: number): ReturnType<typeof gather> {
  const first = chunk.spans.starts[0] ?? 0
  const start = chunk.spans.starts[skip] ?? 0
  let line = chunk.line
  for (let at = first; at < start; at++) if (chunk.buffer[at] === 0x0a) line++
  const spans: Spans = { starts: chunk.spans.starts.slice(skip), ends: chunk.spans.ends.slice(skip) }
  return gather(chunk.buffer, spans, line)
}

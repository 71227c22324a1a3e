/**
 * Appends records to a file, one JSON object a line. Exactly-once: beside the file stands how long it was and how far each partition
 * had come when that was written. What lies beyond that length was never answered for, and is cut off when the file is opened again.
 * So a file has one sink at a time: another would take what this one has just written for such a rest.
 */
import { normalize, resolve } from 'node:path'
import * as v from 'valibot'
import { AppError, Cancelled } from '../../../base/mod.ts'
import { type AppendFile, openAppend, takeLockFile } from '../../../host/mod.ts'
import { type Batch, trimBefore } from '../../batch.ts'
import { type ComponentContext, defineSink, type GroupingSink } from '../../component.ts'
import { madePath } from '../../made-path.ts'
import { PositionsLog } from '../../positions-log.ts'
import { soundRows } from '../../sound-rows.ts'
import { jsonLinesFileSource } from '../sources/json_lines_file.ts'

/** The file is shorter than what was written to it, or what stands beside it cannot be read. Nothing is appended then. */
class JsonLinesFileDamaged extends AppError {
  override readonly code = 'json_lines_file.damaged' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Bring the file back; or move it away together with its `.sluice-positions`, and every record is written anew from where the sources stand.'
}

/** Another sink has the file open: of this flow, of another deployment, or of another Runtime. */
class JsonLinesFileInUse extends AppError {
  override readonly code = 'json_lines_file.in_use' as const
  override readonly kind = 'conflict' as const
  override readonly advice =
    'Give each sink a `path` of its own; to bring several sources together, name them all in `from` of one sink.'
}

const JsonLinesFileConfig = v.strictObject({
  path: v.pipe(
    v.string(),
    v.minLength(1),
    v.maxLength(4_096),
    v.description(
      'File to append to; it and its folder are made if they are not there. No other sink may write to it. Beside it stand its positions, of the 262,144 files that were written of last, and, while it is open, its lock: named like it with `.sluice-positions` and `.sluice-lock`.',
    ),
  ),
})

/** The sink type `json_lines_file`; its `twin` is the source of that name. */
export const jsonLinesFileSink = defineSink({
  type: 'json_lines_file',
  summary: 'Appends records to a file, one JSON object a line.',
  delivery: 'exactly-once',
  twin: jsonLinesFileSource,
  config: JsonLinesFileConfig,
  example: { path: '/data/out/orders.jsonl' },
  touches: (config) => ({ paths: [config.path] }),
  alone: (config) => normalize(config.path),
  open: (config, context) => JsonLinesFileSink.open(resolve(config.path), context),
})

class JsonLinesFileSink implements GroupingSink {
  readonly #path: string
  readonly #context: ComponentContext
  readonly #writer: string
  readonly #file: AppendFile
  readonly #unlock: () => Promise<void>
  #positions: PositionsLog | undefined
  #writing: Promise<void> = Promise.resolve()
  #closed = false

  private constructor(path: string, context: ComponentContext, file: AppendFile, unlock: () => Promise<void>) {
    this.#path = path
    this.#context = context
    this.#writer = `${context.deployment}/${context.component}`
    this.#file = file
    this.#unlock = unlock
  }

  static async open(given: string, context: ComponentContext): Promise<JsonLinesFileSink> {
    // The folder may be a link, or lie behind one: nothing is made or locked in a place that is closed.
    const path = await madePath(given, context.admitPath)
    const unlock = await lockOf(path)
    try {
      return await JsonLinesFileSink.#openLocked(path, context, unlock)
    } catch (error) {
      await unlock()
      throw error
    }
  }

  static async #openLocked(
    path: string,
    context: ComponentContext,
    unlock: () => Promise<void>,
  ): Promise<JsonLinesFileSink> {
    const file = await openAppend(path, context.admitPath)
    try {
      const sink = new JsonLinesFileSink(path, context, file, unlock)
      sink.#positions = await sink.#recover()
      return sink
    } catch (error) {
      await file.close()
      throw error
    }
  }

  write(batch: Batch): Promise<void> {
    return this.writeTogether([batch])
  }

  writeTogether(batches: readonly Batch[]): Promise<void> {
    const writing = this.#writeAll(batches)
    this.#writing = writing.catch(() => undefined)
    return writing
  }

  async close(): Promise<void> {
    this.#closed = true
    // A flow that is stopped does not wait for its writes. The lock must: what follows may not be overtaken by them.
    await this.#writing
    await this.#positions?.close()
    await this.#file.close()
    await this.#unlock()
  }

  async #writeAll(batches: readonly Batch[]): Promise<void> {
    if (this.#closed) throw new Cancelled('the sink was closed')
    const positions = this.#positions ?? (await this.#recover())
    this.#positions = positions
    const known = positions.positionsOf(this.#writer)
    const moved = new Map<string, number>()
    const chunks: Uint8Array[] = []
    for (const batch of batches) {
      const position = moved.get(batch.partition) ?? known.get(batch.partition) ?? 0
      const rest = trimBefore(batch, position)
      if (batch.to > position) moved.set(batch.partition, batch.to)
      if (rest.records.count > 0) chunks.push(await this.#linesOf(rest))
    }
    if (moved.size > 0) await this.#commit(positions, moved, chunks)
  }

  async #commit(positions: PositionsLog, moved: ReadonlyMap<string, number>, chunks: Uint8Array[]): Promise<void> {
    try {
      if (chunks.length > 0) {
        await this.#file.append(chunks)
        await this.#file.sync()
      }
      await positions.commit(this.#writer, moved, this.#file.size)
    } catch (error) {
      // Nobody knows what of it is on the disk: the next write looks first.
      this.#positions = undefined
      await positions.close().catch(() => undefined)
      throw error
    }
  }

  async #linesOf(batch: Batch): Promise<Uint8Array> {
    if (batch.records.isJsonLines) return batch.records.jsonLines().bytes
    const { batch: sound } = await soundRows(batch, this.#context.refuse)
    return sound.records.jsonLines().bytes
  }

  /** Reads how far the file was answered for, and cuts off the rest. A file that was there before is continued at its end. */
  async #recover(): Promise<PositionsLog> {
    const positions = await PositionsLog.open({
      path: `${this.#path}.sluice-positions`,
      lengthNow: this.#file.size,
      damaged: (message, cause) => new JsonLinesFileDamaged(message, { cause }),
    })
    try {
      await this.#cutTail(positions.length)
      return positions
    } catch (error) {
      await positions.close()
      throw error
    }
  }

  async #cutTail(length: number): Promise<void> {
    const { size } = this.#file
    if (size < length)
      throw new JsonLinesFileDamaged(`${this.#path} has ${size} bytes, fewer than the ${length} that were written`)
    if (size === length) return
    this.#context.log('warning', 'json_lines_file.tail_cut', { bytes: size - length })
    await this.#file.truncate(length)
  }
}

async function lockOf(path: string): Promise<() => Promise<void>> {
  const outcome = await takeLockFile(`${path}.sluice-lock`)
  if ('release' in outcome) return outcome.release
  throw new JsonLinesFileInUse(`another sink, of process ${outcome.holder}, writes to ${path}`)
}

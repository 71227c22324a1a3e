/**
 * How long a file was, and how far each partition of each writer had come, when its content was last answered for. Kept beside the file
 * as JSON lines: the first one says it whole, each later one what a commit moved. So a commit costs what it moves, however many
 * partitions there are; the lines become one again when the log is opened and when it has grown out of proportion.
 */
import * as v from 'valibot'
import { type AppError, type Bytes, fromUtf8, utf8 } from '../base/mod.ts'
import { type AppendFile, FileMissing, openAppend, readBytes, writeFileAtomic } from '../host/mod.ts'

/**
 * The log becomes one line again when it is this much longer than that line was: with ~150 bytes a commit every 7,000 commits, and never
 * more often than it has doubled, so that rewriting costs no more than appending did.
 */
const GROWTH_BYTES_MIN = 1_048_576
/**
 * Partitions that are remembered, of all writers together; those that moved longest ago are forgotten, or a file for each hour would add
 * lines for ever. One is needed for as long as its source may send the same again: after a crash the last 64 batches, after a restore of
 * a Runtime all that moved since its backup. 262,144 are four times the files that a source has at once; × ~150 B ≈ 40 MB, which are read
 * and written whole when the log is opened.
 */
export const PARTITIONS_KEPT_MAX = 262_144
const LF = 0x0a

const Position = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
/** Pairs since format 3, since a partition is a file's name and may be `constructor`; objects before, which lose that one. */
const Partitions = v.union([v.array(v.tuple([v.string(), Position])), entriesOf(Position)])

/** The first line; the one of format 1 was the only one. */
const Whole = v.strictObject({
  format: v.picklist([1, 2, 3]),
  length: Position,
  /** `<deployment>/<component>` → partition → next position. */
  positions: v.union([v.array(v.tuple([v.string(), Partitions])), entriesOf(Partitions)]),
})

const Moved = v.strictObject({ length: Position, writer: v.string(), moved: Partitions })

/** An object as the pairs in it. */
function entriesOf<Value extends v.GenericSchema>(value: Value) {
  return v.pipe(
    v.custom<Record<string, unknown>>((input) => typeof input === 'object' && input !== null && !Array.isArray(input)),
    v.transform((record) => Object.entries(record)),
    v.array(v.tuple([v.string(), value])),
  )
}

type State = { length: number; positions: Map<string, Map<string, number>> }

export type PositionsLogOptions = {
  path: string
  /** Length of the file if it has no log yet. */
  lengthNow: number
  /** Partitions that are remembered; default `PARTITIONS_KEPT_MAX`. */
  partitionsMax?: number
  /** The error for a log that cannot be read. */
  damaged: (message: string, cause: unknown) => AppError
}

export class PositionsLog {
  readonly #path: string
  readonly #state: State
  readonly #partitionsMax: number
  #file: AppendFile
  #wholeBytes: number

  private constructor(path: string, state: State, file: AppendFile, partitionsMax: number) {
    this.#path = path
    this.#state = state
    this.#partitionsMax = partitionsMax
    this.#file = file
    this.#wholeBytes = file.size
  }

  /** Opens the log, or makes it; what a crash left of a last line is not read. */
  static async open(options: PositionsLogOptions): Promise<PositionsLog> {
    const { path, lengthNow, damaged, partitionsMax = PARTITIONS_KEPT_MAX } = options
    const bytes = await readBytesIfThere(path)
    const state = bytes === undefined ? { length: lengthNow, positions: new Map() } : parse(bytes, path, damaged)
    return new PositionsLog(path, state, await rewritten(path, state, partitionsMax), partitionsMax)
  }

  /** Bytes of the file that were answered for. */
  get length(): number {
    return this.#state.length
  }

  /** The next position of each partition that the writer has written of. */
  positionsOf(writer: string): ReadonlyMap<string, number> {
    return this.#state.positions.get(writer) ?? new Map()
  }

  /** The file has `length` bytes by now, with all of the writer's partitions up to `moved`. Durable when it resolves. */
  async commit(writer: string, moved: ReadonlyMap<string, number>, length: number): Promise<void> {
    const line: v.InferOutput<typeof Moved> = { length, writer, moved: [...moved] }
    await this.#file.append([utf8(`${JSON.stringify(line)}\n`)])
    await this.#file.sync()
    apply(this.#state, line)
    if (this.#file.size > Math.max(GROWTH_BYTES_MIN, this.#wholeBytes) + this.#wholeBytes) await this.#compact()
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  async #compact(): Promise<void> {
    const file = await rewritten(this.#path, this.#state, this.#partitionsMax)
    await this.#file.close()
    this.#file = file
    this.#wholeBytes = file.size
  }
}

/** Puts the state in place of the log, as one line, and opens that to append to. What is too much of it is forgotten. */
async function rewritten(path: string, state: State, partitionsMax: number): Promise<AppendFile> {
  const { length, positions } = state
  forgetOldest(positions, partitionsMax)
  const entries = [...positions].map(([writer, partitions]): [string, [string, number][]] => [writer, [...partitions]])
  const whole: v.InferOutput<typeof Whole> = { format: 3, length, positions: entries }
  await writeFileAtomic(path, utf8(`${JSON.stringify(whole)}\n`))
  return openAppend(path)
}

/** What moved last stands last, of writers and of the partitions of each. */
function apply(state: State, { length, writer, moved }: v.InferOutput<typeof Moved>): void {
  const partitions = state.positions.get(writer) ?? new Map<string, number>()
  for (const [partition, position] of moved) {
    partitions.delete(partition)
    partitions.set(partition, position)
  }
  state.positions.delete(writer)
  state.positions.set(writer, partitions)
  state.length = length
}

function forgetOldest(positions: State['positions'], partitionsMax: number): void {
  let surplus = [...positions.values()].reduce((sum, { size }) => sum + size, 0) - partitionsMax
  for (const [writer, partitions] of positions) {
    for (const partition of partitions.keys()) {
      if (surplus <= 0) return
      partitions.delete(partition)
      surplus--
    }
    positions.delete(writer)
  }
}

function parse(bytes: Bytes, path: string, damaged: PositionsLogOptions['damaged']): State {
  const [first = bytes, ...commits] = wholeLines(bytes)
  let state: State
  try {
    state = stateOf(v.parse(Whole, JSON.parse(fromUtf8(first))))
  } catch (cause) {
    throw damaged(`${path} cannot be read`, cause)
  }
  for (const [at, line] of commits.entries()) {
    try {
      apply(state, v.parse(Moved, JSON.parse(fromUtf8(line))))
    } catch (cause) {
      // Only the last one can have been under way in a crash; a disk may keep the end of a line before its middle.
      if (at < commits.length - 1) throw damaged(`${path} cannot be read at line ${at + 2}`, cause)
    }
  }
  return state
}

/** Behind the last line end stands what was never answered for: nothing, or the part of a line that a crash had torn. */
function wholeLines(bytes: Bytes): Bytes[] {
  const lines: Bytes[] = []
  for (let from = 0, end = bytes.indexOf(LF); end !== -1; from = end + 1, end = bytes.indexOf(LF, from))
    lines.push(bytes.subarray(from, end))
  return lines
}

function stateOf({ length, positions }: v.InferOutput<typeof Whole>): State {
  return { length, positions: new Map(positions.map(([writer, at]) => [writer, new Map(at)])) }
}

async function readBytesIfThere(path: string): Promise<Bytes | undefined> {
  try {
    return await readBytes(path)
  } catch (error) {
    if (error instanceof FileMissing) return undefined
    throw error
  }
}

/** One document under way into a dataset: read by its format, written in steps, each of which a crash may cut off from the next. */
import { AppError, type Bytes, type Clock, codeOf } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { TakenHeader } from '../../wire/mod.ts'
import { DocumentRefused } from '../formats/errors.ts'
import type { Item } from '../formats/item.ts'
import { type Opened, readTaken } from '../raw/read-taken.ts'
import type { RollupCounts } from '../rollups/rollup-counts.ts'
import type { DatasetRow } from './dataset-rows.ts'
import {
  addRemarks,
  type BegunImport,
  beginImport,
  endImport,
  type Reason,
  resumedImport,
  saveCounts,
  saveRange,
} from './import-rows.ts'
import { RecordWriter } from './record-writer.ts'
import type { Totals } from './totals.ts'

/** A document that was taken, at its position in the journal; `content` is itself, or a sealed file. */
export type TakenEntry = {
  position: number
  header: TakenHeader
  content: Bytes | { path: string; key: Bytes }
}

/** How much a transaction may hold still: rows, or what costs as much as they do, and characters of text. What is left is gone on with in the next. */
export type Transaction = { rows: number; chars: number; totals: Totals; rollups: RollupCounts }

/** So many items that are passed over cost as much as a row that is written. */
const SKIPPED_OF_A_ROW = 4

export class DocumentImport {
  readonly position: number
  readonly import: string
  readonly #db: DataDatabase
  readonly #clock: Clock
  readonly #dataset: DatasetRow
  readonly #begun: BegunImport
  readonly #writer: RecordWriter
  readonly #reading: Opened
  /** Items of an earlier try that are still to be passed over. */
  #toSkip: number

  /** Within a transaction. `resumed`: an earlier try may have begun it. */
  constructor(
    deps: { db: DataDatabase; clock: Clock; totals: Totals },
    dataset: DatasetRow,
    { position, header, content }: TakenEntry,
    resumed: boolean,
  ) {
    this.position = position
    this.import = header.import
    this.#db = deps.db
    this.#clock = deps.clock
    this.#dataset = dataset
    const kept = content instanceof Uint8Array ? { document: content } : { objectKey: content.key }
    const given = { header, ...kept }
    this.#begun =
      (resumed ? resumedImport(deps.db, header.import) : undefined) ??
      beginImport(deps, dataset.no, given, deps.clock.now())
    const { no, runNo, fresh, counts } = this.#begun
    this.#toSkip = counts.itemsDone
    this.#writer = new RecordWriter(deps.db, dataset, { importNo: no, runNo, fresh })
    this.#reading = readTaken(header, content)
  }

  /** Within a transaction: writes until the document ends, or the transaction is full; says whether it is done. */
  async step(transaction: Transaction): Promise<boolean> {
    while (transaction.rows > 0 && transaction.chars > 0) {
      const next = await this.#next()
      if ('items' in next) this.#take(next.items, transaction)
      else {
        this.#end(next.reason)
        return true
      }
    }
    saveCounts(this.#db, this.#begun.no, this.#begun.counts)
    saveRange(this.#db, this.#dataset.no, this.#begun.no)
    return false
  }

  /** Within a transaction: whether its dataset is still there. */
  get isHoused(): boolean {
    const { no, id } = this.#dataset
    return this.#db.row('SELECT 1 FROM datasets WHERE no = ? AND id = ?', [no, id]) !== undefined
  }

  /** Whether it still reads what an earlier try has written. */
  get isSkipping(): boolean {
    return this.#toSkip > 0
  }

  /** Lets go of what it reads. */
  async close(): Promise<void> {
    await this.#reading.close()
  }

  /**
   * What is wrong with a document is told of it: it is kept as it came, and those behind it are not held up. Failures of the host, which
   * say nothing of the document, are thrown: another try may read it.
   */
  async #next(): Promise<{ items: readonly Item[] } | { reason: Reason | undefined }> {
    try {
      const items = await this.#reading.next()
      return items ? { items } : { reason: undefined }
    } catch (error) {
      if (isOfHost(error)) throw error
      return { reason: reasonOf(error) }
    }
  }

  #take(all: readonly Item[], transaction: Transaction): void {
    const { no, counts } = this.#begun
    const passed = all.slice(0, this.#toSkip)
    this.#toSkip -= passed.length
    this.#writer.skip(passed.filter((item) => item.kind === 'record'))
    transaction.rows -= Math.ceil(passed.length / SKIPPED_OF_A_ROW)
    const items = all.slice(passed.length)
    const records = items.filter((item) => item.kind === 'record')
    const { taken, replaced, chars, work, remarks } =
      this.#reading.format === 'removals'
        ? this.#writer.remove(records, transaction.rollups)
        : this.#writer.write(records, transaction.rollups)
    addRemarks(this.#db, no, counts, [...items.filter((item) => item.kind !== 'record'), ...remarks])
    counts.itemsDone += items.length
    counts.taken += taken
    counts.replaced += replaced
    transaction.totals.add(this.#dataset.no, { records: taken - replaced })
    transaction.rows -= items.length + work
    transaction.chars -= chars
  }

  #end(reason: Reason | undefined): void {
    const { no, counts } = this.#begun
    const { format } = this.#reading
    saveRange(this.#db, this.#dataset.no, no)
    endImport(this.#db, no, { counts, nowMs: this.#clock.now(), ...(format && { format }), ...(reason && { reason }) })
  }
}

/** A file that is not there will not come back, and would hold up all behind it: that is told of its document. */
function isOfHost(error: unknown): boolean {
  const code = codeOf(error)
  return code.startsWith('host.') && code !== 'host.file_missing'
}

function reasonOf(error: unknown): Reason {
  if (error instanceof DocumentRefused) return { code: error.code, message: error.reason, line: error.line }
  // Messages of what we did not name may quote what was read.
  return { code: codeOf(error), message: error instanceof AppError ? error.message : 'an unexpected failure' }
}

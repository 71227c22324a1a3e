/** One document that is read again: its records put where they stood, in steps, each of which a crash may cut off from the next. */
import { type Clock, codeOf } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import { DocumentRefused } from '../formats/errors.ts'
import type { Item } from '../formats/item.ts'
import type { Kept } from '../raw/kept-document.ts'
import { type Opened, readTaken } from '../raw/read-taken.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { type DatasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import type { Transaction } from '../tenant/import-document.ts'
import { rangeOf } from '../tenant/import-range.ts'
import { addRemarks, type Counts, endAgain, forgetRemarks, type Reason, saveRange } from '../tenant/import-rows.ts'
import { RecordWriter } from '../tenant/record-writer.ts'
import { Places } from './places.ts'
import { type Job, type Progress, saveProgress } from './reimport-rows.ts'

/** So many items that are passed over cost as much as a row that is written. */
const SKIPPED_OF_A_ROW = 4
/** What looking for what is left over costs, in rows, each time. */
const LOOK_ROWS = 500

/** `unread`: its records are what they were, as far as it was not read. */
export type Stepped = 'more' | 'read' | 'unread'

export class DocumentReimport {
  readonly no: number
  readonly #db: DataDatabase
  readonly #clock: Clock
  readonly #dataset: DatasetRow
  readonly #reading: Opened
  readonly #progress: Progress
  readonly #places: Places
  readonly #writer: RecordWriter
  readonly #before: { runNo: number; reasonCode: string | undefined }
  /** Items of an earlier try that are still to be passed over. */
  #toSkip: number
  #isBegun: boolean
  /** The document was read to its end, or to where it cannot be read on. */
  #end: { reason: Reason | undefined } | undefined

  constructor(
    { db, clock }: { db: DataDatabase; clock: Clock },
    dataset: DatasetRow,
    job: Job,
    { no, header, content }: Kept,
  ) {
    this.#clock = clock
    this.no = no
    this.#db = db
    this.#dataset = dataset
    this.#isBegun = job.current === no
    this.#progress = this.#isBegun ? { ...job } : begun(db, dataset.no, no)
    this.#toSkip = this.#progress.itemsDone
    const table = recordsTable(dataset.no)
    this.#places = new Places(
      db,
      { table, importNo: no, isKeyed: SHAPES[dataset.shape].key !== undefined },
      this.#progress,
    )
    const [runNo, code = null] = db.row('SELECT run_no, reason_code FROM imports WHERE no = ?', [no]) ?? []
    this.#before = { runNo: Number(runNo), reasonCode: code === null ? undefined : String(code) }
    const origin = { importNo: no, runNo: this.#before.runNo, fresh: false, replay: this.#places }
    this.#writer = new RecordWriter(db, dataset, origin)
    this.#reading = readTaken(header, content)
  }

  /** Whether it still reads what an earlier try has written. */
  get isSkipping(): boolean {
    return this.#toSkip > 0
  }

  /** Within a transaction: goes on until the document ends, or the transaction is full. Failures of the host are thrown. */
  async step(transaction: Transaction): Promise<Stepped> {
    while (transaction.rows > 0 && transaction.chars > 0) {
      if (!this.#end) {
        const next = await this.#next()
        if (next === 'unread') return 'unread'
        this.#begin()
        if ('items' in next) this.#take(next.items, transaction)
        else this.#end = next
      } else if (!this.#clear(transaction, this.#end.reason)) {
        this.#finish(this.#end.reason)
        return 'read'
      }
    }
    saveProgress(this.#db, this.#dataset.no, this.no, this.#progress)
    return 'more'
  }

  async close(): Promise<void> {
    await this.#reading.close()
  }

  /** Not before something of it could be read: what is said of one that cannot stays. */
  #begin(): void {
    if (!this.#isBegun) forgetRemarks(this.#db, this.no)
    this.#isBegun = true
  }

  async #next(): Promise<{ items: readonly Item[] } | { reason: Reason | undefined } | 'unread'> {
    try {
      const items = await this.#reading.next()
      return items ? { items } : { reason: undefined }
    } catch (error) {
      if (error instanceof DocumentRefused)
        return { reason: { code: error.code, message: error.reason, line: error.line } }
      const code = codeOf(error)
      if (code.startsWith('host.') && code !== 'host.file_missing') throw error
      return 'unread'
    }
  }

  #take(all: readonly Item[], transaction: Transaction): void {
    const progress = this.#progress
    const passed = all.slice(0, this.#toSkip)
    this.#toSkip -= passed.length
    this.#writer.skip(passed.filter((item) => item.kind === 'record'))
    transaction.rows -= Math.ceil(passed.length / SKIPPED_OF_A_ROW)
    const items = all.slice(passed.length)
    const records = items.filter((item) => item.kind === 'record')
    const written =
      this.#reading.format === 'removals'
        ? this.#writer.remove(records, transaction.rollups)
        : this.#writer.write(records, transaction.rollups)
    const counts = this.#counts()
    addRemarks(this.#db, this.no, counts, [...items.filter((item) => item.kind !== 'record'), ...written.remarks])
    Object.assign(progress, { rowsRefused: counts.refused, warnings: counts.warnings })
    progress.itemsDone += items.length
    progress.rowsTaken += written.taken
    transaction.totals.add(this.#dataset.no, { records: written.taken - written.replaced })
    transaction.rows -= items.length + written.work
    transaction.chars -= written.chars
    // In this transaction: a crash forgets that there were any.
    if (this.#places.hasGrown) saveRange(this.#db, this.#dataset.no, this.no)
  }

  /** Takes away records that the document does not tell of any more; says whether there may be more of them. */
  #clear(transaction: Transaction, reason: Reason | undefined): boolean {
    // What can be read only in part now, and could be read before, costs nobody a record.
    if (reason && reason.code !== this.#before.reasonCode) return false
    const left = this.#places.left()
    if (!left) return false
    const removed = this.#writer.removeNumbered(left, transaction.rollups)
    transaction.totals.add(this.#dataset.no, { records: -removed })
    transaction.rows -= LOOK_ROWS + removed
    return true
  }

  #finish(reason: Reason | undefined): void {
    const { format } = this.#reading
    endAgain(this.#db, this.no, {
      counts: this.#counts(),
      nowMs: this.#clock.now(),
      ...(format && { format }),
      ...(reason && { reason }),
    })
  }

  #counts(): Counts {
    const { itemsDone, rowsTaken, rowsRefused, warnings } = this.#progress
    return { itemsDone, taken: rowsTaken, replaced: 0, refused: rowsRefused, warnings }
  }
}

function begun(db: DataDatabase, datasetNo: number, importNo: number): Progress {
  const range = rangeOf(db, datasetNo, importNo)
  // Told from now on: what comes behind all others is not where those of an earlier version are looked for.
  db.run('UPDATE imports SET first_no = ?, last_no = ? WHERE no = ?', [range.from, range.to, importNo])
  return { ...range, at: range.from, itemsDone: 0, rowsTaken: 0, rowsRefused: 0, warnings: 0 }
}

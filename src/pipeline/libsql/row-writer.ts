/** Writes rows inside an open transaction, many by one statement, and finds the single rows that the database complains about. */
import { ownValue } from '../../base/mod.ts'
import type { Row } from '../value.ts'
import type { Connection } from './connection.ts'
import { rowComplaint } from './errors.ts'
import { bindable, insertStatement, type TableOptions } from './table.ts'

/** Rows of one statement: multi-row VALUES gain nothing beyond that. */
const STATEMENT_ROWS_MAX = 500
/** Parameters that SQLite takes in one statement (SQLITE_MAX_VARIABLE_NUMBER). */
const STATEMENT_PARAMETERS_MAX = 32_766

type Statement = ReturnType<Connection['prepare']>
/** A row that was not written: its index, and SQLite's name of the complaint, or `undefined` when it has a field without a column. */
export type Complaint = { index: number; sqliteCode: string | undefined }

export class RowWriter {
  readonly #connection: Connection
  readonly #options: TableOptions
  readonly #tableColumns: ReadonlySet<string>
  #columns: readonly string[] = []
  /** The statement for a full chunk; other lengths are prepared when they occur. */
  #full: { statement: Statement; rows: number } | undefined

  constructor(connection: Connection, options: TableOptions, tableColumns: ReadonlySet<string>) {
    this.#connection = connection
    this.#options = options
    this.#tableColumns = tableColumns
  }

  /** Writes all rows but those that it returns. Fields that only some rows have are null in the others. */
  write(rows: readonly Row[]): Complaint[] {
    const complaints: Complaint[] = []
    const writable = this.#findColumns(rows, complaints)
    const chunkRows = Math.max(
      1,
      Math.min(STATEMENT_ROWS_MAX, Math.floor(STATEMENT_PARAMETERS_MAX / Math.max(1, this.#columns.length))),
    )
    for (let from = 0; from < writable.length; from += chunkRows) {
      this.#writeChunk(rows, writable.slice(from, from + chunkRows), chunkRows, complaints)
    }
    return complaints.sort((a, b) => a.index - b.index)
  }

  /** Finds the columns that these rows fill; rows with a field that the table lacks are complained about, and left out. */
  #findColumns(rows: readonly Row[], complaints: Complaint[]): number[] {
    const columns = new Set<string>()
    const writable: number[] = []
    for (const [index, row] of rows.entries()) {
      let fits = true
      for (const name in row) {
        if (columns.has(name)) continue
        if (this.#tableColumns.has(name)) columns.add(name)
        else fits = false
      }
      if (fits && !isEmpty(row)) writable.push(index)
      else complaints.push({ index, sqliteCode: undefined })
    }
    this.#useColumns([...columns])
    return writable
  }

  #useColumns(columns: readonly string[]): void {
    if (columns.length === this.#columns.length && columns.every((name, i) => name === this.#columns[i])) return
    this.#columns = columns
    this.#full = undefined
  }

  /** A failed statement leaves nothing of itself in the transaction, so halves of it can be tried until the bad rows stand alone. */
  #writeChunk(rows: readonly Row[], indexes: readonly number[], chunkRows: number, complaints: Complaint[]): void {
    try {
      this.#statementFor(indexes.length, chunkRows).run(this.#parameters(rows, indexes))
    } catch (error) {
      const sqliteCode = rowComplaint(error)
      const [index] = indexes
      // A trigger or a conflict clause of the table may have ended the transaction: then nothing of it can be saved.
      if (sqliteCode === undefined || index === undefined || !this.#connection.inTransaction) throw error
      if (indexes.length === 1) {
        complaints.push({ index, sqliteCode })
        return
      }
      const middle = Math.ceil(indexes.length / 2)
      this.#writeChunk(rows, indexes.slice(0, middle), chunkRows, complaints)
      this.#writeChunk(rows, indexes.slice(middle), chunkRows, complaints)
    }
  }

  #statementFor(count: number, chunkRows: number): Statement {
    if (count !== chunkRows) return this.#connection.prepare(insertStatement(this.#options, this.#columns, count))
    this.#full ??= {
      statement: this.#connection.prepare(insertStatement(this.#options, this.#columns, count)),
      rows: count,
    }
    return this.#full.statement
  }

  #parameters(rows: readonly Row[], indexes: readonly number[]): (string | number | null)[] {
    const parameters: (string | number | null)[] = []
    for (const index of indexes) {
      const row = rows[index]
      for (const column of this.#columns) parameters.push(bindable(row && ownValue(row, column)))
    }
    return parameters
  }
}

function isEmpty(row: Row): boolean {
  for (const _ in row) return false
  return true
}

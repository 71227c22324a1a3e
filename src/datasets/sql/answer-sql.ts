/** Answers a question in SQL, in a process that was started for it and that main ends when it takes too long or too much memory. */
import { setPriority } from 'node:os'
import type { Clock } from '../../base/mod.ts'
import {
  type DataDatabase,
  emptyDatabase,
  type ForeignValue,
  StatementOutOfMemory,
  StatementRefused,
} from '../../store/mod.ts'
import type { Clearance, SqlAnswer, SqlAnswered, SqlView } from '../../wire/mod.ts'
import { SqlInvalid, SqlTooLarge } from '../errors.ts'
import { inOneRead } from '../tenant/query.ts'
import { writtenName } from './names.ts'
import { oneQuestion } from './one-question.ts'
import { inPlainValues, plainValue } from './plain-values.ts'
import { judgePlan } from './plan.ts'
import { makeEmpty, makeViews, rootsOf, type View, viewsOf } from './views.ts'

/** Rows of an answer. */
export const SQL_ROWS_MAX = 10_000
/** Values of an answer, each of which main has to pass on: 10,000 rows of 20 columns. */
export const SQL_VALUES_MAX = 200_000
/** Of an answer's rows as JSON: 4 MiB. */
export const SQL_ANSWER_BYTES_MAX = 4_194_304
/** What SQLite may hold for all it does: 128 MiB, of which a single value may be most. */
export const SQL_HEAP_BYTES_MAX = 134_217_728
/** A column without a name is called by the text it stands for. */
const COLUMN_NAME_LENGTH_MAX = 256
/** Behind everything else that the machine has to do, and before what is idle: main and other tenants' queries come first. */
const PRIORITY = 10
const MAIN = 0
const TEMP = 1

/** What holds for all of the process from then on, and is not taken back. */
export function boundProcess(db: DataDatabase): void {
  setPriority(PRIORITY)
  db.exec(`PRAGMA hard_heap_limit = ${SQL_HEAP_BYTES_MAX}`)
}

/** As one who is cleared that far may ask, once for an open database. Refuses `sql.invalid`, `sql.not_allowed`, `sql.too_large`. */
export function answerSql(
  { db, clock }: { db: DataDatabase; clock: Clock },
  { sql, clearance }: { sql: string; clearance: Clearance },
): SqlAnswered {
  const question = oneQuestion(sql)
  const begun = clock.monotonic()
  const answered = inWords(() =>
    inOneRead(db, () => {
      const views = viewsOf(db, clearance, question)
      const read = namedBy(question, views)
      makeReadable(db, views)
      const { columns } = db.foreign(question)
      const plain = inPlainValues(question, columns.length, SQL_ROWS_MAX + 1)
      judgePlan(db, plain, { database: MAIN, roots: rootsOf(db, views) })
      return { ...rowsOf(columns, db.foreign(plain).rows), read: read.map(({ dataset }) => dataset) }
    }),
  )
  return { ...answered, elapsedMs: Math.round(clock.monotonic() - begun) }
}

/** How the datasets and their fields are written in SQL. */
export function sqlViews(db: DataDatabase, clearance: Clearance): SqlView[] {
  return viewsOf(db, clearance).map(({ dataset, name, columns }) => ({
    ...{ dataset, name: writtenName(name) },
    columns: columns.map((column) => writtenName(column.name)),
  }))
}

/** Compiled where there is nothing but the views, it names nothing else. Answers with those that it reads. */
function namedBy(sql: string, views: readonly View[]): View[] {
  const db = emptyDatabase()
  try {
    const roots = makeEmpty(db, views)
    const read = judgePlan(db, sql, { database: TEMP, roots: new Set(roots.keys()) })
    return [...read].flatMap((root) => roots.get(root) ?? [])
  } finally {
    db.close()
  }
}

/** Views of `temp` are no change of the tenant's database, but SQLite takes them for one. */
function makeReadable(db: DataDatabase, views: readonly View[]): void {
  db.exec('PRAGMA query_only = OFF')
  try {
    makeViews(db, views)
  } finally {
    db.exec('PRAGMA query_only = ON')
  }
}

function rowsOf(columns: readonly string[], found: Iterable<ForeignValue[]>): Omit<SqlAnswer, 'elapsedMs'> {
  const answer: Omit<SqlAnswer, 'elapsedMs'> = {
    columns: columns.map((name) => ({ name: name.slice(0, COLUMN_NAME_LENGTH_MAX) })),
    ...{ rows: [], more: false },
  }
  const rowsMax = Math.min(SQL_ROWS_MAX, Math.max(1, Math.floor(SQL_VALUES_MAX / columns.length)))
  let bytes = 0
  for (const values of found) {
    // What is far too long is not made a text of to be measured.
    const row = heldBytes(values) > SQL_ANSWER_BYTES_MAX ? [] : values.map(plainValue)
    bytes += row.length === 0 ? SQL_ANSWER_BYTES_MAX + 1 : Buffer.byteLength(JSON.stringify(row))
    const isFull = answer.rows.length === rowsMax || bytes > SQL_ANSWER_BYTES_MAX
    if (isFull && answer.rows.length === 0)
      throw new SqlTooLarge(`a row of it has more than ${SQL_ANSWER_BYTES_MAX} bytes`)
    if (isFull) return { ...answer, more: true }
    answer.rows.push(row)
  }
  return answer
}

function heldBytes(values: readonly ForeignValue[]): number {
  return values.reduce((sum: number, value) => {
    if (value instanceof Uint8Array) return sum + value.byteLength
    return sum + (typeof value === 'string' ? value.length : 0)
  }, 0)
}

function inWords<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    if (cause instanceof StatementOutOfMemory)
      throw new SqlTooLarge(`it needs more than ${SQL_HEAP_BYTES_MAX / 1_048_576} MiB of memory`, { cause })
    if (cause instanceof StatementRefused) throw new SqlInvalid(`SQLite says: ${cause.message}`, { cause })
    throw cause
  }
}

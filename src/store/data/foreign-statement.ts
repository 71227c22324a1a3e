/** A statement that people wrote, not we: compiled alone, kept by nobody, its rows had one at a time. */
import Driver from 'libsql'
import { StatementOutOfMemory, StatementRefused } from '../errors.ts'
import { translateStoreError } from '../translate.ts'

/** What a column of it gives; integers are exact. */
export type ForeignValue = string | number | bigint | null | Uint8Array
/** Its columns are known before any of it runs; its rows come as they are asked for. */
export type ForeignStatement = { columns: string[]; rows: Generator<ForeignValue[], void> }

/** What SQLite says of a statement may quote all of it. */
const SAID_LENGTH_MAX = 300
/** What a statement itself is to blame for. */
const OF_STATEMENT = /^SQLITE_(ERROR|TOOBIG|AUTH|READONLY|MISMATCH|RANGE|CONSTRAINT)/

/**
 * The driver fetches a hundred rows before it gives the first: as many as this array has places. With one place nobody holds a hundred
 * long texts at once.
 */
type Fetching = Iterator<ForeignValue[], undefined> & { nextRows: unknown[]; nextRowIndex: number }

/** Of several statements the driver compiles the first. Refuses `store.statement_refused`, `store.statement_out_of_memory`. */
export function foreignStatement(driver: InstanceType<typeof Driver>, sql: string): ForeignStatement {
  return said(() => {
    const statement = driver.prepare(sql)
    statement.raw()
    statement.safeIntegers()
    return { columns: statement.columns().map(({ name }) => name), rows: stepped(statement) }
  })
}

function* stepped(statement: ReturnType<InstanceType<typeof Driver>['prepare']>): Generator<ForeignValue[], void> {
  const fetching = said(() => statement.iterate([])) as unknown as Fetching
  fetching.nextRows = new Array(1)
  for (;;) {
    fetching.nextRowIndex = 100
    const row = said(() => fetching.next())
    if (row.done) return
    yield row.value
  }
}

function said<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw refusalOf(error)
  }
}

function refusalOf(error: unknown): unknown {
  if (error instanceof Driver.SqliteError) {
    if (error.code.startsWith('SQLITE_NOMEM'))
      return new StatementOutOfMemory('the statement needs more memory than it may have', { cause: error })
    if (OF_STATEMENT.test(error.code)) return new StatementRefused(cut(error.message), { cause: error })
    return translateStoreError(error)
  }
  // The driver refuses by plain errors what gives no rows.
  return error instanceof Error ? new StatementRefused(cut(error.message), { cause: error }) : error
}

function cut(message: string): string {
  return message.length > SAID_LENGTH_MAX ? `${message.slice(0, SAID_LENGTH_MAX)}…` : message
}

/**
 * Judges a question by the steps that SQLite compiled it to, which it takes and no others (https://sqlite.org/opcode.html): whatever a text
 * looks like, these say which tables it opens, which functions it calls, and whether it writes. What is not known to be harmless is refused.
 */
import type { DataDatabase } from '../../store/mod.ts'
import { SqlNotAllowed, SqlTooLarge } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { CALLS, FUNCTIONS, STEPS, TABLES_OF_CALLS } from './harmless.ts'

/** Steps of one question: common table expressions can name each other until there are millions. */
export const STEPS_MAX = 50_000
/** With it a table is named by a register, as only making tables does. */
const ROOT_IN_REGISTER = 0x10

/** Where it may read: the number of the database (0 main, 1 temp), and where its tables and indexes begin there. */
export type Readable = { database: number; roots: ReadonlySet<number> }

/** Which of the tables and indexes it opens, by where they begin. Refuses `sql.not_allowed`, `sql.too_large`, and what SQLite does not take. */
export function judgePlan(db: DataDatabase, sql: string, readable: Readable): Set<number> {
  const read = new Set<number>()
  let count = 0
  for (const [, step, , second, third, fourth, flags] of db.foreign(`EXPLAIN ${sql}`).rows) {
    if (++count > STEPS_MAX) throw new SqlTooLarge(`it comes to more than ${STEPS_MAX} steps`)
    const name = String(step)
    if (name === 'Variable') throw new SqlNotAllowed('it has a parameter; write the value in its place')
    if (!STEPS.has(name)) throw new SqlNotAllowed(`it is not only a question: it comes to the step ${name}`)
    if (CALLS.has(name)) demandFunction(String(fourth))
    if (name === 'Transaction' && Number(second) !== 0) throw new SqlNotAllowed('it would write, and may only read')
    if (name === 'VOpen') demandTableOfCall(db, sql)
    if (name !== 'OpenRead' && name !== 'ReopenIdx') continue
    const root = Number(second)
    const isKnown = Number(third) === readable.database && readable.roots.has(root)
    if (!isKnown || (Number(flags) & ROOT_IN_REGISTER) !== 0)
      throw new SqlNotAllowed('it reads a table that is no dataset')
    read.add(root)
  }
  return read
}

/** `call`: as the plan has it, `lower(1)`. */
function demandFunction(call: string): void {
  const name = call.replace(/\(-?\d+\)$/, '').toLowerCase()
  if (!FUNCTIONS.has(name)) throw new SqlNotAllowed(`the function ${quoted(name)} is none of those that may be used`)
}

/**
 * The plan does not say which virtual table it opens. SQLite has those of its modules alone, by their names: where the text has none of the
 * others anywhere, be it in quotes or not, it is one of ours.
 */
function demandTableOfCall(db: DataDatabase, sql: string): void {
  const text = sql.toLowerCase()
  // Not its table of the same name, which a dataset may be called.
  const modules = db.all('PRAGMA module_list').map(([name]) => String(name).toLowerCase())
  const other = [...modules, 'pragma_'].find((name) => !TABLES_OF_CALLS.has(name) && text.includes(name))
  if (other !== undefined)
    throw new SqlNotAllowed(
      `it names ${quoted(other)}; of tables that are called only ${[...TABLES_OF_CALLS].join(', ')} may be`,
    )
}

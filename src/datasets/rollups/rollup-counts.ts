/**
 * Counts the records that a transaction writes and removes in the rollups of their datasets: gathered in memory, written once at its end,
 * so that whatever cuts it off, counts and records are of one moment.
 */
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import { type Counted, type FieldPlace, groupOfValue, groupsOfValue, NULL_KEY, placeOfField } from './dimensions.ts'
import { endRollup, type RollupRow, rollupsOf, rollupTable } from './rollup-rows.ts'

/**
 * 1,000,000 rows × ~150 B (six fields, four sums) = 150 MB of one rollup on the disk, and half a second to look through them all. One that
 * would come to more is no summary, and ends: its questions are answered from the records.
 */
export const ROLLUP_ROWS_MAX = 1_000_000
/** Groups that are gathered before they are written: 65,536 × ~400 B = 26 MiB, whatever the number of rollups. */
export const GATHERED_MAX = 65_536
/** Imports whose facts are remembered in a transaction, ~1 KiB each. */
const IMPORTS_KEPT_MAX = 1_024

/** What a rollup counts of a record: `dims` and `sums` say which of the record's or of its import's values. */
type Place = { record: number; type: FieldPlace['type'] } | { fact: string; type: FieldPlace['type'] }
/** What a record has from its import. */
type Facts = Readonly<Record<string, SqlValue>>
type Group = { key: SqlValue[]; n: number; sums: number[]; counts: number[] }
type Counting = {
  row: RollupRow
  dims: Place[]
  sums: number[]
  groups: Map<string, Group>
  /** What imports have in `dims` as one text, the same for all records of one. */
  said: Map<Facts, string>
  statements: Statements
}
type Statements = { table: string; update: string; insert: string; remove: string }

/** Of one transaction. */
export class RollupCounts {
  readonly #db: DataDatabase
  readonly #datasets = new Map<number, DatasetCounts>()
  readonly #gathered = { groups: 0 }

  constructor(db: DataDatabase) {
    this.#db = db
  }

  /** Those of a dataset, as they are declared at this moment. */
  of(dataset: Counted): DatasetCounts {
    const known = this.#datasets.get(dataset.no)
    if (known) return known
    const rows = rollupsOf(this.#db, dataset.no).filter(({ state }) => state !== 'ended')
    const counts = new DatasetCounts(this.#db, dataset, rows, this.#gathered)
    this.#datasets.set(dataset.no, counts)
    return counts
  }

  /** Within the transaction, at its end. */
  write(): void {
    for (const counts of this.#datasets.values()) counts.write()
  }
}

/** Of one dataset in one transaction. */
export class DatasetCounts {
  /** Columns of the records whose values are counted by, in the order in which they are to be given. */
  readonly columns: readonly string[]
  /** Nothing is counted. */
  readonly none: boolean
  /** Which records are counted is a question of their numbers. */
  readonly byNumber: boolean
  readonly #db: DataDatabase
  readonly #all: Counting[]
  readonly #facts = new Map<number, Facts>()
  readonly #gathered: { groups: number }

  constructor(db: DataDatabase, dataset: Counted, rows: readonly RollupRow[], gathered: { groups: number }) {
    const columns: string[] = []
    const record = (column: string): number => {
      if (!columns.includes(column)) columns.push(column)
      return columns.indexOf(column)
    }
    const placeOf = (name: string): Place => {
      const place = placeOfField(dataset, name)
      if (!place) return { fact: '', type: 'text' }
      return 'column' in place
        ? { record: record(place.column), type: place.type }
        : { fact: place.ofImport, type: place.type }
    }
    this.#db = db
    this.#gathered = gathered
    this.#all = rows.map((row) => ({
      row,
      dims: row.by.map(({ field }) => placeOf(field)),
      sums: row.sum.map((field) => {
        const place = placeOf(field)
        return 'record' in place ? place.record : -1
      }),
      groups: new Map(),
      said: new Map(),
      statements: statementsOf(row),
    }))
    this.columns = columns
    this.none = rows.length === 0
    this.byNumber = rows.some(({ state }) => state === 'building')
  }

  /**
   * A record that is written (1) or removed (-1): its import, and its values in the order of `columns`. `no`: its number, which is needed
   * only if `byNumber`.
   */
  count(importNo: number, values: readonly SqlResult[], sign: 1 | -1, no = 0): void {
    const facts = this.#factsOf(importNo)
    for (const counting of this.#all) {
      const { state, builtTo } = counting.row
      if (state === 'ready' || (state === 'building' && no <= builtTo)) this.#countIn(counting, facts, values, sign)
    }
    if (this.#gathered.groups > GATHERED_MAX) this.write()
  }

  /** Within the transaction. */
  write(): void {
    for (const counting of this.#all) {
      if (counting.groups.size === 0) continue
      this.#gathered.groups -= counting.groups.size
      this.#writeOne(counting)
      counting.groups.clear()
    }
  }

  #countIn(counting: Counting, facts: Facts, values: readonly SqlResult[], sign: 1 | -1): void {
    const { dims } = counting
    if (dims.some(({ type }) => type === 'json')) {
      for (const key of keysOf(dims, facts, values)) {
        this.#add(counting, key.map(keyText).join(''), () => key, values, sign)
      }
      return
    }
    // What every record passes: nothing is made for one whose group is known.
    let text = counting.said.get(facts) ?? this.#say(counting, facts)
    for (const dim of dims) {
      if ('record' in dim) text += keyText(groupOfValue(valueIn(dim, facts, values), dim.type))
    }
    const key = () => dims.map((dim) => groupOfValue(valueIn(dim, facts, values), dim.type))
    this.#add(counting, text, key, values, sign)
  }

  #say({ dims, said }: Counting, facts: Facts): string {
    const ofImport = dims.filter((dim) => 'fact' in dim)
    const text = ofImport.map((dim) => keyText(groupOfValue(valueIn(dim, facts, []), dim.type))).join('')
    if (said.size >= IMPORTS_KEPT_MAX) said.clear()
    said.set(facts, text)
    return text
  }

  #add(
    { groups, sums }: Counting,
    text: string,
    key: () => SqlValue[],
    values: readonly SqlResult[],
    sign: 1 | -1,
  ): void {
    let group = groups.get(text)
    if (!group) {
      group = { key: key(), n: 0, sums: sums.map(() => 0), counts: sums.map(() => 0) }
      groups.set(text, group)
      this.#gathered.groups++
    }
    group.n += sign
    for (let at = 0; at < sums.length; at++) {
      const value = values[sums[at] ?? -1]
      if (typeof value !== 'number') continue
      group.sums[at] = (group.sums[at] ?? 0) + sign * value
      group.counts[at] = (group.counts[at] ?? 0) + sign
    }
  }

  #writeOne({ row, groups, statements }: Counting): void {
    if (row.state === 'ended') return
    if (row.rows === 0) this.#db.exec(statements.table)
    const before = row.rows
    for (const { key, n, sums, counts } of groups.values()) {
      const bound = key.map((value) => value ?? NULL_KEY)
      const more = [n, ...sums, ...counts]
      if (this.#db.run(statements.update, [...more, ...bound]) === 0) {
        this.#db.run(statements.insert, [...bound, ...more])
        row.rows++
      }
      if (n <= 0) row.rows -= this.#db.run(statements.remove, bound)
    }
    if (row.rows > ROLLUP_ROWS_MAX) {
      endRollup(this.#db, row.no)
      row.state = 'ended'
    } else if (row.rows !== before) {
      this.#db.run('UPDATE rollups SET "rows" = ? WHERE no = ?', [row.rows, row.no])
    }
  }

  #factsOf(importNo: number): Facts {
    const known = this.#facts.get(importNo)
    if (known) return known
    const sql =
      'SELECT received_at_ms, coalesce(run, id), branch, environment, "commit", build FROM imports WHERE no = ?'
    const [receivedAtMs, run = null, branch = null, environment = null, commit = null, build = null] =
      (this.#db.row(sql, [importNo]) as SqlValue[] | undefined) ?? []
    const received = new Date(Number(receivedAtMs ?? 0)).toISOString()
    const facts = { _received_at: received, run, branch, environment, commit, build }
    if (this.#facts.size >= IMPORTS_KEPT_MAX) this.#facts.clear()
    this.#facts.set(importNo, facts)
    return facts
  }
}

function valueIn(dim: Place, facts: Facts, values: readonly SqlResult[]): SqlValue {
  return ('record' in dim ? (values[dim.record] as SqlValue | undefined) : facts[dim.fact]) ?? null
}

/** Apart for what is text and what is not: no text of a column has a NUL. */
function keyText(value: SqlValue): string {
  return typeof value === 'string' ? `"${value}\u0000` : `${String(value)}\u0000`
}

/** One key, or with a nested field as many as it has texts. */
function keysOf(dims: readonly Place[], facts: Facts, values: readonly SqlResult[]): SqlValue[][] {
  let keys: SqlValue[][] = [[]]
  for (const dim of dims) {
    const groups = groupsOfValue(valueIn(dim, facts, values), dim.type)
    keys = keys.flatMap((key) => groups.map((group) => [...key, group]))
  }
  return keys
}

function statementsOf({ no, by, sum }: RollupRow): Statements {
  const table = rollupTable(no)
  const keys = by.map((_, at) => `d${at + 1}`)
  const sums = [...sum.map((_, at) => `s${at + 1}`), ...sum.map((_, at) => `c${at + 1}`)]
  const where = keys.map((key) => `${key} = ?`).join(' AND ')
  const added = ['n', ...sums].map((name) => `${name} = ${name} + ?`).join(', ')
  const names = [...keys, 'n', ...sums]
  const columns = [
    ...keys.map((key) => `${key} ANY NOT NULL`),
    'n INTEGER NOT NULL',
    ...sums.map((name) => `${name} REAL NOT NULL`),
    `PRIMARY KEY (${keys.join(', ')})`,
  ]
  return {
    table: `CREATE TABLE IF NOT EXISTS ${table} (${columns.join(', ')}) STRICT, WITHOUT ROWID`,
    update: `UPDATE ${table} SET ${added} WHERE ${where}`,
    insert: `INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`,
    remove: `DELETE FROM ${table} WHERE ${where} AND n <= 0`,
  }
}

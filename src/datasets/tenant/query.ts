/**
 * Pages of records. First the numbers of a page's records are found, which is all that is sorted, then each is read by its number: so an
 * answer can end before it is too large, and go on from there by the values of its last record (keyset paging).
 */
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import type { Clearance, Query, QueryPage } from '../../wire/mod.ts'
import { QueryInvalid } from '../errors.ts'
import { givenValue } from '../shapes/values.ts'
import { type DatasetRow, datasetRow, recordsTable } from './dataset-rows.ts'
import { conditionSql, type Sql, searchSql } from './query-conditions.ts'
import { type QueryField, QueryFields } from './query-fields.ts'

/** Characters of one answer after which no further record comes: 4 Mi, ~8 MiB as it is built. */
const PAGE_CHARS_MAX = 4_194_304
/** Long texts are put in order by their beginnings, which also stand in a page's end. */
const SORTED_CHARS_MAX = 256

type Sorted = { expression: string; descending: boolean; ofImport: boolean }
/** Where a page ended: the record's values in the query's order, its number, and what the query was. */
type Place = { values: SqlValue[]; no: number; of: string }

/** As one who is cleared that far may see them. Refuses `query.invalid`, `query.field_restricted`, `dataset.not_found`. */
export function queryRecords(db: DataDatabase, dataset: string, query: Query, clearance: Clearance): QueryPage {
  return inOneRead(db, () => pageOf(db, datasetRow(db, dataset), query, clearance))
}

/** The writer is another process: what one statement finds is there for the next only within one transaction. */
export function inOneRead<T>(db: DataDatabase, work: () => T): T {
  db.exec('BEGIN DEFERRED')
  try {
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    rollBack(db)
    throw error
  }
}

function rollBack(db: DataDatabase): void {
  try {
    db.exec('ROLLBACK')
  } catch {
    // What failed has ended the transaction already, as failures of the disk do.
  }
}

function pageOf(db: DataDatabase, dataset: DatasetRow, query: Query, clearance: Clearance): QueryPage {
  const fields = new QueryFields(dataset, clearance)
  if (query.fields && new Set(query.fields).size < query.fields.length) {
    throw new QueryInvalid('a field is named twice; name each once')
  }
  const given = query.fields?.map((name) => fields.shown(name)) ?? fields.all
  const sorted = (query.sort ?? []).map(({ field, descending = false }) => sortedBy(fields.named(field), descending))
  const of = markOf(query)
  const found = db.all(...findStatement(dataset, fields, sorted, query, of))
  const rows: unknown[][] = []
  const read = readStatement(dataset, given)
  let chars = 0
  let last: SqlResult[] | undefined
  for (const one of found.slice(0, query.limit)) {
    last = one
    const row = db.row(read, [Number(one[0])])
    if (!row) continue
    rows.push(row.map((value, at) => givenValue(value, given[at]?.type ?? 'text')))
    chars += row.reduce((sum: number, value) => sum + (typeof value === 'string' ? value.length : 8), 0)
    if (chars > PAGE_CHARS_MAX) break
  }
  return {
    fields: given.map(({ name, type, masked }) => ({ name, type, ...(masked && { masked }) })),
    rows,
    ...(last && last !== found.at(-1) && { next: nextOf(last, of) }),
  }
}

function sortedBy({ expression, type, ofImport }: QueryField, descending: boolean): Sorted {
  const bounded = type === 'text' || type === 'json'
  return { expression: bounded ? `substr(${expression}, 1, ${SORTED_CHARS_MAX})` : expression, descending, ofImport }
}

/** One more than a page has, so that it is known whether another follows. */
function findStatement(
  { no }: DatasetRow,
  fields: QueryFields,
  sorted: readonly Sorted[],
  { where = [], search, limit, after }: Query,
  of: string,
): [string, SqlValue[]] {
  const conditions = where.map((condition) => conditionSql(fields, condition))
  if (search !== undefined) conditions.push(searchSql(fields, search))
  if (after !== undefined) conditions.push(behind(sorted, placeOf(after, of, sorted.length)))
  const joins = [...sorted, ...where.map(({ field }) => fields.named(field))].some(({ ofImport }) => ofImport)
  const from = `${recordsTable(no)} r${joins ? ' JOIN imports i ON i.no = r.import_no' : ''}`
  const filter = conditions.length > 0 ? `WHERE ${conditions.map(({ text }) => text).join(' AND ')}` : ''
  const order = [
    ...sorted.map(({ expression, descending }) => `${expression}${descending ? ' DESC' : ''}`),
    'r.no DESC',
  ]
  const selected = ['r.no', ...sorted.map(({ expression }) => expression)]
  return [
    `SELECT ${selected.join(', ')} FROM ${from} ${filter} ORDER BY ${order.join(', ')} LIMIT ?`,
    [...conditions.flatMap(({ values }) => values), limit + 1],
  ]
}

function readStatement({ no }: DatasetRow, given: readonly QueryField[]): string {
  const selected = given.map(({ expression }) => expression).join(', ')
  return `SELECT ${selected} FROM ${recordsTable(no)} r JOIN imports i ON i.no = r.import_no WHERE r.no = ?`
}

/** What comes after a place in the query's order. Nulls come before everything, as SQLite sorts them. */
function behind(sorted: readonly Sorted[], { values, no }: Place): Sql {
  const [first, ...rest] = sorted
  if (!first) return { text: 'r.no < ?', values: [no] }
  const [value = null, ...others] = values
  const tied = behind(rest, { values: others, no, of: '' })
  const beyond = beyondValue(first, value)
  return {
    text: `(${beyond.text} OR (${first.expression} IS ? AND ${tied.text}))`,
    values: [...beyond.values, value, ...tied.values],
  }
}

function beyondValue({ expression, descending }: Sorted, value: SqlValue): Sql {
  if (value === null) return { text: descending ? '0' : `${expression} IS NOT NULL`, values: [] }
  if (descending) return { text: `(${expression} < ? OR ${expression} IS NULL)`, values: [value] }
  return { text: `${expression} > ?`, values: [value] }
}

/** What must be the same for a page to follow another. */
function markOf({ where, search, sort }: Query): string {
  const digest = createSha256()
  digest.update(utf8(JSON.stringify([where ?? [], search ?? null, sort ?? []])))
  return base64url(digest.digest().subarray(0, 9))
}

function nextOf([no, ...values]: SqlResult[], of: string): string {
  return base64url(utf8(JSON.stringify([of, no, ...values])))
}

/** It comes from outside: its form is checked, and all of it is bound as values. */
function placeOf(after: string, of: string, sorts: number): Place {
  const parts = partsOf(after)
  const [mark, no, ...values] = parts
  const sound = values.every(
    (value): value is SqlValue => value === null || ['string', 'number'].includes(typeof value),
  )
  if (mark !== of || typeof no !== 'number' || values.length !== sorts || !sound) {
    throw new QueryInvalid('the page to go on from is of another query')
  }
  return { values, no, of }
}

function partsOf(after: string): unknown[] {
  try {
    const parts: unknown = JSON.parse(fromUtf8(fromBase64url(after)))
    return Array.isArray(parts) ? parts : []
  } catch {
    return []
  }
}

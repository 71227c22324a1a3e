/**
 * Pages of records. First the numbers of a page's records are found, which is all that is sorted, then each is read by its number: so an
 * answer can end before it is too large, and go on from there by the values of its last record (keyset paging).
 */
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { DataDatabase, SqlResult, SqlValue } from '../../store/mod.ts'
import type { Clearance, Query, QueryPage } from '../../wire/mod.ts'
import { QueryInvalid } from '../errors.ts'
import { chosenIndex, type IndexUse } from '../indexes/choose.ts'
import { type Search, searchFor } from '../search/search-sql.ts'
import { givenValue } from '../shapes/values.ts'
import { type DatasetRow, datasetRow, recordsTable } from './dataset-rows.ts'
import { conditionSql, type Sql } from './query-conditions.ts'
import { type QueryField, QueryFields } from './query-fields.ts'

/** Characters of one answer after which no further record comes: 4 Mi, ~8 MiB as it is built. */
const PAGE_CHARS_MAX = 4_194_304
/** Of a record, by which it is found again. */
const NUMBER = 'r.no'
/** Long texts are put in order by their beginnings, which also stand in a page's end. */
const SORTED_CHARS_MAX = 256

type Sorted = { expression: string; descending: boolean; ofImport: boolean }
type Ways = { sorted: readonly Sorted[]; search: Search | undefined; index: IndexUse | undefined }
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
  const search = query.search === undefined ? undefined : searchFor(db, dataset, fields, query.search)
  const index = search?.table === undefined ? chosenIndex(db, dataset, query) : undefined
  const ways = { sorted: index?.inOrder(sorted) ?? sorted, search, index }
  const found = db.all(...findStatement(dataset, fields, ways, query, of))
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
    ...(search && { search: { from: search.from, waiting: search.waiting } }),
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
  { sorted: asked, search, index }: Ways,
  { where = [], limit, after }: Query,
  of: string,
): [string, SqlValue[]] {
  const conditions = where.map((condition) => conditionSql(fields, condition))
  if (search) conditions.push(...search.conditions)
  if (index) conditions.push(index.condition(fields))
  const lead = search?.table === undefined ? index?.lead : { table: `${search.table} s`, number: 's.rowid' }
  const number = lead?.number ?? NUMBER
  const sorted = asked.map((one) => ({ ...one, expression: byNumber(one.expression, number) }))
  if (after !== undefined) conditions.push(behind({ sorted, number }, placeOf(after, of, sorted.length)))
  const joins = [...sorted, ...where.map(({ field }) => fields.named(field))].some(({ ofImport }) => ofImport)
  const from = fromClause(no, lead, joins)
  const filter = conditions.map(({ text }) => byNumber(text, number)).join(' AND ')
  const order = [
    ...sorted.map(({ expression, descending }) => `${expression}${descending ? ' DESC' : ''}`),
    ...(sorted.some(({ expression }) => expression === number) ? [] : [`${number} DESC`]),
  ]
  const selected = ['r.no', ...sorted.map(({ expression }) => expression)]
  return [
    `SELECT ${selected.join(', ')} FROM ${from} ${filter && `WHERE ${filter}`} ORDER BY ${order.join(', ')} LIMIT ?`,
    [...conditions.flatMap(({ values }) => values), limit + 1],
  ]
}

/** The number of a record as what leads to it has it: so a range of numbers is a range there. No name or value is part of a statement. */
function byNumber(text: string, number: string): string {
  return number === NUMBER ? text : text.replace(/\br\.no\b/g, number)
}

/** What leads to records is read in its own order, as far as a page needs: the order of joins is not left open. */
function fromClause(no: number, lead: IndexUse['lead'] | undefined, joins: boolean): string {
  const [records, imports] = [recordsTable(no), 'JOIN imports i ON i.no = r.import_no']
  if (!lead) return `${records} r${joins ? ` ${imports}` : ''}`
  return `${lead.table} CROSS JOIN ${records} r ON r.no = ${lead.number}${joins ? ` CROSS ${imports}` : ''}`
}

function readStatement({ no }: DatasetRow, given: readonly QueryField[]): string {
  const selected = given.map(({ expression }) => expression).join(', ')
  return `SELECT ${selected} FROM ${recordsTable(no)} r JOIN imports i ON i.no = r.import_no WHERE r.no = ?`
}

/** What comes after a place in the query's order. Nulls come before everything, as SQLite sorts them. */
function behind(order: { sorted: readonly Sorted[]; number: string }, { values, no }: Place): Sql {
  const { sorted, number } = order
  const [first, ...rest] = sorted
  if (!first) return { text: `${number} < ?`, values: [no] }
  const [value = null, ...others] = values
  const tied = behind({ sorted: rest, number }, { values: others, no, of: '' })
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

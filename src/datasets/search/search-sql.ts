/**
 * A search as a part of a query: by the table of words where the dataset has one, else by looking through the texts. Either looks only
 * into fields that who asks may see, and gives records in the order of the query: no rank, which would tell of what nobody shows.
 */
import type { DataDatabase } from '../../store/mod.ts'
import { isOurs } from '../shapes/our-fields.ts'
import { type DatasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { type Sql, searchSql } from '../tenant/query-conditions.ts'
import type { QueryFields } from '../tenant/query-fields.ts'
import { searchOf, searchTable } from './search-rows.ts'
import { matchOf, wordsOf } from './words.ts'

/**
 * `table`: of words, to be joined as `s` by the number of the record. `waiting`: how many of the newest records are not in it yet, at
 * most.
 */
export type Search = { table?: string; conditions: Sql[]; from: 'index' | 'records'; waiting: number }

/** Refuses `query.invalid`. */
export function searchFor(db: DataDatabase, dataset: DatasetRow, fields: QueryFields, typed: string): Search {
  const words = wordsOf(typed)
  const row = searchOf(db, dataset.no)
  if (!row || row.state === 'off')
    return { from: 'records', waiting: 0, conditions: words.map(({ text }) => searchSql(fields, text)) }
  const seen = new Set(fields.all.filter(({ masked, ofImport }) => !masked && !ofImport).map(({ name }) => name))
  const columns = dataset.columns.filter(({ name }) => row.fields.includes(name) && seen.has(name) && !isOurs(name))
  const match = matchOf(
    words,
    columns.map(({ column }) => column),
  )
  const last = Number(db.row(`SELECT max(no) FROM ${recordsTable(dataset.no)}`)?.[0] ?? 0)
  const waiting = Math.max(0, last - row.builtTo)
  if (columns.length === 0 || row.state === 'declared')
    return { from: 'index', waiting, conditions: [{ text: '0', values: [] }] }
  const table = searchTable(row.no)
  return { table, from: 'index', waiting, conditions: [{ text: `s.${table} MATCH ?`, values: [match] }] }
}

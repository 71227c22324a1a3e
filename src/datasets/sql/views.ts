/**
 * The datasets of a data tenant as SQL has them: a view for each, which holds the fields that who asks may see. What a question may name
 * is known from a database that has nothing but these: there it is compiled first, so that no table of ours can be named however it is
 * written.
 */
import type { DataDatabase } from '../../store/mod.ts'
import type { Clearance, DatasetId } from '../../wire/mod.ts'
import { datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { QueryFields } from '../tenant/query-fields.ts'
import { TABLES_OF_CALLS } from './harmless.ts'
import { distinctNames, quotedName } from './names.ts'

/** `no`: of its table of records. */
export type View = { no: number; dataset: DatasetId; name: string; columns: { name: string; expression: string }[] }

/** What is true for SQLite's own tables: it makes no other that is called so. */
const RESERVED = 'sqlite_'

/** The views that the text may name, or without one all of them, by name. */
export function viewsOf(db: DataDatabase, clearance: Clearance, text?: string): View[] {
  // A name is lower-case letters, digits, `-` and `_`, which SQL has only one way to write.
  const lower = text?.toLowerCase()
  const rows = db.all("SELECT id, name FROM datasets WHERE name NOT LIKE '~%' ORDER BY name")
  return rows.flatMap(([id, name]) =>
    lower === undefined || lower.includes(String(name)) ? [viewOf(db, String(id), clearance)] : [],
  )
}

function viewOf(db: DataDatabase, id: string, clearance: Clearance): View {
  const row = datasetRow(db, id)
  const seen = new QueryFields(row, clearance).all.filter(({ masked }) => !masked)
  const names = distinctNames(seen.map(({ name }) => name))
  const columns = seen.map(({ expression }, at) => ({ name: names[at] ?? '', expression }))
  return { no: row.no, dataset: row.id, name: viewName(row.name), columns }
}

/** A view that is called like a table of a call would hide it. */
function viewName(name: string): string {
  return name.startsWith(RESERVED) || TABLES_OF_CALLS.has(name) ? `_${name}` : name
}

/** Gives a database a table for each view, with its columns and no rows; answers with where each begins. */
export function makeEmpty(db: DataDatabase, views: readonly View[]): Map<number, View> {
  for (const { name, columns } of views)
    db.exec(`CREATE TEMP TABLE ${quotedName(name)} (${columns.map((column) => quotedName(column.name)).join(', ')})`)
  return new Map(
    views.map((view) => {
      const root = db.row('SELECT rootpage FROM temp.sqlite_schema WHERE name = ?', [view.name])?.[0]
      return [Number(root), view]
    }),
  )
}

/**
 * Makes the views for as long as the database is open. A view of `temp` is found before a table of ours that has its name, and names ours
 * by `main`, where no view is.
 */
export function makeViews(db: DataDatabase, views: readonly View[]): void {
  for (const { no, name, columns } of views) {
    const names = columns.map((column) => quotedName(column.name)).join(', ')
    const expressions = columns.map(({ expression }) => expression).join(', ')
    // Every record has its import: an outer join is left out where nothing of the import is asked for.
    const from = `main.${recordsTable(no)} r LEFT JOIN main.imports i ON i.no = r.import_no`
    db.exec(`CREATE TEMP VIEW ${quotedName(name)} (${names}) AS SELECT ${expressions} FROM ${from}`)
  }
}

/** Where the tables and indexes begin that the views stand on. */
export function rootsOf(db: DataDatabase, views: readonly View[]): Set<number> {
  const tables = ['imports', ...views.map(({ no }) => recordsTable(no))]
  const roots = tables.flatMap((table) =>
    db.all('SELECT rootpage FROM main.sqlite_schema WHERE tbl_name = ? AND rootpage > 0', [table]),
  )
  return new Set(roots.map(([root]) => Number(root)))
}

/** What owners decide about search: which fields, or none; and the search of a dataset begun anew, so that no word is left of what went. */
import type { DataDatabase } from '../../store/mod.ts'
import type { SearchIndex } from '../../wire/mod.ts'
import { SearchUnfit } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { datasetRow, recordsTable } from '../tenant/dataset-rows.ts'
import { declareSearch, searchOf, sweepSearch } from './search-rows.ts'

/** Refuses `dataset.not_found`. */
export function searchIndexOf(db: DataDatabase, id: string): SearchIndex {
  const { no } = datasetRow(db, id)
  const row = searchOf(db, no)
  if (!row || row.state === 'off') return { state: 'off', fields: [], waiting: 0 }
  const last = Number(db.row(`SELECT max(no) FROM ${recordsTable(no)}`)?.[0] ?? 0)
  const waiting = Math.max(0, last - row.builtTo)
  return { state: waiting === 0 ? 'ready' : 'building', fields: row.fields, waiting }
}

/** It is built by and by: `buildSearches`. None: off. Refuses `search.unfit`, `dataset.not_found`. */
export function setSearch(db: DataDatabase, id: string, fields: readonly string[]): Promise<SearchIndex> {
  return db.transaction(() => {
    const { no, columns } = datasetRow(db, id)
    for (const name of fields) {
      const type = columns.find((column) => column.name === name)?.type
      if (type === undefined) throw new SearchUnfit(`the records of the dataset have no field ${quoted(name)}`)
      if (type !== 'text' && type !== 'json') throw new SearchUnfit(`${quoted(name)} is a ${type}, and has no words`)
    }
    const wanted = [...new Set(fields)]
    // What is built already is kept.
    if (wanted.length === 0 || wanted.join('\0') !== searchOf(db, no)?.fields.join('\0')) declareSearch(db, no, wanted)
    return searchIndexOf(db, id)
  })
}

/**
 * Destroys the words of a dataset, part by part; `begin`: those in force go too, and are built anew of what there is. Says whether there
 * were any, and whether something is left to destroy. Refuses `dataset.not_found`.
 */
export function renewSearch(
  db: DataDatabase,
  id: string,
  { begin }: { begin: boolean },
): Promise<{ renewed: boolean; more: boolean }> {
  return db.transaction(() => {
    const { no } = datasetRow(db, id)
    const row = searchOf(db, no)
    const renewed = begin && row?.state === 'made'
    if (renewed) declareSearch(db, no, row.fields)
    return { renewed, more: sweepSearch(db, no) }
  })
}

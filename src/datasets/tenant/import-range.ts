/** Where the records of an import stand: between which numbers, so that nobody looks through a whole table for them. */
import type { DataDatabase } from '../../store/mod.ts'
import { recordsTable } from './dataset-rows.ts'

/** Others' records may stand between them as well. */
export type Range = { from: number; to: number }

/**
 * Imports of an earlier version were not told theirs: they had written in their order, before all that were told, so that what they have
 * is found by halving.
 */
export function rangeOf(db: DataDatabase, datasetNo: number, importNo: number): Range {
  const [first = null, last = null] = db.row('SELECT first_no, last_no FROM imports WHERE no = ?', [importNo]) ?? []
  if (first !== null && last !== null) return { from: Number(first), to: Number(last) }
  const untold = { end: endOfUntold(db, datasetNo), table: recordsTable(datasetNo) }
  const from = firstOf(db, untold, importNo)
  return { from, to: firstOf(db, untold, importNo + 1) - 1 }
}

type Untold = { table: string; end: number }

function endOfUntold(db: DataDatabase, datasetNo: number): number {
  const told = db.row('SELECT min(first_no) FROM imports WHERE dataset = ? AND last_no IS NOT NULL', [datasetNo])?.[0]
  return Number(told ?? db.row(`SELECT coalesce(max(no), 0) + 1 FROM ${recordsTable(datasetNo)}`)?.[0])
}

/** The least number from which on records are of that import or later ones. */
function firstOf(db: DataDatabase, { table, end }: Untold, importNo: number): number {
  let low = 1
  let high = end
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const next = db.row(`SELECT no, import_no FROM ${table} WHERE no >= ? AND no < ? ORDER BY no LIMIT 1`, [
      middle,
      end,
    ])
    if (!next || Number(next[1]) >= importNo) high = middle
    else low = Number(next[0]) + 1
  }
  return low
}

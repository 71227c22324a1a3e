/**
 * Builds rollups over the records that are there, in steps, between which others use the database. How far it came stands beside what was
 * counted: whatever cuts it off, the next go on from there, and meanwhile questions are answered from the records.
 */
import type { Turns } from '../../base/mod.ts'
import { yieldToFinalisers } from '../../store/mod.ts'
import type { Shape } from '../../wire/mod.ts'
import { findDataset, recordsTable } from '../tenant/dataset-rows.ts'
import { countedSql } from './dimensions.ts'
import { DatasetCounts } from './rollup-counts.ts'
import { declarePresets, type RollupDeps, rollupsOf } from './rollup-rows.ts'

/** Records counted in one transaction: ~50 ms, and their values without long texts a few MiB. */
const STEP_RECORDS_MAX = 20_000

/** Declares what datasets of an earlier version lack by their shape, and builds all that is not built. */
export async function buildRollups({ turns, ...deps }: RollupDeps & { turns: Turns }): Promise<void> {
  const { db } = deps
  await turns.run(() => db.transaction(() => declareAll(deps)))
  for (;;) {
    const done = await turns.run(() => db.transaction(() => step(deps)))
    if (done) return
    await yieldToFinalisers()
  }
}

function declareAll(deps: RollupDeps): void {
  for (const [no, shape] of deps.db.all('SELECT no, shape FROM datasets')) {
    declarePresets(deps, { no: Number(no), shape: shape as Shape }, 'building')
  }
}

/** Counts some more records in one of them; says whether all are built. */
function step({ db }: RollupDeps): boolean {
  const due = db.row(
    `SELECT d.id, r.no FROM rollups r JOIN datasets d ON d.no = r.dataset WHERE r.state = 'building' ORDER BY r.no LIMIT 1`,
  )
  const dataset = due && findDataset(db, String(due[0]))
  if (!due || !dataset) return true
  const row = rollupsOf(db, dataset.no).find(({ no }) => no === Number(due[1]))
  if (!row) return true
  // It counts whatever it is given here.
  const counts = new DatasetCounts(db, dataset, [{ ...row, builtTo: Number.MAX_SAFE_INTEGER }], { groups: 0 })
  const types = new Map(dataset.columns.map(({ column, type }) => [column, type]))
  const values = counts.columns.map((column) => countedSql(column, types.get(column) ?? 'text'))
  const read = `SELECT ${['no', 'import_no', ...values].join(', ')} FROM ${recordsTable(dataset.no)}
    WHERE no > ? ORDER BY no LIMIT ${STEP_RECORDS_MAX}`
  const records = db.all(read, [row.builtTo])
  for (const [no, importNo, ...counted] of records) counts.count(Number(importNo), counted, 1, Number(no))
  counts.write()
  const last = Number(records.at(-1)?.[0] ?? row.builtTo)
  const state = records.length < STEP_RECORDS_MAX ? 'ready' : 'building'
  db.run(`UPDATE rollups SET state = ?, built_to = ? WHERE no = ? AND state = 'building'`, [state, last, row.no])
  return false
}

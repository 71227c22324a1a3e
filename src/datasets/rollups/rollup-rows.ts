/** The rollups of datasets as rows: which there are, how far each is built, and how many rows it came to. */
import { type Clock, newId, type Random } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { NewRollup, Rollup, RollupId, Shape } from '../../wire/mod.ts'
import { PRESETS } from './presets.ts'

/** `builtTo`: while it is being built, the number of the last record that is counted. */
export type RollupRow = {
  no: number
  id: RollupId
  preset: string | undefined
  state: Rollup['state']
  builtTo: number
  rows: number
  by: Rollup['by']
  sum: string[]
}

export type RollupDeps = { db: DataDatabase; clock: Clock; random: Random }

/** The table of a rollup's counts, which is made with its first row; only ever made of a number of ours. */
export function rollupTable(no: number): string {
  return `rollup_${no}`
}

/** Those of a dataset, in the order in which they were declared. */
export function rollupsOf(db: DataDatabase, datasetNo: number): RollupRow[] {
  const sql = 'SELECT no, id, preset, state, built_to, "rows", "by", sum FROM rollups WHERE dataset = ? ORDER BY no'
  return db.all(sql, [datasetNo]).map(([no, id, preset, state, builtTo, rows, by, sum]) => ({
    ...{ no: Number(no), id: id as RollupId, preset: preset === null ? undefined : String(preset) },
    ...{ state: state as Rollup['state'], builtTo: Number(builtTo), rows: Number(rows) },
    ...{ by: JSON.parse(String(by)), sum: JSON.parse(String(sum)) },
  }))
}

/** Within a transaction; `ready`: there are no records yet. */
export function insertRollup(
  { db, clock, random }: RollupDeps,
  datasetNo: number,
  { by, sum, preset }: NewRollup & { preset?: string },
  state: 'building' | 'ready',
): RollupId {
  const id = newId('ru', clock, random)
  db.run(
    `INSERT INTO rollups (id, dataset, preset, "by", sum, state, built_to, "rows", created_at_ms)
     VALUES (?, ?, ?, ?, ?, ?, 0, 0, ?)`,
    [id, datasetNo, preset ?? null, JSON.stringify(by), JSON.stringify(sum), state, clock.now()],
  )
  return id
}

/** Within a transaction: declares what a dataset has by its shape and lacks so far. */
export function declarePresets(
  deps: RollupDeps,
  dataset: { no: number; shape: Shape },
  state: 'building' | 'ready',
): void {
  const there = new Set(rollupsOf(deps.db, dataset.no).map(({ preset }) => preset))
  for (const preset of PRESETS[dataset.shape]) {
    if (!there.has(preset.preset)) insertRollup(deps, dataset.no, preset, state)
  }
}

/** Within a transaction: what an ended one has had is not there any more. */
export function endRollup(db: DataDatabase, no: number): void {
  db.exec(`DROP TABLE IF EXISTS ${rollupTable(no)}`)
  db.run(`UPDATE rollups SET state = 'ended', "rows" = 0 WHERE no = ?`, [no])
}

/** Within a transaction. */
export function dropRollup(db: DataDatabase, no: number): void {
  db.exec(`DROP TABLE IF EXISTS ${rollupTable(no)}`)
  db.run('DELETE FROM rollups WHERE no = ?', [no])
}

/** Within a transaction: all of a dataset. */
export function dropRollups(db: DataDatabase, datasetNo: number): void {
  for (const { no } of rollupsOf(db, datasetNo)) dropRollup(db, no)
}

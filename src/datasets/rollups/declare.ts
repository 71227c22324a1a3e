/** Rollups that people declare: made, told of, removed. */
import type { Clearance, NewRollup, Rollup } from '../../wire/mod.ts'
import { RollupNotFound, RollupOfShape, RollupsTooMany, RollupUnfit } from '../errors.ts'
import { quoted } from '../formats/item.ts'
import { type DatasetRow, datasetRow } from '../tenant/dataset-rows.ts'
import { QueryFields } from '../tenant/query-fields.ts'
import { placeOfField } from './dimensions.ts'
import { dropRollup, insertRollup, type RollupDeps, type RollupRow, rollupsOf } from './rollup-rows.ts'

/** Besides those of its shape: a record that comes costs ~1 µs more for each, and each may take 150 MB. */
export const ROLLUPS_MAX = 8

/**
 * It is built by and by: `buildRollups`. Refuses `rollup.unfit`, `rollup.too_many`, `query.field_restricted`, `dataset.not_found`. One that
 * is there already is given as it is: how many rows it has tells how many values there are, so all its fields must be seen.
 */
export function createRollup(
  deps: RollupDeps,
  id: string,
  { by, sum }: NewRollup,
  clearance: Clearance,
): Promise<Rollup> {
  const { db } = deps
  return db.transaction(() => {
    const dataset = datasetRow(db, id)
    const seen = new QueryFields(dataset, clearance)
    const typeOf = (field: string): string => {
      const place = placeOfField(dataset, field)
      if (!place) throw new RollupUnfit(`the dataset has no field ${quoted(field)} that a rollup can have`)
      seen.named(field)
      return place.type
    }
    for (const { field, bucket } of by) {
      const isTime = typeOf(field) === 'time'
      if (isTime && !bucket) throw new RollupUnfit(`${quoted(field)} is a time: expected its day`)
      if (!isTime && bucket) throw new RollupUnfit(`${quoted(field)} is no time, and has no day`)
    }
    const names = [...by.map(({ field }) => `by ${field}`), ...sum.map((field) => `sum ${field}`)]
    if (new Set(names).size < names.length) throw new RollupUnfit('a field is named twice')
    if (by.filter(({ field }) => typeOf(field) === 'json').length > 1) {
      throw new RollupUnfit('one nested field can be counted by')
    }
    const unfit = sum.find((field) => !['number', 'boolean'].includes(typeOf(field)) || isOfImport(dataset, field))
    if (unfit !== undefined) throw new RollupUnfit(`${quoted(unfit)} is not a number, and has no sum`)
    const there = rollupsOf(db, dataset.no)
    const same = there.find((one) => JSON.stringify([one.by, one.sum]) === JSON.stringify([by, sum]))
    if (same) return toldOf(same)
    if (there.filter(({ preset }) => preset === undefined).length >= ROLLUPS_MAX) {
      throw new RollupsTooMany(`the dataset has ${ROLLUPS_MAX} rollups besides those of its shape, as many as it may`)
    }
    return { id: insertRollup(deps, dataset.no, { by, sum }, 'building'), state: 'building', rows: 0, by, sum }
  })
}

function isOfImport(dataset: Parameters<typeof placeOfField>[0], field: string): boolean {
  const place = placeOfField(dataset, field)
  return place !== undefined && 'ofImport' in place
}

/** Those whose fields are all seen, in the order in which they were declared. Refuses `dataset.not_found`. */
export function listRollups({ db }: Pick<RollupDeps, 'db'>, id: string, clearance: Clearance): Rollup[] {
  const dataset = datasetRow(db, id)
  return rollupsOf(db, dataset.no).filter(seenBy(dataset, clearance)).map(toldOf)
}

function seenBy(dataset: DatasetRow, clearance: Clearance): (rollup: RollupRow) => boolean {
  const shown = new Set(new QueryFields(dataset, clearance).all.flatMap(({ name, masked }) => (masked ? [] : [name])))
  const isShown = (field: string) => clearance === 'restricted' || shown.has(field)
  return ({ by, sum }) => by.every(({ field }) => isShown(field)) && sum.every(isShown)
}

/** Refuses `rollup.not_found`, also for one that is not seen, `rollup.of_shape`, `dataset.not_found`. */
export function removeRollup(
  { db }: Pick<RollupDeps, 'db'>,
  dataset: string,
  id: string,
  clearance: Clearance,
): Promise<void> {
  return db.transaction(() => {
    const row = datasetRow(db, dataset)
    const found = rollupsOf(db, row.no)
      .filter(seenBy(row, clearance))
      .find((one) => one.id === id)
    if (!found) throw new RollupNotFound('there is no such rollup in this dataset')
    if (found.preset !== undefined) throw new RollupOfShape('this rollup belongs to the shape of its dataset')
    dropRollup(db, found.no)
  })
}

function toldOf({ id, preset, state, rows, by, sum }: RollupRow): Rollup {
  return { id, state, rows, by, sum, ...(preset !== undefined && { preset }) }
}

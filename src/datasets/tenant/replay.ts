/** Records of an import that is read again: each keeps its number, and what a later import brought is left. */
import type { DataDatabase, SqlValue } from '../../store/mod.ts'
import { type DatasetRow, recordsTable } from './dataset-rows.ts'
import type { Key } from './record-keys.ts'

/** Where records of the import stand. */
export type Replay = {
  /** For a record that is not there; `isThere`: in the place of what is under that number. `undefined`: behind all others. */
  place(): Place | undefined
  /** A record of the document stands under that number. */
  stands(no: number): void
  /** One stands behind all others. */
  grown(): void
}
export type Place = { no: number; isThere: boolean }

export class Replayed {
  readonly #db: DataDatabase
  readonly #dataset: DatasetRow
  readonly #import: { importNo: number; runNo: number }
  readonly #replay: Replay

  constructor(
    db: DataDatabase,
    dataset: DatasetRow,
    { importNo, runNo, replay }: { importNo: number; runNo: number; replay: Replay },
  ) {
    this.#db = db
    this.#dataset = dataset
    this.#import = { importNo, runNo }
    this.#replay = replay
  }

  /** A record with that key was written by an earlier try. */
  skip(key: Key): void {
    const standing = this.#standing(key)
    if (standing?.importNo === this.#import.importNo) this.#replay.stands(standing.no)
  }

  /** Where a record goes: none if it has given way to a later import's. `remove`: what an earlier one has in its place goes. */
  placeOf(key: Key | undefined, remove: (no: number) => void): Place | 'given way' | undefined {
    const { importNo } = this.#import
    const standing = key && this.#standing(key)
    if (standing && standing.importNo > importNo) return 'given way'
    const isOwn = standing?.importNo === importNo
    if (standing && !isOwn) remove(standing.no)
    const place = isOwn ? { no: standing.no, isThere: true } : this.#replay.place()
    if (place) this.#replay.stands(place.no)
    else this.#replay.grown()
    return place
  }

  /** What has that key. */
  #standing(key: Key): { no: number; importNo: number } | undefined {
    const [where, values]: [string, SqlValue[]] =
      'digest' in key
        ? ['run_no = ? AND key = ?', [this.#import.runNo, key.digest]]
        : [`${key.column} = ?`, [key.value]]
    const row = this.#db.row(`SELECT no, import_no FROM ${recordsTable(this.#dataset.no)} WHERE ${where}`, values)
    return row && { no: Number(row[0]), importNo: Number(row[1]) }
  }
}

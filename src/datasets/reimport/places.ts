/**
 * The numbers that an import's records had. Each is given to a record again, so that the order of records stays as it was; and those that
 * nothing of the document stands under any more are known in the end.
 */
import type { DataDatabase } from '../../store/mod.ts'
import type { Replay } from '../tenant/replay.ts'
import type { Progress } from './reimport-rows.ts'

/** Records that are looked through at once for what is left over: ~5 ms. */
const LOOKED_THROUGH = 10_000

type Import = { table: string; importNo: number; isKeyed: boolean }

export class Places implements Replay {
  readonly #db: DataDatabase
  readonly #import: Import
  readonly #progress: Progress
  /** One bit for each number between the first and the last: 10 million are 1.2 MiB. */
  readonly #stands: Uint8Array
  /** Numbers up to this one were looked at for what is left over. */
  #cleared: number
  /** Records have come behind all others. */
  hasGrown = false

  constructor(db: DataDatabase, about: Import, progress: Progress) {
    this.#db = db
    this.#import = about
    this.#progress = progress
    this.#stands = new Uint8Array(Math.max(0, Math.ceil((progress.to - progress.from + 1) / 8)))
    this.#cleared = progress.from - 1
  }

  /** The next number that is free; where records have no key, or the next that one of this import has. */
  place(): { no: number; isThere: boolean } | undefined {
    const { table, importNo, isKeyed } = this.#import
    const progress = this.#progress
    while (progress.at <= progress.to) {
      const no = progress.at++
      const row = this.#db.row(`SELECT import_no FROM ${table} WHERE no = ?`, [no])
      if (!row || (!isKeyed && row[0] === importNo)) return { no, isThere: row !== undefined }
    }
    return undefined
  }

  stands(no: number): void {
    const at = this.#bitOf(no)
    if (at !== undefined) this.#stands[at >> 3] = (this.#stands[at >> 3] ?? 0) | (1 << (at & 7))
  }

  grown(): void {
    this.hasGrown = true
  }

  /** Some numbers of records that nothing stands under any more; `undefined` when all were looked at. */
  left(): number[] | undefined {
    const { table, importNo, isKeyed } = this.#import
    const { to, at } = this.#progress
    const after = isKeyed ? this.#cleared : Math.max(this.#cleared, at - 1)
    if (after >= to) return undefined
    this.#cleared = Math.min(to, after + LOOKED_THROUGH)
    const sql = `SELECT no FROM ${table} WHERE no > ? AND no <= ? AND import_no = ?`
    const found = this.#db.all(sql, [after, this.#cleared, importNo]).map(([no]) => Number(no))
    return found.filter((no) => !this.#isStanding(no))
  }

  #isStanding(no: number): boolean {
    const at = this.#bitOf(no)
    return at !== undefined && ((this.#stands[at >> 3] ?? 0) & (1 << (at & 7))) !== 0
  }

  #bitOf(no: number): number | undefined {
    const { from, to } = this.#progress
    return no < from || no > to ? undefined : no - from
  }
}

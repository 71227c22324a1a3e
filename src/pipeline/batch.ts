/** What travels: records of one partition that cover a range of source positions, and the answer that is owed for them. */
import type { AppError } from '../base/mod.ts'
import type { Records } from './records.ts'

/** Records of one batch, at most. 4,096 × a 1 MiB record would be 4 GiB, so `BATCH_BYTES_MAX` bounds it as well. */
export const BATCH_RECORDS_MAX = 4_096
/** Encoded bytes at which a source closes a batch: 256 KiB, one frame of a bridge. One record may be longer than that, up to `RECORD_BYTES_MAX`. */
export const BATCH_BYTES_MAX = 262_144
/** The longest record that a source takes whole; a longer one is refused and skipped. 1 MiB. */
export const RECORD_BYTES_MAX = 1_048_576

/**
 * Records of one partition. `from` and `to` are the half-open range of source positions that the batch covers; records that a
 * filter dropped or a component refused leave holes in it. A batch with no records left travels on, so that ranges stay contiguous.
 */
export type Batch = {
  /** Where the records come from, as its source names it (a file's path), behind the edge it came by where flows merge. */
  readonly partition: string
  readonly from: number
  readonly to: number
  /** Position of each record, ascending; absent when record `i` is at `from + i`. */
  readonly at: Float64Array | undefined
  readonly records: Records
}

/** Answers for a batch. Without an error: durably done everywhere it went. May be called twice; only the first call counts. */
export type Ack = (outcome?: { error: AppError }) => void

/** The source position of record `index`. */
export function positionOf(batch: Batch, index: number): number {
  return batch.at?.[index] ?? batch.from + index
}

/** The same batch with only the records that `keep` names by index, in ascending order. */
export function keepRecords(batch: Batch, keep: readonly number[]): Batch {
  if (keep.length === batch.records.count) return batch
  const at = Float64Array.from(keep, (index) => positionOf(batch, index))
  return { ...batch, at, records: batch.records.pick(keep) }
}

/**
 * What of a batch lies at or after `position`: how a sink that keeps its own positions skips what it has already written.
 * Returns the batch itself when nothing is cut, and one without records when everything is.
 */
export function trimBefore(batch: Batch, position: number): Batch {
  if (position <= batch.from) return batch
  const from = Math.min(position, batch.to)
  const keep: number[] = []
  for (let i = 0; i < batch.records.count; i++) if (positionOf(batch, i) >= position) keep.push(i)
  return { ...keepRecords(batch, keep), from }
}

/** Decoding for components: records that do not decode are refused, and the batch goes on with those that do. */
import { type Batch, keepRecords, positionOf } from './batch.ts'
import type { Refusal } from './component.ts'
import { formText } from './record-form.ts'
import type { Fault, Row } from './value.ts'

type Refuse = (refusals: readonly Refusal[]) => Promise<void>

/**
 * The batch without the records that do not decode, and the rows of the others. The refusals are durable when it resolves.
 * Their reasons are the fault's code (`csv.row_ragged`, `json_lines.malformed` …) with line and column.
 */
export async function soundRows(batch: Batch, refuse: Refuse): Promise<{ batch: Batch; rows: readonly Row[] }> {
  const { faults } = batch.records.decode()
  if (faults.size === 0) return { batch, rows: batch.records.rows() }
  await refuse(Array.from(faults, ([index, fault]) => refusalOf(batch, index, fault)))
  const keep: number[] = []
  for (let i = 0; i < batch.records.count; i++) if (!faults.has(i)) keep.push(i)
  const sound = keepRecords(batch, keep)
  return { batch: sound, rows: sound.records.rows() }
}

/** A refusal of record `index` of the batch. */
export function refusalOf(batch: Batch, index: number, fault: Fault): Refusal {
  const place = batch.records.place(index)
  return {
    partition: batch.partition,
    position: positionOf(batch, index),
    reason: { code: fault.code, item: fault.column === undefined ? place : `${place}, column ${fault.column}` },
    record: batch.records.recordBytes(index),
    form: formText(batch.records),
  }
}

/** What CSV and NDJSON share: bytes in which a scan finds records, decoded by the pipeline, each with the line that it begins on. */
import {
  type Chunk,
  countLineEnds,
  gather,
  RECORD_BYTES_MAX,
  type RecordReader,
  Records,
  type Row,
} from '../../pipeline/mod.ts'
import { type Item, refusedItem } from './item.ts'

/** How records are found, decoded and made items of. */
export type RecordForm = {
  readonly scan: Parameters<RecordReader['next']>[0]
  encode(gathered: ReturnType<typeof gather>): Parameters<typeof Records.fromEncoded>[0]
  itemOf(line: number, row: Row): Item
  /** Why a record did not decode, in words, by the code of its fault. */
  reasonOf(code: string, record: Uint8Array): string
  /** What a record of too many bytes is told. */
  readonly tooLong: string
}

/** All items that a reader still has. */
export async function* itemsOfRecords(reader: RecordReader, form: RecordForm): AsyncGenerator<Item[]> {
  for (let chunk = await reader.next(form.scan); chunk; chunk = await reader.next(form.scan)) yield itemsOf(chunk, form)
}

function itemsOf(chunk: Chunk, form: RecordForm): Item[] {
  if ('overlong' in chunk) return [refusedItem(chunk.line, form.tooLong)]
  const { buffer, spans } = chunk
  const { rows, faults } = Records.fromEncoded(form.encode(gather(buffer, spans, chunk.line))).decode()
  let line = chunk.line
  return rows.map((row, i) => {
    const [start = 0, end = 0] = [spans.starts[i], spans.ends[i]]
    if (i > 0) line += countLineEnds(buffer, spans.starts[i - 1] ?? 0, start)
    if (end - start > RECORD_BYTES_MAX) return refusedItem(line, form.tooLong)
    if (row) return form.itemOf(line, row)
    return refusedItem(line, form.reasonOf(faults.get(i)?.code ?? '', buffer.subarray(start, end)))
  })
}

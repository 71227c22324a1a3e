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
import { BATCH_ITEMS_MAX, type Item, refusedItem } from './item.ts'

/** How records are found, decoded and made items of. */
export type RecordForm = {
  readonly scan: Parameters<RecordReader['next']>[0]
  encode(gathered: ReturnType<typeof gather>): Parameters<typeof Records.fromEncoded>[0]
  itemsOf(line: number, row: Row, record: Uint8Array): Item[]
  /** Why a record did not decode, in words, by the code of its fault. */
  reasonOf(code: string, record: Uint8Array): string
  /** What a record of too many bytes is told. */
  readonly tooLong: string
}

/** All items that a reader still has. */
export async function* itemsOfRecords(reader: RecordReader, form: RecordForm): AsyncGenerator<Item[]> {
  for (let chunk = await reader.next(form.scan); chunk; chunk = await reader.next(form.scan)) {
    const items = itemsOf(chunk, form)
    for (let at = 0; at < items.length; at += BATCH_ITEMS_MAX) yield items.slice(at, at + BATCH_ITEMS_MAX)
  }
}

function itemsOf(chunk: Chunk, form: RecordForm): Item[] {
  if ('overlong' in chunk) return [refusedItem(chunk.line, form.tooLong)]
  const { buffer, spans } = chunk
  const { rows, faults } = Records.fromEncoded(form.encode(gather(buffer, spans, chunk.line))).decode()
  let line = chunk.line
  return rows.flatMap((row, i) => {
    const [start = 0, end = 0] = [spans.starts[i], spans.ends[i]]
    if (i > 0) line += countLineEnds(buffer, spans.starts[i - 1] ?? 0, start)
    if (end - start > RECORD_BYTES_MAX) return [refusedItem(line, form.tooLong)]
    const record = buffer.subarray(start, end)
    return row ? form.itemsOf(line, row, record) : [refusedItem(line, form.reasonOf(faults.get(i)?.code ?? '', record))]
  })
}

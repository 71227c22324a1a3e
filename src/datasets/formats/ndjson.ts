/** NDJSON: one JSON object a line; a line that is none is refused by itself. */
import { RECORD_BYTES_MAX, RecordReader, scanJsonLines } from '../../pipeline/mod.ts'
import { byteSource } from './bytes.ts'
import { BATCH_ITEMS_MAX, type Item, recordItem, refusedItem } from './item.ts'
import { faultOfRecord, NOT_AN_OBJECT, NOT_UTF8, parseRecord, warningItems } from './json-record.ts'
import { mayHaveLongNumber } from './long-numbers.ts'
import { itemsOfRecords, type RecordForm } from './record-items.ts'

const FORM: RecordForm = {
  scan: (bytes, final) => scanJsonLines(bytes, final, BATCH_ITEMS_MAX),
  encode: (gathered) => ({ ...gathered, format: 'json_lines' }),
  itemsOf(line, row, bytes) {
    if (mayHaveLongNumber(bytes)) return exactItemsOf(line, bytes)
    const fault = faultOfRecord(row)
    return [fault === undefined ? recordItem(line, row) : refusedItem(line, fault)]
  },
  reasonOf(code) {
    if (code === 'json_lines.not_utf8') return NOT_UTF8
    return code === 'json_lines.not_object' ? 'expected a JSON object, found another JSON value' : NOT_AN_OBJECT
  },
  tooLong: `a line of more than ${RECORD_BYTES_MAX} bytes; expected one JSON object of at most that`,
}

function exactItemsOf(line: number, bytes: Uint8Array): Item[] {
  const parsed = parseRecord(bytes)
  if ('reason' in parsed) return [refusedItem(line, parsed.reason)]
  return [...warningItems(line, parsed), recordItem(line, parsed.record)]
}

/** The items of NDJSON in UTF-8. Blank lines are passed over. */
export async function* readNdjson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  const reader = await RecordReader.of(byteSource(bytes))
  try {
    yield* itemsOfRecords(reader, FORM)
  } finally {
    await reader.close()
  }
}

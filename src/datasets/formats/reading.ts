/** The door of the formats: a document's bytes become items, batch by batch, with no more memory for a large one than for a small one. */
import { headOf } from './bytes.ts'
import type { CsvHints } from './csv-dialect.ts'
import { readCsv } from './csv-records.ts'
import { readCtrf } from './ctrf.ts'
import type { Format, Item } from './item.ts'
import { readJiraCsv } from './jira-csv.ts'
import { readJiraJson } from './jira-json.ts'
import { readJson } from './json.ts'
import { readJunit } from './junit.ts'
import { readNdjson } from './ndjson.ts'
import { readRemovals } from './removals.ts'
import { utf8Of } from './unicode.ts'

export { type CsvHints, csvHintsOf } from './csv-dialect.ts'
export { DETECTED_BYTES, detectFormat } from './detect.ts'
export { DECODING_BOUNDS, type DecodingBounds, decoded, type Encoding } from './encodings.ts'
export { DocumentRefused } from './errors.ts'
export { BATCH_ITEMS_MAX, type Format, type Item, type Json } from './item.ts'
export type { TestResult } from './test-result.ts'

/**
 * The items of a document, in batches of at most `BATCH_ITEMS_MAX`, in its order and with its lines. UTF-16 is read as well as UTF-8.
 * `junit` and `ctrf` give records as `TestResult` has them, `jira` as `Issue` has them; those of the others are as the document has them.
 * Fails with a `DocumentRefused` when the rest cannot be read: what was given before stands. Ending the iteration early ends that of
 * `bytes`, whose own failures come through.
 */
export async function* readDocument(
  format: Format,
  bytes: AsyncIterable<Uint8Array>,
  hints?: CsvHints,
): AsyncGenerator<Item[]> {
  const text = utf8Of(bytes)
  yield* format === 'jira' ? readJira(text) : READERS[format](text, hints)
}

const READERS: Readonly<
  Record<Exclude<Format, 'jira'>, (text: AsyncIterable<Uint8Array>, hints?: CsvHints) => AsyncGenerator<Item[]>>
> = { junit: readJunit, ctrf: readCtrf, csv: readCsv, json: readJson, ndjson: readNdjson, removals: readRemovals }

/** Jira's exports are CSV or JSON, whichever begins so. */
async function* readJira(text: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  const { head, whole } = await headOf(text, 1_024)
  yield* /^\s*[{[]/.test(new TextDecoder().decode(head)) ? readJiraJson(whole) : readJiraCsv(whole)
}

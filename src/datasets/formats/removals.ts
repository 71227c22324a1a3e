/** What is to be taken away: `{ "removals": [{ "key": "ABC-1" }, …] }`, each the key of a record by the name of its dataset's key field. */
import { RECORD_BYTES_MAX } from '../../pipeline/mod.ts'
import { type Item, recordItem } from './item.ts'
import { readJsonShape } from './json-items.ts'

/** Said by who found that records are gone where they came from; nothing is taken for this by looking at it. */
export const REMOVALS_TYPE = 'application/vnd.sluice.removals+json'

/** The keys of a document in UTF-8, as records that have nothing else. Fails as `readJsonShape` does. */
export function readRemovals(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  return readJsonShape(bytes, {
    use(path, opens) {
      if (path.length === 0) return opens === '{' ? 'enter' : 'pass'
      return path.length === 1 && path[0] === 'removals' && opens === '[' ? 'items' : 'pass'
    },
    expected: 'an object with an array `removals`',
    elementBytesMax: RECORD_BYTES_MAX,
    itemsOf: (line, removal) => [recordItem(line, removal)],
  })
}

/** JSON: an array of objects, or an object with one such array; read element by element, whatever its length. */
import { RECORD_BYTES_MAX } from '../../pipeline/mod.ts'
import { DocumentUnexpected } from './errors.ts'
import { type Item, quoted, recordItem } from './item.ts'
import { readJsonShape } from './json-items.ts'

const EXPECTED = 'an array of objects, or an object with one such array'

/**
 * The items of a JSON document in UTF-8. Empty arrays beside the one are passed over, as is everything else. Fails as `readJsonShape`
 * does; `document.unexpected` also when there is a second array with something in it.
 */
export function readJson(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Item[]> {
  let found: string | undefined
  return readJsonShape(bytes, {
    use(path, opens) {
      if (opens === '{') return path.length === 0 ? 'enter' : 'pass'
      return path.length <= 1 ? 'items' : 'pass'
    },
    look({ path, line }) {
      const name = path[0] ?? ''
      found ??= name
      if (name === found) return
      throw new DocumentUnexpected(
        line,
        `a second array, ${quoted(name)} beside ${quoted(found)}; expected ${EXPECTED}`,
      )
    },
    expected: `${EXPECTED}, or one object a line as application/x-ndjson`,
    elementBytesMax: RECORD_BYTES_MAX,
    itemsOf: (line, record) => [recordItem(line, record)],
  })
}

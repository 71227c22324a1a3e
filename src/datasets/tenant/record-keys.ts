/** What the records of one document take the place of earlier ones by: the value of a field, or several fields within a run. */
import { ownValue, utf8 } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import type { SqlValue } from '../../store/mod.ts'
import type { RecordItem } from '../formats/item.ts'
import type { ShapeRules } from '../shapes/shapes.ts'
import { storedValue } from '../shapes/values.ts'
import type { Column } from './dataset-rows.ts'

/** `mayRepeat`: another record of the document may have the same. */
export type Key = { digest: Uint8Array; mayRepeat: boolean } | { column: string; value: SqlValue }

/** 128 bits of a SHA-256: among a million records of one run two meet with a chance below 10^-26. */
const KEY_BYTES = 16
/** Keys of one document that are remembered, ~200 B each. Beyond them a record that is like an earlier one takes its place. */
const KEYS_KEPT_MAX = 131_072

export class RecordKeys {
  readonly #key: ShapeRules['key']
  readonly #columns: ReadonlyMap<string, Column>
  /** How often each key has come in this document. */
  readonly #seen = new Map<string, number>()

  /** `columns`: those of the fields, by name, as they are at each time. */
  constructor({ key }: ShapeRules, columns: ReadonlyMap<string, Column>) {
    this.#key = key
    this.#columns = columns
  }

  /** Asked once for each record, in their order. */
  of(record: RecordItem['record']): Key | undefined {
    const key = this.#key
    if (!key) return undefined
    if ('field' in key) {
      const column = this.#columns.get(key.field)
      return column && { column: column.column, value: storedValue(ownValue(record, key.field), column.type).value }
    }
    const text = key.withinRun.map((name) => storedValue(ownValue(record, name), 'text').value ?? '').join('\u0000')
    const nth = this.#nth(text)
    const digest = createSha256()
    digest.update(utf8(nth === undefined || nth === 1 ? text : `${text}\u0000${nth}`))
    return { digest: digest.digest().subarray(0, KEY_BYTES), mayRepeat: nth === undefined }
  }

  /** Tests of one name come several times in a document, tried again or with other parameters: each is kept. */
  #nth(key: string): number | undefined {
    const before = this.#seen.get(key)
    if (before === undefined && this.#seen.size >= KEYS_KEPT_MAX) return undefined
    const nth = (before ?? 0) + 1
    this.#seen.set(key, nth)
    return nth
  }
}

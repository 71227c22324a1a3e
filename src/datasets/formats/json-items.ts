/** The array of items at a known place of a JSON document, each element made into items by whoever knows what it is. */
import { DocumentUnexpected } from './errors.ts'
import { type Item, type Json, refusedItem } from './item.ts'
import { parseRecord, warningItems } from './json-record.ts'
import { type JsonElement, type JsonListener, JsonSplitter } from './json-splitter.ts'
import { itemsOf } from './pieces.ts'

/** Where the array is, and what its elements are. */
export type JsonShape = {
  use: JsonListener['use']
  kept?: NonNullable<JsonListener['kept']>
  /** What is expected of the document, for the refusal of one that has no array there. */
  readonly expected: string
  /** Bytes of one element; a longer one is refused by itself. */
  readonly elementBytesMax: number
  /** Looks at where an element stands, before it is read. */
  look?(element: JsonElement): void
  itemsOf(line: number, element: Readonly<Record<string, Json>>): Item[]
}

/**
 * Bytes of one element: tests and issues come with screenshots, traces and comments of years. As text and as a value that is some
 * 64 MiB for a moment.
 */
export const RICH_ELEMENT_BYTES_MAX = 16_777_216

/**
 * The items of a document in UTF-8. Fails with `document.malformed`, `document.truncated`, `document.not_text`,
 * `document.part_too_large`, and with `document.unexpected` when the array is not where it should be.
 */
export function readJsonShape(bytes: AsyncIterable<Uint8Array>, shape: JsonShape): AsyncGenerator<Item[]> {
  const items: Item[] = []
  let found = false
  const splitter = new JsonSplitter(
    {
      use(path, opens, line) {
        const use = shape.use(path, opens, line)
        found ||= use === 'items'
        return use
      },
      element(element) {
        shape.look?.(element)
        const parsed = 'reason' in element ? element : parseRecord(element.bytes)
        if ('reason' in parsed) items.push(refusedItem(element.line, parsed.reason))
        else items.push(...warningItems(element.line, parsed), ...shape.itemsOf(element.line, parsed.record))
      },
      ...(shape.kept && { kept: shape.kept }),
    },
    shape.elementBytesMax,
  )
  const reader = {
    write: (piece: Uint8Array) => splitter.write(piece),
    end() {
      splitter.end()
      if (!found) throw new DocumentUnexpected(splitter.line, `expected ${shape.expected}, found none`)
    },
  }
  return itemsOf(bytes, reader, items)
}

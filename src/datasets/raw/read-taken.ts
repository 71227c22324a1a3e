/** A document that was taken, as items: opened, its compression undone, its format found, read. */
import type { Bytes } from '../../base/mod.ts'
import type { TakenHeader } from '../../wire/mod.ts'
import { headOf } from '../formats/bytes.ts'
import { DocumentUnexpected } from '../formats/errors.ts'
import {
  csvHintsOf,
  DETECTED_BYTES,
  decoded,
  detectFormat,
  type Format,
  type Item,
  readDocument,
} from '../formats/reading.ts'
import { readObject } from './objects.ts'

/** A document being read. */
export type Opened = {
  /** Of the document, once it is known. */
  readonly format: Format | undefined
  /** The next items, `undefined` at the end. Throws `DocumentRefused` and what its file throws. */
  next(): Promise<readonly Item[] | undefined>
  close(): Promise<void>
}

/** Opens nothing before the first `next`. */
export function readTaken(header: TakenHeader, content: Bytes | { path: string; key: Bytes }): Opened {
  let format: Format | undefined
  const items = itemsOf(header, content, (found) => {
    format = found
  })
  return {
    get format() {
      return format
    },
    async next() {
      const { done, value } = await items.next()
      return done ? undefined : value
    },
    async close() {
      await items.return()
    },
  }
}

async function* itemsOf(
  header: TakenHeader,
  content: Bytes | { path: string; key: Bytes },
  onFormat: (format: Format) => void,
): AsyncGenerator<readonly Item[], void> {
  const { head, whole } = await headOf(decoded(header.encoding, bytesOf(header, content)), DETECTED_BYTES)
  try {
    const format = detectFormat(header.contentType, head, header.fileName)
    if (!format)
      throw new DocumentUnexpected(
        0,
        'the format of the document cannot be told; expected one of those that datasets take',
      )
    if (format === 'removals' && header.token !== undefined)
      throw new DocumentUnexpected(0, 'a document of removals; expected records, since an upload token takes none away')
    onFormat(format)
    yield* readDocument(format, whole, csvHintsOf(header.contentType))
  } finally {
    await whole.return()
  }
}

async function* bytesOf(
  header: TakenHeader,
  content: Bytes | { path: string; key: Bytes },
): AsyncGenerator<Uint8Array> {
  if (content instanceof Uint8Array) yield content
  else yield* readObject(content.path, { id: header.import, key: content.key })
}

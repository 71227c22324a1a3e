/** Documents as tests write them, and what is read of them. */
import { codeOf } from '../../../src/base/mod.ts'
import {
  type CsvHints,
  DocumentRefused,
  type Format,
  type Item,
  readDocument,
} from '../../../src/datasets/formats/reading.ts'

/** A document's bytes in pieces of that many; as one piece otherwise. */
export async function* piecesOf(document: string | Uint8Array, pieceBytes = 1 << 20): AsyncGenerator<Uint8Array> {
  const bytes = typeof document === 'string' ? new TextEncoder().encode(document) : document
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.slice(at, at + pieceBytes)
}

/** What was read, and how it ended: `undefined` for well, else the code and message of the failure. */
export type Read = { items: Item[]; failure: string | undefined; line: number | undefined }

/** Reads a document to its end or its failure. */
export async function read(
  format: Format,
  document: string | Uint8Array | AsyncIterable<Uint8Array>,
  options: { pieceBytes?: number; hints?: CsvHints } = {},
): Promise<Read> {
  const items: Item[] = []
  const bytes =
    typeof document === 'string' || document instanceof Uint8Array ? piecesOf(document, options.pieceBytes) : document
  try {
    for await (const batch of readDocument(format, bytes, options.hints)) items.push(...batch)
  } catch (error) {
    if (!(error instanceof DocumentRefused)) throw error
    return { items, failure: `${codeOf(error)}: ${error.message}`, line: error.line }
  }
  return { items, failure: undefined, line: undefined }
}

/** The records of a document that is read without a failure, refusal or warning. */
export async function recordsOf(format: Format, document: string | Uint8Array, hints?: CsvHints): Promise<object[]> {
  const { items, failure } = await read(format, document, { ...(hints && { hints }) })
  if (failure !== undefined) throw new Error(failure)
  return items.map((item) => {
    if (item.kind !== 'record') throw new Error(`line ${item.line}: ${item.reason}`)
    return item.record
  })
}

/** Items as short lines: `3 record`, `4 refused: why`. */
export function told(items: readonly Item[]): string[] {
  return items.map((item) =>
    item.kind === 'record' ? `${item.line} record` : `${item.line} ${item.kind}: ${item.reason}`,
  )
}

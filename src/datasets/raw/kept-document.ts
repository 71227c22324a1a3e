/** Documents that are kept as they came: with what their import knew of them, to be read again. */
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { DatasetId, ImportId, TakenHeader } from '../../wire/mod.ts'
import { objectPath } from './objects.ts'
import type { readTaken } from './read-taken.ts'

/** A document and the number of its import. */
export type Kept = { no: number; header: TakenHeader; content: Parameters<typeof readTaken>[1] }

const KEPT = `SELECT i.no, i.id, i.received_at_ms, i.encoding, i.bytes, i.sha256, i.content_type, i.file_name, i.token, i.object_key, o.content
  FROM imports i LEFT JOIN documents o ON o.import = i.no
  WHERE i.dataset = ? AND i.erased_at_ms IS NULL AND i.document_gone_at_ms IS NULL AND (o.import IS NOT NULL OR i.object_key IS NOT NULL)`

type OfDataset = { no: number; id: DatasetId }

/** The first behind `after`, up to `upTo`. `objects`: where the files of large ones are. */
export function nextKept(
  db: DataDatabase,
  dataset: OfDataset,
  { after, upTo, objects }: { after: number; upTo: number; objects: string },
): Kept | undefined {
  const row = db.row(`${KEPT} AND i.no > ? AND i.no <= ? ORDER BY i.no LIMIT 1`, [dataset.no, after, upTo])
  return row && keptFrom(row, dataset, objects)
}

function keptFrom(row: SqlResult[], dataset: OfDataset, objects: string): Kept {
  const [no, id, receivedAtMs, encoding, bytes, sha256, contentType, fileName, token, objectKey, content] = row
  const header: TakenHeader = {
    ...{ import: id as ImportId, dataset: dataset.id, receivedAtMs: Number(receivedAtMs), attributes: {} },
    ...{ encoding: encoding as TakenHeader['encoding'], bytes: Number(bytes), sha256: String(sha256) },
    ...(contentType !== null && { contentType: String(contentType) }),
    ...(fileName !== null && { fileName: String(fileName) }),
    ...(token !== null && { token: String(token) }),
  }
  const file = { path: objectPath(objects, String(id)), key: bytesOf(objectKey) }
  return { no: Number(no), header, content: objectKey === null ? bytesOf(content) : file }
}

function bytesOf(value: SqlResult | undefined): Uint8Array<ArrayBuffer> {
  return typeof value === 'object' && value ? new Uint8Array(value) : new Uint8Array(0)
}

/** Uploads that come in pieces, as a tenant's database has them. */
import { base64url, fromBase64url } from '../../base/mod.ts'
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { ImportId, PartialUpload, PartialUploadId } from '../../wire/mod.ts'
import { PartialUploadNotFound, PartialUploadsTooMany } from '../errors.ts'
import { datasetRow } from './dataset-rows.ts'

/** Of one data tenant, begun and not ended: each may hold 5 GiB of its disk for a day. */
export const PARTIAL_UPLOADS_MAX = 64

/** Of one dataset, so that its tokens take no room of the others. */
const PARTIAL_UPLOADS_OF_DATASET_MAX = 16

type Begun = {
  id: PartialUploadId
  nowMs: number
  forgottenBeforeMs: number
  bytes: number
  about: PartialUpload['about']
}

/** The one that was begun under the same key, or a new one. Refuses `dataset.not_found`, `upload.too_many_partial`. */
export async function beginPartial(db: DataDatabase, dataset: string, begun: Begun): Promise<PartialUpload> {
  const { id, nowMs, forgottenBeforeMs, bytes, about } = begun
  return db.transaction(() => {
    const { no } = datasetRow(db, dataset)
    db.run('DELETE FROM partial_uploads WHERE used_at_ms < ?', [forgottenBeforeMs])
    const key = about.idempotencyKey ?? null
    const [known] = key === null ? [] : rows(db, 'dataset = ? AND idempotency_key = ? AND bytes = ?', [no, key, bytes])
    if (known) return known
    const [all, own] = db.row('SELECT count(*), sum(dataset = ?) FROM partial_uploads WHERE import IS NULL', [no]) ?? []
    if (Number(own) >= PARTIAL_UPLOADS_OF_DATASET_MAX) {
      throw new PartialUploadsTooMany(`${PARTIAL_UPLOADS_OF_DATASET_MAX} uploads of this dataset are under way already`)
    }
    if (Number(all) >= PARTIAL_UPLOADS_MAX) {
      throw new PartialUploadsTooMany(`${PARTIAL_UPLOADS_MAX} uploads of this data tenant are under way already`)
    }
    db.run(
      `INSERT INTO partial_uploads (id, dataset, used_at_ms, bytes, "offset", about, idempotency_key)
       VALUES (?, ?, ?, ?, 0, ?, ?)`,
      [id, no, nowMs, bytes, JSON.stringify(about), key],
    )
    return { id, usedAtMs: nowMs, bytes, offset: 0, about, keys: [] }
  })
}

export function findPartial(db: DataDatabase, dataset: string, id: string): PartialUpload | undefined {
  return rows(db, 'dataset = ? AND id = ?', [datasetRow(db, dataset).no, id])[0]
}

/** Refuses `upload.not_found`. */
export async function growPartial(
  db: DataDatabase,
  dataset: string,
  { upload, nowMs, offset, key }: { upload: string; nowMs: number; offset: number; key: string },
): Promise<void> {
  await db.transaction(() => {
    const place = demanded(db, dataset, upload).keys.length
    db.run('UPDATE partial_uploads SET used_at_ms = ?, "offset" = ? WHERE id = ?', [nowMs, offset, upload])
    const insert = 'INSERT INTO partial_upload_parts (upload, place, "key") VALUES (?, ?, ?)'
    db.run(insert, [upload, place, fromBase64url(key)])
  })
}

/** Refuses `upload.not_found`. */
export async function endPartial(db: DataDatabase, dataset: string, upload: string, id: ImportId): Promise<void> {
  await db.transaction(() => {
    demanded(db, dataset, upload)
    db.run('UPDATE partial_uploads SET import = ? WHERE id = ?', [id, upload])
    db.run('DELETE FROM partial_upload_parts WHERE upload = ?', [upload])
  })
}

export function removePartial(db: DataDatabase, dataset: string, upload: string): void {
  db.run('DELETE FROM partial_uploads WHERE dataset = ? AND id = ?', [datasetRow(db, dataset).no, upload])
}

function demanded(db: DataDatabase, dataset: string, id: string): PartialUpload {
  const found = findPartial(db, dataset, id)
  if (!found) throw new PartialUploadNotFound('there is no such upload under way')
  return found
}

function rows(db: DataDatabase, where: string, values: (string | number)[]): PartialUpload[] {
  const select = `SELECT id, used_at_ms, bytes, "offset", about, import FROM partial_uploads WHERE ${where}`
  return db.all(select, values).map((row) => partialFrom(db, row))
}

function partialFrom(db: DataDatabase, [id, usedAtMs, bytes, offset, about, imported]: SqlResult[]): PartialUpload {
  const parts = db.all('SELECT "key" FROM partial_upload_parts WHERE upload = ? ORDER BY place', [String(id)])
  return {
    ...{ id: id as PartialUploadId, usedAtMs: Number(usedAtMs), bytes: Number(bytes), offset: Number(offset) },
    about: JSON.parse(String(about)),
    keys: parts.map(([key]) => base64url(new Uint8Array(key as Uint8Array))),
    ...(imported !== null && { import: imported as ImportId }),
  }
}

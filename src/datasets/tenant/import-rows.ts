/** Imports as rows: begun, gone on with, ended; their refusals and warnings; and what people are told of them. */
import { type Bytes, base64url } from '../../base/mod.ts'
import type { DataDatabase, SqlResult } from '../../store/mod.ts'
import type { TakenHeader } from '../../wire/mod.ts'
import { type ImportReport, type ImportSummary, REMARKS_MAX, type Remark } from '../../wire/mod.ts'
import { ImportNotFound } from '../errors.ts'
import { recordsTable } from './dataset-rows.ts'
import type { Remarked } from './record-writer.ts'
import type { Totals } from './totals.ts'

/** What is counted of an import. */
export type Counts = { itemsDone: number; taken: number; replaced: number; refused: number; warnings: number }
/** An import that was begun, perhaps by a process that is gone. */
export type BegunImport = { no: number; runNo: number; fresh: boolean; counts: Counts }
export type Reason = { code: string; message: string; line?: number | undefined }

/** The import of that document, if an earlier try has begun it. */
export function resumedImport(db: DataDatabase, id: string): BegunImport | undefined {
  const there = db.row(
    'SELECT no, run_no, items_done, rows_taken, rows_replaced, rows_refused, warnings FROM imports WHERE id = ?',
    [id],
  )
  if (!there) return undefined
  const [no = 0, runNo = 0, itemsDone = 0, taken = 0, replaced = 0, refused = 0, warnings = 0] = there.map(Number)
  return { no, runNo, fresh: no === runNo, counts: { itemsDone, taken, replaced, refused, warnings } }
}

/** Within a transaction: makes the import of a document. `document`: as it came, if it is kept here. */
export function beginImport(
  { db, totals }: { db: DataDatabase; totals: Totals },
  datasetNo: number,
  { header, document, objectKey }: { header: TakenHeader; document?: Bytes | undefined; objectKey?: Bytes | undefined },
  nowMs: number,
): BegunImport {
  const { run, branch, environment, commit, build, ...others } = header.attributes
  const found = run === undefined ? undefined : firstOfRun(db, datasetNo, run)
  const no = Number(db.row('SELECT max(no) FROM imports')?.[0] ?? 0) + 1
  db.run(
    `INSERT INTO imports (no, id, dataset, state, received_at_ms, started_at_ms, file_name, content_type, encoding, bytes, sha256,
       token, idempotency_key, run, branch, environment, "commit", build, attributes, run_no, items_done, rows_taken, rows_replaced,
       rows_refused, warnings, object_key, first_no)
     VALUES (?, ?, ?, 'running', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, ?,
       (SELECT coalesce(max(no), 0) + 1 FROM ${recordsTable(datasetNo)}))`,
    [
      ...[no, header.import, datasetNo, header.receivedAtMs, nowMs, header.fileName ?? null],
      ...[header.contentType ?? null, header.encoding, header.bytes, header.sha256, header.token ?? null],
      ...[header.idempotencyKey ?? null, run ?? null, branch ?? null, environment ?? null, commit ?? null],
      ...[build ?? null, JSON.stringify(others), found ?? no, objectKey ?? null],
    ],
  )
  if (document) db.run('INSERT INTO documents (import, content) VALUES (?, ?)', [no, document])
  totals.add(datasetNo, { imports: 1 })
  const counts = { itemsDone: 0, taken: 0, replaced: 0, refused: 0, warnings: 0 }
  return { no, runNo: found ?? no, fresh: found === undefined, counts }
}

function firstOfRun(db: DataDatabase, datasetNo: number, run: string): number | undefined {
  const row = db.row('SELECT run_no FROM imports WHERE dataset = ? AND run = ? ORDER BY no LIMIT 1', [datasetNo, run])
  return row && Number(row[0])
}

/** Within a transaction: up to which number its records stand. */
export function saveRange(db: DataDatabase, datasetNo: number, no: number): void {
  db.run(`UPDATE imports SET last_no = (SELECT coalesce(max(no), 0) FROM ${recordsTable(datasetNo)}) WHERE no = ?`, [
    no,
  ])
}

/** Within a transaction: what is done so far. */
export function saveCounts(db: DataDatabase, no: number, counts: Counts): void {
  const { itemsDone, taken, replaced, refused, warnings } = counts
  db.run(
    'UPDATE imports SET items_done = ?, rows_taken = ?, rows_replaced = ?, rows_refused = ?, warnings = ? WHERE no = ?',
    [itemsDone, taken, replaced, refused, warnings, no],
  )
}

/** Within a transaction: nothing more of it will come. `reason`: why the rest was not read. */
export function endImport(
  db: DataDatabase,
  no: number,
  { counts, format, reason, nowMs }: { counts: Counts; format?: string; reason?: Reason; nowMs: number },
): void {
  const whole = !reason && counts.refused === 0
  const state = whole ? 'done' : counts.taken > 0 ? 'partly' : 'refused'
  const { itemsDone, taken, replaced, refused, warnings } = counts
  db.run(
    `UPDATE imports SET state = ?, ended_at_ms = ?, format = ?, reason_code = ?, reason = ?, reason_line = ?, items_done = ?,
       rows_taken = ?, rows_replaced = ?, rows_refused = ?, warnings = ? WHERE no = ?`,
    [
      ...[state, nowMs, format ?? null, reason?.code ?? null, reason?.message ?? null, reason?.line || null],
      ...[itemsDone, taken, replaced, refused, warnings, no],
    ],
  )
}

/** Within a transaction: what was said of it is said anew when it is read again. */
export function forgetRemarks(db: DataDatabase, no: number): void {
  db.run('DELETE FROM import_remarks WHERE import = ?', [no])
}

/** Within a transaction: what came of it when it was read again. What it took the place of then is not known any more than before. */
export function endAgain(
  db: DataDatabase,
  no: number,
  { nowMs, ...ended }: { counts: Counts; format?: string; reason?: Reason; nowMs: number },
): void {
  const [endedAtMs, replaced] = db.row('SELECT ended_at_ms, rows_replaced FROM imports WHERE no = ?', [no]) ?? []
  const counts = { ...ended.counts, replaced: Math.min(Number(replaced), ended.counts.taken) }
  endImport(db, no, { ...ended, counts, nowMs: Number(endedAtMs) })
  db.run('UPDATE imports SET reimported_at_ms = ? WHERE no = ?', [nowMs, no])
}

/** Within a transaction: counts remarks, and keeps the first of each kind. */
export function addRemarks(db: DataDatabase, no: number, counts: Counts, remarks: readonly Remarked[]): void {
  for (const { kind, line, reason } of remarks) {
    const place = kind === 'refused' ? ++counts.refused : ++counts.warnings
    if (place > REMARKS_MAX) continue
    db.run('INSERT INTO import_remarks (import, kind, place, line, reason) VALUES (?, ?, ?, ?, ?)', [
      ...[no, kind, place, line || null, reason],
    ])
  }
}

const ABOUT = `SELECT i.id, d.id, i.state, i.received_at_ms, i.started_at_ms, i.ended_at_ms, i.format, i.file_name, i.content_type,
    i.bytes, i.sha256, i.token, i.attributes, i.run, i.branch, i.environment, i."commit", i.build, i.rows_taken, i.rows_replaced,
    i.rows_refused, i.warnings, i.reason_code, i.reason, i.reason_line, i.no, i.erased_at_ms, i.document_gone_at_ms, i.records_gone_at_ms, i.reimported_at_ms,
    CASE WHEN j.current = i.no THEN 'running'
      WHEN i.no > j.done AND i.no <= j.up_to AND (j.only IS NULL OR j.only = i.no OR i.format = 'removals')
        AND coalesce(i.erased_at_ms, i.document_gone_at_ms, i.records_gone_at_ms) IS NULL THEN 'waiting' END
  FROM imports i JOIN datasets d ON d.no = i.dataset LEFT JOIN reimports j ON j.dataset = d.no AND j.state = 'running'`

/** One import of a dataset with its first refusals and warnings, or `undefined`. */
export function findImport(db: DataDatabase, dataset: string, id: string): ImportReport | undefined {
  const row = db.row(`${ABOUT} WHERE d.id = ? AND i.id = ?`, [dataset, id])
  if (!row) return undefined
  const no = Number(row[25])
  return { ...summaryFrom(row), refusals: remarksOf(db, no, 'refused'), remarks: remarksOf(db, no, 'warning') }
}

function remarksOf(db: DataDatabase, no: number, kind: Remarked['kind']): Remark[] {
  const rows = db.all('SELECT line, reason FROM import_remarks WHERE import = ? AND kind = ? ORDER BY place', [
    no,
    kind,
  ])
  return rows.map(([line, reason]) => ({ ...(line !== null && { line: Number(line) }), reason: String(reason) }))
}

const OF_DATASET = 'SELECT i.no FROM imports i JOIN datasets d ON d.no = i.dataset WHERE i.id = ? AND d.id = ?'

/** The document of an import as it came, compressed as it was, in base64url, or the key of its file; `undefined` if there is neither. */
export function findDocument(
  db: DataDatabase,
  dataset: string,
  id: string,
): { encoding: string; content: { document: string } | { objectKey: string } } | undefined {
  const row = db.row(
    `SELECT i.encoding, i.object_key, o.content FROM imports i JOIN datasets d ON d.no = i.dataset
     LEFT JOIN documents o ON o.import = i.no WHERE d.id = ? AND i.id = ? AND i.erased_at_ms IS NULL AND i.document_gone_at_ms IS NULL`,
    [dataset, id],
  )
  const [encoding, objectKey, content] = row ?? []
  const about = { encoding: String(encoding) }
  if (typeof content === 'object' && content)
    return { ...about, content: { document: base64url(new Uint8Array(content)) } }
  if (typeof objectKey !== 'object' || !objectKey) return undefined
  return { ...about, content: { objectKey: base64url(new Uint8Array(objectKey)) } }
}

/** The newest first, those before `before`. Refuses `import.not_found` for a `before` that is not of this dataset. */
export function listImports(
  db: DataDatabase,
  dataset: string,
  { before, limit }: { before?: string | undefined; limit: number },
): ImportSummary[] {
  const bound = before === undefined ? undefined : db.row(OF_DATASET, [before, dataset])
  if (before !== undefined && !bound) throw new ImportNotFound('there is no such import in this dataset')
  const behind = bound ? 'AND i.no < ?' : ''
  const values = [dataset, ...(bound ? [Number(bound[0])] : []), limit]
  return db.all(`${ABOUT} WHERE d.id = ? ${behind} ORDER BY i.no DESC LIMIT ?`, values).map(summaryFrom)
}

/** The import that an idempotency key was given for before, and the document's digest. */
export function findByIdempotencyKey(
  db: DataDatabase,
  dataset: string,
  key: string,
): { import: string; sha256: string } | undefined {
  const row = db.row(
    `SELECT i.id, i.sha256 FROM imports i JOIN datasets d ON d.no = i.dataset
     WHERE d.id = ? AND i.idempotency_key = ? ORDER BY i.no DESC LIMIT 1`,
    [dataset, key],
  )
  return row && { import: String(row[0]), sha256: String(row[1]) }
}

function summaryFrom(row: SqlResult[]): ImportSummary {
  const [id, dataset, state, receivedAtMs, startedAtMs, endedAtMs, format, fileName, contentType, ...more] = row
  const [bytes, sha256, token, attributes, run, branch, environment, commit, build, ...counted] = more
  const [rowsTaken, rowsReplaced, rowsRefused, warnings, reasonCode, reason, reasonLine, , ...later] = counted
  const [erasedAtMs, documentGoneAtMs, recordsGoneAtMs, reimportedAtMs, reimport] = later
  const said = { run, branch, environment, commit, build }
  const reasonGiven = { code: reasonCode, message: reason, line: reasonLine }
  return given({
    ...{
      id,
      dataset,
      state,
      receivedAtMs,
      startedAtMs,
      endedAtMs,
      format,
      fileName,
      contentType,
      bytes,
      sha256,
      token,
    },
    attributes: { ...JSON.parse(String(attributes)), ...given(said) },
    ...{ rowsTaken, rowsReplaced, rowsRefused, warnings },
    ...{ reason: reasonCode === null ? null : given(reasonGiven), erasedAtMs },
    ...{ documentGoneAtMs, recordsGoneAtMs, reimportedAtMs, reimport },
  }) as ImportSummary
}

/** Without what is null. */
function given(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined))
}

/** Which of these the database has, in datasets that were not removed. */
export function knownImports(db: DataDatabase, ids: readonly string[]): string[] {
  const known = `SELECT i.id FROM imports i JOIN datasets d ON d.no = i.dataset
    WHERE i.id IN (SELECT value FROM json_each(?)) AND d.name NOT LIKE '~%'`
  const rows = db.all(known, [JSON.stringify(ids)])
  return rows.map(([id]) => String(id))
}

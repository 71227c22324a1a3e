/**
 * One part of an export, in the process that reads. Without a sort it looks at a stretch of record numbers, the oldest first, so that
 * none takes long however few records fit, and so that a record that takes the place of another meanwhile comes again, not never.
 */
import { csvLines, jsonLines } from '../../base/mod.ts'
import type { DataDatabase } from '../../store/mod.ts'
import type { Clearance, DatasetField, ExportPart, ExportPlace, ExportQuery, ExportStep } from '../../wire/mod.ts'
import { datasetRow } from '../tenant/dataset-rows.ts'
import { queryRecords } from '../tenant/query.ts'
import { QueryFields } from '../tenant/query-fields.ts'
import { parquetPart } from './parquet-part.ts'

/** Records of one part, if their texts do not end it before: 4 Mi characters, which `queryRecords` holds. */
const ROWS_MAX = 5_000
/** Record numbers that one part looks at: with an expensive condition about a second. */
const STRETCH = 200_000
/** What came while the export ran is taken as well, so often; then it ends, however much goes on coming. */
const ROUNDS_MAX = 3
/** By what a record is found again. */
const RECORD = '_record'

type Asked = { db: DataDatabase; dataset: string; clearance: Clearance }
type Found = { rows: unknown[][]; next: ExportPlace | undefined }

/** Refuses what `queryRecords` does, and `query.field_restricted` for a restricted field that is named and not cleared for. */
export async function exportPart(asked: Asked, { query, format, offset, ...step }: ExportStep): Promise<ExportPart> {
  const fields = new QueryFields(datasetRow(asked.db, asked.dataset), asked.clearance)
  const columns = step.columns ?? columnsOf(fields, query)
  const names = columns.map(({ name }) => name)
  const isNumbered = (query.sort ?? []).length === 0 && fields.all.some((one) => one.name === RECORD && isNumber(one))
  const { rows, next } = isNumbered
    ? foundByNumber(asked, { ...query, fields: names }, step.place)
    : foundInOrder(asked, { ...query, fields: names }, step.place)
  const told = { columns, rows: rows.length, ...(next && { next }) }
  if (format === 'parquet') return { ...told, ...(await parquetPart(columns, rows, { offset, isFirst: !step.place })) }
  const head = format === 'csv' && !step.place ? csvLines([names]) : ''
  return { ...told, content: head + (format === 'csv' ? csvLines(rows) : jsonLines(names, rows)) }
}

function isNumber({ expression }: { expression: string }): boolean {
  return expression === 'r.no'
}

/** Those that were named, or all that who asks may see. */
function columnsOf(fields: QueryFields, { fields: named }: ExportQuery): DatasetField[] {
  const chosen = named ? named.map((name) => fields.named(name)) : fields.all.filter(({ masked }) => !masked)
  return chosen.map(({ name, type }) => ({ name, type }))
}

function foundByNumber(
  { db, dataset, clearance }: Asked,
  query: ExportQuery & { fields: string[] },
  place: ExportPlace | undefined,
): Found {
  const newest = (): number => {
    const { rows } = queryRecords(db, dataset, { fields: [RECORD], limit: 1 }, clearance)
    return Number(rows[0]?.[0] ?? 0)
  }
  const { from, to, rounds } = place && 'to' in place ? place : { from: 0, to: newest(), rounds: 1 }
  const end = Math.min(to, from + STRETCH)
  const fields = query.fields.includes(RECORD) ? query.fields : [...query.fields, RECORD]
  const page = queryRecords(
    db,
    dataset,
    {
      ...{ ...query, fields, sort: [{ field: RECORD }], limit: ROWS_MAX },
      where: [
        ...(query.where ?? []),
        { field: RECORD, is: 'gt', value: from },
        { field: RECORD, is: 'le', value: end },
      ],
    },
    clearance,
  )
  const last = page.rows.at(-1)?.[fields.indexOf(RECORD)]
  const reached = page.next === undefined ? end : Number(last)
  const rows = fields === query.fields ? page.rows : page.rows.map((row) => row.slice(0, -1))
  if (reached < to) return { rows, next: { from: reached, to, rounds } }
  const now = rounds < ROUNDS_MAX ? newest() : to
  return { rows, next: now > to ? { from: to, to: now, rounds: rounds + 1 } : undefined }
}

function foundInOrder(
  { db, dataset, clearance }: Asked,
  query: ExportQuery & { fields: string[] },
  place: ExportPlace | undefined,
): Found {
  const after = place && 'after' in place ? { after: place.after } : {}
  const { rows, next } = queryRecords(db, dataset, { ...query, ...after, limit: ROWS_MAX }, clearance)
  return { rows, next: next === undefined ? undefined : { after: next } }
}

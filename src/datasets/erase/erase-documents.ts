/**
 * Documents that tell of what is erased: each is read again, since a record may have taken the place of an earlier one, or was refused, and
 * still stands in the document. A sealed document cannot be rewritten: it goes as a whole, with the remarks that quote it.
 */
import { type Clock, codeOf, type Turns } from '../../base/mod.ts'
import { type DataDatabase, type SqlValue, yieldToFinalisers } from '../../store/mod.ts'
import type { EraseWhere } from '../../wire/mod.ts'
import type { Item } from '../formats/reading.ts'
import { type Kept, nextKept } from '../raw/kept-document.ts'
import { type Opened, readTaken } from '../raw/read-taken.ts'
import { SHAPES } from '../shapes/shapes.ts'
import { storedValue } from '../shapes/values.ts'
import { type DatasetRow, datasetRow } from '../tenant/dataset-rows.ts'
import { fieldValue } from '../tenant/record-fields.ts'
import { type Matching, markErased, matching } from './matching.ts'

/** What one step reads: as many documents, or as many bytes of them and then one more, ~100 ms if they are small. */
const DOCUMENTS_OF_STEP = 200
const BYTES_OF_STEP = 8_388_608

export type DocumentStep = { where: EraseWhere; upTo: number; after: number; objects: string; dryRun: boolean }
/** `imports`: numbers of those whose documents tell of it. */
export type DocumentsStepped = { imports: number[]; unread: number; next?: number }
type Found = 'found' | 'not found' | 'unread'

/** Reads some more of the documents that are kept; between two pieces of one, others use the database. */
export async function eraseDocuments(
  { db, turns, clock }: { db: DataDatabase; turns: Turns; clock: Clock },
  id: string,
  { where, upTo, after, objects, dryRun }: DocumentStep,
): Promise<DocumentsStepped> {
  const imports: number[] = []
  let unread = 0
  let last = after
  let bytes = 0
  for (let read = 0; read < DOCUMENTS_OF_STEP && bytes < BYTES_OF_STEP; read++) {
    const kept = await turns.run(async () => nextKept(db, datasetRow(db, id), { after: last, upTo, objects }))
    if (!kept) return { imports, unread }
    const found = await looked({ db, turns }, id, kept, where)
    if (found === 'unread') unread++
    if (found === 'found') {
      imports.push(kept.no)
      if (!dryRun) await turns.run(() => db.transaction(() => markErased(db, kept.no, clock.now())))
    }
    last = kept.no
    bytes += kept.header.bytes
  }
  return { imports, unread, next: last }
}

async function looked(
  { db, turns }: { db: DataDatabase; turns: Turns },
  id: string,
  { no, header, content }: Kept,
  where: EraseWhere,
): Promise<Found> {
  const reading = readTaken(header, content)
  let whole = true
  try {
    for (;;) {
      const items = await itemsOf(reading)
      if (items === 'unreadable') return 'unread'
      if (!items) return whole ? 'not found' : 'unread'
      if (items.some(({ kind }) => kind === 'refused')) whole = false
      const found = await turns.run(async () => {
        const dataset = datasetRow(db, id)
        const asked = matching(dataset, where)
        return items.some((item) => item.kind === 'record' && matches(db, dataset, { no, item, asked }))
      })
      if (found) return 'found'
      await yieldToFinalisers()
    }
  } finally {
    await reading.close()
  }
}

/** What is wrong with the document is no failure of ours; a failure of the host is: another try may read it. */
async function itemsOf(reading: Opened): Promise<readonly Item[] | undefined | 'unreadable'> {
  try {
    return await reading.next()
  } catch (error) {
    const code = codeOf(error)
    if (code.startsWith('host.') && code !== 'host.file_missing') throw error
    return 'unreadable'
  }
}

/** Whether the conditions hold for a record as it would be kept, which the database itself judges. */
function matches(
  db: DataDatabase,
  dataset: DatasetRow,
  { no, item: { line, record }, asked }: { no: number; item: Extract<Item, { kind: 'record' }>; asked: Matching },
): boolean {
  const { rest } = SHAPES[dataset.shape]
  const values: SqlValue[] = asked.columns.map(
    ({ name, type }) => storedValue(fieldValue(record, name, { rest, columns: dataset.columns }), type).value,
  )
  const given = ['? AS no', '? AS line', ...asked.columns.map(({ column }) => `? AS ${column}`)].join(', ')
  const sql = `SELECT 1 FROM (SELECT ${given}) r JOIN imports i ON i.no = ? WHERE ${asked.text}`
  return db.row(sql, [null, line, ...values, no, ...asked.values]) !== undefined
}

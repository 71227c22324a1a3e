/**
 * Documents from the journal into their datasets, each once: the position reached is in the same transaction as what was written, so
 * whatever cuts it off, the next try begins where this one was durable. Small documents share a transaction, large ones have several.
 */
import type { Clock, Turns } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import { ImportCrashed } from '../errors.ts'
import { type DatasetRow, findDataset } from './dataset-rows.ts'
import { DocumentImport, type TakenEntry } from './import-document.ts'
import { beginImport, endImport, resumedImport } from './import-rows.ts'
import { Totals } from './totals.ts'

/** 50,000 rows are half a second and ~20 MiB of write-ahead log; 16 Mi characters bound those of long texts. */
const TRANSACTION_ROWS_MAX = 50_000
const TRANSACTION_CHARS_MAX = 16_777_216

export type ImportDeps = {
  db: DataDatabase
  clock: Clock
  /** Whoever else uses the database waits for a transaction, never for a document. */
  turns: Turns
}

/** How far everything is imported. */
export function positionReached(db: DataDatabase): number {
  return Number(db.row('SELECT position FROM intake WHERE id = 1')?.[0] ?? 0)
}

function reach(db: DataDatabase, position: number): void {
  db.run('INSERT INTO intake (id, position) VALUES (1, ?) ON CONFLICT DO UPDATE SET position = excluded.position', [
    position,
  ])
}

/**
 * Imports what the database does not have yet of these, in their order. `gone`: imports whose dataset is not there any more, so that
 * nothing is kept of them. Failures of the database and of the host are thrown; those of a document are told of its import.
 */
export async function importEntries(
  { db, clock, turns }: ImportDeps,
  entries: readonly TakenEntry[],
): Promise<{ position: number; gone: string[] }> {
  const reached = positionReached(db)
  const waiting = entries.filter(({ position }) => position > reached)
  const gone: string[] = []
  let current: DocumentImport | undefined
  /** The first may be one that an earlier try has begun. */
  let first = true
  async function transact(): Promise<void> {
    const transaction = { rows: TRANSACTION_ROWS_MAX, chars: TRANSACTION_CHARS_MAX, totals: new Totals() }
    // Only within this transaction: in between somebody may remove one.
    const datasets = new Map<string, DatasetRow | undefined>()
    let done: number | undefined
    while (transaction.rows > 0 && transaction.chars > 0) {
      const entry = current ? undefined : waiting.shift()
      if (entry) {
        const { dataset: id, import: upload } = entry.header
        if (!datasets.has(id)) datasets.set(id, findDataset(db, id))
        const dataset = datasets.get(id)
        if (dataset) current = new DocumentImport({ db, clock, totals: transaction.totals }, dataset, entry, first)
        else gone.push(upload)
        first = false
        done = dataset ? done : entry.position
      } else if (!current) break
      if (!current) continue
      if (!(await current.step(transaction))) break
      done = current.position
      transaction.rows--
      await current.close()
      current = undefined
    }
    transaction.totals.write(db)
    if (done !== undefined) reach(db, done)
  }
  try {
    do {
      await turns.run(() => db.transaction(transact))
      await yieldToFinalisers()
    } while (current || waiting.length > 0)
  } finally {
    await current?.close()
  }
  return { position: positionReached(db), gone }
}

/** Passes over a document that ends whatever process imports it: it is kept as it came, and told to be refused. */
export async function refuseEntry({ db, clock, turns }: ImportDeps, entry: TakenEntry): Promise<{ position: number }> {
  await turns.run(() =>
    db.transaction(() => {
      if (entry.position <= positionReached(db)) return
      const dataset = findDataset(db, entry.header.dataset)
      const { content } = entry
      const kept = content instanceof Uint8Array ? { document: content } : { objectKey: content.key }
      if (dataset) {
        const totals = new Totals()
        const given = { header: entry.header, ...kept }
        const { no, counts } =
          resumedImport(db, entry.header.import) ?? beginImport({ db, totals }, dataset.no, given, clock.now())
        totals.write(db)
        const { code, message } = new ImportCrashed('the process that imports it ended each time')
        endImport(db, no, { counts, reason: { code, message }, nowMs: clock.now() })
      }
      reach(db, entry.position)
    }),
  )
  return { position: positionReached(db) }
}

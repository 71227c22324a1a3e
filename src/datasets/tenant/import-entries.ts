/**
 * Documents from the journal into their datasets, each once: the position reached is in the same transaction as what was written, so
 * whatever cuts it off, the next try begins where this one was durable. Small documents share a transaction, large ones have several.
 */
import type { Clock, Turns } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import { ImportCrashed } from '../errors.ts'
import { catchUp } from '../indexes/build.ts'
import { RollupCounts } from '../rollups/rollup-counts.ts'
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
  /** Asked between two transactions: others may wait. Default: always. */
  mayGoOn?: () => boolean
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
 * Imports what the database does not have yet of these, in their order, as far as it may go on. `gone`: imports whose dataset is not there any more, so that
 * nothing is kept of them. Failures of the database and of the host are thrown; those of a document are told of its import.
 */
export async function importEntries(
  { db, clock, turns, mayGoOn = () => true }: ImportDeps,
  entries: readonly TakenEntry[],
): Promise<{ position: number; gone: string[] }> {
  const reached = positionReached(db)
  const waiting = entries.filter(({ position }) => position > reached)
  const gone: string[] = []
  let current: DocumentImport | undefined
  /** The first may be one that an earlier try has begun. */
  let first = true
  async function transact(): Promise<void> {
    const counted = { totals: new Totals(), rollups: new RollupCounts(db) }
    const transaction = { rows: TRANSACTION_ROWS_MAX, chars: TRANSACTION_CHARS_MAX, ...counted }
    // Only within this transaction: in between somebody may remove one.
    const datasets = new Map<string, DatasetRow | undefined>()
    let done: number | undefined
    if (current && !current.isHoused) {
      gone.push(current.import)
      done = current.position
      await current.close()
      current = undefined
    }
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
    transaction.rollups.write()
    for (const no of transaction.totals.datasets) catchUp(db, no)
    if (done !== undefined) reach(db, done)
  }
  try {
    const beganAtMs = clock.monotonic()
    let wroteAtMs = beganAtMs
    do {
      await turns.run(() => db.transaction(transact))
      await yieldToFinalisers()
      if (current?.isSkipping) wroteAtMs = clock.monotonic()
      // What an earlier try has written is read again, so at least as long is spent on writing more: all takes twice as long at most.
    } while ((current || waiting.length > 0) && (mayGoOn() || clock.monotonic() - wroteAtMs < wroteAtMs - beganAtMs))
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

/**
 * Reads documents of a dataset again, in the order in which they came. A record that a later import brought is left as it is, and one that
 * a later removal took goes with it again: in the end there are the records of a first import by what the dataset is now.
 */
import type { Clock, Turns } from '../../base/mod.ts'
import { type DataDatabase, yieldToFinalisers } from '../../store/mod.ts'
import { catchUp } from '../indexes/build.ts'
import { type Kept, nextKept } from '../raw/kept-document.ts'
import { RollupCounts } from '../rollups/rollup-counts.ts'
import { type DatasetRow, findDataset } from '../tenant/dataset-rows.ts'
import type { Transaction } from '../tenant/import-document.ts'
import { Totals } from '../tenant/totals.ts'
import { DocumentReimport } from './document-reimport.ts'
import { convertSome } from './field-type.ts'
import { endReimport, type Job, jobOf, nextReimport, passImport } from './reimport-rows.ts'

/** A quarter of a second: what is uploaded meanwhile waits for it again and again. */
const TRANSACTION_ROWS_MAX = 10_000
const TRANSACTION_CHARS_MAX = 8_388_608
/** Imports of a transaction, each of which may be as small as can be. */
const TRANSACTION_IMPORTS_MAX = 1_000

export type ReimportDeps = {
  db: DataDatabase
  clock: Clock
  turns: Turns
  /** Where the files of large documents are. */
  objects: string
  /** Asked between two transactions: others may wait. */
  mayGoOn: () => boolean
}

/** Goes on with what is under way in the tenant, as far as it may; says what is left. */
export async function goOnReimporting(deps: ReimportDeps): Promise<{ left: Left }> {
  const { db, turns, clock, mayGoOn } = deps
  const under: Under = { current: undefined }
  try {
    const beganAtMs = clock.monotonic()
    let wroteAtMs = beganAtMs
    let left: Left
    do {
      left = await turns.run(() => db.transaction(() => transact(deps, under)))
      await yieldToFinalisers()
      if (under.current?.isSkipping) wroteAtMs = clock.monotonic()
      // What an earlier try has written is read again, so at least as long is spent on more.
    } while (left === 'more' && (mayGoOn() || clock.monotonic() - wroteAtMs < wroteAtMs - beganAtMs))
    return { left }
  } finally {
    await under.current?.close()
  }
}

/** Passes over the import that is under way: it ends whatever process reads it. */
export async function passOver({ db, turns }: Pick<ReimportDeps, 'db' | 'turns'>): Promise<void> {
  await turns.run(() =>
    db.transaction(() => {
      const dataset = nextDataset(db)
      const job = dataset && jobOf(db, dataset.no)
      if (!dataset || !job || job.change) return
      const kept = nextOf(db, dataset, job, '')
      if (kept) passImport(db, dataset.no, kept.no, { unread: true })
    }),
  )
}

/** `waiting`: for an import that is under way. */
type Left = 'nothing' | 'more' | 'waiting'
type Under = { current: DocumentReimport | undefined }

function nextDataset(db: DataDatabase): DatasetRow | undefined {
  const id = nextReimport(db)
  return id === undefined ? undefined : findDataset(db, id)
}

async function transact({ db, clock, objects }: ReimportDeps, under: Under): Promise<Left> {
  const dataset = nextDataset(db)
  const job = dataset && jobOf(db, dataset.no)
  if (!dataset || !job) return 'nothing'
  if (job.change) return convertSome(db, dataset, job.change)
  const counted = { totals: new Totals(), rollups: new RollupCounts(db) }
  const transaction: Transaction = { rows: TRANSACTION_ROWS_MAX, chars: TRANSACTION_CHARS_MAX, ...counted }
  for (let imports = 0; imports < TRANSACTION_IMPORTS_MAX && transaction.rows > 0; imports++) {
    const kept = nextOf(db, dataset, job, objects)
    // What was under way may have gone with its dataset, or its document.
    if (under.current && under.current.no !== kept?.no) await closeCurrent(under)
    if (!kept) {
      endReimport(db, dataset.no, clock.now())
      break
    }
    under.current ??= new DocumentReimport({ db, clock }, dataset, job, kept)
    const stepped = await under.current.step(transaction)
    if (stepped === 'more') break
    passImport(db, dataset.no, kept.no, { unread: stepped === 'unread' })
    Object.assign(job, { done: kept.no, current: undefined })
    transaction.rows--
    await closeCurrent(under)
  }
  transaction.totals.write(db)
  transaction.rollups.write()
  for (const no of transaction.totals.datasets) catchUp(db, no)
  return 'more'
}

async function closeCurrent(under: Under): Promise<void> {
  await under.current?.close()
  under.current = undefined
}

/** The import that is due; of a single one, the removals that came later, too. */
function nextOf(db: DataDatabase, { no, id }: DatasetRow, job: Job, objects: string): Kept | undefined {
  const only = job.only === undefined ? '' : `AND (no = ${job.only} OR (no > ${job.only} AND format = 'removals'))`
  const due = db.row(
    `SELECT no FROM imports WHERE dataset = ? AND no > ? AND no <= ? AND records_gone_at_ms IS NULL
     AND erased_at_ms IS NULL AND document_gone_at_ms IS NULL ${only} ORDER BY no LIMIT 1`,
    [no, job.done, job.upTo],
  )?.[0]
  if (due === undefined) return undefined
  return nextKept(db, { no, id }, { after: Number(due) - 1, upTo: Number(due), objects })
}

/** Erases one person's data from a dataset, as the main process drives it: step by step, and after a crash once more from the beginning. */
import type { Clock } from '../../base/mod.ts'
import type { DatasetId, Erased, EraseRequest, ImportId, ReplyOf } from '../../wire/mod.ts'
import { EraseHeldUp } from '../errors.ts'
import type { DataAsks } from '../worker/data-process.ts'
import type { TenantAccess } from '../worker/tenant-access.ts'

/** A query that reads ends within ten seconds: what it holds up of the write-ahead log is tried for longer. */
const CLEANINGS_MAX = 60
const CLEANING_WAIT_MS = 500

export type ErasingDeps = {
  access: Pick<TenantAccess, 'ask' | 'buildIndexes'>
  /** Where the files of large documents are. */
  objects: string
  removeFiles: (imports: readonly ImportId[]) => Promise<void>
  /** What is imported is in the journal no more. Refuses `dataset.erase_held_up`. */
  dropImported: () => Promise<void>
  clock: Clock
}

/**
 * Erases what there is at the beginning; counts what this call has found. Refuses `dataset.not_found`, `query.invalid`,
 * `dataset.erase_held_up`.
 */
export async function erase(deps: ErasingDeps, dataset: DatasetId, { where, dryRun }: EraseRequest): Promise<Erased> {
  const { access, objects } = deps
  const { upTo } = await access.ask('writer', 'begin-erase', { dataset, where })
  if (!dryRun) await deps.dropImported()
  const asked = { dataset, where, upTo, dryRun }
  /** Numbers, of which a million are some 40 MB. */
  const imports = new Set<number>()
  const documents = new Set<number>()
  let records = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const step: ReplyOf<DataAsks, 'erase-records'> = await access.ask('writer', 'erase-records', { ...asked, after })
    records += step.records
    for (const { no, document } of step.imports) {
      imports.add(no)
      if (document) documents.add(no)
    }
    after = step.next
  }
  let unread = 0
  for (let after: number | undefined = 0; after !== undefined; ) {
    const step: ReplyOf<DataAsks, 'erase-documents'> = await access.ask('writer', 'erase-documents', {
      ...asked,
      after,
      objects,
    })
    unread += step.unread
    for (const no of step.imports) {
      imports.add(no)
      documents.add(no)
    }
    after = step.next
  }
  // Last: one may be saved while documents are read.
  const { views } = await access.ask('writer', 'erase-views', { dataset, where, dryRun })
  const counted = { records, imports: imports.size, documents: documents.size, unread, views }
  if (dryRun) return counted
  const renewed = await destroyWords(deps, dataset)
  await end(deps, dataset)
  if (!renewed) return counted
  void access.buildIndexes()
  return { ...counted, search: 'renewed' }
}

/** Words of what went, and of what gave way before, may stand anywhere in what searches them: it goes as a whole. */
async function destroyWords({ access }: ErasingDeps, dataset: DatasetId): Promise<boolean> {
  const { renewed, more } = await access.ask('writer', 'renew-search', { dataset, begin: true })
  for (let left = more; left; ) left = (await access.ask('writer', 'renew-search', { dataset, begin: false })).more
  return renewed
}

async function end({ access, removeFiles, clock }: ErasingDeps, dataset: DatasetId): Promise<void> {
  let removed: ImportId[] = []
  for (let cleanings = 0; cleanings < CLEANINGS_MAX; ) {
    const { files, isClean } = await access.ask('writer', 'end-erase', { dataset, removed })
    if (isClean) return
    removed = files
    if (files.length > 0) await removeFiles(files)
    else {
      cleanings++
      await clock.sleep(CLEANING_WAIT_MS)
    }
  }
  throw new EraseHeldUp('queries of the data tenant read what was there before, one after another')
}

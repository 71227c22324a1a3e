/** Removes of one data tenant what is older than its datasets keep it, as the main process drives it: slice by slice. */
import { codeOf } from '../../base/mod.ts'
import type { DatasetId, ImportId, ReplyOf } from '../../wire/mod.ts'
import type { DataAsks } from '../worker/data-process.ts'
import type { TenantAccess } from '../worker/tenant-access.ts'
import type { RecordSlice } from './retain.ts'

export type RetainingDeps = {
  access: Pick<TenantAccess, 'ask'>
  removeFiles: (imports: readonly ImportId[]) => Promise<void>
  signal: AbortSignal
}

/** Cut off anywhere, it is done again by the next look; a dataset that is removed meanwhile is passed over. */
export async function retain(deps: RetainingDeps, nowMs: number): Promise<{ records: number; documents: number }> {
  const gone = { records: 0, documents: 0 }
  const { datasets } = await deps.access.ask('writer', 'retained', {})
  for (const dataset of datasets) {
    try {
      gone.documents += await documentsOf(deps, dataset, nowMs)
      gone.records += await recordsOf(deps, dataset, nowMs)
    } catch (error) {
      if (codeOf(error) !== 'dataset.not_found') throw error
    }
  }
  return gone
}

async function documentsOf({ access, removeFiles, signal }: RetainingDeps, dataset: DatasetId, nowMs: number) {
  let documents = 0
  let removed: ImportId[] = []
  for (let after: number | undefined = 0; after !== undefined && !signal.aborted; ) {
    const gone: ReplyOf<DataAsks, 'retain-documents'> = await access.ask('writer', 'retain-documents', {
      ...{ dataset, nowMs, after, removed },
    })
    documents += gone.documents
    removed = gone.files
    if (removed.length > 0) await removeFiles(removed)
    after = gone.next
  }
  return documents
}

async function recordsOf({ access, signal }: RetainingDeps, dataset: DatasetId, nowMs: number): Promise<number> {
  let records = 0
  for (let after: RecordSlice['after'] | undefined = { import: 0, record: 0 }; after && !signal.aborted; ) {
    const gone: ReplyOf<DataAsks, 'retain-records'> = await access.ask('writer', 'retain-records', {
      ...{ dataset, nowMs, after },
    })
    records += gone.records
    after = gone.next
  }
  return records
}

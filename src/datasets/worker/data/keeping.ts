/** What of one tenant is kept and how long: erasure of a person's data, retention, and what records were before. */
import type {
  ChangesAsked,
  Clearance,
  DatasetId,
  Erased,
  EraseRequest,
  ImportId,
  RecordChanges,
  Retention,
  RetentionDays,
} from '../../../wire/mod.ts'
import { erase } from '../../erase/erasing.ts'
import { removeObjects } from '../../raw/objects.ts'
import { retain } from '../../retention/retaining.ts'
import type { TenantParts } from '../tenant-parts.ts'

export type Keeping = {
  /**
   * Takes away the records for which the conditions hold, and the documents that tell of them; or only counts them. What is taken meanwhile
   * is not looked at. Cut off, it is asked for again. Refuses `dataset.not_found`, `query.invalid`, `dataset.erase_held_up`.
   */
  erase(id: DatasetId, request: EraseRequest): Promise<Erased>
  /** How long records and documents are kept. Refuses `dataset.not_found`. */
  retention(dataset: DatasetId): Promise<Retention>
  /** From the next look on. Refuses `dataset.not_found`, `dataset.retention_unfit`. */
  setRetention(dataset: DatasetId, days: RetentionDays): Promise<Retention>
  /** From the next import on keeps what records were before, or no more. Refuses `dataset.not_found`, `dataset.history_unfit`. */
  setHistory(dataset: DatasetId, on: boolean): Promise<void>
  /** What a record was before. Refuses `dataset.not_found`, `dataset.history_unfit`, `query.field_restricted`. */
  changes(dataset: DatasetId, asked: ChangesAsked, clearance: Clearance): Promise<RecordChanges>
}

type Parts = Pick<
  TenantParts,
  'ask' | 'settingRetention' | 'access' | 'pass' | 'intake' | 'reimports' | 'places' | 'clock'
>

export function keepingOf(parts: Parts): Keeping {
  const { ask, settingRetention } = parts
  return {
    erase: (id, request) => erased(parts, id, request),
    retention: (dataset) => ask('writer', 'retention', { dataset }),
    setRetention: (dataset, days) => settingRetention(() => ask('writer', 'set-retention', { dataset, days })),
    async setHistory(dataset, on) {
      await ask('writer', 'set-history', { dataset, on })
    },
    changes: (dataset, asked, clearance) => ask('writer', 'changes', { dataset, asked, clearance }),
  }
}

/** Removes what was too old at that time, and tells how much that was. */
export function retainIn(
  { ask, places }: Pick<Parts, 'ask' | 'places'>,
  nowMs: number,
  signal: AbortSignal,
): Promise<{ records: number; documents: number }> {
  const removeFiles = (imports: readonly ImportId[]) => removeObjects(places.objects, imports)
  // One question at a time within the gate: whoever wants to be alone waits for a slice.
  return retain({ access: { ask }, removeFiles, signal }, nowMs)
}

function erased(
  { access, pass, intake, reimports, places, clock }: Parts,
  id: DatasetId,
  request: EraseRequest,
): Promise<Erased> {
  const { objects } = places
  const deps = {
    ...{ access, objects, clock },
    removeFiles: (imports: readonly ImportId[]) => removeObjects(objects, imports),
    dropImported: async () => (await intake.open()).dropImported(),
  }
  return pass(() => reimports.erasing(() => erase(deps, id, request)))
}

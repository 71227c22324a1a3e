/** Whether a dataset keeps what its records were before, as its owners say; told to the audit trail first. */
import { recorded } from '../../audit/mod.ts'
import type { DatasetId } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type HistoryActDeps = { state: Pick<RuntimeState, 'trail'> }

/** Refuses what `TenantData.setHistory` does. */
export function setHistory(
  { state: { trail } }: HistoryActDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, on }: { dataset: DatasetId; on: boolean },
): Promise<void> {
  const act = { actor, action: 'dataset.history_set', subject: dataset, detail: { dataTenant, on } }
  return recorded(trail, act, () => data.setHistory(dataset, on))
}

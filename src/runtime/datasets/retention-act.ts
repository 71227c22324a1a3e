/** How long a dataset keeps what came to it, as its owners say; told to the audit trail first. */
import { recorded } from '../../audit/mod.ts'
import type { DatasetId, Retention, RetentionDays } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type RetentionActDeps = { state: Pick<RuntimeState, 'trail'> }

/** Refuses what `TenantData.setRetention` does. */
export function setRetention(
  { state: { trail } }: RetentionActDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, days }: { dataset: DatasetId; days: RetentionDays },
): Promise<Retention> {
  const said = (kept: number | null): number | string => kept ?? 'for ever'
  const detail = { dataTenant, recordsDays: said(days.recordsDays), documentsDays: said(days.documentsDays) }
  const act = { actor, action: 'dataset.retention_set', subject: dataset, detail }
  return recorded(trail, act, () => data.setRetention(dataset, days))
}

/** Reading the documents of a dataset again, as its owners ask for it; told to the audit trail first. */
import { recorded } from '../../audit/mod.ts'
import type { DatasetId, NewFieldType, NewReimport, Reimport } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type ReimportActDeps = { state: Pick<RuntimeState, 'trail'> }

/** It goes on behind the answer. Refuses what `TenantData.reimport` does. */
export function reimport(
  { state: { trail } }: ReimportActDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, asked }: { dataset: DatasetId; asked: NewReimport },
): Promise<Reimport> {
  const detail = { dataTenant, ...(asked.import && { import: asked.import }) }
  const act = { actor, action: 'dataset.reimported', subject: dataset, detail }
  return recorded(trail, act, () => data.reimport(dataset, asked))
}

/**
 * Gives a field another type, by which what is there is changed and read again. Its name is the data tenant's own, and not told to the
 * trail, which others read too. Refuses what `TenantData.setFieldType` does.
 */
export function setFieldType(
  { state: { trail } }: ReimportActDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, field }: { dataset: DatasetId; field: NewFieldType },
): Promise<Reimport | undefined> {
  const detail = { dataTenant, type: field.type }
  const act = { actor, action: 'dataset.field_type_set', subject: dataset, detail }
  return recorded(trail, act, () => data.setFieldType(dataset, field))
}

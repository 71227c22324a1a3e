/** Declares and removes indexes of a dataset, told to the audit trail first. Pages and the API call the same. */
import { recorded } from '../../audit/mod.ts'
import type { DatasetId, DatasetIndex, IndexId } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type IndexActsDeps = { state: Pick<RuntimeState, 'trail'> }

/** Names of fields are the data tenant's own, and not told. Refuses `index.unfit`, `index.too_many`, `dataset.not_found`. */
export function createIndex(
  { state: { trail } }: IndexActsDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, fields }: { dataset: DatasetId; fields: string[] },
): Promise<DatasetIndex> {
  const act = { actor, action: 'index.created', subject: dataset, detail: { dataTenant, fields: fields.length } }
  return recorded(trail, act, () => data.createIndex(dataset, { fields }))
}

/** Refuses `index.not_found`, `dataset.not_found`. */
export function removeIndex(
  { state: { trail } }: IndexActsDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, index }: { dataset: DatasetId; index: IndexId },
): Promise<void> {
  const act = { actor, action: 'index.removed', subject: index, detail: { dataTenant, dataset } }
  return recorded(trail, act, () => data.removeIndex(dataset, index))
}

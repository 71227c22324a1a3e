/** What people do with the datasets of a data tenant and their upload tokens; each act is told to the audit trail first. */
import { recorded } from '../../audit/mod.ts'
import { type Clock, newId, type Random } from '../../base/mod.ts'
import { FieldNotFound, type UploadTokenSummary } from '../../datasets/mod.ts'
import type { Dataset, DatasetId, FieldClass, NewDataset } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type DatasetActsDeps = {
  state: Pick<RuntimeState, 'uploadTokens' | 'connectors' | 'trail'>
  clock: Clock
  random: Random
}

/** Refuses `dataset.exists`, `dataset.too_many`. */
export function createDataset(
  { state: { trail } }: DatasetActsDeps,
  { actor, tenant, data }: Member,
  dataset: NewDataset,
): Promise<Dataset> {
  const act = { actor, action: 'dataset.created', subject: tenant.id, detail: dataset }
  return recorded(trail, act, () => data.createDataset(dataset))
}

/** Removes it with records, documents and upload tokens. Refuses `dataset.not_found`. */
export async function removeDataset(
  { state: { trail, uploadTokens, connectors } }: DatasetActsDeps,
  { actor, tenant, data }: Member,
  id: DatasetId,
): Promise<void> {
  const { name, records } = await data.dataset(id)
  const act = { actor, action: 'dataset.removed', subject: id, detail: { dataTenant: tenant.id, name, records } }
  await recorded(trail, act, async () => {
    await connectors.removeAll(tenant.id, id)
    await uploadTokens.remove(tenant.id, id)
    await data.removeDataset(id)
  })
}

/**
 * Gives a field a class, which the next query goes by. Names of fields are the data tenant's own: the trail, which others read too, has
 * the number of the decision, and members see with the dataset which field that was about. Refuses `dataset.not_found`,
 * `dataset.field_not_found`.
 */
export async function classifyField(
  { state: { trail }, clock, random }: DatasetActsDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset: id, field, to }: { dataset: DatasetId; field: string; to: FieldClass },
): Promise<Dataset> {
  const dataset = await data.dataset(id)
  const from = dataset.fields.find(({ name }) => name === field)?.class
  if (from === undefined) throw new FieldNotFound('the dataset has no such field that can be classified')
  if (from === to) return dataset
  const change = newId('cls', clock, random)
  const act = { actor, action: 'dataset.field_classified', subject: id, detail: { dataTenant, change, from, to } }
  return recorded(trail, act, () => data.classifyField(id, { id: change, field, from, to, by: actor }))
}

/** The token is in this answer and nowhere else. Refuses `dataset.not_found`, `upload_token.unfit`, `upload_token.too_many`. */
export async function createUploadToken(
  { state: { trail, uploadTokens } }: DatasetActsDeps,
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, name, days }: { dataset: DatasetId; name: string; days: number },
): Promise<{ id: string; token: string; expiresAt: number }> {
  await data.dataset(dataset)
  const act = { actor, action: 'upload_token.created', subject: dataset, detail: { dataTenant, name, days } }
  return recorded(trail, act, () => uploadTokens.create({ dataTenant, dataset, name, days, by: actor }))
}

/** The earliest first. Refuses `dataset.not_found`. */
export async function listUploadTokens(
  { state: { uploadTokens } }: DatasetActsDeps,
  { tenant, data }: Member,
  dataset: DatasetId,
): Promise<UploadTokenSummary[]> {
  await data.dataset(dataset)
  return uploadTokens.list(tenant.id, dataset)
}

/** From the next request on it admits to nothing. Refuses `upload_token.not_found`. */
export function revokeUploadToken(
  { state: { trail, uploadTokens } }: DatasetActsDeps,
  { actor, tenant: { id: dataTenant } }: Member,
  { dataset, token }: { dataset: DatasetId; token: string },
): Promise<void> {
  const act = { actor, action: 'upload_token.revoked', subject: token, detail: { dataTenant, dataset } }
  return recorded(trail, act, () => uploadTokens.revoke(dataTenant, dataset, token, actor))
}

/** Decides what of a dataset is searched by its words, told to the audit trail first. Pages and the API call the same. */
import { recorded } from '../../audit/mod.ts'
import type { DatasetId, SearchIndex } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

/** Without fields the index goes. Names of fields are the data tenant's own, and not told. Refuses `search.unfit`, `dataset.not_found`. */
export function setSearch(
  { state: { trail } }: { state: Pick<RuntimeState, 'trail'> },
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, fields }: { dataset: DatasetId; fields: string[] },
): Promise<SearchIndex> {
  const action = fields.length === 0 ? 'search.removed' : 'search.declared'
  const act = { actor, action, subject: dataset, detail: { dataTenant, fields: fields.length } }
  return recorded(trail, act, () => data.setSearch(dataset, fields.length === 0 ? undefined : fields))
}

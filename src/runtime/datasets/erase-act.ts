/** The erasure of one person's data from a dataset, told to the audit trail before and certified there behind it. */
import { recorded } from '../../audit/mod.ts'
import { base64url, type Clock, canonicalJson, type Random, utf8 } from '../../base/mod.ts'
import { sha256Hex } from '../../crypto/mod.ts'
import type { DatasetId, Erased, EraseRequest } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

/**
 * What was erased and when, by whom. `matched`: SHA-256 of `<salt>.<the conditions in JSON's canonical form>`, of which the trail has no salt:
 * whoever has the certificate and the conditions shows that they belong together, and nobody finds a name by trying names.
 */
export type Certificate = Erased & {
  dataset: DatasetId
  dryRun: boolean
  matched: string
  salt: string
  erasedAtMs: number
  by: string
}

const SALT_BYTES = 16

/** A dry run tells nobody but who asks. Refuses what `TenantData.erase` does. */
export async function eraseFrom(
  { state: { trail }, clock, random }: { state: Pick<RuntimeState, 'trail'>; clock: Clock; random: Random },
  { actor, tenant: { id: dataTenant }, data }: Member,
  { dataset, request }: { dataset: DatasetId; request: EraseRequest },
): Promise<Certificate> {
  const salt = base64url(random(SALT_BYTES))
  const matched = await sha256Hex(utf8(`${salt}.${canonicalJson(request.where)}`))
  const act = { actor, action: 'dataset.erased', subject: dataset, detail: { dataTenant, matched } }
  const work = (): Promise<Erased> => data.erase(dataset, request)
  const erased = request.dryRun
    ? await work()
    : await recorded(trail, act, work, ({ search, ...counted }) => ({ ...counted, ...(search && { search }) }))
  return { dataset, dryRun: request.dryRun, ...erased, matched, salt, erasedAtMs: clock.now(), by: actor }
}

/** What people do with data tenants and their members; each act is told to the audit trail first. Pages and the API call the same. */
import type { Accounts, MemberClearance, Role } from '../../accounts/mod.ts'
import { recorded } from '../../audit/mod.ts'
import type { Clock, Random } from '../../base/mod.ts'
import { createDataTenant, type DataTenant } from '../../datasets/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type TenantActsDeps = {
  accounts: Pick<Accounts, 'memberships' | 'findUser' | 'listUsers'>
  state: Pick<RuntimeState, 'db' | 'datasets' | 'uploadTokens' | 'connectors' | 'trail'>
  clock: Clock
  random: Random
}
/** `since`: ms since 1970. */
export type ListedMember = { user: { id: string; name: string }; role: Role; clearance: MemberClearance; since: number }

/** Makes a data tenant whose first owner is who asks. Refuses `data_tenant.exists`. */
export async function createTenant(
  { accounts, state, clock, random }: TenantActsDeps,
  name: string,
  by: { id: string; actor: string },
): Promise<DataTenant> {
  const { trail, db } = state
  const { actor } = by
  const tenant = await recorded(trail, { actor, action: 'data_tenant.created', subject: name }, () =>
    createDataTenant({ db, clock, random }, { name }),
  )
  const membership = { dataTenant: tenant.id, role: 'owner' } as const
  await recorded(trail, { actor, action: 'data_tenant.granted', subject: by.id, detail: membership }, () =>
    accounts.memberships.grant({ user: by.id, ...membership }),
  )
  return tenant
}

/**
 * Destroys a data tenant with all that is its own. Once nothing is left of it, the trail holds the certificate of that: which keys
 * were destroyed, and how many datasets and records they had kept.
 */
export async function removeTenant(
  { accounts, state }: TenantActsDeps,
  { actor, tenant: { id, name }, data }: Member,
): Promise<void> {
  // What cannot be read any more can be removed all the same.
  const kept = await data.datasets().catch(() => undefined)
  const held = kept && { datasets: kept.length, records: kept.reduce((sum, { records }) => sum + records, 0) }
  const act = { actor, action: 'data_tenant.removed', subject: id, detail: { name, ...held } }
  const keys = keysOf(state, id)
  await recorded(state.trail, act, () => destroy({ accounts, state }, id, { ...held, keys }))
}

/** Brings removals to their end that were cut off, each with its certificate; of what is destroyed already it cannot tell any more. */
export async function finishRemovals({ accounts, state }: DestroyDeps): Promise<void> {
  for (const id of await state.datasets.removing()) await destroy({ accounts, state }, id, { cutOff: true })
}

type DestroyDeps = Pick<TenantActsDeps, 'accounts' | 'state'>

async function destroy(
  { accounts, state }: DestroyDeps,
  id: DataTenantId,
  told: Readonly<Record<string, string | number | boolean>>,
): Promise<void> {
  const { trail, datasets: desk, uploadTokens, connectors } = state
  await connectors.removeAll(id)
  await uploadTokens.remove(id)
  await desk.remove(id, async () => {
    // After all else: until the tenant is gone it has owners.
    await accounts.memberships.revokeAll(id)
    const detail = { ...told, keysLeft: desk.keys().filter((key) => key.id === id).length }
    await trail.record({ actor: 'system', action: 'data_tenant.destroyed', subject: id, detail })
  })
}

function keysOf({ datasets: desk }: Pick<RuntimeState, 'datasets'>, id: DataTenantId): string {
  const own = desk.keys().filter((key) => key.id === id)
  return own.map(({ purpose }) => `${purpose} ${id}`).join(', ')
}

/** In the order in which they came. */
export async function listMembers({ accounts }: TenantActsDeps, { tenant }: Member): Promise<ListedMember[]> {
  const names = new Map((await accounts.listUsers()).map(({ id, name }) => [id, name]))
  return (await accounts.memberships.of(tenant.id)).map(({ user: id, role, clearance, since }) => ({
    ...{ user: { id, name: names.get(id) ?? id }, role, clearance, since },
  }))
}

/** Gives a user, by id or name, a role and a clearance; without one a member keeps theirs. Refuses `account.not_found`, `data_tenant.last_owner`. */
export async function grantRole(
  { accounts, state: { trail } }: TenantActsDeps,
  { actor, tenant: { id: dataTenant } }: Member,
  { user, role, clearance }: { user: string; role: Role; clearance?: MemberClearance | undefined },
): Promise<void> {
  const { id } = await accounts.findUser(user)
  const given = { dataTenant, role, ...(clearance && { clearance }) }
  const act = { actor, action: 'data_tenant.granted', subject: id, detail: given }
  await recorded(trail, act, () => accounts.memberships.grant({ user: id, ...given }))
}

/** Takes a user's role away. Refuses `account.not_found`, `data_tenant.not_member`, `data_tenant.last_owner`. */
export async function revokeRole(
  { accounts, state: { trail } }: TenantActsDeps,
  { actor, tenant: { id: dataTenant } }: Member,
  user: string,
): Promise<void> {
  const { id } = await accounts.findUser(user)
  const act = { actor, action: 'data_tenant.revoked', subject: id, detail: { dataTenant } }
  await recorded(trail, act, () => accounts.memberships.revoke(id, dataTenant))
}

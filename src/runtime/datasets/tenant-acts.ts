/** What people do with data tenants and their members; each act is told to the audit trail first. Pages and the API call the same. */
import type { Accounts, Role } from '../../accounts/mod.ts'
import { recorded } from '../../audit/mod.ts'
import type { Clock, Random } from '../../base/mod.ts'
import { createDataTenant, type DataTenant } from '../../datasets/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

export type TenantActsDeps = {
  accounts: Pick<Accounts, 'memberships' | 'findUser' | 'listUsers'>
  state: Pick<RuntimeState, 'db' | 'datasets' | 'uploadTokens' | 'trail'>
  clock: Clock
  random: Random
}
/** `since`: ms since 1970. */
export type ListedMember = { user: { id: string; name: string }; role: Role; since: number }

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
  const { trail, datasets: desk, uploadTokens } = state
  // What cannot be read any more can be removed all the same.
  const kept = await data.datasets().catch(() => undefined)
  const held = kept && { datasets: kept.length, records: kept.reduce((sum, { records }) => sum + records, 0) }
  const keys = () => desk.keys().filter((key) => key.id === id)
  const destroyed = keys()
  await recorded(trail, { actor, action: 'data_tenant.removed', subject: id, detail: { name, ...held } }, async () => {
    await uploadTokens.remove(id)
    await desk.remove(id)
    // Last: until the tenant is gone its owner can try again.
    await accounts.memberships.revokeAll(id)
  })
  const certificate = { keys: destroyed.map(({ purpose }) => `${purpose} ${id}`).join(', '), keysLeft: keys().length }
  await trail.record({
    actor: 'system',
    action: 'data_tenant.destroyed',
    subject: id,
    detail: { ...held, ...certificate },
  })
}

/** In the order in which they came. */
export async function listMembers({ accounts }: TenantActsDeps, { tenant }: Member): Promise<ListedMember[]> {
  const names = new Map((await accounts.listUsers()).map(({ id, name }) => [id, name]))
  return (await accounts.memberships.of(tenant.id)).map(({ user: id, role, since }) => ({
    ...{ user: { id, name: names.get(id) ?? id }, role, since },
  }))
}

/** Gives a user, by id or name, a role. Refuses `account.not_found`, `data_tenant.last_owner`. */
export async function grantRole(
  { accounts, state: { trail } }: TenantActsDeps,
  { actor, tenant: { id: dataTenant } }: Member,
  { user, role }: { user: string; role: Role },
): Promise<void> {
  const { id } = await accounts.findUser(user)
  const act = { actor, action: 'data_tenant.granted', subject: id, detail: { dataTenant, role } }
  await recorded(trail, act, () => accounts.memberships.grant({ user: id, dataTenant, role }))
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

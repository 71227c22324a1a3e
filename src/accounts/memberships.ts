/**
 * Who may do what with the datasets of one data tenant, and see how much of them. A member's role there stands beside the user's role on
 * the server, and the clearance beside the role.
 */
import { and, asc, eq } from 'drizzle-orm'
import { dataTenantMembers } from '../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from './deps.ts'
import { DataTenantInvalid, DataTenantLastOwner, MembershipNotFound } from './errors.ts'
import type { Role } from './roles.ts'
import { userById } from './users.ts'

/** Up to which class of fields a member sees values: an owner there sees all. */
export const CLEARANCES = ['public', 'restricted'] as const
/** Of one member. */
export type MemberClearance = (typeof CLEARANCES)[number]

/** A user's place in a data tenant; `since`: ms since 1970. */
export type Membership = { user: string; dataTenant: string; role: Role; clearance: MemberClearance; since: number }
/** What is given; without a clearance one stays what it was, and is `public` for a new member. */
export type NewMembership = Pick<Membership, 'user' | 'dataTenant' | 'role'> & {
  clearance?: MemberClearance | undefined
}

/** Opaque ids only: no name of a party stands among accounts. */
const DATA_TENANT = /^dt_[0-9a-z-]{1,64}$/

/** Replaces role and clearance of one who is a member already. Refuses `data_tenant.invalid`, `data_tenant.last_owner`, `account.not_found`. */
export function grantMembership(
  deps: AccountsDeps,
  { user, dataTenant, role, clearance }: NewMembership,
): Promise<Membership> {
  if (!DATA_TENANT.test(dataTenant)) throw new DataTenantInvalid('the id of a data tenant begins with dt_')
  return within(deps, async (tx) => {
    await userById(tx, user)
    if (role !== 'owner') await demandOtherOwner(tx, user, dataTenant)
    const before = await tx.db.select().from(dataTenantMembers).where(ofBoth(user, dataTenant)).get()
    const kept = clearance ?? before?.clearance ?? 'public'
    const row = { userId: user, dataTenant, role, clearance: kept, grantedAtMs: tx.clock.now() }
    const target = [dataTenantMembers.userId, dataTenantMembers.dataTenant]
    await tx.db.insert(dataTenantMembers).values(row).onConflictDoUpdate({ target, set: row })
    return membershipOf(row)
  })
}

/** Refuses `data_tenant.not_member`, `data_tenant.last_owner`. */
export function revokeMembership(deps: AccountsDeps, user: string, dataTenant: string): Promise<void> {
  return within(deps, async (tx) => {
    await demandOtherOwner(tx, user, dataTenant)
    const removed = await tx.db.delete(dataTenantMembers).where(ofBoth(user, dataTenant)).returning()
    if (removed.length === 0) throw new MembershipNotFound('the user is no member of this data tenant')
  })
}

/** Of one user. */
export async function listMemberships(deps: AccountsDeps, user: string): Promise<Membership[]> {
  const rows = await deps.db
    .select()
    .from(dataTenantMembers)
    .where(eq(dataTenantMembers.userId, user))
    .orderBy(asc(dataTenantMembers.dataTenant))
  return rows.map(membershipOf)
}

/** Of one data tenant, the earliest first. */
export async function listMembers(deps: AccountsDeps, dataTenant: string): Promise<Membership[]> {
  const rows = await deps.db
    .select()
    .from(dataTenantMembers)
    .where(eq(dataTenantMembers.dataTenant, dataTenant))
    .orderBy(asc(dataTenantMembers.grantedAtMs), asc(dataTenantMembers.userId))
  return rows.map(membershipOf)
}

/** Nobody is a member of it any more. */
export async function revokeMembers(deps: AccountsDeps, dataTenant: string): Promise<void> {
  await deps.db.delete(dataTenantMembers).where(eq(dataTenantMembers.dataTenant, dataTenant))
}

/** What a user is in a data tenant. Nobody is anything there by their role on the server alone, an owner neither. */
export async function findMembership(
  deps: AccountsDeps,
  user: string,
  dataTenant: string,
): Promise<Membership | undefined> {
  const row = await deps.db.select().from(dataTenantMembers).where(ofBoth(user, dataTenant)).get()
  return row && membershipOf(row)
}

/** An owner there gives clearances and decides about classes: it would be no bound to them. */
function membershipOf({ userId: user, grantedAtMs: since, ...row }: typeof dataTenantMembers.$inferSelect): Membership {
  return { ...row, user, since, clearance: row.role === 'owner' ? 'restricted' : row.clearance }
}

/** Where this user is an owner, another one must be there as well. */
async function demandOtherOwner({ db }: WithinDeps, user: string, dataTenant: string): Promise<void> {
  const owners = await db
    .select({ user: dataTenantMembers.userId })
    .from(dataTenantMembers)
    .where(and(eq(dataTenantMembers.dataTenant, dataTenant), eq(dataTenantMembers.role, 'owner')))
    .limit(2)
  if (owners.length === 1 && owners[0]?.user === user)
    throw new DataTenantLastOwner('this is the last owner of the data tenant')
}

function ofBoth(user: string, dataTenant: string) {
  return and(eq(dataTenantMembers.userId, user), eq(dataTenantMembers.dataTenant, dataTenant))
}

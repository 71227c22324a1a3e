/** Who may do what with the datasets of one data tenant. A member's role there stands beside the user's role on the server. */
import { and, asc, eq } from 'drizzle-orm'
import { dataTenantMembers } from '../store/mod.ts'
import { type AccountsDeps, within } from './deps.ts'
import { DataTenantInvalid, MembershipNotFound } from './errors.ts'
import { type Role, roleReaches } from './roles.ts'
import { userById } from './users.ts'

/** A user's place in a data tenant; `since`: ms since 1970. */
export type Membership = { user: string; dataTenant: string; role: Role; since: number }

/** Opaque ids only: no name of a party stands among accounts. */
const DATA_TENANT = /^dt_[0-9a-z-]{1,64}$/

/** Replaces the role of one who is a member already. Refuses `data_tenant.invalid`, `account.not_found`. */
export function grantMembership(
  deps: AccountsDeps,
  { user, dataTenant, role }: Omit<Membership, 'since'>,
): Promise<Membership> {
  if (!DATA_TENANT.test(dataTenant)) throw new DataTenantInvalid('the id of a data tenant begins with dt_')
  return within(deps, async (tx) => {
    await userById(tx, user)
    const row = { userId: user, dataTenant, role, grantedAtMs: tx.clock.now() }
    const target = [dataTenantMembers.userId, dataTenantMembers.dataTenant]
    await tx.db.insert(dataTenantMembers).values(row).onConflictDoUpdate({ target, set: row })
    return { user, dataTenant, role, since: row.grantedAtMs }
  })
}

/** Refuses `data_tenant.not_member`. */
export async function revokeMembership(deps: AccountsDeps, user: string, dataTenant: string): Promise<void> {
  const removed = await deps.db.delete(dataTenantMembers).where(ofBoth(user, dataTenant)).returning()
  if (removed.length === 0) throw new MembershipNotFound('the user is no member of this data tenant')
}

/** Of one user. */
export async function listMemberships(deps: AccountsDeps, user: string): Promise<Membership[]> {
  const rows = await deps.db
    .select()
    .from(dataTenantMembers)
    .where(eq(dataTenantMembers.userId, user))
    .orderBy(asc(dataTenantMembers.dataTenant))
  return rows.map((row) => ({ user, dataTenant: row.dataTenant, role: row.role, since: row.grantedAtMs }))
}

/** Whether a user reaches a role in a data tenant. Nobody does by their role on the server alone, an owner neither. */
export async function isMember(deps: AccountsDeps, user: string, dataTenant: string, needed: Role): Promise<boolean> {
  const row = await deps.db
    .select({ role: dataTenantMembers.role })
    .from(dataTenantMembers)
    .where(ofBoth(user, dataTenant))
    .get()
  return row !== undefined && roleReaches(row.role, needed)
}

function ofBoth(user: string, dataTenant: string) {
  return and(eq(dataTenantMembers.userId, user), eq(dataTenantMembers.dataTenant, dataTenant))
}

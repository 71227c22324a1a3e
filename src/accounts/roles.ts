/** Roles, each holding what the one before it may, and users as everyone outside may know them. */

/** From the lowest to the highest. */
export const ROLES = ['viewer', 'operator', 'owner'] as const
/** What a user may do; each role holds what those before it may. */
export type Role = (typeof ROLES)[number]

const RANK: Record<Role, number> = { viewer: 1, operator: 2, owner: 3 }

/** A user; times are ms since 1970. */
export type User = { id: string; name: string; role: Role }

/** Whether a role reaches what `needed` may do. */
export function roleReaches(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed]
}

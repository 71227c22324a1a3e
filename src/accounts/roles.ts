/** Roles, each holding what the one before it may, and users as everyone outside may know them. */

export type Role = 'viewer' | 'operator' | 'owner'

const RANK: Record<Role, number> = { viewer: 1, operator: 2, owner: 3 }

/** A user; times are ms since 1970. */
export type User = { id: string; name: string; role: Role }

/** Whether a role reaches what `needed` may do. */
export function roleReaches(role: Role, needed: Role): boolean {
  return RANK[role] >= RANK[needed]
}

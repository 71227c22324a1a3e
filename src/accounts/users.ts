/** Who has an account. */
import { asc, count, eq } from 'drizzle-orm'
import { newId } from '../base/mod.ts'
import { users } from '../store/mod.ts'
import type { AccountsDeps } from './deps.ts'
import { AccountNameInvalid, AccountNameTaken, AccountNotFound, OwnerExists } from './errors.ts'
import type { Role, User } from './roles.ts'

/** What lists of users show. Times are ms since 1970. */
export type UserSummary = User & { createdAt: number; hasPassword: boolean }

const NAME = /^[a-z0-9][a-z0-9._@+-]{0,63}$/

/** Names differ neither by case nor by the space that a form leaves around them. */
export function normalName(name: string): string {
  return name.trim().toLowerCase()
}

export async function createUser(deps: AccountsDeps, input: { name: string; role: Role }): Promise<User> {
  const user = newUser(deps, input)
  return deps.db.transaction(async (tx) => {
    const taken = await tx.select({ id: users.id }).from(users).where(eq(users.name, user.name)).get()
    if (taken) throw new AccountNameTaken('another user has this name')
    await tx.insert(users).values({ ...user, createdAtMs: deps.clock.now() })
    return user
  })
}

/** Only while there is no user at all; two calls at the same time make one owner. */
export async function createFirstUser(deps: AccountsDeps, name: string): Promise<User> {
  const user = newUser(deps, { name, role: 'owner' })
  return deps.db.transaction(async (tx) => {
    const existing = await tx.select({ users: count() }).from(users).get()
    if (existing && existing.users > 0) throw new OwnerExists('there is an owner already')
    await tx.insert(users).values({ ...user, createdAtMs: deps.clock.now() })
    return user
  })
}

export async function listUsers(deps: AccountsDeps): Promise<UserSummary[]> {
  const rows = await deps.db.select().from(users).orderBy(asc(users.name))
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    role: row.role,
    createdAt: row.createdAtMs,
    hasPassword: row.passwordHash !== null,
  }))
}

export async function userById(deps: AccountsDeps, id: string): Promise<User> {
  const { name, role } = users
  const row = await deps.db.select({ id: users.id, name, role }).from(users).where(eq(users.id, id)).get()
  if (row === undefined) throw new AccountNotFound('there is no such user')
  return row
}

function newUser(deps: AccountsDeps, input: { name: string; role: Role }): User {
  const name = normalName(input.name)
  if (!NAME.test(name)) throw new AccountNameInvalid('the name of the user is not valid')
  return { id: newId('usr', deps.clock, deps.random), name, role: input.role }
}

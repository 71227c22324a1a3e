/** Who has an account, in which role, and whether it may be used. One owner who can get in always remains. */
import { and, asc, count, eq, inArray, isNotNull, isNull, or, sql } from 'drizzle-orm'
import { newId } from '../base/mod.ts'
import { apiTokens, identities, oneTimeLinks, sessions, totpSecrets, users } from '../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from './deps.ts'
import {
  AccountNameInvalid,
  AccountNameTaken,
  AccountNotFound,
  AccountsTooMany,
  LastOwner,
  OwnerExists,
} from './errors.ts'
import type { Role, User } from './roles.ts'
import { OIDC_ISSUER, readSetting } from './settings.ts'

/** What lists of users show. Times are ms since 1970. */
export type UserSummary = User & {
  createdAt: number
  hasPassword: boolean
  hasTotp: boolean
  /** Signs in by an OpenID provider. */
  hasIdentity: boolean
  disabledAt: number | null
}

/** 10,000 × ~300 B = 3 MB for the longest list, however many a provider would let in. */
export const USERS_MAX = 10_000
const NAME = /^[a-z0-9][a-z0-9._@+-]{0,63}$/
/** Who acts in the audit trail without being a person: a name among these would pose as one of them. */
export const NOT_PEOPLE: ReadonlySet<string> = new Set(['system', 'platform', 'runtime', 'key'])

/** Names differ neither by case nor by the space that a form leaves around them. */
export function normalName(name: string): string {
  return name.trim().toLowerCase()
}

/** Refuses `account.name_taken`, `account.name_invalid`, `account.too_many`. */
export async function createUser(deps: AccountsDeps, input: { name: string; role: Role }): Promise<User> {
  return within(deps, (tx) => insertUser(tx, input))
}

/** The same within a transaction that goes on. */
export async function insertUser(tx: WithinDeps, input: { name: string; role: Role }): Promise<User> {
  const user = newUser(tx, input)
  await refuseTaken(tx, user)
  const existing = await tx.db.select({ users: count() }).from(users).get()
  if ((existing?.users ?? 0) >= USERS_MAX) throw new AccountsTooMany(`there are ${USERS_MAX} users already`)
  await tx.db.insert(users).values({ ...user, createdAtMs: tx.clock.now() })
  return user
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

/** All of them, by name. */
export async function listUsers(deps: AccountsDeps): Promise<UserSummary[]> {
  const rows = await summaries(deps).orderBy(asc(users.name))
  return rows.map(summaryOf)
}

/** One user by id or by name, as lists show them. Refuses `account.not_found`. */
export async function findUser(deps: AccountsDeps, idOrName: string): Promise<UserSummary> {
  const row = await summaries(deps)
    .where(or(eq(users.id, idOrName), eq(users.name, normalName(idOrName))))
    .get()
  if (row === undefined) throw new AccountNotFound('there is no such user')
  return summaryOf(row)
}

/** The row of who signs in with that name, unless it is disabled. */
export type UserByName = (name: string) => Promise<typeof users.$inferSelect | undefined>

/** Prepared once: strangers ask for it as often as they can. */
export function userByName({ db }: Pick<AccountsDeps, 'db'>): UserByName {
  const isThatName = and(eq(users.name, sql.placeholder('name')), isNull(users.disabledAtMs))
  const query = db.select().from(users).where(isThatName).prepare()
  return (name) => query.get({ name })
}

/** Refuses `account.not_found`; users who are disabled are found. */
export async function userById(deps: WithinDeps, id: string): Promise<User> {
  const { name, role } = users
  const row = await deps.db.select({ id: users.id, name, role }).from(users).where(eq(users.id, id)).get()
  if (row === undefined) throw new AccountNotFound('there is no such user')
  return row
}

/** Refuses `account.not_found`, `account.name_taken`, `account.name_invalid`. */
export async function renameUser(deps: AccountsDeps, id: string, name: string): Promise<User> {
  return within(deps, async (tx) => {
    const user = { ...(await userById(tx, id)), name: validName(name) }
    await refuseTaken(tx, user)
    await tx.db.update(users).set({ name: user.name }).where(eq(users.id, id))
    return user
  })
}

/** Holds from the next request of every session and token of the user on. Refuses `account.not_found`, `account.last_owner`. */
export async function setRole(deps: AccountsDeps, id: string, role: Role): Promise<User> {
  return keepingAnOwner(deps, async (tx) => {
    const user = await userById(tx, id)
    await tx.db.update(users).set({ role }).where(eq(users.id, id))
    return { ...user, role }
  })
}

/** Ends sessions and links, and refuses everything of the user until `enableUser`. Refuses `account.not_found`, `account.last_owner`. */
export async function disableUser(deps: AccountsDeps, id: string): Promise<User> {
  return keepingAnOwner(deps, async (tx) => {
    const user = await userById(tx, id)
    await tx.db.update(users).set({ disabledAtMs: tx.clock.now() }).where(eq(users.id, id))
    await tx.db.delete(sessions).where(eq(sessions.userId, id))
    await tx.db.delete(oneTimeLinks).where(eq(oneTimeLinks.userId, id))
    return user
  })
}

/** Takes `disableUser` back; API tokens of before hold again. Refuses `account.not_found`. */
export async function enableUser(deps: AccountsDeps, id: string): Promise<User> {
  const user = await userById(deps, id)
  await deps.db.update(users).set({ disabledAtMs: null }).where(eq(users.id, id))
  return user
}

/** With everything that is theirs: sessions, links, tokens, authenticator. Refuses `account.not_found`, `account.last_owner`. */
export async function removeUser(deps: AccountsDeps, id: string): Promise<User> {
  return keepingAnOwner(deps, async (tx) => {
    const user = await userById(tx, id)
    // The tables refer to users with `on delete cascade`; a token that speaks for nobody must not depend on a pragma.
    await tx.db.delete(sessions).where(eq(sessions.userId, id))
    await tx.db.delete(apiTokens).where(eq(apiTokens.userId, id))
    await tx.db.delete(users).where(eq(users.id, id))
    return user
  })
}

/**
 * Does it, and takes it back if it left no owner who can get in. Who was invited and has not come yet counts only while no
 * owner at all has come.
 */
export async function keepingAnOwner<T>(deps: AccountsDeps, work: (tx: WithinDeps) => Promise<T>): Promise<T> {
  return within(deps, async (tx) => {
    const before = await ownersWhoCanEnter(tx)
    const done = await work(tx)
    const after = await ownersWhoCanEnter(tx)
    if (after.enabled === 0 || (after.canEnter === 0 && before.canEnter > 0)) {
      throw new LastOwner('this is the last owner who can sign in')
    }
    return done
  })
}

/** Enabled owners, and those of them who have a password, or an account at the provider that is set up now. */
async function ownersWhoCanEnter(tx: WithinDeps): Promise<{ enabled: number; canEnter: number }> {
  const issuer = (await readSetting(tx, OIDC_ISSUER)) ?? ''
  const vouched = tx.db.select({ id: identities.userId }).from(identities).where(eq(identities.issuer, issuer))
  const enabled = and(eq(users.role, 'owner'), isNull(users.disabledAtMs))
  const all = await tx.db.select({ owners: count() }).from(users).where(enabled).get()
  const canEnter = and(enabled, or(isNotNull(users.passwordHash), inArray(users.id, vouched)))
  const able = await tx.db.select({ owners: count() }).from(users).where(canEnter).get()
  return { enabled: all?.owners ?? 0, canEnter: able?.owners ?? 0 }
}

function summaries(deps: AccountsDeps) {
  const identity = sql<number>`exists (select 1 from ${identities} where ${identities.userId} = ${users.id})`
  return deps.db
    .select({ user: users, totp: totpSecrets.userId, identity })
    .from(users)
    .leftJoin(totpSecrets, and(eq(totpSecrets.userId, users.id), isNotNull(totpSecrets.confirmedAtMs)))
    .$dynamic()
}

function summaryOf(row: { user: typeof users.$inferSelect; totp: string | null; identity: number }): UserSummary {
  const { id, name, role, createdAtMs, passwordHash, disabledAtMs } = row.user
  return {
    ...{ id, name, role, createdAt: createdAtMs, disabledAt: disabledAtMs },
    ...{ hasPassword: passwordHash !== null, hasTotp: row.totp !== null, hasIdentity: row.identity === 1 },
  }
}

async function refuseTaken(tx: WithinDeps, user: Pick<User, 'id' | 'name'>): Promise<void> {
  const taken = await tx.db.select({ id: users.id }).from(users).where(eq(users.name, user.name)).get()
  if (taken && taken.id !== user.id) throw new AccountNameTaken('another user has this name')
}

function newUser(deps: WithinDeps, input: { name: string; role: Role }): User {
  return { id: newId('usr', deps.clock, deps.random), name: validName(input.name), role: input.role }
}

/** The name as it is kept. Refuses `account.name_invalid`. */
export function validName(text: string): string {
  const name = normalName(text)
  // A name that looks like an id could be taken for another user's.
  if (!NAME.test(name) || name.startsWith('usr_') || NOT_PEOPLE.has(name))
    throw new AccountNameInvalid('the name of the user is not valid')
  return name
}

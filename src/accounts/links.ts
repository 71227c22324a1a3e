/** One-time links: made by whoever may, used once, within an hour, to sign in or to set a first or forgotten password. */
import { and, desc, eq, gt, isNull, lte, notInArray } from 'drizzle-orm'
import { oneTimeLinks, users } from '../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from './deps.ts'
import { LinkRefused } from './errors.ts'
import type { User } from './roles.ts'
import { hashToken, newToken } from './secrets.ts'
import { userById } from './users.ts'

export const LINK_LIFETIME_MS = 60 * 60_000
/** Between a right password and the code that follows it. */
export const SECOND_STEP_MS = 5 * 60_000
/** A user's sign-ins that wait for a code; the oldest beyond these has to begin again. */
export const SECOND_STEPS_PER_USER_MAX = 8

/** What a link lets its holder do. */
export type LinkPurpose = 'set-password' | 'sign-in'
/** What a link is for, before it is used. */
export type LinkView = { user: User; purpose: LinkPurpose }

/** The token for a link's address, shown once. Refuses `account.not_found`. */
export async function createLink(deps: AccountsDeps, userId: string, purpose: LinkPurpose): Promise<string> {
  await userById(deps, userId)
  return within(deps, async (tx) => {
    // Of links that set a password the newest alone works: the one before may lie in a mailbox.
    await tx.db.delete(oneTimeLinks).where(and(eq(oneTimeLinks.userId, userId), eq(oneTimeLinks.purpose, purpose)))
    return insert(tx, { userId, purpose, lifetimeMs: LINK_LIFETIME_MS })
  })
}

/** A token for whoever has proved the first half; good for five minutes and a right code. */
export async function createSecondStep(tx: WithinDeps, userId: string): Promise<string> {
  const token = await insert(tx, { userId, purpose: 'second-step', lifetimeMs: SECOND_STEP_MS })
  const ofUser = and(eq(oneTimeLinks.userId, userId), eq(oneTimeLinks.purpose, 'second-step'))
  const kept = tx.db
    .select({ hash: oneTimeLinks.tokenHash })
    .from(oneTimeLinks)
    .where(ofUser)
    .orderBy(desc(oneTimeLinks.expiresAtMs))
    .limit(SECOND_STEPS_PER_USER_MAX)
  await tx.db.delete(oneTimeLinks).where(and(ofUser, notInArray(oneTimeLinks.tokenHash, kept)))
  return token
}

/** Whose second step it is, without using it up. Refuses `account.link_refused`. */
export async function viewSecondStep(deps: AccountsDeps, token: string): Promise<User> {
  const { user, purpose } = await view(deps, token)
  if (purpose !== 'second-step') throw refusal()
  return user
}

type Stored = { userId: string; purpose: LinkPurpose | 'second-step'; lifetimeMs: number }

async function insert(tx: WithinDeps, { userId, purpose, lifetimeMs }: Stored): Promise<string> {
  const now = tx.clock.now()
  const token = newToken(tx.random)
  await tx.db.delete(oneTimeLinks).where(lte(oneTimeLinks.expiresAtMs, now))
  await tx.db
    .insert(oneTimeLinks)
    .values({ tokenHash: await hashToken('link', token), userId, purpose, expiresAtMs: now + lifetimeMs })
  return token
}

/** Looks without using it up; refuses `account.link_refused`. */
export async function viewLink(deps: AccountsDeps, token: string): Promise<LinkView> {
  const { user, purpose } = await view(deps, token)
  // The token of a second step is no link: with it alone nobody gets in.
  if (purpose === 'second-step') throw refusal()
  return { user, purpose }
}

async function view(deps: AccountsDeps, token: string): Promise<{ user: User; purpose: Stored['purpose'] }> {
  const row = await deps.db
    .select({ id: users.id, name: users.name, role: users.role, purpose: oneTimeLinks.purpose })
    .from(oneTimeLinks)
    .innerJoin(users, eq(users.id, oneTimeLinks.userId))
    .where(and(await usable(deps, token), isNull(users.disabledAtMs)))
    .get()
  if (row === undefined) throw refusal()
  const { purpose, ...user } = row
  return { user, purpose }
}

/** Uses it up: of calls at the same time exactly one succeeds, the others are refused `account.link_refused`. */
export async function consumeLink(deps: WithinDeps, token: string): Promise<void> {
  const used = await deps.db
    .delete(oneTimeLinks)
    .where(await usable(deps, token))
    .returning({ userId: oneTimeLinks.userId })
  if (used.length === 0) throw refusal()
}

function refusal(): LinkRefused {
  return new LinkRefused('this link does not work any more')
}

async function usable(deps: Pick<AccountsDeps, 'clock'>, token: string) {
  return and(eq(oneTimeLinks.tokenHash, await hashToken('link', token)), gt(oneTimeLinks.expiresAtMs, deps.clock.now()))
}

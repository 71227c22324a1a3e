/** One-time links: made by whoever may, used once, within an hour, to sign in or to set a first or forgotten password. */
import { and, eq, gt, lte } from 'drizzle-orm'
import { oneTimeLinks, users } from '../store/mod.ts'
import type { AccountsDeps, WithinDeps } from './deps.ts'
import { LinkRefused } from './errors.ts'
import type { User } from './roles.ts'
import { hashToken, newToken } from './secrets.ts'
import { userById } from './users.ts'

export const LINK_LIFETIME_MS = 60 * 60_000

/** What a link lets its holder do. */
export type LinkPurpose = 'set-password' | 'sign-in'
/** What a link is for, before it is used. */
export type LinkView = { user: User; purpose: LinkPurpose }

/** The token for a link's address, shown once. Refuses `account.not_found`. */
export async function createLink(deps: AccountsDeps, userId: string, purpose: LinkPurpose): Promise<string> {
  await userById(deps, userId)
  const now = deps.clock.now()
  const token = newToken(deps.random)
  await deps.db.delete(oneTimeLinks).where(lte(oneTimeLinks.expiresAtMs, now))
  await deps.db
    .insert(oneTimeLinks)
    .values({ tokenHash: await hashToken('link', token), userId, purpose, expiresAtMs: now + LINK_LIFETIME_MS })
  return token
}

/** Looks without using it up; refuses `account.link_refused`. */
export async function viewLink(deps: AccountsDeps, token: string): Promise<LinkView> {
  const row = await deps.db
    .select({ id: users.id, name: users.name, role: users.role, purpose: oneTimeLinks.purpose })
    .from(oneTimeLinks)
    .innerJoin(users, eq(users.id, oneTimeLinks.userId))
    .where(await usable(deps, token))
    .get()
  if (row === undefined) throw new LinkRefused('this link does not work any more')
  const { purpose, ...user } = row
  return { user, purpose }
}

/** Uses it up: of calls at the same time exactly one succeeds, the others are refused `account.link_refused`. */
export async function consumeLink(deps: WithinDeps, token: string): Promise<void> {
  const used = await deps.db
    .delete(oneTimeLinks)
    .where(await usable(deps, token))
    .returning({ userId: oneTimeLinks.userId })
  if (used.length === 0) throw new LinkRefused('this link does not work any more')
}

async function usable(deps: Pick<AccountsDeps, 'clock'>, token: string) {
  return and(eq(oneTimeLinks.tokenHash, await hashToken('link', token)), gt(oneTimeLinks.expiresAtMs, deps.clock.now()))
}

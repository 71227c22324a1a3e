/** Sessions of browsers: twelve hours at most, one hour without use, listed, and ended one by one or all. */
import { and, asc, between, desc, eq, isNotNull, isNull, lte, ne, notInArray, or } from 'drizzle-orm'
import { newId } from '../base/mod.ts'
import { accountSettings, sessions, totpSecrets, users } from '../store/mod.ts'
import type { AccountsDeps, WithinDeps } from './deps.ts'
import { SessionNotFound } from './errors.ts'
import type { Role, User } from './roles.ts'
import { hashToken, newToken } from './secrets.ts'

/** However much it is used, a session ends after this. */
export const SESSION_MAX_MS = 12 * 60 * 60_000
/** Without a request for this long a session ends. */
export const SESSION_IDLE_MS = 60 * 60_000
/** A person's browsers; the longest unused session beyond these ends. */
export const SESSIONS_PER_USER_MAX = 32
/** So far clocks are set back in passing. What is of the future by more than that counts for nothing. */
export const CLOCK_SLACK_MS = 60_000
/** How often the use of a session is written down. */
const SEEN_EVERY_MS = 60_000
const USER_AGENT_LENGTH_MAX = 256
/** The row of `account_settings` that demands an authenticator of everyone, while it is there. */
export const DEMAND_TOTP = 'demand-totp'

/** Times are ms since 1970; `expiresAt` is the absolute limit. */
export type Session = {
  id: string
  user: User
  createdAt: number
  expiresAt: number
  /** When its user last proved to be there: by signing in, or by a confirmation since. */
  confirmedAtMs: number
  /** An authenticator is demanded of everyone and this user has none: the session is good for setting one up. */
  mustEnrolTotp: boolean
}
/** A new session and the token that goes into the cookie and nowhere else. */
export type OpenedSession = { token: string; session: Session }
/** What lists of sessions show; times are ms since 1970, `seenAt` to the minute. */
export type SessionSummary = {
  id: string
  /** Id of its user. */
  user: string
  createdAt: number
  seenAt: number
  address: string
  userAgent: string
}
/** Where a browser comes from: its IP address, what it calls itself, and what it kept of a sign-in before (`browserToken`). */
export type Visitor = { address: string; userAgent?: string | undefined; browser?: string | undefined }

/** `confirmedAtMs`: when its user proved to be there, if that was not just now. */
export async function openSession(
  deps: WithinDeps,
  user: User,
  visitor: Visitor,
  confirmedAtMs: number = deps.clock.now(),
): Promise<OpenedSession> {
  const token = newToken(deps.random)
  const now = deps.clock.now()
  const id = newId('ses', deps.clock, deps.random)
  await removeExpired(deps, now)
  await deps.db.insert(sessions).values({
    id,
    tokenHash: await hashToken('session', token),
    userId: user.id,
    createdAtMs: now,
    seenAtMs: now,
    confirmedAtMs,
    address: visitor.address,
    userAgent: (visitor.userAgent ?? '').slice(0, USER_AGENT_LENGTH_MAX),
  })
  await endBeyondMax(deps, user.id)
  const session = { id, user, createdAt: now, expiresAt: now + SESSION_MAX_MS, confirmedAtMs }
  return { token, session: { ...session, mustEnrolTotp: await mustEnrolTotp(deps, user.id) } }
}

/** The session of a cookie's token, if it has not ended or expired and its user may still do something. */
export async function sessionOf(deps: AccountsDeps, token: string): Promise<Session | undefined> {
  const now = deps.clock.now()
  const row = await deps.db
    .select({
      ...{ session: sessions, id: users.id, name: users.name, role: users.role },
      ...{ demanded: accountSettings.name, enrolled: totpSecrets.userId },
    })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .leftJoin(accountSettings, eq(accountSettings.name, DEMAND_TOTP))
    .leftJoin(totpSecrets, and(eq(totpSecrets.userId, users.id), isNotNull(totpSecrets.confirmedAtMs)))
    .where(and(eq(sessions.tokenHash, await hashToken('session', token)), alive(now), isNull(users.disabledAtMs)))
    .get()
  if (row === undefined) return undefined
  const { session, demanded, enrolled, ...user } = row
  if (now - session.seenAtMs >= SEEN_EVERY_MS) {
    await deps.db.update(sessions).set({ seenAtMs: now }).where(eq(sessions.id, session.id))
  }
  return {
    ...{ id: session.id, user, createdAt: session.createdAtMs, expiresAt: session.createdAtMs + SESSION_MAX_MS },
    confirmedAtMs: session.confirmedAtMs ?? session.createdAtMs,
    mustEnrolTotp: demanded !== null && enrolled === null,
  }
}

/**
 * The role in which the session of a cookie's token stands, `undefined` where it stands no more or has first to set up an authenticator.
 * Looking does not count as use: an open page alone keeps nobody signed in.
 */
export async function roleOfSession(deps: AccountsDeps, token: string): Promise<Role | undefined> {
  const row = await deps.db
    .select({ user: users.id, role: users.role })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(
      and(
        eq(sessions.tokenHash, await hashToken('session', token)),
        alive(deps.clock.now()),
        isNull(users.disabledAtMs),
      ),
    )
    .get()
  return row === undefined || (await mustEnrolTotp(deps, row.user)) ? undefined : row.role
}

/** Those that are alive, of one user id or of everyone, oldest first. */
export async function listSessions(deps: AccountsDeps, userId?: string): Promise<SessionSummary[]> {
  const ofUser = userId === undefined ? undefined : eq(sessions.userId, userId)
  const rows = await deps.db
    .select()
    .from(sessions)
    .where(and(ofUser, alive(deps.clock.now())))
    .orderBy(asc(sessions.createdAtMs))
  return rows.map((row) => ({
    ...{ id: row.id, user: row.userId, createdAt: row.createdAtMs, seenAt: row.seenAtMs },
    ...{ address: row.address, userAgent: row.userAgent },
  }))
}

/** The user of a live session. Refuses `session.not_found`. */
export async function userOfSession(deps: AccountsDeps, sessionId: string): Promise<User> {
  const row = await deps.db
    .select({ id: users.id, name: users.name, role: users.role })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(and(eq(sessions.id, sessionId), alive(deps.clock.now()), isNull(users.disabledAtMs)))
    .get()
  if (row === undefined) throw new SessionNotFound('there is no such session')
  return row
}

/** Notes that the user of a session has just proved to be there. */
export async function markConfirmed(deps: WithinDeps, sessionId: string): Promise<void> {
  await deps.db.update(sessions).set({ confirmedAtMs: deps.clock.now() }).where(eq(sessions.id, sessionId))
}

/** Ends one session of a user; refuses `session.not_found`, for another user's too. */
export async function endSession(deps: AccountsDeps, userId: string, sessionId: string): Promise<void> {
  const ended = await deps.db
    .delete(sessions)
    .where(and(eq(sessions.id, sessionId), eq(sessions.userId, userId)))
    .returning({ id: sessions.id })
  if (ended.length === 0) throw new SessionNotFound('there is no such session')
}

/** Ends all sessions of a user but the one named. */
export async function endOtherSessions(deps: WithinDeps, userId: string, keep?: string): Promise<void> {
  await deps.db.delete(sessions).where(and(eq(sessions.userId, userId), ne(sessions.id, keep ?? '')))
}

async function mustEnrolTotp(deps: WithinDeps, userId: string): Promise<boolean> {
  const demanded = await deps.db
    .select({ name: accountSettings.name })
    .from(accountSettings)
    .where(eq(accountSettings.name, DEMAND_TOTP))
    .get()
  if (demanded === undefined) return false
  const enrolled = await deps.db
    .select({ userId: totpSecrets.userId })
    .from(totpSecrets)
    .where(and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAtMs)))
    .get()
  return enrolled === undefined
}

/** One of the future is none: a clock that was set back makes no session longer. */
function alive(now: number) {
  const begun = between(sessions.createdAtMs, now - SESSION_MAX_MS + 1, now + CLOCK_SLACK_MS)
  return and(begun, between(sessions.seenAtMs, now - SESSION_IDLE_MS + 1, now + CLOCK_SLACK_MS))
}

async function removeExpired(deps: WithinDeps, now: number): Promise<void> {
  const { createdAtMs, seenAtMs } = sessions
  await deps.db.delete(sessions).where(or(lte(createdAtMs, now - SESSION_MAX_MS), lte(seenAtMs, now - SESSION_IDLE_MS)))
}

async function endBeyondMax(deps: WithinDeps, userId: string): Promise<void> {
  const kept = deps.db
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, userId))
    .orderBy(desc(sessions.seenAtMs), desc(sessions.id))
    .limit(SESSIONS_PER_USER_MAX)
  await deps.db.delete(sessions).where(and(eq(sessions.userId, userId), notInArray(sessions.id, kept)))
}

/** Opens the accounts of one database: users, passwords, sessions, one-time links, API tokens. */
import { eq } from 'drizzle-orm'
import { users } from '../store/mod.ts'
import {
  type ApiTokenSummary,
  createApiToken,
  listApiTokens,
  type NewApiToken,
  revokeApiToken,
  userOfToken,
} from './api-tokens.ts'
import type { AccountsDeps, WithinDeps } from './deps.ts'
import { LinkRefused, SignInRefused } from './errors.ts'
import { consumeLink, createLink, type LinkPurpose, type LinkView, viewLink } from './links.ts'
import { Lockout } from './lockout.ts'
import { Passwords } from './passwords.ts'
import type { Role, User } from './roles.ts'
import {
  endOtherSessions,
  endSession,
  listSessions,
  type OpenedSession,
  openSession,
  type Session,
  type SessionSummary,
  sessionOf,
  type Visitor,
} from './sessions.ts'
import { createFirstUser, createUser, listUsers, normalName, type UserSummary, userById } from './users.ts'

export interface Accounts {
  /** Makes the owner of an installation without users, and the link to set a password. Refuses `account.owner_exists`, `account.name_invalid`. */
  createFirstOwner(name: string): Promise<{ user: User; token: string }>
  /** Refuses `account.name_taken`, `account.name_invalid`. */
  createUser(input: { name: string; role: Role }): Promise<User>
  listUsers(): Promise<UserSummary[]>
  /** Token of a link that works once and for an hour. Refuses `account.not_found`. */
  oneTimeLink(userId: string, purpose: LinkPurpose): Promise<string>
  /** Whose a link is and what for, without using it up. Refuses `account.link_refused`. */
  viewLink(token: string): Promise<LinkView>
  /**
   * Uses a link up and opens a session. A `set-password` link needs the new password; an unfit one
   * (`account.password_unfit`) leaves the link as it was. Refuses `account.link_refused`.
   */
  redeemLink(token: string, visitor: Visitor, password?: string): Promise<OpenedSession>
  /** Sets a password and ends all sessions but `keepSession`. Refuses `account.password_unfit`, `account.not_found`. */
  setPassword(userId: string, password: string, keepSession?: string): Promise<void>
  /** Refuses `account.refused` (same answer and time whatever is wrong), `account.try_later`, `account.busy`. */
  signIn(name: string, password: string, address: string, userAgent?: string): Promise<OpenedSession>
  /** The live session of a cookie's token. */
  sessionOf(token: string): Promise<Session | undefined>
  listSessions(userId: string): Promise<SessionSummary[]>
  /** Refuses `session.not_found`, for sessions of others too. */
  endSession(userId: string, sessionId: string): Promise<void>
  /** Makes a token that speaks for a user id until `expires` (ms since 1970, at most 366 days ahead); shown this once. Refuses `api_token.unfit`. */
  createApiToken(input: NewApiToken): Promise<{ id: string; token: string }>
  userOfToken(token: string): Promise<{ user: User; id: string } | undefined>
  listApiTokens(userId?: string): Promise<ApiTokenSummary[]>
  /** Refuses `api_token.not_found`. */
  revokeApiToken(id: string): Promise<void>
}

/** Opens them; nothing is read or written until the first call. */
export function openAccounts(deps: AccountsDeps): Accounts {
  const passwords = new Passwords(deps.pepper)
  const lockout = new Lockout(deps)
  return {
    async createFirstOwner(name) {
      const user = await createFirstUser(deps, name)
      return { user, token: await createLink(deps, user.id, 'set-password') }
    },
    createUser: (input) => createUser(deps, input),
    listUsers: () => listUsers(deps),
    oneTimeLink: (userId, purpose) => createLink(deps, userId, purpose),
    viewLink: (token) => viewLink(deps, token),
    redeemLink: (token, visitor, password) => redeem(deps, passwords, { token, visitor, password }),
    setPassword: async (userId, password, keepSession) => {
      const user = await userById(deps, userId)
      const hash = await passwords.hash(password, user.name)
      await within(deps, async (tx) => {
        await storePassword(tx, user, hash)
        await endOtherSessions(tx, userId, keepSession)
      })
    },
    signIn: (name, password, address, userAgent) =>
      signIn(deps, { passwords, lockout }, { name, password, visitor: { address, userAgent } }),
    sessionOf: (token) => sessionOf(deps, token),
    listSessions: (userId) => listSessions(deps, userId),
    endSession: (userId, sessionId) => endSession(deps, userId, sessionId),
    createApiToken: (input) => createApiToken(deps, input),
    userOfToken: (token) => userOfToken(deps, token),
    listApiTokens: (userId) => listApiTokens(deps, userId),
    revokeApiToken: (id) => revokeApiToken(deps, id),
  }
}

type Redeem = { token: string; visitor: Visitor; password: string | undefined }

/**
 * The hash is made before the link is used up: an unfit password must not cost the link. The rest is one transaction: a failure on the
 * way leaves link, password and sessions as they were.
 */
async function redeem(deps: AccountsDeps, passwords: Passwords, input: Redeem): Promise<OpenedSession> {
  const { user, purpose } = await viewLink(deps, input.token)
  const hash = purpose === 'set-password' ? await newHash(passwords, user, input.password) : undefined
  return within(deps, async (tx) => {
    await consumeLink(tx, input.token)
    if (hash !== undefined) {
      await storePassword(tx, user, hash)
      await endOtherSessions(tx, user.id)
    }
    return openSession(tx, user, input.visitor)
  })
}

function newHash(passwords: Passwords, user: User, password: string | undefined): Promise<string> {
  if (password === undefined) throw new LinkRefused('this link asks for a new password')
  return passwords.hash(password, user.name)
}

/** Does it in one transaction: whole, or not at all. */
function within<T>(deps: AccountsDeps, work: (tx: WithinDeps) => Promise<T>): Promise<T> {
  return deps.db.transaction((tx) => work({ ...deps, db: tx }))
}

type SignIn = { name: string; password: string; visitor: Visitor }

async function signIn(
  deps: AccountsDeps,
  guards: { passwords: Passwords; lockout: Lockout },
  input: SignIn,
): Promise<OpenedSession> {
  // A name that is longer than any user's is cut, so that the memory of attempts stays small.
  const name = normalName(input.name).slice(0, 64)
  const row = await deps.db.select().from(users).where(eq(users.name, name)).get()
  // The first sign-in of a process pays for nobody's hash whether the name exists or not.
  await guards.passwords.warm()
  const attempt = await guards.lockout.begin(row?.id, name, input.visitor.address)
  const matches = await guards.passwords.verify(row?.passwordHash ?? null, input.password)
  if (!matches || row === undefined) throw new SignInRefused('the name or the password is not right')
  await attempt.succeeded()
  return openSession(deps, { id: row.id, name: row.name, role: row.role }, input.visitor)
}

async function storePassword(deps: WithinDeps, user: User, passwordHash: string): Promise<void> {
  await deps.db.update(users).set({ passwordHash, passwordSetAtMs: deps.clock.now() }).where(eq(users.id, user.id))
}

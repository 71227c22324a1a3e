/**
 * How a person gets a session: by password, by a one-time link, or by an OpenID provider, and then, where they have an
 * authenticator, by its code as well. No first half opens anything by itself.
 */
import { eq } from 'drizzle-orm'
import { oneTimeLinks, users } from '../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from './deps.ts'
import { ConfirmationUnfit, LinkRefused, SignInRefused } from './errors.ts'
import { knownBrowser } from './known-browser.ts'
import { consumeLink, createSecondStep, viewLink, viewSecondStep } from './links.ts'
import type { Attempt, Lockout } from './lockout.ts'
import type { Passwords } from './passwords.ts'
import type { User } from './roles.ts'
import {
  endOtherSessions,
  markConfirmed,
  type OpenedSession,
  openSession,
  userOfSession,
  type Visitor,
} from './sessions.ts'
import { totpState, useCode } from './totp.ts'
import { normalName, type UserByName } from './users.ts'

/** What checks and slows down attempts; passwords and codes are counted apart. */
export type Guards = { passwords: Passwords; lockout: Lockout; codes: Lockout; userByName: UserByName }
/** A session, or the token with which a code has to follow within five minutes. */
export type SignedIn = OpenedSession | { secondStep: string }

/** What a sign-in by password stands on. */
const SIGNS_IN = { hash: users.passwordHash, disabledAtMs: users.disabledAtMs }
/** Whose cookie is looked at where the name is nobody's: what takes time for some names has to take it for all. */
const NOBODY = 'usr_'

export type PasswordSignIn = { name: string; password: string; visitor: Visitor }

/** Refuses `account.refused` (same answer and time whatever is wrong), `account.try_later`, `account.busy`. */
export async function signIn(deps: AccountsDeps, guards: Guards, input: PasswordSignIn): Promise<SignedIn> {
  // A name that is longer than any user's is cut, so that the memory of attempts stays small.
  const name = normalName(input.name).slice(0, 64)
  const row = await guards.userByName(name)
  // The first sign-in of a process pays for nobody's hash whether the name exists or not.
  await guards.passwords.warm()
  const browser = await knownBrowser(deps, row?.id ?? NOBODY, input.visitor.browser)
  const attempt = await guards.lockout.begin(row?.id, name, input.visitor.address, browser)
  const { password } = input
  const matches = await checked(guards, attempt, { userId: row?.id, hash: row?.passwordHash ?? null, password })
  if (!matches || row === undefined) throw new SignInRefused('the name or the password is not right')
  const opened = await within(deps, async (tx) => {
    // The check takes its time: the password may have been changed meanwhile, which ends all that stands on the one before.
    const now = await tx.db.select(SIGNS_IN).from(users).where(eq(users.id, row.id)).get()
    const isStill = now?.hash === row.passwordHash && now?.disabledAtMs === null
    if (!isStill) throw new SignInRefused('the name or the password is not right')
    return openOrAskWithin(tx, { id: row.id, name: row.name, role: row.role }, input.visitor)
  })
  // Half a sign-in does not make an address known: whoever has the password alone is a stranger still.
  await ('secondStep' in opened ? attempt.forgiven() : attempt.succeeded())
  return opened
}

/** Whether the password is the one; an attempt for which there was no room is none. Refuses `account.busy`. */
async function checked(
  { passwords }: Guards,
  attempt: Attempt,
  { userId, hash, password }: { userId: string | undefined; hash: string | null; password: string },
): Promise<boolean> {
  try {
    return await passwords.verify(hash, password, attempt.isKnown ? userId : undefined)
  } catch (error) {
    attempt.forgiven()
    throw error
  }
}

/** A session for a user whose first half is proved, now or at `confirmedAtMs`, or the token for the second. */
export function openOrAsk(deps: AccountsDeps, user: User, visitor: Visitor, confirmedAtMs?: number): Promise<SignedIn> {
  return within(deps, (tx) => openOrAskWithin(tx, user, visitor, confirmedAtMs))
}

async function openOrAskWithin(
  tx: WithinDeps,
  user: User,
  visitor: Visitor,
  confirmedAtMs?: number,
): Promise<SignedIn> {
  const { since } = await totpState(tx, user.id)
  if (since !== null) return { secondStep: await createSecondStep(tx, user.id) }
  return openSession(tx, user, visitor, confirmedAtMs)
}

export type CodeSignIn = { secondStep: string; code: string; visitor: Visitor }

/** Refuses `account.link_refused` (begin again), `account.code_refused`, `account.code_used`, `account.try_later`. */
export async function signInByCode(
  deps: AccountsDeps,
  guards: Guards,
  { secondStep, code, visitor }: CodeSignIn,
): Promise<OpenedSession & { by: 'code' | 'recovery-code' }> {
  const user = await viewSecondStep(deps, secondStep)
  const browser = await knownBrowser(deps, user.id, visitor.browser)
  const attempt = await guards.codes.begin(user.id, user.name, visitor.address, browser)
  const by = await useCode(deps, user.id, code)
  const opened = await within(deps, async (tx) => {
    await consumeLink(tx, secondStep)
    return openSession(tx, user, visitor)
  })
  await attempt.succeeded()
  return { ...opened, by }
}

export type Redeem = { token: string; visitor: Visitor; password: string | undefined }

/**
 * The hash is made before the link is used up: an unfit password must not cost the link. The rest is one transaction: a failure on the
 * way leaves link, password and sessions as they were. An authenticator is asked for all the same.
 */
export async function redeemLink(deps: AccountsDeps, guards: Guards, input: Redeem): Promise<SignedIn> {
  const { user, purpose } = await viewLink(deps, input.token)
  const hash = purpose === 'set-password' ? await newHash(guards.passwords, user, input.password) : undefined
  const signedIn = await within(deps, async (tx) => {
    await consumeLink(tx, input.token)
    if (hash !== undefined) {
      await storePassword(tx, user, hash)
      await endOtherSessions(tx, user.id)
    }
    return openOrAskWithin(tx, user, input.visitor)
  })
  // Who came by the link once must get in from there by password, whatever strangers try on the name.
  if ('token' in signedIn) await guards.lockout.remember(user.id, input.visitor.address)
  return signedIn
}

/** Sets a password, ends all sessions but one, and makes links of before useless. Refuses `account.password_unfit`. */
export async function setPassword(
  deps: AccountsDeps,
  { passwords }: Guards,
  input: { user: User; password: string; keepSession?: string | undefined },
): Promise<void> {
  const hash = await passwords.hash(input.password, input.user.name)
  await within(deps, async (tx) => {
    await storePassword(tx, input.user, hash)
    await endOtherSessions(tx, input.user.id, input.keepSession)
  })
}

/** What a person shows to confirm that they are there, and from which IP address. */
export type Confirmation = { password?: string; code?: string; address: string }

/**
 * Renews the confirmation of a session: by the code, if its user has an authenticator, else by the password; what is given beyond
 * that has to be right too. Refuses `session.not_found`, `account.confirmation_unfit`, `account.refused`, `account.code_refused`,
 * `account.try_later`, `account.busy`. A session's attempts count for themselves: whoever stole it does not keep its person out.
 */
export async function confirmSession(
  deps: AccountsDeps,
  guards: Guards,
  sessionId: string,
  { password, code, address }: Confirmation,
): Promise<void> {
  const user = await userOfSession(deps, sessionId)
  const row = await deps.db.select({ hash: users.passwordHash }).from(users).where(eq(users.id, user.id)).get()
  const { since } = await totpState(deps, user.id)
  const needed = since === null ? password : code
  if (needed === undefined || needed === '') throw new ConfirmationUnfit('the confirmation is not complete')
  if (password !== undefined && password !== '') {
    const attempt = await guards.lockout.begin(user.id, user.name, address, sessionId)
    const matches = await checked(guards, attempt, { userId: user.id, hash: row?.hash ?? null, password })
    if (!matches) throw new SignInRefused('the password is not right')
    await attempt.forgiven()
  }
  if (since !== null) {
    const attempt = await guards.codes.begin(user.id, user.name, address, sessionId)
    await useCode(deps, user.id, code ?? '')
    await attempt.succeeded()
  }
  await markConfirmed(deps, sessionId)
}

function newHash(passwords: Passwords, user: User, password: string | undefined): Promise<string> {
  if (password === undefined) throw new LinkRefused('this link asks for a new password')
  return passwords.hash(password, user.name)
}

async function storePassword(tx: WithinDeps, user: User, passwordHash: string): Promise<void> {
  await tx.db.update(users).set({ passwordHash, passwordSetAtMs: tx.clock.now() }).where(eq(users.id, user.id))
  await tx.db.delete(oneTimeLinks).where(eq(oneTimeLinks.userId, user.id))
}

/**
 * Authenticators (TOTP, RFC 6238: SHA-1, six digits, 30 s, as every application has it) and the codes of recovery beside them.
 * The library is loaded at the first use: a server that starts has no need of it.
 */
import { and, count, eq, isNotNull, isNull, lt, or, sql } from 'drizzle-orm'
import { fromUtf8, type Random, utf8 } from '../base/mod.ts'
import { unwrap, wrap } from '../crypto/mod.ts'
import { recoveryCodes, totpSecrets } from '../store/mod.ts'
import { type AccountsDeps, type WithinDeps, within } from './deps.ts'
import { CodeRefused, CodeUsed, TotpEnrolled, TotpMissing } from './errors.ts'
import type { Lockout } from './lockout.ts'
import { hashToken } from './secrets.ts'
import { endOtherSessions } from './sessions.ts'
import { userById } from './users.ts'

/** How many recovery codes a user is given. */
export const RECOVERY_CODES = 10
const PERIOD_S = 30
/** Codes of the step before and after are taken too: clocks differ, and people type. */
const TOLERANCE_S = PERIOD_S
/** 160 bits, as RFC 4226 §4 recommends. */
const SECRET_BYTES = 20
/** First codes that may be wrong before a secret that is not in force is given up: five in a million guesses. */
export const FIRST_CODES_MAX = 5
/** What the wrap of an authenticator's secret is for; its id is the user's. */
export const TOTP_WRAP = 'totp'
/** Without vowels and what is easily misread: 28 characters, 12 of them 57 bits. */
const ALPHABET = '23456789bcdfghjkmnpqrstvwxyz'
const RECOVERY_FORM = /^[2-9b-z]{4}-?[2-9b-z]{4}-?[2-9b-z]{4}$/

/** What the person's application is given, by picture or by typing: shown once, kept sealed. */
export type TotpOffer = { secret: string; uri: string }
/** `since`: ms since 1970; null without an authenticator in force. */
export type TotpState = { since: number | null; recoveryCodesLeft: number }

/** Makes a secret that is not in force before its first code. Refuses `totp.enrolled`, `account.not_found`. */
export async function beginTotp(deps: AccountsDeps, userId: string, issuer: string): Promise<TotpOffer> {
  const { name } = await userById(deps, userId)
  if ((await totpState(deps, userId)).since !== null) throw new TotpEnrolled('this user has an authenticator')
  const { generateURI, ScureBase32Plugin } = await import('otplib')
  const secret = new ScureBase32Plugin().encode(deps.random(SECRET_BYTES))
  const sealed = await wrap(await deps.sealing(), { purpose: TOTP_WRAP, id: userId }, utf8(secret))
  const row = { userId, sealed, confirmedAtMs: null, lastStep: null, failures: 0 }
  await deps.db
    .insert(totpSecrets)
    .values(row)
    .onConflictDoUpdate({ target: totpSecrets.userId, set: row, setWhere: isNull(totpSecrets.confirmedAtMs) })
  return { secret, uri: generateURI({ issuer, label: name, secret }) }
}

/** The first code, and where it comes from. */
export type FirstCode = { code: string; address: string; keepSession?: string }

/**
 * Puts it in force by its first code, ends the user's other sessions, and gives the recovery codes, shown once. Five wrong ones, and
 * the secret is given up. Refuses `totp.missing`, `totp.enrolled`, `account.code_refused`, `account.try_later`.
 */
export async function confirmTotp(
  deps: AccountsDeps,
  codes: Lockout,
  userId: string,
  input: FirstCode,
): Promise<string[]> {
  const { name } = await userById(deps, userId)
  const offer = await offerOf(deps, userId)
  const attempt = await codes.begin(userId, name, input.address)
  const row = await counted(deps, offer)
  const step = await stepOf(deps, row, input.code)
  if (step === undefined) {
    if (row.failures >= FIRST_CODES_MAX) await deps.db.delete(totpSecrets).where(isOffer(row))
    throw new CodeRefused('the code is not right')
  }
  attempt.forgiven()
  return within(deps, async (tx) => {
    const confirmed = await tx.db
      .update(totpSecrets)
      .set({ confirmedAtMs: tx.clock.now(), lastStep: step })
      // The one that the code is of: a second beginning at the same time must not be confirmed by the first one's code.
      .where(isOffer(row))
      .returning()
    if (confirmed.length === 0) throw new CodeRefused('the code is not right')
    await endOtherSessions(tx, userId, input.keepSession)
    return replaceRecoveryCodes(tx, userId)
  })
}

type Offer = typeof totpSecrets.$inferSelect

/** The secret that waits for its first code. */
async function offerOf(deps: AccountsDeps, userId: string): Promise<Offer> {
  const row = await deps.db.select().from(totpSecrets).where(eq(totpSecrets.userId, userId)).get()
  if (row === undefined) throw new TotpMissing('no authenticator was begun')
  if (row.confirmedAtMs !== null) throw new TotpEnrolled('this user has an authenticator')
  return row
}

/** With this attempt counted before it is made: those at the same time count each. */
async function counted(deps: AccountsDeps, offer: Offer): Promise<Offer> {
  const [row] = await deps.db
    .update(totpSecrets)
    .set({ failures: sql`${totpSecrets.failures} + 1` })
    .where(and(isOffer(offer), lt(totpSecrets.failures, FIRST_CODES_MAX)))
    .returning()
  if (row === undefined) throw new TotpMissing('no authenticator was begun')
  return row
}

function isOffer({ userId, sealed }: Pick<Offer, 'userId' | 'sealed'>) {
  return and(eq(totpSecrets.userId, userId), eq(totpSecrets.sealed, sealed), isNull(totpSecrets.confirmedAtMs))
}

/** Takes it away with its recovery codes, and ends the user's other sessions. Refuses `totp.missing`. */
export async function removeTotp(deps: AccountsDeps, userId: string, keepSession?: string): Promise<void> {
  await within(deps, async (tx) => {
    const removed = await tx.db.delete(totpSecrets).where(eq(totpSecrets.userId, userId)).returning()
    if (removed.length === 0) throw new TotpMissing('this user has no authenticator')
    await tx.db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
    await endOtherSessions(tx, userId, keepSession)
  })
}

/** New recovery codes, shown once; those of before no longer work. Refuses `totp.missing`. */
export async function newRecoveryCodes(deps: AccountsDeps, userId: string): Promise<string[]> {
  if ((await totpState(deps, userId)).since === null) throw new TotpMissing('this user has no authenticator')
  return within(deps, (tx) => replaceRecoveryCodes(tx, userId))
}

/** Whether there is one in force, and how many recovery codes are left. */
export async function totpState(deps: WithinDeps, userId: string): Promise<TotpState> {
  const inForce = and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAtMs))
  const row = await deps.db.select({ since: totpSecrets.confirmedAtMs }).from(totpSecrets).where(inForce).get()
  const ofUser = eq(recoveryCodes.userId, userId)
  const left = await deps.db.select({ codes: count() }).from(recoveryCodes).where(ofUser).get()
  return { since: row?.since ?? null, recoveryCodesLeft: left?.codes ?? 0 }
}

/**
 * Uses up a code of the authenticator in force, or a recovery code: of calls at the same time with one code, one succeeds.
 * Refuses `account.code_refused`, `account.code_used`. Whoever calls counts attempts.
 */
export async function useCode(deps: AccountsDeps, userId: string, code: string): Promise<'code' | 'recovery-code'> {
  const text = code.replace(/\s/g, '').toLowerCase()
  if (RECOVERY_FORM.test(text)) {
    const used = await deps.db
      .delete(recoveryCodes)
      .where(and(eq(recoveryCodes.codeHash, await recoveryHash(userId, text)), eq(recoveryCodes.userId, userId)))
      .returning()
    if (used.length === 0) throw new CodeRefused('the code is not right')
    return 'recovery-code'
  }
  const inForce = and(eq(totpSecrets.userId, userId), isNotNull(totpSecrets.confirmedAtMs))
  const row = await deps.db.select().from(totpSecrets).where(inForce).get()
  const step = row && (await stepOf(deps, row, text))
  if (step === undefined) throw new CodeRefused('the code is not right')
  const isNew = or(isNull(totpSecrets.lastStep), lt(totpSecrets.lastStep, step))
  const taken = await deps.db.update(totpSecrets).set({ lastStep: step }).where(and(inForce, isNew)).returning()
  // Whoever gets here has given the password, or has a session: to a stranger nothing is told.
  if (taken.length === 0) throw new CodeUsed('this code, or a later one, was used already')
  return 'code'
}

/** The time step that a code is of, if it is one of now or of its neighbours. */
async function stepOf(
  deps: AccountsDeps,
  row: Pick<typeof totpSecrets.$inferSelect, 'userId' | 'sealed'>,
  code: string,
): Promise<number | undefined> {
  if (!/^\d{6}$/.test(code)) return undefined
  const { verify } = await import('otplib')
  const secret = fromUtf8(await unwrap(await deps.sealing(), { purpose: TOTP_WRAP, id: row.userId }, row.sealed))
  const epoch = Math.floor(deps.clock.now() / 1_000)
  const found = await verify({ secret, token: code, epoch, epochTolerance: TOLERANCE_S, period: PERIOD_S })
  return found.valid ? Math.floor(epoch / PERIOD_S) + found.delta : undefined
}

async function replaceRecoveryCodes(tx: WithinDeps, userId: string): Promise<string[]> {
  await tx.db.delete(recoveryCodes).where(eq(recoveryCodes.userId, userId))
  const codes = Array.from({ length: RECOVERY_CODES }, () => recoveryCode(tx.random))
  for (const code of codes) {
    await tx.db.insert(recoveryCodes).values({ codeHash: await recoveryHash(userId, code), userId })
  }
  return codes
}

/** Bytes that would favour some characters are drawn again. */
function recoveryCode(random: Random): string {
  const characters: string[] = []
  while (characters.length < 12) {
    for (const byte of random(24)) {
      const character = byte < 252 ? ALPHABET[byte % ALPHABET.length] : undefined
      if (character !== undefined && characters.length < 12) characters.push(character)
    }
  }
  const text = characters.join('')
  return `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`
}

/** 57 random bits are too many to search for by hash, and the user's id keeps two users' codes apart. */
function recoveryHash(userId: string, code: string) {
  return hashToken('recovery', `${userId} ${code.replaceAll('-', '')}`)
}

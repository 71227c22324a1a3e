/** API tokens: `slt_`, a public id, a secret and a checksum. Shown once, kept as a hash, with an expiry, listed and revoked. */
import { and, asc, count, eq, gt, isNull, lte } from 'drizzle-orm'
import { equalBytes } from '../base/mod.ts'
import { idOfToken, newCheckedToken } from '../crypto/mod.ts'
import { apiTokens, users } from '../store/mod.ts'
import type { AccountsDeps } from './deps.ts'
import { ApiTokenNotFound, ApiTokensTooMany, ApiTokenUnfit } from './errors.ts'
import type { User } from './roles.ts'
import { hashToken } from './secrets.ts'
import { userById } from './users.ts'

export const API_TOKEN_LIFETIME_MAX_MS = 366 * 24 * 60 * 60_000
/** 64 × ~200 B for each user; whoever needs more has forgotten some. */
export const API_TOKENS_PER_USER_MAX = 64
const NAME_LENGTH_MAX = 64
const USED_EVERY_MS = 60_000

const PREFIX = 'slt_'

/** Times are ms since 1970; `usedAt` to the minute. */
export type ApiTokenSummary = {
  id: string
  name: string
  user: string
  createdAt: number
  expiresAt: number
  usedAt: number | null
}
/** For whom (user id), under what name, and until when (ms since 1970). */
export type NewApiToken = { user: string; name: string; expires: number }

/** Makes a token for a user id. Refuses `api_token.unfit` (name, expiry), `api_token.too_many`, `account.not_found`. */
export async function createApiToken(deps: AccountsDeps, input: NewApiToken): Promise<{ id: string; token: string }> {
  const now = deps.clock.now()
  if (input.name.length === 0 || input.name.length > NAME_LENGTH_MAX) {
    throw new ApiTokenUnfit(`the token's name must have 1 to ${NAME_LENGTH_MAX} characters`)
  }
  if (!(input.expires > now && input.expires <= now + API_TOKEN_LIFETIME_MAX_MS)) {
    throw new ApiTokenUnfit('the token must expire in the future, within 366 days')
  }
  const user = await userById(deps, input.user)
  await makeRoom(deps, user, now)
  const { id, token } = newCheckedToken(PREFIX, deps.random)
  await deps.db.insert(apiTokens).values({
    id,
    tokenHash: await hashToken('api', token),
    userId: user.id,
    name: input.name,
    createdAtMs: now,
    expiresAtMs: input.expires,
  })
  return { id, token }
}

/** Those that have expired are listed until they are revoked, or until there is no room for another beside them. */
async function makeRoom({ db }: AccountsDeps, user: User, now: number): Promise<void> {
  const isHis = eq(apiTokens.userId, user.id)
  const held = await db.select({ tokens: count() }).from(apiTokens).where(isHis).get()
  if ((held?.tokens ?? 0) < API_TOKENS_PER_USER_MAX) return
  const forgotten = await db
    .delete(apiTokens)
    .where(and(isHis, lte(apiTokens.expiresAtMs, now)))
    .returning({ id: apiTokens.id })
  if (forgotten.length === 0) throw new ApiTokensTooMany(`this user has ${API_TOKENS_PER_USER_MAX} tokens already`)
}

/** Who a token speaks for, and its id; `undefined` for anything else. A mistyped token is told from its checksum alone. */
export async function userOfToken(deps: AccountsDeps, token: string): Promise<{ user: User; id: string } | undefined> {
  const id = idOfToken(PREFIX, token)
  if (id === undefined) return undefined
  const now = deps.clock.now()
  const row = await deps.db
    .select({
      hash: apiTokens.tokenHash,
      usedAtMs: apiTokens.usedAtMs,
      id: users.id,
      name: users.name,
      role: users.role,
    })
    .from(apiTokens)
    .innerJoin(users, eq(users.id, apiTokens.userId))
    .where(and(eq(apiTokens.id, id), gt(apiTokens.expiresAtMs, now), isNull(users.disabledAtMs)))
    .get()
  if (row === undefined || !equalBytes(row.hash, await hashToken('api', token))) return undefined
  if (now - (row.usedAtMs ?? 0) >= USED_EVERY_MS) {
    await deps.db.update(apiTokens).set({ usedAtMs: now }).where(eq(apiTokens.id, id))
  }
  return { user: { id: row.id, name: row.name, role: row.role }, id }
}

/** All tokens, or those of one user id; expired ones too, until they are revoked. */
export async function listApiTokens(deps: AccountsDeps, userId?: string): Promise<ApiTokenSummary[]> {
  const rows = await deps.db
    .select()
    .from(apiTokens)
    .where(userId === undefined ? undefined : eq(apiTokens.userId, userId))
    .orderBy(asc(apiTokens.createdAtMs), asc(apiTokens.id))
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    user: row.userId,
    createdAt: row.createdAtMs,
    expiresAt: row.expiresAtMs,
    usedAt: row.usedAtMs,
  }))
}

/** Refuses `api_token.not_found`; with a user id, for tokens of others too. */
export async function revokeApiToken(deps: AccountsDeps, id: string, userId?: string): Promise<void> {
  const ofUser = userId === undefined ? undefined : eq(apiTokens.userId, userId)
  const revoked = await deps.db
    .delete(apiTokens)
    .where(and(eq(apiTokens.id, id), ofUser))
    .returning({ id: apiTokens.id })
  if (revoked.length === 0) throw new ApiTokenNotFound('there is no such token')
}

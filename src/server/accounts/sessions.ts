/** Sessions and API tokens: one's own, and for an owner everyone's. */
import * as v from 'valibot'
import { type Accounts, SessionNotFound, type SessionSummary } from '../../accounts/mod.ts'
import { recorded, type Trail } from '../../audit/mod.ts'
import { rfc3339 } from '../../base/mod.ts'
import { ApiRoutes } from '../api.ts'
import { Instant } from '../inputs.ts'

export type SessionsDeps = {
  accounts: Pick<
    Accounts,
    'listUsers' | 'listSessions' | 'endSession' | 'endOtherSessions' | 'listApiTokens' | 'revokeApiToken'
  >
  trail: Pick<Trail, 'record'>
}

/** Ends one session of a user (by id). Refuses `session.not_found`. */
export function endOne(
  { accounts, trail }: SessionsDeps,
  { actor, user, session }: { actor: string; user: string; session: string },
): Promise<void> {
  const act = { actor, action: 'session.ended', subject: session.slice(0, 64), detail: { user } }
  return recorded(trail, act, () => accounts.endSession(user, session))
}

/** Ends all of a user's sessions but the one to keep. */
export function endOthers(
  { accounts, trail }: SessionsDeps,
  { actor, user, keep }: { actor: string; user: string; keep: string | undefined },
): Promise<void> {
  const act = { actor, action: 'sessions.ended', subject: user, detail: { but: keep ?? 'none' } }
  return recorded(trail, act, () => accounts.endOtherSessions(user, keep))
}

/** Revokes a token; with `user`, only one of that user. Refuses `api_token.not_found`. */
export function revokeToken(
  { accounts, trail }: SessionsDeps,
  { actor, token, user }: { actor: string; token: string; user?: string },
): Promise<void> {
  const act = { actor, action: 'api_token.revoked', subject: token.slice(0, 64) }
  return recorded(trail, act, () => accounts.revokeApiToken(token, user))
}

export const SessionJson = v.object({
  ...{ id: v.string(), createdAt: Instant, seenAt: Instant, address: v.string(), userAgent: v.string() },
})
const OfUser = v.object({ ...SessionJson.entries, user: v.string(), userName: v.string() })
export const TokenJson = v.object({
  ...{ id: v.string(), name: v.string(), createdAt: Instant, expiresAt: Instant, usedAt: v.nullable(Instant) },
})
const TokenOfUser = v.object({ ...TokenJson.entries, user: v.string(), userName: v.string() })
const ById = v.object({ id: v.pipe(v.string(), v.maxLength(128)) })

/** Everyone's sessions. */
export function sessionRoutes(deps: SessionsDeps): ApiRoutes {
  const { accounts } = deps
  const answer = v.object({ sessions: v.array(OfUser) })
  return new ApiRoutes('People')
    .get('/', { summary: 'Everyone’s sessions that are alive.', role: 'owner', answer }, async () => {
      const names = await namesOf(accounts)
      const sessions = await accounts.listSessions()
      return {
        sessions: sessions.map((session) => ({
          ...{ ...sessionJson(session), user: session.user, userName: names.get(session.user) ?? '' },
        })),
      }
    })
    .delete(
      '/:id',
      { summary: 'Ends a session, whoever’s it is.', role: 'owner', params: ById },
      async ({ actor, params }) => {
        const session = (await accounts.listSessions()).find(({ id }) => id === params.id)
        if (!session) throw new SessionNotFound('there is no such session')
        await endOne(deps, { actor, user: session.user, session: params.id })
      },
    )
}

/** Everyone's API tokens; each makes their own (`accountRoutes`). */
export function tokenRoutes(deps: SessionsDeps): ApiRoutes {
  const { accounts } = deps
  const answer = v.object({ tokens: v.array(TokenOfUser) })
  return new ApiRoutes('People')
    .get('/', { summary: 'Everyone’s API tokens, without their secrets.', role: 'owner', answer }, async () => {
      const names = await namesOf(accounts)
      const tokens = await accounts.listApiTokens()
      return {
        tokens: tokens.map((token) => ({
          ...{ ...tokenJson(token), user: token.user, userName: names.get(token.user) ?? '' },
        })),
      }
    })
    .delete(
      '/:id',
      { summary: 'Revokes an API token, whoever’s it is.', role: 'owner', params: ById },
      ({ actor, params }) => revokeToken(deps, { actor, token: params.id }),
    )
}

export function sessionJson({ id, createdAt, seenAt, address, userAgent }: Omit<SessionSummary, 'user'>) {
  return { id, createdAt: rfc3339(createdAt), seenAt: rfc3339(seenAt), address, userAgent }
}

export function tokenJson(token: Awaited<ReturnType<Accounts['listApiTokens']>>[number]) {
  const { id, name, createdAt, expiresAt, usedAt } = token
  const times = { createdAt: rfc3339(createdAt), expiresAt: rfc3339(expiresAt) }
  return { id, name, ...times, usedAt: usedAt === null ? null : rfc3339(usedAt) }
}

async function namesOf(accounts: Pick<Accounts, 'listUsers'>): Promise<Map<string, string>> {
  return new Map((await accounts.listUsers()).map(({ id, name }) => [id, name]))
}

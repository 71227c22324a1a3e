/** One's own account: password, authenticator, sessions, API tokens. Each act is told to the audit trail first. */
import * as v from 'valibot'
import type { Accounts, OidcOffer } from '../../accounts/mod.ts'
import { recorded, type Trail } from '../../audit/mod.ts'
import { type Clock, rfc3339 } from '../../base/mod.ts'
import { MACHINE_TOKEN } from '../access-file.ts'
import { ApiRoutes, type Asked } from '../api.ts'
import { SessionNeeded, TokenNameReserved } from '../errors.ts'
import { Instant } from '../inputs.ts'
import { actorOf } from '../person.ts'
import { RoleName } from './people.ts'
import { endOne, endOthers, revokeToken, SessionJson, sessionJson, TokenJson, tokenJson } from './sessions.ts'

export type AccountDeps = {
  accounts: Accounts
  trail: Pick<Trail, 'record'>
  clock: Clock
  /** What an authenticator shows beside the name: `Sluice factory-01`. */
  issuer: string
}

/** Who acts on their own account: their id, their role, and the session that stays when the others end. */
export type Self = { id: string; role: 'viewer' | 'operator' | 'owner'; session: string | undefined }

/** Who asks, as `Self`. */
export function selfOf(c: Asked<unknown, unknown, unknown>['c']): Self {
  const { id, role, via, credential } = c.var.user
  return { id, role, session: via === 'session' ? credential : undefined }
}

/** Ends the other sessions. Refuses `account.session_needed`, `account.password_unfit`. */
export function changePassword({ accounts, trail }: AccountDeps, self: Self, password: string): Promise<void> {
  const session = sessionOf(self)
  const act = { actor: actorOf(self), action: 'account.password_set', subject: self.id }
  return recorded(trail, act, () => accounts.setPassword(self.id, password, session))
}

/** Secret and `otpauth:` address of a new authenticator, shown once; not in force yet. Refuses `account.session_needed`, `totp.enrolled`. */
export function beginTotp({ accounts, trail, issuer }: AccountDeps, self: Self) {
  sessionOf(self)
  const act = { actor: actorOf(self), action: 'totp.begun', subject: self.id }
  return recorded(trail, act, () => accounts.totp.begin(self.id, issuer))
}

/**
 * Puts it in force, ends the other sessions; gives recovery codes, shown once. `address`: the IP address it is asked from. Refuses
 * `totp.missing`, `account.code_refused`, `account.try_later`.
 */
export function confirmTotp(
  { accounts, trail }: AccountDeps,
  self: Self,
  { code, address }: { code: string; address: string },
): Promise<string[]> {
  const session = sessionOf(self)
  const act = { actor: actorOf(self), action: 'totp.enrolled', subject: self.id }
  return recorded(trail, act, () => accounts.totp.confirm(self.id, { code, address, keepSession: session }))
}

/** Ends the other sessions. Refuses `totp.missing`. */
export function removeTotp({ accounts, trail }: AccountDeps, self: Self): Promise<void> {
  const session = sessionOf(self)
  const act = { actor: actorOf(self), action: 'totp.removed', subject: self.id }
  return recorded(trail, act, () => accounts.totp.remove(self.id, session))
}

/** Those of before stop working. Refuses `totp.missing`. */
export function newRecoveryCodes({ accounts, trail }: AccountDeps, self: Self): Promise<string[]> {
  sessionOf(self)
  const act = { actor: actorOf(self), action: 'recovery_codes.made', subject: self.id }
  return recorded(trail, act, () => accounts.totp.newRecoveryCodes(self.id))
}

/** What is given for a token: a name, and days until it ends. */
export type NewToken = { name: string; days: number }

/**
 * A token that speaks for the person, shown once. A token makes another only for an owner: one that leaked could outlive its
 * own end. Refuses `account.session_needed`, `api_token.name_reserved`, `api_token.unfit`, `api_token.too_many`.
 */
export async function createToken(
  { accounts, trail, clock }: AccountDeps,
  self: Self,
  { name, days }: NewToken,
): Promise<{ id: string; token: string; expiresAt: string }> {
  if (self.role !== 'owner') sessionOf(self)
  if (name === MACHINE_TOKEN) throw new TokenNameReserved('the token of this machine has this name')
  const expires = clock.now() + days * DAY_MS
  const detail = { name: name.slice(0, 64), expiresAt: rfc3339(expires) }
  const act = { actor: actorOf(self), action: 'api_token.created', subject: self.id, detail }
  const made = await recorded(trail, act, () => accounts.createApiToken({ user: self.id, name, expires }))
  return { ...made, expiresAt: detail.expiresAt }
}

/** An account at the provider signs this user in from now on. Refuses `account.session_needed`, `oidc.identity_taken`. */
export function linkProvider({ accounts, trail }: AccountDeps, self: Self, offer: OidcOffer): Promise<void> {
  sessionOf(self)
  const detail = { issuer: offer.issuer.slice(0, 256), subject: offer.subject.slice(0, 256) }
  const act = { actor: actorOf(self), action: 'identity.linked', subject: self.id, detail }
  return recorded(trail, act, () => accounts.oidc.link(offer))
}

/** The account at the provider signs this user in no more. Refuses `account.last_owner`. */
export function unlinkProvider({ accounts, trail }: AccountDeps, self: Self): Promise<void> {
  sessionOf(self)
  const act = { actor: actorOf(self), action: 'identity.unlinked', subject: self.id }
  return recorded(trail, act, () => accounts.oidc.unlink(self.id))
}

/** How a person signs in is changed by the person, not by a token that speaks for them and may have leaked. */
function sessionOf({ session }: Self): string {
  if (session === undefined) throw new SessionNeeded('this is done on the page of the account, not by a token')
  return session
}

const DAY_MS = 86_400_000
const Me = v.object({
  ...{ id: v.string(), name: v.string(), role: RoleName, hasPassword: v.boolean() },
  totp: v.object({ since: v.nullable(Instant), recoveryCodesLeft: v.number() }),
  identities: v.array(v.object({ issuer: v.string(), subject: v.string(), since: Instant })),
})
const Password = v.pipe(v.string(), v.maxLength(512))
export const TokenDays = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(366))
export const TokenName = v.pipe(v.string(), v.trim(), v.minLength(1, 'is missing'), v.maxLength(64))
const MadeToken = v.object({ id: v.string(), token: v.string(), expiresAt: Instant })
const ById = v.object({ id: v.pipe(v.string(), v.maxLength(128)) })
const Codes = v.object({ recoveryCodes: v.array(v.string()) })

/** For everyone, about themselves. */
export function accountRoutes(deps: AccountDeps): ApiRoutes {
  const { accounts } = deps
  const own = { role: 'viewer', fresh: true } as const
  return new ApiRoutes('Your account')
    .get('/', { summary: 'Who you are here, and how you sign in.', role: 'viewer', answer: Me }, async ({ c }) => {
      const { id, name, role, hasPassword } = await accounts.findUser(c.var.user.id)
      const { since, recoveryCodesLeft } = await accounts.totp.state(id)
      const identities = (await accounts.oidc.identities(id)).map((one) => ({ ...one, since: rfc3339(one.since) }))
      return {
        id,
        name,
        role,
        hasPassword,
        totp: { since: since === null ? null : rfc3339(since), recoveryCodesLeft },
        identities,
      }
    })
    .put(
      '/password',
      {
        summary: 'Sets a new password; your other sessions end.',
        ...own,
        body: v.strictObject({ password: Password }),
      },
      ({ c, body }) => changePassword(deps, selfOf(c), body.password),
    )
    .post(
      '/totp',
      {
        summary: 'Begins with an authenticator: its secret, shown once. It is in force from its first code on.',
        ...{ ...own, answer: v.object({ secret: v.string(), uri: v.string() }), status: 201 },
      },
      ({ c }) => beginTotp(deps, selfOf(c)),
    )
    .put(
      '/totp',
      {
        summary: 'Puts the authenticator in force by its first code; answers recovery codes, shown once.',
        ...{ ...own, body: v.strictObject({ code: v.pipe(v.string(), v.maxLength(64)) }), answer: Codes },
      },
      async ({ c, body }) => ({
        recoveryCodes: await confirmTotp(deps, selfOf(c), { code: body.code, address: c.env.peer.address }),
      }),
    )
    .delete('/totp', { summary: 'Takes your authenticator away; your other sessions end.', ...own }, ({ c }) =>
      removeTotp(deps, selfOf(c)),
    )
    .post(
      '/recovery-codes',
      { summary: 'New recovery codes, shown once.', ...own, answer: Codes, status: 201 },
      async ({ c }) => ({
        recoveryCodes: await newRecoveryCodes(deps, selfOf(c)),
      }),
    )
    .mount('', ownSessions(deps))
    .mount('', ownTokens(deps))
}

function ownSessions(deps: AccountDeps): ApiRoutes {
  const { accounts } = deps
  return new ApiRoutes('Your account')
    .get(
      '/sessions',
      {
        summary: 'Your sessions that are alive.',
        role: 'viewer',
        answer: v.object({ sessions: v.array(SessionJson) }),
      },
      async ({ c }) => ({ sessions: (await accounts.listSessions(c.var.user.id)).map(sessionJson) }),
    )
    .delete(
      '/sessions',
      { summary: 'Ends all your sessions but the one that asks.', role: 'viewer' },
      ({ c, actor }) => {
        const { id, session } = selfOf(c)
        return endOthers(deps, { actor, user: id, keep: session })
      },
    )
    .delete(
      '/sessions/:id',
      { summary: 'Ends one of your sessions.', role: 'viewer', params: ById },
      ({ c, actor, params }) => endOne(deps, { actor, user: c.var.user.id, session: params.id }),
    )
}

function ownTokens(deps: AccountDeps): ApiRoutes {
  const { accounts } = deps
  return new ApiRoutes('Your account')
    .get(
      '/tokens',
      {
        summary: 'Your API tokens, without their secrets.',
        role: 'viewer',
        answer: v.object({ tokens: v.array(TokenJson) }),
      },
      async ({ c }) => ({ tokens: (await accounts.listApiTokens(c.var.user.id)).map(tokenJson) }),
    )
    .post(
      '/tokens',
      {
        summary: 'Makes an API token that speaks for you, shown once.',
        ...{ role: 'viewer', fresh: true, status: 201, answer: MadeToken },
        body: v.strictObject({ name: TokenName, days: TokenDays }),
      },
      ({ c, body }) => createToken(deps, selfOf(c), body),
    )
    .delete(
      '/tokens/:id',
      { summary: 'Revokes one of your API tokens.', role: 'viewer', params: ById },
      ({ c, actor, params }) => revokeToken(deps, { actor, token: params.id, user: c.var.user.id }),
    )
}

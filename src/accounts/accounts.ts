/** Opens the accounts of one database: users, passwords, authenticators, providers, sessions, one-time links, API tokens. */
import {
  type ApiTokenSummary,
  createApiToken,
  listApiTokens,
  type NewApiToken,
  revokeApiToken,
  userOfToken,
} from './api-tokens.ts'
import type { AccountsDeps } from './deps.ts'
import { endAccess } from './ended-access.ts'
import { browserToken } from './known-browser.ts'
import { createLink, type LinkPurpose, type LinkView, viewLink } from './links.ts'
import { Lockout } from './lockout.ts'
import {
  findMembership,
  grantMembership,
  listMembers,
  listMemberships,
  type Membership,
  type NewMembership,
  revokeMembers,
  revokeMembership,
} from './memberships.ts'
import {
  arrive,
  type Identity,
  linkIdentity,
  listIdentities,
  type Plan,
  planArrival,
  unlinkIdentities,
} from './oidc/arrivals.ts'
import { Oidc, type OidcBegin, type OidcOffer, type OidcReturned } from './oidc/oidc.ts'
import { rememberedOidc } from './oidc/remembered.ts'
import type { NewOidcSettings, OidcView } from './oidc/settings.ts'
import { Passwords } from './passwords.ts'
import type { Role, User } from './roles.ts'
import {
  endOtherSessions,
  endSession,
  listSessions,
  type OpenedSession,
  roleOfSession,
  type Session,
  type SessionSummary,
  sessionOf,
  type Visitor,
} from './sessions.ts'
import { demandTotp, totpDemanded } from './settings.ts'
import {
  type CodeSignIn,
  type Confirmation,
  confirmSession,
  type Guards,
  openOrAsk,
  redeemLink,
  type SignedIn,
  setPassword,
  signIn,
  signInByCode,
} from './sign-in.ts'
import {
  beginTotp,
  confirmTotp,
  type FirstCode,
  newRecoveryCodes,
  removeTotp,
  type TotpOffer,
  type TotpState,
  totpState,
} from './totp.ts'
import {
  createFirstUser,
  createUser,
  disableUser,
  enableUser,
  findUser,
  listUsers,
  removeUser,
  renameUser,
  setRole,
  type UserSummary,
  userById,
  userByName,
} from './users.ts'

export interface Accounts {
  /** Makes the owner of an installation without users, and the link to set a password. Refuses `account.owner_exists`, `account.name_invalid`. */
  createFirstOwner(name: string): Promise<{ user: User; token: string }>
  /** Refuses `account.name_taken`, `account.name_invalid`, `account.too_many`. */
  createUser(input: { name: string; role: Role }): Promise<User>
  listUsers(): Promise<UserSummary[]>
  /** By id or name. Refuses `account.not_found`. */
  findUser(idOrName: string): Promise<UserSummary>
  /** Refuses `account.not_found`, `account.name_taken`, `account.name_invalid`. */
  renameUser(userId: string, name: string): Promise<User>
  /** Refuses `account.not_found`, `account.last_owner`. */
  setRole(userId: string, role: Role): Promise<User>
  /** Ends sessions and links; tokens are refused until `enableUser`. Refuses `account.not_found`, `account.last_owner`. */
  disableUser(userId: string): Promise<User>
  /** Refuses `account.not_found`. */
  enableUser(userId: string): Promise<User>
  /** Refuses `account.not_found`, `account.last_owner`. */
  removeUser(userId: string): Promise<User>
  /** Token of a link that works once and for an hour; one for the same purpose that was made before does not any more. Refuses `account.not_found`. */
  oneTimeLink(userId: string, purpose: LinkPurpose): Promise<string>
  /** Whose a link is and what for, without using it up. Refuses `account.link_refused`. */
  viewLink(token: string): Promise<LinkView>
  /**
   * Uses a link up and opens a session, or asks for a code. A `set-password` link needs the new password; an unfit one
   * (`account.password_unfit`) leaves the link as it was. Refuses `account.link_refused`.
   */
  redeemLink(token: string, visitor: Visitor, password?: string): Promise<SignedIn>
  /** Sets a password and ends all sessions but `keepSession`. Refuses `account.password_unfit`, `account.not_found`. */
  setPassword(userId: string, password: string, keepSession?: string): Promise<void>
  /** Refuses `account.refused` (same answer and time whatever is wrong), `account.try_later`, `account.busy`. */
  signIn(name: string, password: string, visitor: Visitor): Promise<SignedIn>
  /** What the browser keeps, for 30 days, in which a user (by id) has just signed in, so that it is known when they come again. */
  browserToken(userId: string): Promise<string>
  /** The second half. Refuses `account.link_refused` (begin again), `account.code_refused`, `account.code_used`, `account.try_later`. */
  signInByCode(input: CodeSignIn): Promise<OpenedSession & { by: 'code' | 'recovery-code' }>
  /** Renews `confirmedAtMs` of a session: by a code where there is an authenticator, else by the password. */
  confirmSession(sessionId: string, proof: Confirmation): Promise<void>
  /** The live session of a cookie's token. */
  sessionOf(token: string): Promise<Session | undefined>
  /** Whether it still stands; looking does not count as use. */
  roleOfSession(token: string): Promise<Role | undefined>
  /** Of one user, or of everyone. */
  listSessions(userId?: string): Promise<SessionSummary[]>
  /** Refuses `session.not_found`, for sessions of others too. */
  endSession(userId: string, sessionId: string): Promise<void>
  /** Ends all of a user's but `keepSession`. */
  endOtherSessions(userId: string, keepSession?: string): Promise<void>
  /** Authenticators: all by user id. */
  readonly totp: {
    /** `issuer` is what the application shows beside the name. Refuses `totp.enrolled`, `account.not_found`. */
    begin(userId: string, issuer: string): Promise<TotpOffer>
    /** Gives recovery codes, shown once, and ends the other sessions. Refuses `totp.missing`, `totp.enrolled`, `account.code_refused`, `account.try_later`. */
    confirm(userId: string, input: FirstCode): Promise<string[]>
    /** Ends the other sessions. Refuses `totp.missing`. */
    remove(userId: string, keepSession?: string): Promise<void>
    /** Refuses `totp.missing`. */
    newRecoveryCodes(userId: string): Promise<string[]>
    state(userId: string): Promise<TotpState>
    demanded(): Promise<boolean>
    demand(demanded: boolean): Promise<void>
  }
  /** Signing in by an OpenID provider. */
  readonly oidc: {
    settings(): Promise<OidcView | undefined>
    /** Refuses `oidc.unfit`, `account.last_owner`. */
    set(settings: NewOidcSettings): Promise<void>
    /** Refuses `account.last_owner`. */
    remove(): Promise<void>
    /** Refuses `oidc.missing`, `oidc.unreachable`. */
    begin(input: OidcBegin): Promise<{ address: string; cookie: string }>
    /** Refuses `oidc.refused`, `oidc.missing`, `oidc.unreachable`, `account.try_later`. */
    finish(query: URLSearchParams, cookie: string | undefined, address: string): Promise<OidcReturned>
    /** Who that is here, changing nothing. Refuses `oidc.not_allowed`, `account.name_taken`. */
    plan(returned: OidcReturned): Promise<Plan>
    /** Does what was planned, then opens a session or asks for a code. Refuses `account.name_taken`, `account.last_owner`, `account.too_many`. */
    arrive(returned: OidcReturned, plan: Plan, visitor: Visitor): Promise<{ user: User; signedIn: SignedIn }>
    /** What the browser keeps until its user (by id) says that the account that came back is to be linked. */
    offer(returned: OidcReturned, userId: string): Promise<string>
    /** Refuses `oidc.refused`, `oidc.missing`. */
    offered(cookie: string | undefined): Promise<OidcOffer>
    /** Refuses `oidc.identity_taken`. */
    link(offer: OidcOffer): Promise<void>
    /** Refuses `account.last_owner`. */
    unlink(userId: string): Promise<void>
    identities(userId: string): Promise<Identity[]>
  }
  /** Who may do what with the datasets of which data tenant. */
  readonly memberships: {
    list(userId: string): Promise<Membership[]>
    /** Refuses `data_tenant.invalid`, `data_tenant.last_owner`, `account.not_found`. */
    grant(membership: NewMembership): Promise<Membership>
    /** Refuses `data_tenant.not_member`, `data_tenant.last_owner`. */
    revoke(userId: string, dataTenant: string): Promise<void>
    /** Everyone of one data tenant, the earliest first. */
    of(dataTenant: string): Promise<Membership[]>
    /** Takes them all back: the data tenant is removed. */
    revokeAll(dataTenant: string): Promise<void>
    /** What the user is there; `undefined` for who is no member. */
    find(userId: string, dataTenant: string): Promise<Membership | undefined>
  }
  /** Makes a token that speaks for a user id until `expires` (ms since 1970, at most 366 days ahead); shown this once. Refuses `api_token.unfit`, `api_token.too_many`. */
  createApiToken(input: NewApiToken): Promise<{ id: string; token: string }>
  /** Ends all sessions, one-time links, API tokens and recovery codes, of everyone: those taken back since a backup would hold again. */
  endAccess(): Promise<void>
  userOfToken(token: string): Promise<{ user: User; id: string } | undefined>
  listApiTokens(userId?: string): Promise<ApiTokenSummary[]>
  /** Refuses `api_token.not_found`; with a user id, for tokens of others too. */
  revokeApiToken(id: string, userId?: string): Promise<void>
}

/** Opens them; nothing is read or written until the first call. */
export function openAccounts(deps: AccountsDeps): Accounts {
  const guards: Guards = {
    ...{ passwords: new Passwords(deps.pepper, deps.closing), lockout: new Lockout(deps), codes: new Lockout(deps) },
    userByName: userByName(deps),
  }
  return {
    async createFirstOwner(name) {
      const user = await createFirstUser(deps, name)
      return { user, token: await createLink(deps, user.id, 'set-password') }
    },
    ...usersOf(deps),
    ...signingIn(deps, guards),
    oneTimeLink: (userId, purpose) => createLink(deps, userId, purpose),
    viewLink: (token) => viewLink(deps, token),
    sessionOf: (token) => sessionOf(deps, token),
    roleOfSession: (token) => roleOfSession(deps, token),
    listSessions: (userId) => listSessions(deps, userId),
    endSession: (userId, sessionId) => endSession(deps, userId, sessionId),
    endOtherSessions: (userId, keepSession) => endOtherSessions(deps, userId, keepSession),
    totp: totpOf(deps, guards),
    oidc: oidcOf(deps),
    memberships: membershipsOf(deps),
    endAccess: () => endAccess(deps),
    createApiToken: (input) => createApiToken(deps, input),
    userOfToken: (token) => userOfToken(deps, token),
    listApiTokens: (userId) => listApiTokens(deps, userId),
    revokeApiToken: (id, userId) => revokeApiToken(deps, id, userId),
  }
}

function usersOf(deps: AccountsDeps) {
  return {
    createUser: (input) => createUser(deps, input),
    listUsers: () => listUsers(deps),
    findUser: (idOrName) => findUser(deps, idOrName),
    renameUser: (userId, name) => renameUser(deps, userId, name),
    setRole: (userId, role) => setRole(deps, userId, role),
    disableUser: (userId) => disableUser(deps, userId),
    enableUser: (userId) => enableUser(deps, userId),
    removeUser: (userId) => removeUser(deps, userId),
  } satisfies Partial<Accounts>
}

function signingIn(deps: AccountsDeps, guards: Guards) {
  return {
    redeemLink: (token, visitor, password) => redeemLink(deps, guards, { token, visitor, password }),
    setPassword: async (userId, password, keepSession) =>
      setPassword(deps, guards, { user: await userById(deps, userId), password, keepSession }),
    signIn: (name, password, visitor) => signIn(deps, guards, { name, password, visitor }),
    browserToken: (userId) => browserToken(deps, userId),
    signInByCode: (input) => signInByCode(deps, guards, input),
    confirmSession: (sessionId, proof) => confirmSession(deps, guards, sessionId, proof),
  } satisfies Partial<Accounts>
}

function totpOf(deps: AccountsDeps, { codes }: Guards): Accounts['totp'] {
  return {
    begin: (userId, issuer) => beginTotp(deps, userId, issuer),
    confirm: (userId, input) => confirmTotp(deps, codes, userId, input),
    remove: (userId, keepSession) => removeTotp(deps, userId, keepSession),
    newRecoveryCodes: (userId) => newRecoveryCodes(deps, userId),
    state: (userId) => totpState(deps, userId),
    demanded: () => totpDemanded(deps),
    demand: (demanded) => demandTotp(deps, demanded),
  }
}

function oidcOf(deps: AccountsDeps): Accounts['oidc'] {
  const oidc = new Oidc(deps)
  return {
    ...rememberedOidc(deps),
    begin: (input) => oidc.begin(input),
    finish: (query, cookie, address) => oidc.finish(query, cookie, address),
    plan: ({ settings, vouched }) => planArrival(deps, settings, vouched),
    async arrive({ vouched, errand }, plan, visitor) {
      const user = await arrive(deps, vouched, plan)
      // A provider that answers silently has asked nobody: only the time that it signed counts, and never one to come.
      const confirmedAtMs = errand.kind === 'sign-in' ? Math.min(vouched.authAtMs ?? 0, deps.clock.now()) : undefined
      return { user, signedIn: await openOrAsk(deps, user, visitor, confirmedAtMs) }
    },
    offer: (returned, userId) => oidc.offer(returned, userId),
    offered: (cookie) => oidc.offered(cookie),
    link: ({ userId, issuer, subject }) => linkIdentity(deps, userId, { issuer, subject }),
    unlink: (userId) => unlinkIdentities(deps, userId),
    identities: (userId) => listIdentities(deps, userId),
  }
}

function membershipsOf(deps: AccountsDeps): Accounts['memberships'] {
  return {
    list: (userId) => listMemberships(deps, userId),
    grant: (membership) => grantMembership(deps, membership),
    revoke: (userId, dataTenant) => revokeMembership(deps, userId, dataTenant),
    of: (dataTenant) => listMembers(deps, dataTenant),
    revokeAll: (dataTenant) => revokeMembers(deps, dataTenant),
    find: (userId, dataTenant) => findMembership(deps, userId, dataTenant),
  }
}

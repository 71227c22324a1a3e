/**
 * accounts: users, roles, passwords, authenticators, OpenID providers, sessions, one-time links and API tokens, for the Platform's
 * tenants and for Runtimes.
 */
export { type Accounts, openAccounts } from './accounts.ts'
export { API_TOKEN_LIFETIME_MAX_MS } from './api-tokens.ts'
export {
  type AuthVariables,
  apiTokenOf,
  authenticate,
  safeNext,
} from './authenticate.ts'
export {
  browserCookieOf,
  clearPassingCookie,
  clearSessionCookie,
  passingCookieOf,
  SESSION_COOKIE,
  sessionCookieOf,
  sessionTokenOf,
  setBrowserCookie,
  setPassingCookie,
  setSessionCookie,
} from './cookie.ts'
export {
  CodeRefused,
  CodeUsed,
  ConfirmationUnfit,
  LinkRefused,
  OidcMissing,
  OidcRefused,
  PasswordUnfit,
  RoleTooLow,
  SessionNotFound,
  SignInBusy,
  SignInRefused,
  SignInTooOften,
} from './errors.ts'
export { LINK_LIFETIME_MS, type LinkView, SECOND_STEP_MS } from './links.ts'
export { CLEARANCES, type MemberClearance, type Membership } from './memberships.ts'
export type { Plan } from './oidc/arrivals.ts'
export { OIDC_TIES_MS, type OidcErrand, type OidcOffer, type OidcReturned } from './oidc/oidc.ts'
export type { NewOidcSettings, OidcView } from './oidc/settings.ts'
export { PASSWORD_LENGTH_MIN } from './passwords.ts'
export { ROLES, type Role, roleReaches, type User } from './roles.ts'
export { sealedAccounts } from './sealed.ts'
export {
  CLOCK_SLACK_MS,
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  SESSIONS_PER_USER_MAX,
  type SessionSummary,
  type Visitor,
} from './sessions.ts'
export type { SignedIn } from './sign-in.ts'
export { NOT_PEOPLE, type UserSummary } from './users.ts'

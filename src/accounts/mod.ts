/** accounts: users, roles, passwords, sessions, one-time links and API tokens, for the Platform's tenants and for Runtimes. */
export { type Accounts, openAccounts } from './accounts.ts'
export { API_TOKEN_LIFETIME_MAX_MS } from './api-tokens.ts'
export {
  type AuthVariables,
  authenticate,
  requireRole,
  safeNext,
} from './authenticate.ts'
export { clearSessionCookie, SESSION_COOKIE, sessionCookieOf, sessionTokenOf, setSessionCookie } from './cookie.ts'
export {
  LinkRefused,
  PasswordUnfit,
  RoleTooLow,
  SignInBusy,
  SignInRefused,
  SignInTooOften,
} from './errors.ts'
export { LINK_LIFETIME_MS, type LinkView } from './links.ts'
export { PASSWORD_LENGTH_MIN } from './passwords.ts'
export { type Role, roleReaches } from './roles.ts'
export {
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  SESSIONS_PER_USER_MAX,
  type Session,
  type Visitor,
} from './sessions.ts'

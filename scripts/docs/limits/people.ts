/** Signing in: how often it may be tried, and what it costs. */
import { API_TOKENS_PER_USER_MAX } from '../../../src/accounts/api-tokens.ts'
import { MEMORY_KIB } from '../../../src/accounts/argon2.ts'
import { KNOWN_BROWSER_MS } from '../../../src/accounts/known-browser.ts'
import { LINK_LIFETIME_MS, SECOND_STEP_MS, SECOND_STEPS_PER_USER_MAX } from '../../../src/accounts/links.ts'
import {
  ACCOUNT_FORGET_AFTER_MS,
  FREE_ATTEMPTS_ACCOUNT,
  FREE_ATTEMPTS_ADDRESS,
  KNOWN_ADDRESS_MS,
  KNOWN_ADDRESSES_PER_USER_MAX,
} from '../../../src/accounts/lockout.ts'
import { CHECKS_AT_ONCE, CHECKS_WAITING_MAX, KNOWN_CHECKS_OF_ONE_MAX } from '../../../src/accounts/passwords.ts'
import { SESSION_IDLE_MS, SESSION_MAX_MS, SESSIONS_PER_USER_MAX } from '../../../src/accounts/sessions.ts'
import { FORGET_AFTER_MS, THROTTLE_KEYS_MAX, WAIT_FIRST_MS, WAIT_LONGEST_MS } from '../../../src/accounts/throttle.ts'
import { USERS_MAX } from '../../../src/accounts/users.ts'
import { WRITE_EVERY_MS, WRITES_AT_ONCE } from '../../../src/server/write-pace.ts'
import { at, bytes, count, type Limit, time, times } from './amounts.ts'

const DAY_MS = 24 * 60 * 60_000
/** Four for passwords (accounts, names that nobody has, networks, those who are known), as many for codes, one for the provider. */
const THROTTLES = 9
const THROTTLE_KEY_BYTES = 200
const CHECK_MS = 30
/** Lines of password checks: strangers', and that of those who are known or set a password. */
const LINES = 2
const USER_BYTES = 300

const lockout = 'src/accounts/lockout.ts'

/** Of the main process, while strangers do their best. */
export const CHECKS_BYTES = LINES * CHECKS_AT_ONCE * MEMORY_KIB * 1_024
export const THROTTLES_BYTES = THROTTLES * THROTTLE_KEYS_MAX * THROTTLE_KEY_BYTES

/** How often one account can be tried from its first failure on for a day, each time as soon as it may be. */
function guessesInADay(): number {
  let guesses = FREE_ATTEMPTS_ACCOUNT
  for (let waitMs = WAIT_FIRST_MS, atMs = waitMs; atMs < DAY_MS; atMs += waitMs) {
    guesses++
    waitMs = Math.min(WAIT_LONGEST_MS, waitMs * 2)
  }
  return guesses
}

function writesOfADay(): string {
  const writes = DAY_MS / WRITE_EVERY_MS
  return `${count(writes)} a day × two lines of the audit trail of ≈400 B ≈ ${Math.round((writes * 800) / 1e6)} MB`
}

export const SIGN_IN_LIMITS: readonly Limit[] = [
  [
    'failures that cost nothing',
    `${FREE_ATTEMPTS_ACCOUNT} on one account, ${FREE_ATTEMPTS_ADDRESS} from one network on whatever accounts`,
    at(lockout, 'FREE_ATTEMPTS_ACCOUNT', 'FREE_ATTEMPTS_ADDRESS'),
  ],
  [
    'the wait before each further one',
    `${time(WAIT_FIRST_MS)}, doubled each time, up to ${time(WAIT_LONGEST_MS)}: answered 429 before a password is looked at`,
    at('src/accounts/throttle.ts', 'WAIT_FIRST_MS', 'WAIT_LONGEST_MS'),
  ],
  [
    'guesses on one account',
    `${guessesInADay()} on the first day and ${DAY_MS / WAIT_LONGEST_MS} on any other, from however many networks; pauses gain nothing, since failures count for ${time(ACCOUNT_FORGET_AFTER_MS)} (those of a network for ${time(FORGET_AFTER_MS)})`,
    at(lockout, 'ACCOUNT_FORGET_AFTER_MS'),
  ],
  [
    'those who do not wait for the others',
    `in a browser in which they signed in during the last ${time(KNOWN_BROWSER_MS)} with the password they have, in a session, and from the last ${KNOWN_ADDRESSES_PER_USER_MAX} networks of ${time(KNOWN_ADDRESS_MS)}: each counts for itself, with as many guesses`,
    at('src/accounts/known-browser.ts', 'KNOWN_BROWSER_MS'),
  ],
  [
    'memory of failures',
    `${count(THROTTLE_KEYS_MAX)} names or networks × ≈${THROTTLE_KEY_BYTES} B in each of ${THROTTLES} throttles ≈ ${bytes(THROTTLES_BYTES)}; the longest untried is dropped`,
    at('src/accounts/throttle.ts', 'THROTTLE_KEYS_MAX'),
  ],
  [
    'passwords that are checked',
    `${CHECKS_AT_ONCE} at a time × ${bytes(MEMORY_KIB * 1_024)} in each of ${LINES} lines, strangers’ and that of those who are known or set one = ${bytes(CHECKS_BYTES)}; strangers keep ${CHECKS_AT_ONCE} core busy at most`,
    at('src/accounts/passwords.ts', 'CHECKS_AT_ONCE'),
  ],
  [
    'passwords that wait for it',
    `${CHECKS_WAITING_MAX} × ≈${CHECK_MS} ms ≈ ${Math.round((CHECKS_WAITING_MAX * CHECK_MS) / 1_000)} s in each line; what comes on top is answered 503, and held against nobody`,
    at('src/accounts/passwords.ts', 'CHECKS_WAITING_MAX'),
  ],
  [
    'of these, in the line of those who are known',
    `${KNOWN_CHECKS_OF_ONE_MAX} of one user, so that ${Math.floor((CHECKS_AT_ONCE + CHECKS_WAITING_MAX) / KNOWN_CHECKS_OF_ONE_MAX)} users fit; what comes on top waits with the strangers`,
    at('src/accounts/passwords.ts', 'KNOWN_CHECKS_OF_ONE_MAX'),
  ],
  [
    'sign-ins that wait for a code',
    `${SECOND_STEPS_PER_USER_MAX} of one user, each for ${time(SECOND_STEP_MS)}`,
    at('src/accounts/links.ts', 'SECOND_STEPS_PER_USER_MAX', 'SECOND_STEP_MS'),
  ],
  ['a one-time link', `once, within ${time(LINK_LIFETIME_MS)}`, at('src/accounts/links.ts', 'LINK_LIFETIME_MS')],
  [
    'sessions',
    `${SESSIONS_PER_USER_MAX} of one user, ${time(SESSION_MAX_MS)} at most, ${time(SESSION_IDLE_MS)} without use`,
    at('src/accounts/sessions.ts', 'SESSIONS_PER_USER_MAX'),
  ],
  [
    'users and their API tokens',
    `${times(USERS_MAX, USER_BYTES)}; ${API_TOKENS_PER_USER_MAX} tokens of one user`,
    at('src/accounts/users.ts', 'USERS_MAX'),
  ],
  [
    'changes by a user who is no owner',
    `${WRITES_AT_ONCE} at once, then one every ${time(WRITE_EVERY_MS)}: ${writesOfADay()}`,
    at('src/server/write-pace.ts', 'WRITES_AT_ONCE', 'WRITE_EVERY_MS'),
  ],
]

/** Who may try a password now: by account and by address, without locking out those who have signed in before, from there or in that browser. */
import { and, desc, eq, gt, lte, notInArray, or, sql } from 'drizzle-orm'
import { networkOf } from '../host/mod.ts'
import { knownAddresses } from '../store/mod.ts'
import type { AccountsDeps } from './deps.ts'
import { SignInTooOften } from './errors.ts'
import { Throttle } from './throttle.ts'

/** Attempts that fail before each costs a wait: on one account, and from one address on whatever accounts. */
export const FREE_ATTEMPTS_ACCOUNT = 5
export const FREE_ATTEMPTS_ADDRESS = 20
/**
 * So long failures on an account count, so that pauses gain no guesses: 5, ten more with waits of 1 s to 512 s, then one each quarter
 * of an hour, which is 109 on the first day and 96 on any other.
 */
export const ACCOUNT_FORGET_AFTER_MS = 24 * 60 * 60_000
/** From where a person signs in; the longest unused beyond these is forgotten. */
export const KNOWN_ADDRESSES_PER_USER_MAX = 16
export const KNOWN_ADDRESS_MS = 30 * 24 * 60 * 60_000
/** How often it is told that one account is under attack: a flood must not fill what it is written into. */
const TELL_EVERY_MS = 60 * 60_000

/** One attempt that was let through; what happens to it decides what the next one costs. */
export type Attempt = {
  /** Whether it comes from where its user has signed in before, or in a browser in which they have. */
  readonly isKnown: boolean
  /** It was right and opened a session: its keys start afresh, and its address is known from now on. */
  succeeded(): Promise<void>
  /** It was right, and is not to be counted; nothing more. */
  forgiven(): void
}

type Keys = (readonly [Throttle, string])[]

export class Lockout {
  readonly #deps: AccountsDeps
  readonly #users: Throttle
  readonly #strangers: Throttle
  readonly #addresses: Throttle
  readonly #pairs: Throttle
  readonly #known: ReturnType<typeof knownAddress>
  /** Of users who exist, so there are no more than those. */
  readonly #toldMs = new Map<string, number>()

  constructor(deps: AccountsDeps) {
    const { clock } = deps
    const ofAccounts = { free: FREE_ATTEMPTS_ACCOUNT, forgetAfterMs: ACCOUNT_FORGET_AFTER_MS }
    this.#deps = deps
    // Names that do not exist have their own, so that no flood of made-up names pushes real accounts out.
    this.#users = new Throttle(clock, ofAccounts)
    this.#strangers = new Throttle(clock, ofAccounts)
    this.#addresses = new Throttle(clock, { free: FREE_ATTEMPTS_ADDRESS })
    this.#pairs = new Throttle(clock, ofAccounts)
    this.#known = knownAddress(deps)
  }

  /** How many accounts, addresses and pairs of both are remembered; at most four times `THROTTLE_KEYS_MAX`. */
  get keys(): number {
    return this.#users.keys + this.#strangers.keys + this.#addresses.keys + this.#pairs.keys
  }

  /**
   * Counts an attempt before it is made. Refuses `account.try_later`, for names that do not exist as for others.
   * In a browser or session that is known (by its id) as this user's, only the failures in it count; from an address where this user
   * has signed in before, those on this account from there.
   */
  async begin(userId: string | undefined, name: string, address: string, knownBy?: string): Promise<Attempt> {
    const network = networkOf(address)
    const account = userId ?? `name ${name}`
    const pair = `${account} ${knownBy ?? network}`
    if (knownBy !== undefined || (await this.#isKnown(userId ?? '', network))) {
      // A neighbour behind the same address may be who fails here: the owner of the account has to learn of it all the same.
      if (userId !== undefined && this.#pairs.waitMs(pair) > 0) this.#tell(userId, network)
      return this.#attempt(userId, network, [[this.#pairs, pair]], true)
    }
    const accounts = userId === undefined ? this.#strangers : this.#users
    const keys: Keys = [
      [accounts, account],
      [this.#addresses, network],
    ]
    if (userId !== undefined && this.#users.waitMs(userId) > 0) this.#tell(userId, network)
    return this.#attempt(userId, network, keys, false)
  }

  #attempt(userId: string | undefined, network: string, keys: Keys, isKnown: boolean): Attempt {
    const waitMs = Math.max(...keys.map(([throttle, key]) => throttle.waitMs(key)))
    if (waitMs > 0) throw new SignInTooOften(waitMs)
    const counted = keys.map(([throttle, key]) => ({ throttle, key, attempt: throttle.attempt(key) }))
    return {
      isKnown,
      forgiven: () => {
        for (const { throttle, key, attempt } of counted) throttle.forgive(key, attempt)
      },
      succeeded: async () => {
        // The address is only forgiven this one attempt: a success on an own account must not wash off guesses on others.
        for (const { throttle, key, attempt } of counted)
          throttle === this.#addresses ? throttle.forgive(key, attempt) : throttle.clear(key)
        if (userId !== undefined) await this.#remember(userId, network)
      },
    }
  }

  /** Notes that a user has come in from an IP address by another way than an attempt. */
  remember(userId: string, address: string): Promise<void> {
    return this.#remember(userId, networkOf(address))
  }

  /** Not waited for, since how long an answer takes must not say whether there is such a user; what fails is told with the next attempt. */
  #tell(userId: string, network: string): void {
    const now = this.#deps.clock.monotonic()
    if (now - (this.#toldMs.get(userId) ?? Number.NEGATIVE_INFINITY) < TELL_EVERY_MS) return
    this.#toldMs.set(userId, now)
    this.#deps.onLocked?.(userId, network).catch(() => this.#toldMs.delete(userId))
  }

  async #isKnown(userId: string, network: string): Promise<boolean> {
    return (await this.#known.get({ userId, network, oldestMs: this.#oldest() })) !== undefined
  }

  async #remember(userId: string, network: string): Promise<void> {
    const { db, clock } = this.#deps
    const seenAtMs = clock.now()
    await db
      .insert(knownAddresses)
      .values({ userId, address: network, seenAtMs })
      .onConflictDoUpdate({ target: [knownAddresses.userId, knownAddresses.address], set: { seenAtMs } })
    const kept = db
      .select({ address: knownAddresses.address })
      .from(knownAddresses)
      .where(eq(knownAddresses.userId, userId))
      .orderBy(desc(knownAddresses.seenAtMs))
      .limit(KNOWN_ADDRESSES_PER_USER_MAX)
    const surplus = or(lte(knownAddresses.seenAtMs, this.#oldest()), notInArray(knownAddresses.address, kept))
    await db.delete(knownAddresses).where(and(eq(knownAddresses.userId, userId), surplus))
  }

  #oldest(): number {
    return this.#deps.clock.now() - KNOWN_ADDRESS_MS
  }
}

/** Prepared once: strangers ask for it as often as they can. */
function knownAddress({ db }: Pick<AccountsDeps, 'db'>) {
  const { userId, address, seenAtMs } = knownAddresses
  const isThatOne = and(eq(userId, sql.placeholder('userId')), eq(address, sql.placeholder('network')))
  return db
    .select({ seenAtMs })
    .from(knownAddresses)
    .where(and(isThatOne, gt(seenAtMs, sql.placeholder('oldestMs'))))
    .prepare()
}

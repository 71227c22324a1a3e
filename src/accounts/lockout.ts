/** Who may try a password now: by account and by address, without locking out those who have signed in from there before. */
import { and, desc, eq, gt, lte, notInArray, or } from 'drizzle-orm'
import type { Clock } from '../base/mod.ts'
import { knownAddresses } from '../store/mod.ts'
import type { AccountsDeps } from './deps.ts'
import { SignInTooOften } from './errors.ts'
import { Throttle } from './throttle.ts'

/** Attempts that fail before each costs a wait: on one account, and from one address on whatever accounts. */
export const FREE_ATTEMPTS_ACCOUNT = 5
export const FREE_ATTEMPTS_ADDRESS = 20
/** From where a person signs in; the longest unused beyond these is forgotten. */
const KNOWN_ADDRESSES_PER_USER_MAX = 16
const KNOWN_ADDRESS_MS = 30 * 24 * 60 * 60_000

/** One attempt that was let through; what happens to it decides what the next one costs. */
export type Attempt = { succeeded(): Promise<void> }

export class Lockout {
  readonly #deps: AccountsDeps
  readonly #users: Throttle
  readonly #strangers: Throttle
  readonly #addresses: Throttle
  readonly #pairs: Throttle

  constructor(deps: AccountsDeps) {
    const throttle = (clock: Clock, free: number): Throttle => new Throttle(clock, { free })
    this.#deps = deps
    // Names that do not exist have their own, so that no flood of made-up names pushes real accounts out.
    this.#users = throttle(deps.clock, FREE_ATTEMPTS_ACCOUNT)
    this.#strangers = throttle(deps.clock, FREE_ATTEMPTS_ACCOUNT)
    this.#addresses = throttle(deps.clock, FREE_ATTEMPTS_ADDRESS)
    this.#pairs = throttle(deps.clock, FREE_ATTEMPTS_ACCOUNT)
  }

  /**
   * Counts an attempt before it is made. Refuses `account.try_later`, for names that do not exist as for others.
   * From an address where this user has signed in before, only the failures on this account from there count.
   */
  async begin(userId: string | undefined, name: string, address: string): Promise<Attempt> {
    const network = networkOf(address)
    const account = userId ?? `name ${name}`
    const pair = `${account} ${network}`
    if (await this.#isKnown(userId ?? '', network)) return this.#attempt(userId, network, [[this.#pairs, pair]])
    const accounts = userId === undefined ? this.#strangers : this.#users
    return this.#attempt(userId, network, [
      [accounts, account],
      [this.#addresses, network],
    ])
  }

  #attempt(userId: string | undefined, network: string, keys: (readonly [Throttle, string])[]): Attempt {
    const waitMs = Math.max(...keys.map(([throttle, key]) => throttle.waitMs(key)))
    if (waitMs > 0) throw new SignInTooOften(waitMs)
    for (const [throttle, key] of keys) throttle.attempt(key)
    return {
      succeeded: async () => {
        // The address is only forgiven this one attempt: a success on an own account must not wash off guesses on others.
        for (const [throttle, key] of keys) throttle === this.#addresses ? throttle.forgive(key) : throttle.clear(key)
        if (userId !== undefined) await this.#remember(userId, network)
      },
    }
  }

  async #isKnown(userId: string, network: string): Promise<boolean> {
    const found = await this.#deps.db
      .select({ seenAtMs: knownAddresses.seenAtMs })
      .from(knownAddresses)
      .where(
        and(
          eq(knownAddresses.userId, userId),
          eq(knownAddresses.address, network),
          gt(knownAddresses.seenAtMs, this.#oldest()),
        ),
      )
      .get()
    return found !== undefined
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

/** An IPv4 address, or the /64 of an IPv6 one: there a single host has 2^64 addresses to try from. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)
  if (mapped?.[1] !== undefined) return mapped[1]
  if (!address.includes(':')) return address
  const [head = '', tail] = (address.split('%')[0] ?? '').toLowerCase().split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const missing = Math.max(0, 8 - groups.length - after.length)
  const all = [...groups, ...Array.from({ length: missing }, () => '0'), ...after]
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}

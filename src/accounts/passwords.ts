/** Hashes and checks passwords, a bounded number at a time, and takes as long for a user who does not exist. */
import { type Bytes, base64url, Slots, utf8 } from '../base/mod.ts'
import { hmacSha256 } from '../crypto/mod.ts'
import { argon2Hash, argon2Verify } from './argon2.ts'
import { PasswordUnfit, SignInBusy } from './errors.ts'
import { whyGuessable } from './guessable.ts'

/** Characters (code points) of a password. The upper bound keeps what strangers can make us hash small. */
export const PASSWORD_LENGTH_MIN = 12
/** The bound above. */
export const PASSWORD_LENGTH_MAX = 256
/** Strangers keep one core busy at most, with 19 MiB. Those who have signed in before, and who sets a password, have as much for themselves. */
export const CHECKS_AT_ONCE = 1
/** 64 waiting × ~30 ms ≈ 2 s until the last one's turn, in each of the two lines. */
export const CHECKS_WAITING_MAX = 64

/**
 * Of these in the line of those who are known, from one user: who holds many browsers of one must not crowd out the others, 32 of whom
 * fit. What comes on top waits with the strangers.
 */
export const KNOWN_CHECKS_OF_ONE_MAX = 2

export class Passwords {
  readonly #pepper: Bytes | undefined
  readonly #closing: AbortSignal | undefined
  #nobody: Promise<string> | undefined
  readonly #slots = checksLine()
  readonly #knownSlots = checksLine()
  /** Who is in that line, and how many times. */
  readonly #inKnownLine = new Map<string, number>()

  /** Who waits when `closing` is aborted, and who comes later, is refused: what a check leads to could not be written any more. */
  constructor(pepper: Bytes | undefined, closing?: AbortSignal) {
    this.#pepper = pepper
    this.#closing = closing
  }

  /** Refuses `account.password_unfit` (length, or one that is guessed first), `account.busy`. */
  async hash(password: string, userName: string): Promise<string> {
    const length = [...password].length
    if (length < PASSWORD_LENGTH_MIN) {
      throw new PasswordUnfit(`the password has ${length} characters; at least ${PASSWORD_LENGTH_MIN} are needed`)
    }
    if (length > PASSWORD_LENGTH_MAX)
      throw new PasswordUnfit(`the password is longer than ${PASSWORD_LENGTH_MAX} characters`)
    const why = whyGuessable(password, userName)
    if (why !== undefined) throw new PasswordUnfit(why)
    // Whoever sets a password has a session or a link: strangers who fill their own line do not keep them out.
    return this.#inTurn(`name ${userName}`, async () => argon2Hash(await this.#peppered(password)))
  }

  /**
   * Compares with a stored hash; without one it does the same work against nobody's and says no. Those who are known, as which user
   * (by id), wait in a line of their own. Refuses `account.busy`.
   */
  verify(hash: string | null, password: string, knownAs?: string): Promise<boolean> {
    return this.#inTurn(knownAs, async () => {
      const input = await this.#peppered(password.slice(0, 2 * PASSWORD_LENGTH_MAX))
      const matches = await argon2Verify(hash ?? (await this.#nobodysHash()), input)
      return matches && hash !== null
    })
  }

  async #inTurn<T>(knownAs: string | undefined, check: () => Promise<T>): Promise<T> {
    const work = (): Promise<T> => {
      if (this.#closing?.aborted) throw new SignInBusy('the server stops')
      return check()
    }
    const before = knownAs === undefined ? 0 : (this.#inKnownLine.get(knownAs) ?? 0)
    if (knownAs === undefined || before >= KNOWN_CHECKS_OF_ONE_MAX) return this.#slots.run(work)
    this.#inKnownLine.set(knownAs, before + 1)
    try {
      return await this.#knownSlots.run(work)
    } finally {
      const left = (this.#inKnownLine.get(knownAs) ?? 0) - 1
      if (left > 0) this.#inKnownLine.set(knownAs, left)
      else this.#inKnownLine.delete(knownAs)
    }
  }

  /** Made at the first need, once; its password is not kept. */
  #nobodysHash(): Promise<string> {
    this.#nobody ??= argon2Hash(crypto.randomUUID())
    return this.#nobody
  }

  /** Makes `verify` for unknown names cost the same from the first call on. */
  async warm(): Promise<void> {
    await this.#nobodysHash()
  }

  /** NFKC, so that the same keys on another keyboard or system make the same password. */
  async #peppered(password: string): Promise<string> {
    const normal = password.normalize('NFKC')
    return this.#pepper === undefined ? normal : base64url(await hmacSha256(this.#pepper, utf8(normal)))
  }
}

function checksLine(): Slots {
  const full = (): SignInBusy => new SignInBusy('too many passwords wait to be checked')
  return new Slots(CHECKS_AT_ONCE, { waitingMax: CHECKS_WAITING_MAX, full })
}

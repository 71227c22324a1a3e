/** Hashes and checks passwords, a bounded number at a time, and takes as long for a user who does not exist. */
import { type Bytes, base64url, Slots, utf8 } from '../base/mod.ts'
import { hmacSha256 } from '../crypto/mod.ts'
import { argon2Hash, argon2Verify } from './argon2.ts'
import { PasswordUnfit, SignInBusy } from './errors.ts'

/** Characters (code points) of a password. The upper bound keeps what strangers can make us hash small. */
export const PASSWORD_LENGTH_MIN = 12
/** The bound above. */
export const PASSWORD_LENGTH_MAX = 256
/** Strangers keep one core busy at most, with 19 MiB. Those who have signed in before, and who sets a password, have as much for themselves. */
export const CHECKS_AT_ONCE = 1
/** 64 waiting × ~30 ms ≈ 2 s until the last one's turn, in each of the two lines. */
export const CHECKS_WAITING_MAX = 64

export class Passwords {
  readonly #pepper: Bytes | undefined
  #nobody: Promise<string> | undefined
  readonly #slots = checksLine()
  readonly #knownSlots = checksLine()

  constructor(pepper: Bytes | undefined) {
    this.#pepper = pepper
  }

  /** Refuses `account.password_unfit` (length, or the user's own name). */
  async hash(password: string, userName: string): Promise<string> {
    const length = [...password].length
    if (length < PASSWORD_LENGTH_MIN) {
      throw new PasswordUnfit(`the password has ${length} characters; at least ${PASSWORD_LENGTH_MIN} are needed`)
    }
    if (length > PASSWORD_LENGTH_MAX)
      throw new PasswordUnfit(`the password is longer than ${PASSWORD_LENGTH_MAX} characters`)
    if (password.toLowerCase() === userName) throw new PasswordUnfit('the password is the name of the user')
    // Whoever sets a password has a session or a link: strangers who fill their own line do not keep them out.
    return this.#knownSlots.run(async () => argon2Hash(await this.#peppered(password)))
  }

  /**
   * Compares with a stored hash; without one it does the same work against nobody's and says no. Those who are known wait
   * in a line of their own. Refuses `account.busy`.
   */
  verify(hash: string | null, password: string, isKnown = false): Promise<boolean> {
    return (isKnown ? this.#knownSlots : this.#slots).run(async () => {
      const input = await this.#peppered(password.slice(0, 2 * PASSWORD_LENGTH_MAX))
      const matches = await argon2Verify(hash ?? (await this.#nobodysHash()), input)
      return matches && hash !== null
    })
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

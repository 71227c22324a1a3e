/** Access tokens of OAuth2 credentials while they are good: one request at a time for each, and a new refresh token is kept first. */
import { type Clock, Turns } from '../base/mod.ts'
import { type AccessToken, fetchAccessToken, isFresh, type OAuth2Client } from './oauth2.ts'

/** A credential as it stands in the vault now; `mark` names that content. */
export type StoredClient = {
  mark: string
  /** The client with every field fetched. */
  client(): Promise<OAuth2Client>
  /** Keeps another refresh token in its place; the mark of the new content, or `undefined` when it was replaced meanwhile. */
  keepRefreshToken(refreshToken: string): Promise<string | undefined>
}

type Kept = { mark: string; token: AccessToken; fetchedAtMs: number }
/** A rotated refresh token that could not be written: the one before it is worth nothing any more. */
type Unsaved = { mark: string; refreshToken: string }
type Desk = { turns: Turns; kept?: Kept; failed?: { mark: string; atMs: number; error: unknown }; unsaved?: Unsaved }

export class TokenDesk {
  readonly #clock: Clock
  /** One for each credential of the kind that was used: at most as many as the vault holds, ≈ 4 KiB each. */
  readonly #desks = new Map<string, Desk>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * A token that is good now. `load` is called in turn, so that it reads what the request before has kept: a refresh token that is
   * used twice counts as stolen at many servers.
   */
  use(id: string, load: () => Promise<StoredClient>): Promise<AccessToken> {
    const desk = this.#desks.get(id) ?? { turns: new Turns() }
    this.#desks.set(id, desk)
    const askedMs = this.#clock.monotonic()
    return desk.turns.run(async () => {
      const stored = await load()
      const { kept, failed } = desk
      if (kept?.mark === stored.mark && isFresh(kept.token, kept.fetchedAtMs, this.#clock.now())) return kept.token
      // Whoever waited for a request that failed shares its end, and does not ask again right behind it.
      if (failed?.mark === stored.mark && failed.atMs >= askedMs) throw failed.error
      try {
        return await this.#fetch(desk, stored)
      } catch (error) {
        desk.failed = { mark: stored.mark, atMs: this.#clock.monotonic(), error }
        throw error
      }
    })
  }

  forget(id: string): void {
    this.#desks.delete(id)
  }

  async #fetch(desk: Desk, stored: StoredClient): Promise<AccessToken> {
    const client = await stored.client()
    const unsaved = desk.unsaved?.mark === stored.mark ? desk.unsaved : undefined
    const fetchedAtMs = this.#clock.now()
    const asked = unsaved ? { ...client, refreshToken: unsaved.refreshToken } : client
    const token = await fetchAccessToken(asked, this.#clock)
    const refreshToken = token.refreshToken ?? unsaved?.refreshToken
    let mark: string | undefined = stored.mark
    if (refreshToken !== undefined) {
      desk.unsaved = { mark, refreshToken }
      mark = await stored.keepRefreshToken(refreshToken)
      delete desk.unsaved
    }
    const { accessToken, expiresAtMs } = token
    if (mark !== undefined) desk.kept = { mark, token: { accessToken, expiresAtMs }, fetchedAtMs }
    return token
  }
}

/**
 * The file by which the command of this machine gets in: made at the first start, brought up to each, and tried again soon while it cannot be
 * written. Nothing else waits for it: without it the command is lacking, and nothing that was done is undone.
 */
import { type Clock, describeError, type Log, Turns } from '../base/mod.ts'
import { refreshLocalAccess, writeLocalAccess } from '../server/mod.ts'
import type { LocalAccounts } from './local-accounts.ts'

/** How soon what failed is tried again: whoever has mended the disk waits no longer. */
export const ACCESS_RETRY_MS = 30_000

export type LocalAccessDeps = {
  /** Where the file lies. */
  folder: string
  people: Pick<LocalAccounts, 'accounts' | 'owners'>
  clock: Clock
  log: Log
}

export class LocalAccess {
  readonly #deps: LocalAccessDeps
  /** One at a time: two acts at once must not write it over each other. */
  readonly #turns = new Turns()
  #place: { url: string; ca: string } | undefined
  #isOwed = false

  constructor(deps: LocalAccessDeps) {
    this.#deps = deps
  }

  /** How this machine itself reaches the Management Interface; until it is told nothing is written. */
  reachedAt(place: { url: string; ca: string }): void {
    this.#place = place
  }

  /** Never fails: a failure is told once, and tried again. */
  async refresh(): Promise<void> {
    try {
      await this.#turns.run(() => this.#write())
      this.#isOwed = false
    } catch (error) {
      if (!this.#isOwed) this.#deps.log.error('the access file was not written', { error: describeError(error) })
      this.#isOwed = true
    }
  }

  /** Once more, if the last time failed. */
  async retry(): Promise<void> {
    if (this.#isOwed) await this.refresh()
  }

  async #write(): Promise<void> {
    const { folder, people, clock } = this.#deps
    if (this.#place === undefined) return
    const { url, ca } = this.#place
    const { accounts } = people
    const owners = await people.owners()
    const [owner] = owners
    if (owner !== undefined) await writeLocalAccess(folder, this.#place, { accounts, owner, clock })
    await refreshLocalAccess(folder, { doors: [{ url, accounts, owners }], ca, clock })
  }
}

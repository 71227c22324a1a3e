/** The token that opens `/metrics` and nothing else. Shown once, kept as a hash; there is one, and a new one replaces it. */
import * as v from 'valibot'
import { base64url, type Clock, equalBytes, fromHex, type Random, utf8 } from '../base/mod.ts'
import { sha256, sha256Hex } from '../crypto/mod.ts'
import { MetricsTokenMissing } from './errors.ts'

const Kept = v.object({ sha256: v.string(), createdAtMs: v.number(), createdBy: v.string() })
type Kept = v.InferOutput<typeof Kept>

/** Where the hash is kept. */
export type TokenStore = {
  get(): Promise<unknown>
  set(value: unknown): Promise<void>
  remove(): Promise<void>
}

export type MetricsTokenDeps = { store: TokenStore; clock: Clock; random: Random }

/** Opens what is kept; what does not parse counts as none, so that `/metrics` stays shut. */
export async function openMetricsToken(deps: MetricsTokenDeps): Promise<MetricsToken> {
  const parsed = v.safeParse(Kept, await deps.store.get())
  return new MetricsToken(deps, parsed.success ? parsed.output : undefined)
}

export class MetricsToken {
  readonly #deps: MetricsTokenDeps
  #kept: Kept | undefined

  constructor(deps: MetricsTokenDeps, kept: Kept | undefined) {
    this.#deps = deps
    this.#kept = kept
  }

  /** When it was made and by whom; `undefined` while there is none. */
  get about(): Pick<Kept, 'createdAtMs' | 'createdBy'> | undefined {
    return this.#kept && { createdAtMs: this.#kept.createdAtMs, createdBy: this.#kept.createdBy }
  }

  /** Makes a token, `slm_` and 32 random bytes; the one before holds no more. */
  async create(createdBy: string): Promise<string> {
    const { store, clock, random } = this.#deps
    const token = `slm_${base64url(random(32))}`
    const kept = { sha256: await sha256Hex(utf8(token)), createdAtMs: clock.now(), createdBy }
    await store.set(kept)
    this.#kept = kept
    return token
  }

  /** Shuts `/metrics`. Refuses `metrics_token.none`. */
  async revoke(): Promise<void> {
    if (!this.#kept) throw new MetricsTokenMissing('there is no token for metrics')
    await this.#deps.store.remove()
    this.#kept = undefined
  }

  /** Whether this is the token. No query: strangers may ask as often as they like. */
  async holds(token: string): Promise<boolean> {
    const kept = this.#kept
    return kept !== undefined && equalBytes(await sha256(utf8(token)), fromHex(kept.sha256))
  }
}

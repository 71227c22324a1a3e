/** The newest version of each deployment that was refused here: its owner alone can cure it, so it is told until one is taken. */
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import { Reason } from '../../wire/mod.ts'
import type { Settings } from './settings.ts'

/** Deployments whose refusal is kept; the oldest goes first. 64 × 4 reasons × ~450 B < 128 KiB. */
export const REFUSALS_MAX = 64
/** Reasons kept of one refusal; the first ones are enough to go by. */
const REASONS_KEPT_MAX = 4

const KEY = 'deployments.refused'

const RefusedVersion = v.object({
  deployment: v.string(),
  version: v.number(),
  /** As the tenant signed it; absent where it was refused before that was verified. */
  blueprint: v.optional(v.string()),
  reasons: v.array(Reason),
  refusedAtMs: v.number(),
})
export type RefusedVersion = v.InferOutput<typeof RefusedVersion>

/** What something else wrote there tells nobody anything. */
const Kept = v.fallback(v.array(RefusedVersion), [])

export class Refusals {
  readonly #settings: Settings
  readonly #clock: Clock
  /** One change at a time: each writes the whole. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: { settings: Settings; clock: Clock }) {
    this.#settings = deps.settings
    this.#clock = deps.clock
  }

  /** The last refused first. */
  async list(): Promise<RefusedVersion[]> {
    return (await this.#settings.get(KEY, Kept)) ?? []
  }

  async find(deployment: string): Promise<RefusedVersion | undefined> {
    return (await this.list()).find((one) => one.deployment === deployment)
  }

  /** In place of the refusal before it; the same version refused again is refused since it first was. */
  add(refused: Omit<RefusedVersion, 'refusedAtMs'>): Promise<void> {
    return this.#change((kept) => {
      const before = kept.find(({ deployment }) => deployment === refused.deployment)
      const refusedAtMs = before?.version === refused.version ? before.refusedAtMs : this.#clock.now()
      const reasons = refused.reasons.slice(0, REASONS_KEPT_MAX)
      return [{ ...refused, reasons, refusedAtMs }, ...kept.filter((one) => one !== before)].slice(0, REFUSALS_MAX)
    })
  }

  /** A version of it was taken, or the Platform stopped it. */
  remove(deployment: string): Promise<void> {
    return this.#change((kept) =>
      kept.some((one) => one.deployment === deployment) ? kept.filter((one) => one.deployment !== deployment) : kept,
    )
  }

  #change(next: (kept: RefusedVersion[]) => RefusedVersion[]): Promise<void> {
    const done = this.#turn.then(async () => {
      const kept = await this.list()
      const changed = next(kept)
      if (changed !== kept) await this.#settings.set(KEY, changed)
    })
    this.#turn = done.catch(() => undefined)
    return done
  }
}

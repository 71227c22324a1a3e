/** Counts of the last version that ran of each deployment, so that they go on over a restart of the Runtime. */
import * as v from 'valibot'
import { BridgeStatus, ComponentStatus } from '../../wire/mod.ts'
import type { Settings } from './settings.ts'

const Whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0))
const Kept = v.object({
  version: v.number(),
  components: v.array(ComponentStatus),
  bridges: v.array(BridgeStatus),
  deadLetters: v.optional(Whole, 0),
})

/** What is kept: the same that a status report carries, and how many refused records of the deployment wait. */
export type KeptCounts = Omit<v.InferOutput<typeof Kept>, 'version'>

export class CountsMemory {
  readonly #settings: Settings
  /** What was read or written last; ≈ 2 KiB each, and as many as there are deployments (1,024). */
  readonly #known = new Map<string, v.InferOutput<typeof Kept> | undefined>()

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /**
   * Counts of that version; none for one that never ran, and none of another version, but its refused records wait all the same.
   * What does not parse is of another version of Sluice or was damaged: counting begins anew, since no flow hangs on it.
   */
  async load(deployment: string, version: number): Promise<KeptCounts> {
    const kept = await this.#kept(deployment)
    return kept?.version === version ? kept : { components: [], bridges: [], deadLetters: kept?.deadLetters ?? 0 }
  }

  async save(deployment: string, version: number, { components, bridges, deadLetters }: KeptCounts): Promise<void> {
    await this.#set(deployment, { version, components, bridges, deadLetters })
  }

  /** So many refused records wait, with no worker to tell it. */
  async lettersLeft(deployment: string, deadLetters: number): Promise<void> {
    const kept = (await this.#kept(deployment)) ?? { version: 0, components: [], bridges: [], deadLetters: 0 }
    if (kept.deadLetters === deadLetters) return
    await this.#set(deployment, { ...kept, deadLetters })
  }

  async forget(deployment: string): Promise<void> {
    this.#known.delete(deployment)
    await this.#settings.remove(keyOf(deployment))
  }

  async #kept(deployment: string): Promise<v.InferOutput<typeof Kept> | undefined> {
    if (this.#known.has(deployment)) return this.#known.get(deployment)
    const kept = await this.#read(deployment)
    this.#known.set(deployment, kept)
    return kept
  }

  async #read(deployment: string): Promise<v.InferOutput<typeof Kept> | undefined> {
    try {
      return await this.#settings.get(keyOf(deployment), Kept)
    } catch (error) {
      if (v.isValiError(error)) return undefined
      throw error
    }
  }

  /** What could not be written is not known either: the next look reads what is there. */
  async #set(deployment: string, kept: v.InferOutput<typeof Kept>): Promise<void> {
    this.#known.delete(deployment)
    await this.#settings.set(keyOf(deployment), kept)
    this.#known.set(deployment, kept)
  }
}

function keyOf(deployment: string): string {
  return `counts.${deployment}`
}

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

const Written = v.pipe(v.string(), v.parseJson(), Kept)
const KEYS = 'counts.'

/** What is kept: the same that a status report carries, and how many refused records of the deployment wait. */
export type KeptCounts = Omit<v.InferOutput<typeof Kept>, 'version'>

type Known = Map<string, v.InferOutput<typeof Kept>>

export class CountsMemory {
  readonly #settings: Settings
  /** What was read or written last, by deployment; ≈ 2 KiB each, and as many as there are deployments (1,024). */
  #known: Promise<Known> | undefined

  constructor(settings: Settings) {
    this.#settings = settings
  }

  /**
   * Counts of that version; none for one that never ran, and none of another version, but its refused records wait all the same.
   * What does not parse is of another version of Sluice or was damaged: counting begins anew, since no flow hangs on it.
   */
  async load(deployment: string, version: number): Promise<KeptCounts> {
    const kept = (await this.#all()).get(deployment)
    return kept?.version === version ? kept : { components: [], bridges: [], deadLetters: kept?.deadLetters ?? 0 }
  }

  async save(deployment: string, version: number, { components, bridges, deadLetters }: KeptCounts): Promise<void> {
    await this.#set(deployment, { version, components, bridges, deadLetters })
  }

  /** So many refused records wait, with no worker to tell it. */
  async lettersLeft(deployment: string, deadLetters: number): Promise<void> {
    const known = (await this.#all()).get(deployment)
    const kept = known ?? { version: 0, components: [], bridges: [], deadLetters: 0 }
    if (kept.deadLetters === deadLetters) return
    await this.#set(deployment, { ...kept, deadLetters })
  }

  async forget(deployment: string): Promise<void> {
    await this.#settings.remove(keyOf(deployment))
    ;(await this.#all()).delete(deployment)
  }

  /** All at once: who looks at one looks at the others too. */
  #all(): Promise<Known> {
    this.#known ??= this.#read().catch((error) => {
      this.#known = undefined
      throw error
    })
    return this.#known
  }

  async #read(): Promise<Known> {
    const known: Known = new Map()
    for (const [deployment, text] of await this.#settings.below(KEYS)) {
      const kept = v.safeParse(Written, text)
      if (kept.success) known.set(deployment, kept.output)
    }
    return known
  }

  /** After a write that failed nothing is known: the next look reads what is there. */
  async #set(deployment: string, kept: v.InferOutput<typeof Kept>): Promise<void> {
    try {
      await this.#settings.set(keyOf(deployment), kept)
    } catch (error) {
      this.#known = undefined
      throw error
    }
    ;(await this.#all()).set(deployment, kept)
  }
}

function keyOf(deployment: string): string {
  return `${KEYS}${deployment}`
}

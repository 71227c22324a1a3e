/** What needs a person, worst first: each part of the Runtime says it by a function; the overview, the API and the command show it. */
import { codeOf } from '../base/mod.ts'

/** `failed`: something does not work · `late`: it will not for long, or works badly · `awaiting-approval`: a decision is asked for. */
export type AttentionState = 'failed' | 'late' | 'awaiting-approval'

/** One line. Texts are for people and hold nothing of content or credentials. */
export type AttentionLine = {
  /** The same as long as it is the same thing: `bridge.down dep_… rt_…`. Alerts go by it. */
  id: string
  state: AttentionState
  /** In place of the state's usual word, where that says less. */
  word?: string
  /** What happened, to what. */
  what: string
  /** The data tenant that it is about; its id stands in `what`. */
  dataTenant?: string
  /** Since when, milliseconds since 1970, where that is known. */
  sinceMs?: number | undefined
  /** What it affects, and what goes on all the same. */
  effect: string
  /** The page that leads to the cure. */
  cure: { label: string; href: string }
}

/**
 * Looks at the figures of the status, or at what else it knows. It is asked every second while somebody looks at the overview: no more
 * than a query or two.
 */
export type Watch<Seen> = (seen: Seen) => readonly AttentionLine[] | Promise<readonly AttentionLine[]>

/** What is wrong comes first; what waits for a decision keeps nothing from running. */
const ORDER: readonly AttentionState[] = ['failed', 'late', 'awaiting-approval']

/** The watches of a Runtime, by the name of the part that each looks at. */
export class Attention<Seen> {
  readonly #watches = new Map<string, Watch<Seen>>()

  watch(name: string, look: Watch<Seen>): void {
    this.#watches.set(name, look)
  }

  /** What all watches say; of equal weight in the order in which they came. A watch that fails is told as a line of its own. */
  async lines(seen: Seen): Promise<AttentionLine[]> {
    const found = await Promise.all([...this.#watches].map(([name, look]) => looked(name, async () => look(seen))))
    return found.flat().sort((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state))
  }
}

async function looked(name: string, look: () => Promise<readonly AttentionLine[]>): Promise<readonly AttentionLine[]> {
  try {
    return await look()
  } catch (error) {
    const what = `How it stands with ${name} cannot be told: ${codeOf(error)}`
    const id = `watch.failed ${name}`
    const effect = 'The log of this Runtime says more.'
    return [{ id, state: 'failed', what, effect, cure: { label: 'Reload', href: '/' } }]
  }
}

/**
 * Of each line of the local log whose it is and how serious, in memory: a page of a quiet deployment is found without reading what lies
 * between. It fills as lines are written, and as older ones are read. 5 B a line: a full journal's 1.3 million ≈ 6.5 MiB.
 */
import type { AuditLog } from '../../wire/mod.ts'

/** Lines of one piece of the index. */
const CHUNK_LINES = 16_384
/** Names of deployments and components that are told apart; with more the index begins anew. */
const NAMES_MAX = 65_535

export const LEVELS = ['debug', 'info', 'warning', 'error'] as const satisfies readonly AuditLog['level'][]
export type LogLevel = (typeof LEVELS)[number]
export type LogFilter = {
  deployment?: string | undefined
  component?: string | undefined
  levels?: readonly LogLevel[] | undefined
}

type Chunk = { deployments: Uint16Array; components: Uint16Array; levels: Uint8Array }
/** Levels are kept from 1, so that 0 is a line that nobody has seen yet. */
const UNKNOWN = 0

export class LogIndex {
  readonly #chunks = new Map<number, Chunk>()
  #names = new Map<string, number>()

  set(position: number, line: Pick<AuditLog, 'deployment' | 'component' | 'level'>): void {
    const deployment = this.#numberOf(line.deployment)
    const component = line.component === undefined ? 0 : this.#numberOf(line.component)
    const chunk = this.#chunkOf(position)
    const at = position % CHUNK_LINES
    chunk.deployments[at] = deployment
    chunk.components[at] = component
    chunk.levels[at] = LEVELS.indexOf(line.level) + 1
  }

  /** A line that cannot be read matches nothing. */
  setUnreadable(position: number): void {
    this.#chunkOf(position).levels[position % CHUNK_LINES] = LEVELS.length + 1
  }

  /** Whether the line may match: `undefined` where nothing is known of it. */
  matches(position: number, filter: LogFilter): boolean | undefined {
    const chunk = this.#chunks.get(Math.floor(position / CHUNK_LINES))
    const at = position % CHUNK_LINES
    const level = chunk?.levels[at] ?? UNKNOWN
    if (!chunk || level === UNKNOWN) return undefined
    if (level > LEVELS.length) return false
    const { deployment, component, levels } = filter
    return (
      (levels === undefined || levels.some((one) => LEVELS.indexOf(one) + 1 === level)) &&
      (deployment === undefined || chunk.deployments[at] === this.#names.get(deployment)) &&
      (component === undefined || chunk.components[at] === this.#names.get(component))
    )
  }

  /** Lets go of what lies before a position. */
  forgetBefore(position: number): void {
    for (const number of this.#chunks.keys()) if ((number + 1) * CHUNK_LINES <= position) this.#chunks.delete(number)
  }

  #chunkOf(position: number): Chunk {
    const number = Math.floor(position / CHUNK_LINES)
    const known = this.#chunks.get(number)
    if (known) return known
    const made = {
      deployments: new Uint16Array(CHUNK_LINES),
      components: new Uint16Array(CHUNK_LINES),
      levels: new Uint8Array(CHUNK_LINES),
    }
    this.#chunks.set(number, made)
    return made
  }

  #numberOf(name: string): number {
    const known = this.#names.get(name)
    if (known !== undefined) return known
    if (this.#names.size >= NAMES_MAX) {
      this.#names = new Map()
      this.#chunks.clear()
    }
    const number = this.#names.size + 1
    this.#names.set(name, number)
    return number
  }
}

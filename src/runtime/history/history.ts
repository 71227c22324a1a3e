/** What the deployments did in the last thirty days, in memory: for charts, and kept over starts. The longer history is for who collects `/metrics`. */
import type { ComponentStatus } from '../../wire/mod.ts'
import { endsOf } from '../throughput.ts'
import { HISTORY_RANGES, type HistoryRange, type HistoryWindow, RANGE_WORDS } from './ranges.ts'
import { Ring, type RingState } from './ring.ts'

/** How often counts are looked at. The finest step of a chart is twice that. */
export const SAMPLE_INTERVAL_MS = 5_000
/** 882 steps × 4 B × 6 counts = 21.2 kB a component: 1,024 of them 21 MiB. Components beyond have no history. */
export const HISTORY_COMPONENTS_MAX = 1_024

const COUNTS = ['messagesIn', 'messagesOut', 'bytesOut', 'refused', 'errors', 'executionMs'] as const
export type HistoryCount = (typeof COUNTS)[number]
type Counts = Record<HistoryCount, number>
/** One ring of a deployment; of its worker's memory with an empty `component`. */
export type KeptRing = RingState & { component: string; count: string; range: HistoryRange }

function isCount(word: string): word is HistoryCount {
  return (COUNTS as readonly string[]).includes(word)
}

/** A deployment as its worker tells of it. */
export type Sampled = {
  assignment: { deployment: string; components: readonly { name: string; from: readonly string[] }[] }
  counts: { components: readonly ComponentStatus[]; rssBytes: number }
  pid: number | undefined
}

export class History {
  readonly #clock: { now(): number }
  /** Deployment → component → its rings. */
  readonly #deployments = new Map<string, { components: Map<string, Track>; memory: Rings }>()
  readonly #total = { in: new Rings(), out: new Rings() }

  constructor(clock: { now(): number }) {
    this.#clock = clock
  }

  /** Takes in what all workers have counted so far; what is no more is forgotten by `forget`. */
  sample(running: readonly Sampled[]): void {
    const nowMs = this.#clock.now()
    for (const { assignment, counts, pid } of running) {
      const known = this.#of(assignment.deployment)
      if (pid !== undefined && counts.rssBytes > 0) known.memory.set(nowMs, counts.rssBytes)
      const ends = endsOf(assignment.components)
      const own = new Set(assignment.components.map(({ name }) => name))
      for (const status of counts.components) {
        // The end of a bridge counts under a name that is new with every version, and nobody looks at its history.
        if (!own.has(status.name)) continue
        const more = this.#trackOf(known.components, status.name)?.take(nowMs, status)
        if (more === undefined) continue
        const taken = ends.in.get(status.name)
        if (taken !== undefined) this.#total.in.add(nowMs, more[taken])
        if (ends.out.has(status.name)) this.#total.out.add(nowMs, more.messagesOut)
      }
    }
  }

  /** Keeps nothing of a deployment that is no more. */
  forget(deployment: string): void {
    this.#deployments.delete(deployment)
  }

  /** Deployments that anything is known of. */
  get deployments(): string[] {
    return [...this.#deployments.keys()]
  }

  /** All that is known of a deployment, for keeping; a component that nothing was seen of for thirty days is forgotten. */
  kept(deployment: string): KeptRing[] {
    const known = this.#deployments.get(deployment)
    if (!known) return []
    this.#forgetOld(known.components)
    const memory = known.memory.states().map((ring) => ({ component: '', count: 'memory', ...ring }))
    const components = [...known.components].flatMap(([component, track]) =>
      COUNTS.flatMap((count) => track.rings[count].states().map((ring) => ({ component, count, ...ring }))),
    )
    return [...memory, ...components]
  }

  /** Takes in what an earlier process kept; rings of steps that are not these are left out. */
  restore(deployment: string, rings: readonly KeptRing[]): void {
    const known = this.#of(deployment)
    for (const { component, count, range, ...state } of rings) {
      const track = component === '' ? undefined : this.#trackOf(known.components, component)
      const into = component === '' ? known.memory : isCount(count) ? track?.rings[count] : undefined
      into?.of(range)?.restore(state)
      track?.seen((state.newest + 1) * HISTORY_RANGES[range].stepMs)
    }
    this.#forgetOld(known.components)
  }

  /** What one component counted in each step; all are `undefined` where nothing is known of it. */
  component(deployment: string, name: string, count: HistoryCount, window: HistoryWindow): (number | undefined)[] {
    const track = this.#deployments.get(deployment)?.components.get(name)
    return this.#read(track?.rings[count], window)
  }

  /** Bytes that the worker held. */
  memory(deployment: string, window: HistoryWindow): (number | undefined)[] {
    return this.#read(this.#deployments.get(deployment)?.memory, window)
  }

  /** Records into and out of all flows. */
  total(end: 'in' | 'out', window: HistoryWindow): (number | undefined)[] {
    return this.#read(this.#total[end], window)
  }

  #read(rings: Rings | undefined, { range, fromMs, lengthMs, stepMs }: HistoryWindow): (number | undefined)[] {
    const ring = rings?.of(range)
    const count = lengthMs / stepMs
    return ring?.read(fromMs, count, this.#clock.now()) ?? Array.from({ length: count }, () => undefined)
  }

  #of(deployment: string): { components: Map<string, Track>; memory: Rings } {
    const known = this.#deployments.get(deployment) ?? { components: new Map(), memory: new Rings() }
    this.#deployments.set(deployment, known)
    return known
  }

  /** No version has had it for as long as anything is shown. */
  #forgetOld(tracks: Map<string, Track>): void {
    const oldestMs = this.#clock.now() - HISTORY_RANGES['30d'].lengthMs
    for (const [name, { seenMs }] of tracks) if (seenMs < oldestMs) tracks.delete(name)
  }

  #trackOf(tracks: Map<string, Track>, name: string): Track | undefined {
    const known = tracks.get(name)
    if (known !== undefined) return known
    const kept = [...this.#deployments.values()].reduce((sum, { components }) => sum + components.size, 0)
    if (kept >= HISTORY_COMPONENTS_MAX) return undefined
    const track = new Track()
    tracks.set(name, track)
    return track
  }
}

/** One component: what it had counted when it was last looked at, and what came since, by step. */
class Track {
  readonly rings = Object.fromEntries(COUNTS.map((count) => [count, new Rings()])) as Record<HistoryCount, Rings>
  #last: Counts | undefined
  #seenMs = 0

  /** When anything was last seen of it, by this process or one before. */
  get seenMs(): number {
    return this.#seenMs
  }

  seen(atMs: number): void {
    this.#seenMs = Math.max(this.#seenMs, atMs)
  }

  /** What came since the last look; nothing is known at the first. Counts that went back began anew. */
  take(atMs: number, status: Counts): Counts | undefined {
    this.seen(atMs)
    const last = this.#last
    this.#last = Object.fromEntries(COUNTS.map((count) => [count, status[count]])) as Counts
    if (last === undefined) return undefined
    const since = (count: HistoryCount): number => Math.max(0, status[count] - last[count])
    const more = Object.fromEntries(COUNTS.map((count) => [count, since(count)])) as Counts
    for (const count of COUNTS) this.rings[count].add(atMs, more[count])
    return more
  }
}

/** One figure in the steps of every range. */
class Rings {
  readonly #rings = new Map<HistoryRange, Ring>(
    RANGE_WORDS.map((range) => {
      const { stepMs, lengthMs } = HISTORY_RANGES[range]
      return [range, new Ring(stepMs, lengthMs / stepMs)]
    }),
  )

  states(): ({ range: HistoryRange } & RingState)[] {
    return [...this.#rings].map(([range, ring]) => ({ range, ...ring.state }))
  }

  of(range: HistoryRange): Ring | undefined {
    return this.#rings.get(range)
  }

  add(atMs: number, value: number): void {
    for (const ring of this.#rings.values()) ring.add(atMs, value)
  }

  set(atMs: number, value: number): void {
    for (const ring of this.#rings.values()) ring.set(atMs, value)
  }
}

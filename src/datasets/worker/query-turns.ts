/**
 * Which tenant's question is answered next, and where. Each tenant has one query running at most, whoever asks least often comes first,
 * and those whose queries ran over come behind all others and never have all processes: nobody's slow queries hold up another's.
 */
import type { Clock } from '../../base/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import { QueriesTooMany } from '../errors.ts'
import type { LazyWorker } from './lazy-worker.ts'

/** Queries of one tenant that wait; a page of the Management Interface asks a few at once. */
export const QUERIES_WAITING_MAX = 8
/** How long a tenant comes behind others after a query of its own ran over. */
const BEHIND_MS = 60_000

type Begin = (reader: LazyWorker) => void

export class QueryTurns {
  readonly #clock: Clock
  /** Each answers one query at a time. */
  readonly readers: readonly LazyWorker[]
  readonly #busy = new Map<LazyWorker, { tenant: DataTenantId; isBehind: boolean }>()
  /** What waits of each tenant; whose turn is next stands first. */
  readonly #waiting = new Map<DataTenantId, Begin[]>()
  /** Until when tenants come behind others. */
  readonly #behind = new Map<DataTenantId, number>()

  constructor(clock: Clock, readers: readonly LazyWorker[]) {
    this.#clock = clock
    this.readers = readers
  }

  /** Runs `work` when the tenant's turn has come. Refuses `query.too_many`. */
  async run<T>(tenant: DataTenantId, work: (reader: LazyWorker) => Promise<T>): Promise<T> {
    const line = this.#waiting.get(tenant) ?? []
    if (line.length >= QUERIES_WAITING_MAX) {
      throw new QueriesTooMany(`${QUERIES_WAITING_MAX} queries of this data tenant wait already, as many as may`)
    }
    const reader = await new Promise<LazyWorker>((begin) => {
      this.#waiting.set(tenant, line)
      line.push(begin)
      this.#beginNext()
    })
    try {
      return await work(reader)
    } finally {
      this.#busy.delete(reader)
      this.#beginNext()
    }
  }

  /** A query of the tenant was ended since it took too long. */
  ranOver(tenant: DataTenantId): void {
    const now = this.#clock.monotonic()
    for (const [other, until] of this.#behind) if (until <= now) this.#behind.delete(other)
    this.#behind.set(tenant, now + BEHIND_MS)
  }

  /** A process that has nothing slow to do just now, one that runs rather than one that would be started; `undefined`: all are busy. */
  idleReader(): LazyWorker | undefined {
    const idle = this.readers.filter((reader) => !this.#busy.has(reader))
    return idle.find(({ pid }) => pid !== undefined) ?? idle[0]
  }

  #beginNext(): void {
    for (let reader = this.idleReader(); reader; reader = this.idleReader()) {
      const tenant = this.#next()
      const line = tenant && this.#waiting.get(tenant)
      const begin = line?.shift()
      if (!tenant || !line || !begin) return
      this.#waiting.delete(tenant)
      if (line.length > 0) this.#waiting.set(tenant, line)
      this.#busy.set(reader, { tenant, isBehind: this.#isBehind(tenant) })
      begin(reader)
    }
  }

  #next(): DataTenantId | undefined {
    const running = [...this.#busy.values()]
    const free = [...this.#waiting.keys()].filter((tenant) => !running.some((one) => one.tenant === tenant))
    const prompt = free.find((tenant) => !this.#isBehind(tenant))
    if (prompt !== undefined) return prompt
    const behind = running.filter(({ isBehind }) => isBehind).length
    return behind < this.readers.length - 1 ? free[0] : undefined
  }

  #isBehind(tenant: DataTenantId): boolean {
    return (this.#behind.get(tenant) ?? 0) > this.#clock.monotonic()
  }
}

/** What is counted and told of one component; `ComponentStatus` of wire. */
import type { ComponentStatus } from '../wire/mod.ts'
import type { Batch } from './batch.ts'

export class Counters {
  state: ComponentStatus['state'] = 'preparing'
  reason: ComponentStatus['reason']
  errors = 0
  retries = 0
  refused = 0
  executionMs = 0
  readonly #name: string
  readonly type: string
  readonly #isSink: boolean
  #messagesIn = 0
  #messagesOut = 0
  #bytesIn = 0
  #bytesOut = 0

  constructor(name: string, type: string, isSink: boolean) {
    this.#name = name
    this.type = type
    this.#isSink = isSink
  }

  took(batch: Batch): void {
    this.#messagesIn += batch.records.count
    this.#bytesIn += batch.records.sizeBytes
  }

  /** Bytes of records that have no encoded form yet are a guess from a sample. */
  gave(batch: Batch): void {
    this.#messagesOut += batch.records.count
    this.#bytesOut += batch.records.sizeBytes
  }

  status(): ComponentStatus {
    return {
      name: this.#name,
      type: this.type,
      state: this.state,
      ...(this.reason && { reason: this.reason }),
      messagesIn: this.#messagesIn,
      // A sink's batch settles with the records that it refused; those were not written.
      messagesOut: this.#isSink ? Math.max(0, this.#messagesOut - this.refused) : this.#messagesOut,
      bytesIn: this.#bytesIn,
      bytesOut: this.#bytesOut,
      errors: this.errors,
      retries: this.retries,
      executionMs: this.executionMs,
      refused: this.refused,
    }
  }
}

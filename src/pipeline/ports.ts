/** What the pipeline needs from the rooms above it: interfaces that the Runtime implements and that tests fill with a `Map`. */

import type { Bytes } from '../base/mod.ts'
import type { AuditLog, Reason } from '../wire/mod.ts'
import type { Batch } from './batch.ts'

/** Partition → next position. A map, since a partition is a file's name and may be called `constructor` or `__proto__`. */
export type PartitionPositions = ReadonlyMap<string, number>

/** Where sources continue after a restart: per component, the next position of each partition. */
export interface Checkpoints {
  /** In the order in which the partitions were first saved. */
  load(component: string): Promise<PartitionPositions>
  /** Durable when it resolves. Holds the partitions that moved; the others stay as they are. */
  save(component: string, positions: PartitionPositions): Promise<void>
  /** Durable when it resolves: should these partitions come again, they begin anew. */
  forget(component: string, partitions: readonly string[]): Promise<void>
}

/** Credentials, by use only. Refuses an unknown one with `credential.not_found`. */
export interface Secrets {
  use<T>(credential: string, fn: (secret: Record<string, string>) => Promise<T>): Promise<T>
}

/**
 * A record that a component refused. The same (component, partition, position) may come again after a crash. `form` is what the record
 * can be made one again by (`formText`); without it the record is not whole and cannot be replayed.
 */
export type DeadLetter = {
  component: string
  partition: string
  position: number
  reason: Reason
  record: Bytes
  form?: string
}

/** Where refused records go. */
export interface DeadLetters {
  /** Durable when it resolves. An error of kind `limit` says that they are full: the flow waits until their owner drops some. */
  add(letters: readonly DeadLetter[]): Promise<void>
}

/** Refused records that their owner wants to go through the component that refused them once more. */
export type Replay = {
  component: string
  batch: Batch
  /** They are durably where they were to go, or were refused again. Durable when it resolves. */
  done(): Promise<void>
}

/** Where a flow finds them: one at a time, in order, the same again until `done`. */
export interface Replays {
  /** `undefined` when none waits. */
  next(): Promise<Replay | undefined>
  /** No component of the flow takes them: it is not there, or a source. They stay refused records. */
  unfit(replay: Replay): Promise<void>
  /** Their component has ended in this flow. They keep their place in the row, for the next flow. */
  putOff(replay: Replay): Promise<void>
  /** Resolves when some may wait that did not before; rejects with `Cancelled`. */
  more(signal: AbortSignal): Promise<void>
}

/** Takes a flow's audit logs. */
export interface Reporter {
  log(entry: Omit<AuditLog, 'at' | 'deployment'>): void
}

/** A component's own way to the audit logs: a template's id and typed fields, no free text. */
export type FlowLog = (level: AuditLog['level'], template: string, fields?: AuditLog['fields']) => void

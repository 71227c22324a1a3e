/** What the pipeline needs from the rooms above it: interfaces that the Runtime implements and that tests fill with a `Map`. */

import type { Bytes } from '../base/mod.ts'
import type { AuditLog, Reason } from '../wire/mod.ts'

/** Where sources continue after a restart: per component, the next position of each partition. */
export interface Checkpoints {
  load(component: string): Promise<Record<string, number>>
  /** Durable when it resolves. Holds the partitions that moved; the others stay as they are. */
  save(component: string, positions: Record<string, number>): Promise<void>
}

/** Credentials, by use only. Refuses an unknown one with `credential.not_found`. */
export interface Secrets {
  use<T>(credential: string, fn: (secret: Record<string, string>) => Promise<T>): Promise<T>
}

/** A record that a component refused. The same (component, partition, position) may come again after a crash. */
export type DeadLetter = { component: string; partition: string; position: number; reason: Reason; record: Bytes }

/** Where refused records go. */
export interface DeadLetters {
  /** Durable when it resolves. An error of kind `limit` says that they are full: the flow waits until their owner drops some. */
  add(letters: readonly DeadLetter[]): Promise<void>
}

/** Takes a flow's audit logs. */
export interface Reporter {
  log(entry: Omit<AuditLog, 'at' | 'deployment'>): void
}

/** A component's own way to the audit logs: a template's id and typed fields, no free text. */
export type FlowLog = (level: AuditLog['level'], template: string, fields?: AuditLog['fields']) => void

/** The running parts of a Runtime, joined: what its routes and its regular tasks are given. `compose.ts` builds it. */
import type { Clock, Log, Random } from '../base/mod.ts'
import type { AuditLog, DeploymentStatus, Inventory } from '../wire/mod.ts'
import type { Changes } from './changes.ts'
import type { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import type { Deployments } from './deployments/deployments.ts'
import type { Enrolment } from './link/enrolment.ts'
import type { Owed } from './link/owed.ts'
import type { RuntimeState } from './open-state.ts'
import type { Workers } from './supervision/crew.ts'
import type { LaunchWorker } from './supervision/worker-process.ts'
import type { Tidying } from './tidying.ts'

/** Where others reach this Runtime; known only once the ports are open. */
export type Addresses = { managementUrl: string; bridgeHost: string; bridgePort: number }

export type StationDeps = {
  state: RuntimeState
  types: ComponentTypes
  launch: LaunchWorker
  memoryBytesMax: number
  /** Working directory of the workers. */
  files: string
  /** The name that people gave this Runtime. */
  name: string
  addresses: () => Addresses
  /** Aborted when the Runtime begins to end: nothing is enrolled or connected from then on. */
  closing: AbortSignal
  clock: Clock
  random: Random
  log: Log
}

/** What is owed to the Platform: the logs of deployments and the status of each, told once there is a Platform. */
export type Owing = { logs: Owed<typeof AuditLog>; status: Owed<typeof DeploymentStatus> }

export type Station = {
  readonly name: string
  readonly state: RuntimeState
  readonly workers: Workers
  readonly deployments: Deployments
  readonly deadLetters: DeadLetterDesk
  readonly enrolment: Enrolment
  readonly owed: Owing
  readonly changes: Changes
  readonly tidying: Tidying
  addresses(): Addresses
  uptimeMs(): number
  inventory(): Promise<Omit<Inventory, 'challenge'>>
  /** The owner took a peer back: what runs with it begins anew, and finds that it may not. */
  peerRemoved(runtime: string): void
  /** Begins to work: what was in force goes on, and what is owed is told. */
  start(): Promise<void>
  /** Drains the workers, then says goodbye, then stops telling. `closing` was aborted before. */
  close(): Promise<void>
}

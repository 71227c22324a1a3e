/** The running parts of a Runtime, joined: what its routes and its regular tasks are given. `compose.ts` builds it. */
import type { Clock, Log, Random } from '../base/mod.ts'
import type { DiskSpace } from '../host/mod.ts'
import type { AuditLog, DeploymentStatus, Inventory, PeerStanding } from '../wire/mod.ts'
import type { Seen } from './attention/seen.ts'
import type { Attention } from './attention.ts'
import type { Changes } from './changes.ts'
import type { CredentialDesk } from './credentials/credential-desk.ts'
import type { DeadLetterDesk } from './dead-letters/dead-letter-desk.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import type { Deployments } from './deployments/deployments.ts'
import type { Drift } from './drift/drift.ts'
import type { History } from './history/history.ts'
import type { HistoryStore } from './history/history-store.ts'
import type { KeptDeployments } from './kept-deployments.ts'
import type { LibraryDesk } from './libraries/library-desk.ts'
import type { Enrolment } from './link/enrolment.ts'
import type { Owed } from './link/owed.ts'
import type { RuntimeState } from './open-state.ts'
import type { Workers } from './supervision/crew.ts'
import type { LaunchWorker } from './supervision/worker-process.ts'
import type { Telemetry } from './telemetry/telemetry.ts'
import type { Tidying } from './tidying.ts'

/** Where others reach this Runtime; known only once the ports are open. */
export type Addresses = {
  managementUrl: string
  bridgeHost: string
  bridgePort: number
  /** Absent while it is off. */
  ingestPort?: number | undefined
}

export type StationDeps = {
  state: RuntimeState
  types: ComponentTypes
  launch: LaunchWorker
  /** Of a worker, asked at each start of one. */
  memoryBytesMax: () => number
  /** Working directory of the workers. */
  files: string
  /** What the process was started with, without secrets. */
  settings: Record<string, unknown>
  /** The name that people gave this Runtime. */
  name: string
  addresses: () => Addresses
  /** Takes the spans of batches that are followed; absent: none is. */
  telemetry?: Pick<Telemetry, 'tookSpans' | 'traceOneIn'> | undefined
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
  /** The component types that this program has. */
  readonly types: ComponentTypes
  readonly workers: Workers
  readonly deployments: Deployments
  /** What of them is kept, as it is shown. */
  readonly keptDeployments: KeptDeployments
  readonly deadLetters: DeadLetterDesk
  readonly credentials: CredentialDesk
  readonly libraries: LibraryDesk
  readonly enrolment: Enrolment
  readonly owed: Owing
  readonly changes: Changes
  readonly tidying: Tidying
  /** Whether it is still as it was set up. */
  readonly drift: Drift
  /** What the deployments did in the last thirty days. */
  readonly history: History
  readonly keptHistory: HistoryStore
  /** What needs a person; a part says it by a watch. */
  readonly attention: Attention<Seen>
  /** What the Platform last said of the other ends of bridges: whose part is not in force as ours is. */
  farSides(): readonly PeerStanding[]
  addresses(): Addresses
  uptimeMs(): number
  /** The volume of the data folder. */
  disk(): Promise<DiskSpace>
  inventory(): Promise<Omit<Inventory, 'challenge'>>
  /** The owner took a peer back: what runs with it begins anew, and finds that it may not. */
  peerRemoved(runtime: string): void
  /** Begins to work: what was in force goes on, and what is owed is told. */
  start(): Promise<void>
  /** Drains the workers, then says goodbye, then stops telling. `closing` was aborted before. */
  close(): Promise<void>
}

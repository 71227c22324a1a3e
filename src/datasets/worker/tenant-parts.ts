/** What the nouns of one tenant's data are made of; each takes of it what it uses. */
import type { Clock, Random } from '../../base/mod.ts'
import type { DataTenantId } from '../../wire/mod.ts'
import type { ExportsRunning } from '../export/exporting.ts'
import type { KnownDatasets } from './known-datasets.ts'
import type { DataWorkers, TenantAccess } from './tenant-access.ts'
import type { TenantIntake } from './tenant-intake.ts'
import type { TenantPlaces } from './tenant-places.ts'
import type { TenantReimports } from './tenant-reimports.ts'

export type TenantParts = {
  tenant: DataTenantId
  places: TenantPlaces
  /** For what is done within the gate; `ask` passes it for one question alone. */
  access: TenantAccess
  ask: TenantAccess['ask']
  /** Refuses `data_tenant.not_found`. */
  demand: () => Promise<void>
  /** Does what may set a retention. */
  settingRetention: <T>(work: () => Promise<T>) => Promise<T>
  /** Works beside others once nobody is alone with the tenant's files, never within itself. Refuses `data_tenant.not_found`. */
  pass: <T>(work: () => Promise<T>) => Promise<T>
  /** Goes on with what a process that is gone has left to be built; who sees that something waits asks for it. */
  resumeBuilding: () => void
  known: KnownDatasets
  intake: TenantIntake
  reimports: TenantReimports
  workers: DataWorkers
  exports: ExportsRunning
  clock: Clock
  random: Random
}

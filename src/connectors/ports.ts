/** What a run needs of the Runtime around it: the dataset's own door, the vault, the owner's rules. */
import type { ConnectorId, DatasetId, DataTenantId, ImportId } from '../wire/mod.ts'

/** A document for the dataset, as an upload would bring it. */
export type Handed = {
  content: AsyncIterable<Uint8Array>
  contentType: string
  fileName: string
  idempotencyKey: string
  /** Names the connector and the run in the import. */
  attributes: Readonly<Record<string, string>>
}
/** What an import came to, once it has ended. */
export type Ended = {
  rowsTaken: number
  rowsReplaced: number
  rowsRefused: number
  failure?: { code: string; message: string }
}

/** One dataset of one data tenant. */
export type DatasetDoor = {
  /** Durable when it resolves. `again`: its key was known. Refuses what the dataset's door refuses. */
  take(document: Handed): Promise<{ import: ImportId; again: boolean }>
  /** `undefined` while it waits or runs. */
  ended(id: ImportId): Promise<Ended | undefined>
  /** Keys of records whose field has that value, in their order, from behind `after`. */
  knownKeys(field: string, value: string, after: string | undefined): Promise<{ keys: string[]; next?: string }>
}

/** The Runtime as runs see it. */
export type ConnectorPorts = {
  door: (tenant: DataTenantId, dataset: DatasetId) => DatasetDoor
  /** Lends a credential by its name. Refuses `credential.not_found` and what its sources refuse. */
  lend: (name: string) => Promise<Record<string, string>>
  /** Kind of a credential. Refuses `credential.not_found`. */
  kindOf: (name: string) => Promise<string>
  /** Whether the owner's rules allow to connect to `host:port`. */
  allowsHost: (hostAndPort: string) => boolean
  /** Told when a run has failed or was cut off, and when one has gone well again. */
  onRun?: (connector: ConnectorId) => void
}

/** What a Runtime is started with; `cli` makes it of flags, environment and file. */
import type { Clock, Random } from '../base/mod.ts'
import type { SpawnOptions } from '../host/mod.ts'
import type { MasterKeySource, SourceAccess } from '../keys/mod.ts'
import type { OtlpConfig } from './telemetry/target.ts'

/** A worker holds at most this much memory unless configured otherwise: 512 MiB, twice what the pipeline's bounds come to. */
export const WORKER_MEMORY_BYTES_MAX = 536_870_912

/** Ports may be 0: free ones are taken. Secrets are in `masterKey` only, and that is where to find it, not the key. */
export type RuntimeConfig = {
  /** Data folder, made with mode 0700 if it is missing. */
  data: string
  masterKey: MasterKeySource
  /** What people call it: on its pages and at the Platform. Lower-case letters, digits, `-`, `_`, a letter first. */
  name: string
  /** Where it listens; `::` for all addresses of both families. */
  host: string
  /** Of the Management Interface; 0 takes a free one. */
  port: number
  /** Of bridges; 0 takes a free one. */
  bridgePort: number
  /** Of uploads and webhooks from outside; off unless given, 0 takes a free one. */
  ingestPort?: number | undefined
  /** The name or address by which the Platform and peers reach this host: in the certificate, in introductions, in heartbeats. */
  publicHost: string
  /** Working directory of the workers: relative paths in components start here. */
  files: string
  /** Default `WORKER_MEMORY_BYTES_MAX`. */
  workerMemoryBytesMax?: number
  /** Where values of credentials may come from beside the vault, and who reads the environment for it; default: nowhere else. */
  credentialSources?: Pick<SourceAccess, 'allowed' | 'environment' | 'commandEnvironment'>
  /** The collector that figures and traces go to; default: none. */
  otlp?: OtlpConfig | undefined
  /**
   * How workers are started; default: this program again with an empty environment, since ours may hold the master key. What a
   * worker needs of it (`TMPDIR`, a proxy) is named here. Tests name another entry.
   */
  worker?: Pick<SpawnOptions, 'env' | 'entry'>
  clock?: Clock
  random?: Random
}

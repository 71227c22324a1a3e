/** What a Platform is started with; `cli` makes it of flags, environment and file. */
import type { Clock, Random } from '../base/mod.ts'
import type { Catalogue } from '../blueprint/mod.ts'
import type { MasterKeySource } from '../keys/mod.ts'

/** Runtimes beat this often unless a test says otherwise (PROTOCOL.md, One signed message). */
export const HEARTBEAT_INTERVAL_MS = 10_000

/** All that `startPlatform` takes. */
export type PlatformConfig = {
  /** Folder of its own, made 0700 if it is missing. */
  data: string
  /** Address to listen on. */
  host: string
  /** 0 takes a free one. */
  port: number
  /** Host name or address under which others reach this Platform; stands in its certificate and in enrolment codes. Default `localhost`. */
  publicHost?: string
  masterKey: MasterKeySource
  /** Lets it call Runtimes on loopback, link-local and private addresses. Default false. */
  allowPrivateAddresses: boolean
  /** The component types that Blueprints may use. */
  catalogue: Catalogue
  heartbeatIntervalMs?: number
  /**
   * For the demonstration's search for customers' content, and nothing else: a folder into which every received request, every answer
   * of a Runtime and every opened message is written. Off by default; only a hidden flag of the command for tests sets it.
   */
  recordTo?: string
  clock?: Clock
  random?: Random
}

/** A tenant and where it is reached. */
export type TenantPlace = {
  id: string
  name: string
  /** Base of its pages and its API, without a slash at its end. */
  url: string
  /** Address of the owner's one-time sign-in link; only from the call that made the tenant. */
  oneTimeLink?: string
}

/** A Platform that listens. */
export type RunningPlatform = AsyncDisposable & {
  /** Base address, without a slash at its end. */
  readonly url: string
  readonly port: number
  /** PEM of the authority under which `url` is verified. */
  readonly authority: string
  readonly tenants: readonly TenantPlace[]
  /**
   * Makes a tenant and its owner, with a one-time sign-in link (one hour). The first tenant's access is also written to
   * `<data>/access.json` (0600) for the command on this machine.
   */
  createTenant(options: { name: string; owner: string }): Promise<TenantPlace>
  /** Ends deliveries and live pages, closes the port and the databases. */
  close(): Promise<void>
}

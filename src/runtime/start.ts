/** Starts a Runtime: opens its state, then its ports, then goes on with what was in force; stops in the reverse order. */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Clock, Lifetime, logOf, systemClock, systemRandom } from '../base/mod.ts'
import { listenForBridges } from '../bridge/mod.ts'
import { catalogue } from '../catalogue.ts'
import { type HttpsServer, serveHttps, type TlsMaterial } from '../host/mod.ts'
import { managementApp } from './app.ts'
import { bridgeLeaf, managementLeaf } from './certificates.ts'
import { composeStation } from './compose.ts'
import { type RuntimeConfig, WORKER_MEMORY_BYTES_MAX } from './config.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import { keptToken, writeLocalAccess } from './local-access.ts'
import { openLocalAccounts } from './local-accounts.ts'
import { openState } from './open-state.ts'
import { regularTasks } from './regular-tasks.ts'
import type { Station } from './station.ts'
import { launcher } from './supervision/worker-process.ts'

export type RunningRuntime = AsyncDisposable & {
  readonly managementUrl: string
  readonly bridgePort: number
  /** PEM of the authority under which `managementUrl` is verified. */
  readonly authority: string
  /** Until the owner has set a password: the address of the one-time link, to be printed and not kept. */
  readonly oneTimeLink: string | undefined
  /** Drains the workers, says goodbye to the Platform and closes everything. */
  close(): Promise<void>
}

/**
 * Starts a Runtime by its configuration. Fails with the errors of the rooms below: `master_key.wrong`, `store.wrong_key`,
 * `host.port_in_use`, `host.port_forbidden`, …; what was opened until then is closed.
 */
export async function startRuntime(config: RuntimeConfig, types: ComponentTypes = catalogue): Promise<RunningRuntime> {
  const lifetime = new Lifetime()
  try {
    return await start(config, types, lifetime)
  } catch (error) {
    await lifetime.close()
    throw error
  }
}

async function start(config: RuntimeConfig, types: ComponentTypes, lifetime: Lifetime): Promise<RunningRuntime> {
  const { clock = systemClock, random = systemRandom } = config
  const log = logOf('runtime')
  const memoryBytesMax = config.workerMemoryBytesMax ?? WORKER_MEMORY_BYTES_MAX
  const files = resolve(config.files)
  // Its mode is the owner's: the folder may be one that others use as well.
  await mkdir(files, { recursive: true, mode: 0o700 })
  const state = await openState(config, { clock, random, lifetime })
  const ports = { management: config.port, bridges: config.bridgePort }
  const stopping = new AbortController()
  const { signal } = stopping
  const station = composeStation({
    ...{ state, types, clock, random, log, name: config.name, files },
    launch: launcher(memoryBytesMax, { ...config.worker, clock }),
    memoryBytesMax,
    closing: signal,
    addresses: () => addressesOf(config, ports),
  })
  const people = await openLocalAccounts({ db: state.db, keyring: state.keyring, clock, random })
  const { accounts } = people
  const app = managementApp({ station, accounts, clock, random, signal })
  const leaf = () => managementLeaf({ ...state, names: [config.publicHost], clock })
  const server = lifetime.use(await serveManagement(config, await leaf(), app, clock), (opened) => opened.close())
  ports.management = server.port
  const listener = lifetime.use(await listen(config, station, clock), (opened) => opened.close())
  ports.bridges = listener.port
  const { url } = localPlace(server)
  const ca = state.authority.certificatePem
  const token = await people.localToken(await keptToken(config.data))
  await Promise.all([
    writeLocalAccess(config.data, { url, ca, token }),
    state.trail.record({ actor: 'system', action: 'runtime.started', subject: config.name }),
  ])
  lifetime.defer(() => state.trail.record({ actor: 'system', action: 'runtime.stopped', subject: config.name }))
  lifetime.defer(() => station.close())
  lifetime.defer(() => stopping.abort())
  await station.start()
  const tasks = regularTasks({
    ...{ station, clock, signal, log },
    renewManagementLeaf: async () => server.setTls(await leaf()),
    bridgeLeaf: (label) => bridgeLeaf(state.authority, label, clock),
  })
  // They end before anything that they use is closed.
  lifetime.defer(async () => {
    stopping.abort()
    await tasks
  })
  const close = (): Promise<void> => lifetime.close()
  return {
    managementUrl: station.addresses().managementUrl,
    bridgePort: listener.port,
    authority: ca,
    oneTimeLink: people.firstOwnerToken && `${url}/link?token=${people.firstOwnerToken}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

function serveManagement(
  config: RuntimeConfig,
  tls: TlsMaterial,
  app: ReturnType<typeof managementApp>,
  clock: Clock,
): Promise<HttpsServer> {
  const { host: hostname, port } = config
  return serveHttps({ fetch: (request, peer) => app.fetch(request, { peer }), hostname, port, tls, clock })
}

function listen(config: RuntimeConfig, station: Station, clock: Clock) {
  const { host: hostname, bridgePort: port } = config
  return listenForBridges({ hostname, port, clock, route: (label) => station.workers.route(label) })
}

function addressesOf(config: RuntimeConfig, ports: { management: number; bridges: number }) {
  const { publicHost } = config
  return {
    managementUrl: `https://${hostInUrl(publicHost)}:${ports.management}`,
    bridgeHost: publicHost,
    bridgePort: ports.bridges,
  }
}

/** How this machine itself reaches the Management Interface. */
function localPlace(server: HttpsServer): { url: string } {
  const everywhere = server.hostname === '::' || server.hostname === '0.0.0.0'
  return { url: `https://${everywhere ? 'localhost' : hostInUrl(server.hostname)}:${server.port}` }
}

function hostInUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

/** Starts a Runtime: opens its state, then its ports, then goes on with what was in force; stops in the reverse order. */
import { mkdir } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Lifetime, logOf, systemClock, systemRandom } from '../base/mod.ts'
import { catalogue } from '../catalogue.ts'
import { GarbageWatch, type HttpsServer, releaseMemory } from '../host/mod.ts'
import { hostInUrl, openMetricsToken } from '../server/mod.ts'
import { lookForAlerts, openRuntimeAlerts } from './alerts.ts'
import { managementApp } from './app.ts'
import { certificateLines } from './attention/certificates.ts'
import { journalLines, keyLines } from './attention/keeping.ts'
import { bridgeLeaf, openRuntimeCertificates } from './certificates.ts'
import { composeStation } from './compose.ts'
import { type RuntimeConfig, WORKER_MEMORY_BYTES_MAX } from './config.ts'
import { finishRemovals } from './datasets/tenant-acts.ts'
import { uploadRoutes } from './datasets/upload-door.ts'
import type { ComponentTypes } from './deployments/component-types.ts'
import { startSettings } from './drift/settings.ts'
import { openRuntimeKeys } from './keys/runtime-keys.ts'
import { LocalAccess } from './local-access.ts'
import { openLocalAccounts } from './local-accounts.ts'
import { metricFamilies } from './metric-families.ts'
import { openState, type RuntimeState } from './open-state.ts'
import { listenForPeers, serveIngest, serveManagement } from './ports.ts'
import { regularTasks } from './regular-tasks.ts'
import { METRICS_TOKEN } from './state/after-restore.ts'
import type { Addresses } from './station.ts'
import { workerMemory } from './supervision/worker-memory.ts'
import { launcher } from './supervision/worker-process.ts'
import { openOtlpTarget } from './telemetry/target.ts'
import { Telemetry } from './telemetry/telemetry.ts'

export type RunningRuntime = AsyncDisposable & {
  readonly managementUrl: string
  readonly bridgePort: number
  /** Of uploads and webhooks from outside; `undefined` unless configured. */
  readonly ingestPort: number | undefined
  /** PEM of the authority under which `managementUrl` is verified. */
  readonly authority: string
  /** SHA-256 of the certificate that is shown under `managementUrl`, `AA:BB:…`: what a browser's visitor compares. */
  readonly fingerprint: string
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
  const files = resolve(config.files)
  const state = await openState(config, { clock, random, lifetime })
  const memoryBytesMax = workerMemory(state.rules, config.workerMemoryBytesMax ?? WORKER_MEMORY_BYTES_MAX)
  // Its mode is the owner's: the folder may be one that others use as well.
  await mkdir(files, { recursive: true, mode: 0o700 })
  const ports: OpenPorts = { management: config.port, bridges: config.bridgePort }
  const stopping = new AbortController()
  const { signal } = stopping
  const target = config.otlp && (await openOtlpTarget(config.otlp))
  const telemetry = target && new Telemetry({ target, name: config.name, clock, random, log })
  const station = composeStation({
    ...{ state, types, clock, random, log, name: config.name, files },
    launch: launcher(memoryBytesMax, { ...config.worker, clock }),
    memoryBytesMax,
    settings: startSettings(config),
    ...{ closing: signal, telemetry },
    addresses: () => addressesOf(config, ports),
  })
  const people = await openLocalAccounts({ ...state, clock, random, closing: signal })
  const { accounts } = people
  const alerts = openRuntimeAlerts({ ...station, clock, random, closing: signal })
  const progress = { started: false }
  const waitsFor = () => waitsForOf(state, signal, progress)
  const certificates = await openRuntimeCertificates({ state, config, closing: signal, clock })
  lifetime.defer(() => certificates.close())
  const metricsToken = await openMetricsToken({ store: state.settings.keptAt(METRICS_TOKEN), clock, random })
  station.attention.watch('certificates', () => certificateLines(certificates))
  const keys = await openRuntimeKeys({ config, state, station, lifetime, clock, random })
  station.attention.watch('journals and keys', () => [...journalLines(state.journals), ...keyLines(keys)])
  const access = new LocalAccess({ folder: config.data, people, clock, log })
  const app = managementApp({
    ...station,
    certificates,
    metricsToken,
    telemetry,
    keys,
    accounts,
    ownersChanged: () => access.refresh(),
    alerts,
    clock,
    random,
    signal,
    waitsFor,
  })
  const served = { state, certificates, clock, random }
  const server = lifetime.use(await serveManagement(config, served, app), (opened) => opened.close())
  ports.management = server.port
  const listener = lifetime.use(await listenForPeers(config, served, station.workers), (opened) => opened.close())
  ports.bridges = listener.port
  const ingest = await serveIngest(config, served, uploadRoutes({ state }))
  ports.ingest = ingest?.port
  lifetime.defer(async () => ingest?.close())
  const ca = state.authority.certificatePem
  const { url } = localPlace(server)
  access.reachedAt({ url, ca })
  await Promise.all([
    access.refresh(),
    state.trail.record({ actor: 'system', action: 'runtime.started', subject: config.name }),
  ])
  lifetime.defer(() => state.trail.record({ actor: 'system', action: 'runtime.stopped', subject: config.name }))
  lifetime.defer(() => station.close())
  lifetime.defer(() => stopping.abort())
  await station.start()
  await finishRemovals({ accounts, state })
  progress.started = true
  const garbage = new GarbageWatch()
  const tasks = regularTasks({
    ...{ station, clock, signal, log },
    access,
    lookForAlerts: () => lookForAlerts(alerts, { ...station, clock }),
    deliverAlerts: alerts.deliver,
    releaseMemory,
    lookAtMemory: () => garbage.look(),
    tendCertificates: () => certificates.tend(),
    bridgeLeaf: (label) => bridgeLeaf(state.authority, label, clock),
  })
  const families = () => metricFamilies({ ...station, certificates, clock, telemetry })
  const telling = telemetry?.run({ families, signal })
  // They end before anything that they use is closed.
  lifetime.defer(async () => {
    stopping.abort()
    await Promise.all([tasks, telling])
  })
  const close = (): Promise<void> => lifetime.close()
  return {
    managementUrl: station.addresses().managementUrl,
    bridgePort: listener.port,
    ingestPort: ingest?.port,
    authority: ca,
    fingerprint: certificates.view().shown.fingerprint,
    oneTimeLink: people.firstOwnerToken && `${url}/link/${people.firstOwnerToken}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

type OpenPorts = { management: number; bridges: number; ingest?: number | undefined }

function addressesOf(config: RuntimeConfig, ports: OpenPorts): Addresses {
  const { publicHost } = config
  return {
    managementUrl: `https://${hostInUrl(publicHost)}:${ports.management}`,
    bridgeHost: publicHost,
    bridgePort: ports.bridges,
    ingestPort: ports.ingest,
  }
}

/** How this machine itself reaches the Management Interface. */
function localPlace(server: HttpsServer): { url: string } {
  const everywhere = server.hostname === '::' || server.hostname === '0.0.0.0'
  return { url: `https://${everywhere ? 'localhost' : hostInUrl(server.hostname)}:${server.port}` }
}

/** What `/readyz` tells: ready is who has taken up what was in force, and reaches its database. */
async function waitsForOf(
  state: Pick<RuntimeState, 'settings'>,
  stopping: AbortSignal,
  progress: { started: boolean },
): Promise<string[]> {
  if (stopping.aborted) return ['stopping']
  if (!progress.started) return ['starting']
  return state.settings.isReachable().then(
    () => [],
    () => ['database'],
  )
}

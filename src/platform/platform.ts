/** Starts a Platform: opens its registry and its tenants, then its port; stops in the reverse order. */
import { join } from 'node:path'
import { type Clock, every, Lifetime, logOf, type Random, systemClock, systemRandom } from '../base/mod.ts'
import type { Authority } from '../crypto/mod.ts'
import { GARBAGE_LOOK_MS, GarbageWatch, type HttpsServer, serveHttps, type TlsMaterial } from '../host/mod.ts'
import { type Keyring, openKeptDatabase, openServerKeyring } from '../keys/mod.ts'
import {
  ACCESS_RENEWAL_MS,
  hostInUrl,
  LEAF_CHECK_MS,
  refreshLocalAccess,
  serverLeaf,
  writeLocalAccess,
} from '../server/mod.ts'
import { holdDataFolder, registryDatabase } from '../store/mod.ts'
import { liveStreams } from '../web/mod.ts'
import { HEARTBEAT_INTERVAL_MS, type PlatformConfig, type RunningPlatform, type TenantPlace } from './config.ts'
import { noRecorder, recordInto } from './recorder.ts'
import { insertTenant, listTenants, type Registry } from './registry.ts'
import { BLUEPRINT_BODY_BYTES_MAX } from './routes/blueprints.ts'
import { rootApp } from './routes/root.tsx'
import { drawIncarnation, type RoomDeps } from './tenant-room.ts'
import { Tenants } from './tenants.ts'

/** Where the keyring keeps the leaf of the port with its key. */
const PLATFORM_LEAF = { purpose: 'server-leaf', id: 'platform' }

/** How often what is past its keeping is removed, milliseconds. */
const THINNING_MS = 3_600_000

type Time = { clock: Clock; random: Random; signal: AbortSignal }

/**
 * Starts a Platform by its configuration. Fails with the errors of the rooms below: `master_key.wrong`, `store.wrong_key`,
 * `host.port_in_use`, `host.port_forbidden`, …; what was opened until then is closed.
 */
export async function startPlatform(config: PlatformConfig): Promise<RunningPlatform> {
  const lifetime = new Lifetime()
  try {
    return await start(config, lifetime)
  } catch (error) {
    await lifetime.close()
    throw error
  }
}

async function start(config: PlatformConfig, lifetime: Lifetime): Promise<RunningPlatform> {
  const { clock = systemClock, random = systemRandom, publicHost = 'localhost' } = config
  const stopping = new AbortController()
  const time: Time = { clock, random, signal: stopping.signal }
  // Before anything is written there, and let go of last.
  lifetime.defer(await holdDataFolder(config.data))
  const keyring = await openServerKeyring(config.masterKey, { path: join(config.data, 'keyring.json'), clock, random })
  const registry = lifetime.use(await openRegistry(config, keyring), (opened) => opened.close())
  const authority = await keyring.authority('platform', 'Sluice Platform')
  const place = { url: '' }
  const roomDeps = await roomDepsOf(config, { keyring, authority, time, url: () => place.url })
  const live = liveStreams({ clock, signal: stopping.signal })
  const tenants = new Tenants(roomDeps, live)
  lifetime.defer(() => tenants.close())
  for (const row of await listTenants(registry)) await tenants.open(row)
  const leaf = () => serverLeaf({ authority, keyring, kept: PLATFORM_LEAF, names: [publicHost], clock })
  const waitsFor = async (): Promise<string[]> => {
    if (stopping.signal.aborted) return ['stopping']
    return listTenants(registry).then(
      () => [],
      () => ['database'],
    )
  }
  const server = lifetime.use(await serve(config, { roomDeps, tls: await leaf(), tenants, waitsFor }), (opened) =>
    opened.close(),
  )
  place.url = `https://${hostInUrl(publicHost)}:${server.port}`
  const refreshAccess = (): Promise<void> =>
    refreshLocalAccess(config.data, { doors: tenants.doors, ca: authority.certificatePem, clock })
  await refreshAccess()
  const upkeep = keepUp(tenants, time, {
    leaf: async () => server.setTls(await leaf()),
    access: refreshAccess,
  })
  lifetime.defer(async () => {
    stopping.abort()
    await upkeep
  })
  const close = (): Promise<void> => lifetime.close()
  return {
    ...{ url: place.url, port: server.port, authority: authority.certificatePem },
    get tenants() {
      return tenants.places
    },
    createTenant: (options) => createTenant({ config, registry, tenants, roomDeps }, options),
    close,
    [Symbol.asyncDispose]: close,
  }
}

async function openRegistry(config: PlatformConfig, keyring: Keyring): Promise<Registry> {
  return openKeptDatabase(keyring, { folder: config.data, name: 'platform', id: 'platform' }, registryDatabase)
}

async function roomDepsOf(
  config: PlatformConfig,
  given: { keyring: Keyring; authority: Authority; time: Time; url: () => string },
): Promise<RoomDeps> {
  const { keyring, authority, url } = given
  const { clock, random, signal: closing } = given.time
  const { data, catalogue, allowPrivateAddresses, recordTo } = config
  return {
    ...{ data, catalogue, allowPrivateAddresses, keyring, url, closing, clock, random },
    authority: authority.certificatePem,
    heartbeatIntervalMs: config.heartbeatIntervalMs ?? HEARTBEAT_INTERVAL_MS,
    recorder: recordTo === undefined ? noRecorder : await recordInto(recordTo),
    incarnation: drawIncarnation(random),
    startedAtMs: clock.now(),
  }
}

async function serve(
  config: PlatformConfig,
  given: { roomDeps: RoomDeps; tls: TlsMaterial; tenants: Tenants; waitsFor: () => Promise<string[]> },
): Promise<HttpsServer> {
  const { roomDeps, tls, tenants, waitsFor } = given
  const { clock, recorder } = roomDeps
  const app = rootApp({ ...roomDeps, waitsFor }, (tenant) => tenants.appOf(tenant))
  return serveHttps({
    hostname: config.host,
    port: config.port,
    ...{ tls, clock },
    bodyBytesMax: BLUEPRINT_BODY_BYTES_MAX,
    fetch: config.recordTo === undefined ? app : async (request, peer) => app(await recorder.request(request), peer),
  })
}

async function createTenant(
  deps: { config: PlatformConfig; registry: Registry; tenants: Tenants; roomDeps: RoomDeps },
  options: { name: string; owner: string },
): Promise<TenantPlace> {
  const { config, registry, tenants, roomDeps } = deps
  const row = await insertTenant({ registry, clock: roomDeps.clock, random: roomDeps.random }, options.name)
  const { room, accounts, place } = await tenants.open(row)
  const { user, token } = await accounts.createFirstOwner(options.owner)
  await room.trail.record({ actor: 'system', action: 'tenant.created', subject: row.id, detail: { owner: user.id } })
  const access = { url: place.url, ca: roomDeps.authority }
  await writeLocalAccess(config.data, access, { accounts, owner: user.id, clock: roomDeps.clock })
  return { id: row.id, name: row.name, url: place.url, oneTimeLink: `${place.url}/link/${token}` }
}

/** What happens by itself while it runs: certificate and access file are renewed, what is past its keeping is removed. */
async function keepUp(
  tenants: Tenants,
  time: Time,
  renew: { leaf: () => Promise<void>; access: () => Promise<void> },
): Promise<void> {
  const regularly = { ...time, log: logOf('platform') }
  const garbage = new GarbageWatch()
  await Promise.all([
    every(GARBAGE_LOOK_MS, regularly, async () => garbage.look()),
    every(THINNING_MS, regularly, () => tenants.thin(time.signal)),
    every(LEAF_CHECK_MS, regularly, renew.leaf),
    every(ACCESS_RENEWAL_MS, regularly, renew.access),
  ])
}

/** One Platform Tenant at work: its database, its keys, and everything that is done for it. Nothing here reaches another tenant. */
import { join } from 'node:path'
import { openTrail, type Trail } from '../audit/mod.ts'
import { base64url, type Clock, Lifetime, type Random, Turns } from '../base/mod.ts'
import type { Catalogue } from '../blueprint/mod.ts'
import type { AgreementKey, SigningKey, WrappingKey } from '../crypto/mod.ts'
import { makePrivateFolder } from '../host/mod.ts'
import { type Keyring, openKeptDatabase, openWrappingKey } from '../keys/mod.ts'
import { answerMemory } from '../server/mod.ts'
import { type Database, type TenantSchema, tenantDatabase } from '../store/mod.ts'
import { createDoor, type Door, ReplayWindow, type Self, type TenantId } from '../wire/mod.ts'
import { Background } from './background.ts'
import { runtimeCallers } from './c2/callers.ts'
import { c2Handlers } from './c2/messages.ts'
import { verifyKeys } from './c2/verify-keys.ts'
import { deliver } from './deployments/deliver.ts'
import { Deliveries } from './deployments/deliveries.ts'
import { dueFor, recordProblem, recordRefusal, runtimesDue } from './deployments/targets.ts'
import { createPings, type Pings } from './pings.ts'
import { type Recorder, recordOpened } from './recorder.ts'
import type { TenantRow } from './registry.ts'
import { runtimeById } from './runtimes.ts'

export type RoomDeps = {
  data: string
  keyring: Keyring
  /** Where this Platform is reached, without a slash at its end. */
  url: () => string
  /** PEM of the Platform's own authority. */
  authority: string
  catalogue: Catalogue
  allowPrivateAddresses: boolean
  heartbeatIntervalMs: number
  recorder: Recorder
  incarnation: string
  startedAtMs: number
  /** Aborted when this Platform stops. */
  closing?: AbortSignal
  clock: Clock
  random: Random
}

/** What routes and pages of a tenant work with. */
export type TenantRoom = {
  readonly tenant: TenantId
  readonly tenantName: string
  /** Where this Platform is reached. */
  readonly url: string
  readonly authority: string
  readonly db: Database<TenantSchema>
  readonly catalogue: Catalogue
  readonly signing: SigningKey
  readonly agreement: AgreementKey
  readonly wrapping: WrappingKey
  readonly trail: Trail
  /** What makes versions, and what enrols, goes on one at a time, so that nothing changes between looking and writing. */
  readonly turns: Turns
  readonly door: Door
  readonly deliveries: Deliveries
  readonly pings: Pings
  readonly heartbeatIntervalMs: number
  readonly recorder: Recorder
  readonly clock: Clock
  readonly random: Random
  close(): Promise<void>
}

/** Opens a tenant: database and keys, and goes on with what it still has to tell its Runtimes. */
export async function openTenantRoom(deps: RoomDeps, row: TenantRow): Promise<TenantRoom> {
  const lifetime = new Lifetime()
  try {
    return await open(deps, row, lifetime)
  } catch (error) {
    await lifetime.close()
    throw error
  }
}

async function open(deps: RoomDeps, row: TenantRow, lifetime: Lifetime): Promise<TenantRoom> {
  const { keyring, clock, random, recorder, authority, catalogue, heartbeatIntervalMs } = deps
  const tenant = row.id
  const db = lifetime.use(await openDatabase(deps, tenant), (opened) => opened.close())
  const [signing, agreement] = [await keyring.signingKey(tenant), await keyring.agreementKey(tenant)]
  const wrapping = await openWrappingKey(keyring, 'assignments', tenant)
  const trail = await openTrail({ db, signer: signing, clock, random })
  const keys = { signing, agreement, wrapping }
  const { door, deliveries, pings } = await openC2(deps, { tenant, db, trail, ...keys }, lifetime)
  return {
    ...{ tenant, tenantName: row.name, authority, db, catalogue, ...keys, trail, door, deliveries, pings },
    ...{ turns: new Turns(), heartbeatIntervalMs, recorder, clock, random },
    get url() {
      return deps.url()
    },
    close: () => lifetime.close(),
  }
}

type Parts = Pick<TenantRoom, 'tenant' | 'db' | 'trail' | 'signing' | 'agreement' | 'wrapping'>

/** Both directions of C2: the door for what Runtimes tell, and what has to be told to them. */
async function openC2(
  deps: RoomDeps,
  parts: Parts,
  lifetime: Lifetime,
): Promise<Pick<TenantRoom, 'door' | 'deliveries' | 'pings'>> {
  const { clock, random, recorder, incarnation, startedAtMs, allowPrivateAddresses } = deps
  const { db, tenant, trail } = parts
  const self: Self = { id: tenant, key: parts.signing }
  const background = new Background()
  lifetime.defer(() => background.close())
  const callerOf = runtimeCallers({ db, self, incarnation, dial: { allowPrivateAddresses, recorder }, clock, random })
  const pings = createPings({ db, callerOf, clock, random, signal: background.signal })
  const deliveries = new Deliveries({
    ...{ clock, random, due: (runtime) => dueFor(db, runtime), runtimesDue: () => runtimesDue(db) },
    deliver: (target, signal) => deliver({ ...parts, callerOf, recorder, clock }, target, signal),
    failed: (target, code) => recordProblem(db, target, code),
    refused: (target, code) => recordRefusal({ db, clock }, target, code),
  })
  lifetime.defer(() => deliveries.close())
  const heard = (runtime: string, leaving: boolean): void => {
    if (leaving) return
    deliveries.kick(runtime)
    background.begin(async () => pings.afterHeartbeat(await runtimeById(db, runtime)))
  }
  const door = createDoor({
    ...{ self, clock, random, incarnation, startedAtMs },
    ...{
      nonces: new ReplayWindow(clock),
      answers: answerMemory(db, db.tables.tenantAnswers, clock),
      verifyKeyOf: verifyKeys(db),
    },
    handlers: recordOpened(recorder, c2Handlers({ db, trail, clock, heard })),
  })
  await deliveries.start()
  return { door, deliveries, pings }
}

async function openDatabase(deps: RoomDeps, tenant: TenantId): Promise<Database<TenantSchema>> {
  const folder = join(deps.data, 'tenants')
  await makePrivateFolder(folder)
  return openKeptDatabase(deps.keyring, { folder, name: tenant, id: tenant }, tenantDatabase)
}

/** 128 bits, drawn once at every start of the process. */
export function drawIncarnation(random: Random): string {
  return base64url(random(16))
}

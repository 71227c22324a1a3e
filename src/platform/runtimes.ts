/** The Runtimes of a tenant: who they are, how they are doing, and what their heartbeats say. */
import { and, asc, eq, sql } from 'drizzle-orm'
import * as v from 'valibot'
import { type Clock, rfc3339 } from '../base/mod.ts'
import { type Heartbeat, type Inventory, type Received, RuntimeId } from '../wire/mod.ts'
import type { TenantStore } from './database.ts'
import { RuntimeNotFound } from './errors.ts'
import { headHeard, headPoint, type TrailWentBack, type WentBackView, wentBackView } from './trail-heads.ts'

/** Heartbeats that a Runtime may miss before it is late. */
const HEARTBEATS_MISSED_MAX = 3
/** A Runtime's heartbeats come up to a tenth later than their interval. */
const JITTER = 1.1

/** `pending`: no heartbeat yet · `running` · `late`: it missed three · `stopped`: it said goodbye. */
export type Contact = 'pending' | 'running' | 'late' | 'stopped'

export type RuntimeRow = TenantStore['tables']['tenantRuntimes']['$inferSelect']

export type RuntimeView = {
  id: string
  name: string
  state: Contact
  labels: Record<string, string>
  version: string
  managementUrl: string
  bridgePort: number
  enrolledAt: string
  heartbeats: number
  lastHeartbeatAt?: string
  startedAt?: string
  configurationHash?: string
  trail?: { count: number; hash: string }
  /** The trail told less, or something else, than it had told before. */
  trailWentBack?: WentBackView
  inventory?: Record<string, unknown>
  inventoryAt?: string
}

function contactOf(row: RuntimeRow, now: number, heartbeatIntervalMs: number): Contact {
  if (row.state === 'pending' || row.lastHeartbeatAtMs === null) return 'pending'
  if (row.left) return 'stopped'
  return now - row.lastHeartbeatAtMs > lateAfterMs(heartbeatIntervalMs) ? 'late' : 'running'
}

/** How long after its last heartbeat a Runtime counts as late. */
export function lateAfterMs(heartbeatIntervalMs: number): number {
  return Math.round(HEARTBEATS_MISSED_MAX * heartbeatIntervalMs * JITTER)
}

/** All Runtimes by name. */
export async function listRuntimes(db: TenantStore): Promise<RuntimeRow[]> {
  const table = db.tables.tenantRuntimes
  return db.select().from(table).orderBy(asc(table.name))
}

/** As people ask for it: by id or by name; what has the form of an id is nothing else. Refuses `runtime.not_found`. */
export async function findRuntime(db: TenantStore, idOrName: string): Promise<RuntimeRow> {
  if (v.is(RuntimeId, idOrName)) return runtimeById(db, idOrName)
  const table = db.tables.tenantRuntimes
  const [row] = await db.select().from(table).where(eq(table.name, idOrName))
  if (!row) throw new RuntimeNotFound(`there is no Runtime ${idOrName}`)
  return row
}

/** By id alone: whoever chooses an address or a key asks this way. Refuses `runtime.not_found`. */
export async function runtimeById(db: TenantStore, id: string): Promise<RuntimeRow> {
  const table = db.tables.tenantRuntimes
  const [row] = await db.select().from(table).where(eq(table.id, id))
  if (!row) throw new RuntimeNotFound(`there is no Runtime ${id}`)
  return row
}

/**
 * Takes a heartbeat in; the first one confirms the registration. Tells whether the head of its audit trail does not follow from the
 * one before: then a copy of its database, or another history, was put in the place of the one that had told so much.
 */
export async function takeHeartbeat(
  deps: { db: TenantStore; clock: Clock },
  heartbeat: Heartbeat,
  received: Received,
): Promise<{ wentBack?: TrailWentBack }> {
  const { db, clock } = deps
  const table = db.tables.tenantRuntimes
  const now = clock.now()
  const heard = await headHeard(db, heartbeat.trail, received, now)
  await db
    .update(table)
    .set({
      state: 'enrolled',
      heartbeats: sql`${table.heartbeats} + 1`,
      lastHeartbeatAtMs: now,
      startedAtMs: now - heartbeat.uptimeMs,
      left: heartbeat.leaving,
      incarnation: received.incarnation,
      version: heartbeat.version,
      configurationHash: heartbeat.configurationHash,
      managementUrl: heartbeat.managementUrl,
      bridgePort: heartbeat.bridgePort,
      authority: heartbeat.authority,
      ...heard,
    })
    .where(eq(table.id, received.from))
  return heard.trailWentBack === undefined ? {} : { wentBack: heard.trailWentBack }
}

/** Keeps what a ping brought. */
export async function takeInventory(
  deps: { db: TenantStore; clock: Clock },
  runtime: string,
  inventory: Inventory,
): Promise<void> {
  const table = deps.db.tables.tenantRuntimes
  const { challenge: _, ...kept } = inventory
  const changes = { inventory: kept, inventoryAtMs: deps.clock.now(), inventoryOf: kept.configurationHash }
  await deps.db.update(table).set(changes).where(eq(table.id, runtime))
}

/** The public half of a known Runtime's signing key, if `kid` is its key. */
export async function signingKeyOf(db: TenantStore, runtime: string, kid: string): Promise<string | undefined> {
  const table = db.tables.tenantRuntimes
  const [row] = await db
    .select({ key: table.signingKey })
    .from(table)
    .where(and(eq(table.id, runtime), eq(table.signingKid, kid)))
  return row?.key
}

/** A Runtime as the API shows it. */
export function runtimeView(row: RuntimeRow, now: number, heartbeatIntervalMs: number): RuntimeView {
  const { id, name, labels, version, managementUrl, bridgePort, heartbeats } = row
  return {
    ...{ id, name, labels, version, managementUrl, bridgePort, heartbeats },
    state: contactOf(row, now, heartbeatIntervalMs),
    enrolledAt: rfc3339(row.enrolledAtMs),
    ...(row.lastHeartbeatAtMs !== null && { lastHeartbeatAt: rfc3339(row.lastHeartbeatAtMs) }),
    ...(row.startedAtMs !== null && { startedAt: rfc3339(row.startedAtMs) }),
    ...(row.configurationHash !== null && { configurationHash: row.configurationHash }),
    ...(row.trail !== null && { trail: headPoint(row.trail) }),
    ...(row.trailWentBack !== null && { trailWentBack: wentBackView(row.trailWentBack) }),
    ...(row.inventory !== null && { inventory: row.inventory }),
    ...(row.inventoryAtMs !== null && { inventoryAt: rfc3339(row.inventoryAtMs) }),
  }
}

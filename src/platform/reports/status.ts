/** Status and metrics of deployments: the newest for now, a thinned history for later. */
import { and, eq, gte, lt } from 'drizzle-orm'
import type { Clock } from '../../base/mod.ts'
import type { DeploymentStatus } from '../../wire/mod.ts'
import type { TenantStore, TenantWriter } from '../database.ts'
import { takeBatch } from './streams.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

/**
 * What is kept of a deployment on one Runtime: one status a minute for two days, 2,880, and one an hour for 400 days, 9,600.
 * At ~2 KiB each ≈ 25 MB.
 */
export const HISTORY = {
  minute: { stepMs: MINUTE_MS, keptMs: 2 * DAY_MS },
  hour: { stepMs: HOUR_MS, keptMs: 400 * DAY_MS },
} as const
/** Entries of one answer: two days of minutes and some, of several Runtimes. */
const HISTORY_ENTRIES_MAX = 10_000

/** Takes a Runtime's status entries; gives the position up to which all are durable. */
export function takeStatus(
  db: TenantStore,
  runtime: string,
  batch: { first: number; entries: DeploymentStatus[] },
): Promise<number> {
  return takeBatch(db, { runtime, stream: 'status' }, batch, async (tx, fresh) => {
    const newest = new Map(fresh.map(({ entry }) => [entry.deployment, entry]))
    for (const entry of newest.values()) await keepNewest(db, tx, runtime, entry)
    for (const { stepMs } of Object.values(HISTORY)) {
      const lastOfStep = new Map(fresh.map(({ entry }) => [`${entry.deployment} ${bucketOf(entry, stepMs)}`, entry]))
      for (const entry of lastOfStep.values()) await keepInHistory(db, tx, runtime, entry, stepMs)
    }
  })
}

async function keepNewest(db: TenantStore, tx: TenantWriter, runtime: string, entry: DeploymentStatus): Promise<void> {
  const table = db.tables.tenantStatus
  const row = { atMs: Date.parse(entry.at), status: JSON.stringify(entry) }
  await tx
    .insert(table)
    .values({ ...row, deployment: entry.deployment, runtime })
    .onConflictDoUpdate({ target: [table.deployment, table.runtime], set: row })
}

async function keepInHistory(
  db: TenantStore,
  tx: TenantWriter,
  runtime: string,
  entry: DeploymentStatus,
  stepMs: number,
): Promise<void> {
  const table = db.tables.tenantStatusHistory
  const status = JSON.stringify(entry)
  await tx
    .insert(table)
    .values({ deployment: entry.deployment, runtime, stepMs, bucketMs: bucketOf(entry, stepMs), status })
    .onConflictDoUpdate({
      target: [table.deployment, table.runtime, table.stepMs, table.bucketMs],
      set: { status },
    })
}

function bucketOf(entry: DeploymentStatus, stepMs: number): number {
  return Math.floor(Date.parse(entry.at) / stepMs) * stepMs
}

/** The newest status of a deployment on each of its Runtimes. */
export async function statusOf(db: TenantStore, deployment: string): Promise<Map<string, DeploymentStatus>> {
  const table = db.tables.tenantStatus
  const rows = await db.select().from(table).where(eq(table.deployment, deployment))
  return new Map(rows.map((row) => [row.runtime, JSON.parse(row.status) as DeploymentStatus]))
}

/** The kept history of a deployment since a time, oldest first. */
export async function historyOf(
  db: TenantStore,
  deployment: string,
  range: { sinceMs: number; stepMs: number },
): Promise<{ runtime: string; status: DeploymentStatus }[]> {
  const table = db.tables.tenantStatusHistory
  const mine = and(eq(table.deployment, deployment), eq(table.stepMs, range.stepMs), gte(table.bucketMs, range.sinceMs))
  const rows = await db.select().from(table).where(mine).orderBy(table.bucketMs).limit(HISTORY_ENTRIES_MAX)
  return rows.map((row) => ({ runtime: row.runtime, status: JSON.parse(row.status) as DeploymentStatus }))
}

/** Removes what is older than it is kept. */
export async function thinHistory(db: TenantStore, clock: Clock): Promise<void> {
  const table = db.tables.tenantStatusHistory
  for (const { stepMs, keptMs } of Object.values(HISTORY))
    await db.delete(table).where(and(eq(table.stepMs, stepMs), lt(table.bucketMs, clock.now() - keptMs)))
}

/** Audit logs of deployments: template ids and typed fields, never text of a record. */
import { and, asc, desc, eq, gt, inArray, lt, max, min } from 'drizzle-orm'
import { rfc3339 } from '../../base/mod.ts'
import type { AuditLog } from '../../wire/mod.ts'
import type { TenantStore } from '../database.ts'
import { takeBatch } from './streams.ts'

export type LogLine = {
  sequence: number
  at: string
  runtime: string
  deployment: string
  component?: string
  level: AuditLog['level']
  template: string
  fields: Record<string, string | number | boolean>
}

export type LogQuery = {
  deployment?: string
  runtime?: string
  levels?: AuditLog['level'][]
  /** Lines that came after this one, oldest first. Without it the newest lines, oldest of them first. */
  after?: number
  /** Lines that came before this one. */
  before?: number
  limit: number
}

/** Lines of one page of the API. */
export const LOG_LINES_MAX = 1_000

/** Takes a Runtime's audit logs; gives the position up to which all are durable. */
export function takeLogs(
  db: TenantStore,
  runtime: string,
  batch: { first: number; entries: AuditLog[] },
): Promise<number> {
  return takeBatch(db, { runtime, stream: 'audit-logs' }, batch, async (tx, fresh) => {
    const rows = fresh.map(({ position, entry }) => ({
      ...{ runtime, position, atMs: Date.parse(entry.at), deployment: entry.deployment, level: entry.level },
      ...{ component: entry.component ?? null, template: entry.template, fields: entry.fields },
    }))
    await tx.insert(db.tables.tenantLogs).values(rows)
  })
}

/** Lines in the order in which they came. */
export async function queryLogs(db: TenantStore, query: LogQuery): Promise<LogLine[]> {
  const table = db.tables.tenantLogs
  const newest = query.after === undefined
  const rows = await db
    .select()
    .from(table)
    .where(
      and(
        query.deployment === undefined ? undefined : eq(table.deployment, query.deployment),
        query.runtime === undefined ? undefined : eq(table.runtime, query.runtime),
        query.levels === undefined ? undefined : inArray(table.level, query.levels),
        query.after === undefined ? undefined : gt(table.sequence, query.after),
        query.before === undefined ? undefined : lt(table.sequence, query.before),
      ),
    )
    .orderBy(newest ? desc(table.sequence) : asc(table.sequence))
    .limit(Math.min(query.limit, LOG_LINES_MAX))
  return (newest ? rows.reverse() : rows).map((row) => ({
    ...{ sequence: row.sequence, at: rfc3339(row.atMs), runtime: row.runtime, deployment: row.deployment },
    ...(row.component !== null && { component: row.component }),
    ...{ level: row.level, template: row.template, fields: row.fields },
  }))
}

/** How many lines there are, of one deployment or of all. */
export async function countLogs(db: TenantStore, deployment?: string): Promise<number> {
  const table = db.tables.tenantLogs
  if (deployment !== undefined) return db.$count(table, eq(table.deployment, deployment))
  // Lines are numbered without a gap and only the oldest are ever removed; so the overview of each second need not walk a million.
  const [first] = await db.select({ at: min(table.sequence) }).from(table)
  const [last] = await db.select({ at: max(table.sequence) }).from(table)
  return first?.at == null || last?.at == null ? 0 : last.at - first.at + 1
}

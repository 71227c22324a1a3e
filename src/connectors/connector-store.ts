/** Connectors and their runs as rows of a Runtime's database. */
import { and, asc, count, desc, eq, isNotNull, isNull, lt, ne, sql } from 'drizzle-orm'
import * as v from 'valibot'
import { type Clock, newId, type Random } from '../base/mod.ts'
import { connectorRuns, connectors, type Database, type RuntimeSchema } from '../store/mod.ts'
import type { ConnectorId, ConnectorRunId, DatasetId, DataTenantId } from '../wire/mod.ts'
import { ConnectorExists, ConnectorNotFound, ConnectorsTooMany } from './errors.ts'

/** In one data tenant: 64 × ≤ 1.1 MiB, of which a cursor of a busy Jira takes 300 KiB. */
export const CONNECTORS_MAX = 64
/** Of each connector; a quarter of an hour apart they are two days, with the failures among them. */
export const RUNS_KEPT_MAX = 200
/** Of a run; all that are of one code say the same. */
const WARNINGS_KEPT_MAX = 20
/** As many as anybody reads through. */
const NEEDING_MAX = 64

type Db = Database<Pick<RuntimeSchema, 'connectors' | 'connectorRuns'>>
type Row = typeof connectors.$inferSelect
type RunRow = typeof connectorRuns.$inferSelect

/** Times are ms since 1970. `config` is as its type has parsed it. */
export type Connector = Omit<
  Row,
  'id' | 'dataTenant' | 'dataset' | 'config' | 'cursorRun' | 'cursor' | 'cursorPage'
> & {
  id: ConnectorId
  dataTenant: DataTenantId
  dataset: DatasetId
  config: unknown
}
/** What one is made of. */
export type NewConnector = Pick<
  Connector,
  'dataTenant' | 'dataset' | 'name' | 'type' | 'config' | 'credential' | 'network' | 'cron' | 'timeZone'
>
/** What of one may change after it is made. */
export type Changes = Partial<
  Pick<
    Connector,
    | 'config'
    | 'credential'
    | 'network'
    | 'cron'
    | 'timeZone'
    | 'paused'
    | 'approvedDigest'
    | 'approvedBy'
    | 'approvedAtMs'
  >
>
/** `text` is JSON, or `null` before the first page; `run` and `page` name the next page. */
export type Cursor = { text: string | null; run: ConnectorRunId | null; page: number }

export type Told = { code: string; message: string; advice?: string | undefined }
export type RunState = RunRow['state']
/** One run: what it counted, and why it ended as it did. */
export type Run = Omit<RunRow, 'id' | 'connector' | 'failure' | 'warnings'> & {
  id: ConnectorRunId
  failure: Told | null
  warnings: readonly Told[]
}
export type RunCounts = Pick<
  Run,
  'pages' | 'bytes' | 'records' | 'removed' | 'rowsTaken' | 'rowsReplaced' | 'rowsRefused'
>

/** Made once for a Runtime's database. */
export class ConnectorStore {
  readonly #db: Db
  readonly #clock: Clock
  readonly #random: Random

  constructor({ db, clock, random }: { db: Db; clock: Clock; random: Random }) {
    this.#db = db
    this.#clock = clock
    this.#random = random
  }

  /** Refuses `connector.exists`, `connector.too_many`. */
  create(connector: NewConnector & Pick<Connector, 'approvedDigest' | 'approvedBy'>, by: string): Promise<Connector> {
    return this.#db.transaction(async (tx) => {
      const { dataTenant, name } = connector
      const ofTenant = eq(connectors.dataTenant, dataTenant)
      const [there] = await tx.select({ kept: count() }).from(connectors).where(ofTenant)
      if ((there?.kept ?? 0) >= CONNECTORS_MAX)
        throw new ConnectorsTooMany(`a data tenant has at most ${CONNECTORS_MAX} connectors`)
      if (
        await tx
          .select()
          .from(connectors)
          .where(and(ofTenant, eq(connectors.name, name)))
          .get()
      )
        throw new ConnectorExists(`there is a connector named ${name} already`)
      const nowMs = this.#clock.now()
      const row: Row = {
        ...{ ...connector, id: newId('con', this.#clock, this.#random), config: JSON.stringify(connector.config) },
        ...{ paused: false, approvedAtMs: connector.approvedBy === null ? null : nowMs, startedAtMs: null },
        ...{ cursor: null, cursorRun: null, cursorPage: 0, createdBy: by, createdAtMs: nowMs },
      }
      await tx.insert(connectors).values(row)
      return connectorOf(row)
    })
  }

  /** By name. */
  async list(dataTenant: string): Promise<Connector[]> {
    const rows = await this.#db
      .select()
      .from(connectors)
      .where(eq(connectors.dataTenant, dataTenant))
      .orderBy(asc(connectors.name))
    return rows.map(connectorOf)
  }

  /** Those that run by a schedule, of all data tenants. */
  async scheduled(): Promise<Connector[]> {
    return (await this.#db.select().from(connectors).where(eq(connectors.paused, false)))
      .map(connectorOf)
      .filter(({ cron }) => cron !== null)
  }

  /** By id or name, in that data tenant alone. Refuses `connector.not_found`. */
  async find(dataTenant: string, named: string): Promise<Connector> {
    const column = named.startsWith('con_') ? connectors.id : connectors.name
    const row = await this.#db
      .select()
      .from(connectors)
      .where(and(eq(connectors.dataTenant, dataTenant), eq(column, named)))
      .get()
    if (!row) throw new ConnectorNotFound('there is no such connector in this data tenant')
    return connectorOf(row)
  }

  /** As it is now; `undefined` when it was removed. */
  async current(id: ConnectorId): Promise<Connector | undefined> {
    const row = await this.#db.select().from(connectors).where(eq(connectors.id, id)).get()
    return row && connectorOf(row)
  }

  async change(id: ConnectorId, { config, ...changes }: Changes): Promise<void> {
    const given = { ...changes, ...(config !== undefined && { config: JSON.stringify(config) }) }
    if (Object.keys(given).length > 0) await this.#db.update(connectors).set(given).where(eq(connectors.id, id))
  }

  async remove(id: ConnectorId): Promise<void> {
    await this.#db.delete(connectors).where(eq(connectors.id, id))
  }

  async cursor(id: ConnectorId): Promise<Cursor> {
    const about = { text: connectors.cursor, run: connectors.cursorRun, page: connectors.cursorPage }
    const row = await this.#db.select(about).from(connectors).where(eq(connectors.id, id)).get()
    return { text: row?.text ?? null, run: (row?.run ?? null) as ConnectorRunId | null, page: row?.page ?? 0 }
  }

  /** With `run`, what that run has counted by then is kept in the same transaction. */
  async moveCursor(
    id: ConnectorId,
    { text, run, page }: Cursor,
    counted?: { id: ConnectorRunId; counts: RunCounts },
  ): Promise<void> {
    await this.#db.transaction(async (tx) => {
      await tx.update(connectors).set({ cursor: text, cursorRun: run, cursorPage: page }).where(eq(connectors.id, id))
      if (counted) await tx.update(connectorRuns).set(counted.counts).where(eq(connectorRuns.id, counted.id))
    })
  }

  /** Forgets the oldest runs beyond the bound. */
  begin(connector: ConnectorId, startedBy: string | null): Promise<Run> {
    return this.#db.transaction(async (tx) => {
      const startedAtMs = this.#clock.now()
      const row: RunRow = {
        ...{
          id: newId('run', this.#clock, this.#random),
          connector,
          state: 'running',
          startedBy,
          startedAtMs,
          endedAtMs: null,
        },
        ...{ pages: 0, bytes: 0, records: 0, removed: 0, rowsTaken: 0, rowsReplaced: 0, rowsRefused: 0 },
        ...{ failure: null, warnings: '[]' },
      }
      await tx.insert(connectorRuns).values(row)
      await tx.update(connectors).set({ startedAtMs }).where(eq(connectors.id, connector))
      const ofIt = eq(connectorRuns.connector, connector)
      const oldest = await tx
        .select()
        .from(connectorRuns)
        .where(ofIt)
        .orderBy(desc(connectorRuns.id))
        .limit(1)
        .offset(RUNS_KEPT_MAX - 1)
        .get()
      if (oldest) await tx.delete(connectorRuns).where(and(ofIt, lt(connectorRuns.id, oldest.id)))
      return runOf(row)
    })
  }

  async end(
    id: ConnectorRunId,
    {
      state,
      failure,
      warnings,
      counts,
    }: { state: RunState; failure: Told | null; warnings: readonly Told[]; counts: RunCounts },
  ): Promise<void> {
    const ended = {
      state,
      failure: failure && JSON.stringify(failure),
      warnings: JSON.stringify(warnings.slice(0, WARNINGS_KEPT_MAX)),
    }
    await this.#db
      .update(connectorRuns)
      .set({ ...counts, ...ended, endedAtMs: this.#clock.now() })
      .where(eq(connectorRuns.id, id))
  }

  /** Runs that a crash of this Runtime has ended. */
  async endCutOff(): Promise<void> {
    const open = and(isNull(connectorRuns.endedAtMs), ne(connectorRuns.state, 'cut-off'))
    await this.#db.update(connectorRuns).set({ state: 'cut-off', endedAtMs: this.#clock.now() }).where(open)
  }

  /** The first of those that nobody has approved, and of those that run by themselves and whose last run failed. */
  async needingSomebody(): Promise<{
    waiting: Connector[]
    failed: (Connector & { code: string; endedAtMs: number })[]
  }> {
    const notPaused = eq(connectors.paused, false)
    const unapproved = and(notPaused, isNull(connectors.approvedDigest))
    const waiting = await this.#db.select().from(connectors).where(unapproved).limit(NEEDING_MAX)
    const newest = sql`SELECT r.id FROM connector_runs r WHERE r.connector = ${connectors.id} ORDER BY r.started_at_ms DESC LIMIT 1`
    const failed = await this.#db
      .select()
      .from(connectors)
      .innerJoin(connectorRuns, sql`${connectorRuns.id} = (${newest})`)
      .where(and(notPaused, isNotNull(connectors.cron), eq(connectorRuns.state, 'failed')))
      .limit(NEEDING_MAX)
    return {
      waiting: waiting.map(connectorOf),
      failed: failed.map(({ connectors: row, connector_runs: run }) => ({
        ...{ ...connectorOf(row), code: runOf(run).failure?.code ?? 'internal.unexpected' },
        endedAtMs: run.endedAtMs ?? run.startedAtMs,
      })),
    }
  }

  /** The newest first, those before that one. */
  async runs(
    connector: ConnectorId,
    { before, limit }: { before?: string | undefined; limit: number },
  ): Promise<Run[]> {
    const ofIt = eq(connectorRuns.connector, connector)
    const where = before === undefined ? ofIt : and(ofIt, lt(connectorRuns.id, before))
    return (await this.#db.select().from(connectorRuns).where(where).orderBy(desc(connectorRuns.id)).limit(limit)).map(
      runOf,
    )
  }
}

function connectorOf({ cursor: _cursor, cursorRun: _run, cursorPage: _page, ...row }: Row): Connector {
  const { id, dataTenant, dataset, config } = row
  return {
    ...{ ...row, id: id as ConnectorId, dataTenant: dataTenant as DataTenantId, dataset: dataset as DatasetId },
    config: JSON.parse(config),
  }
}

const ToldRow = v.object({ code: v.string(), message: v.string(), advice: v.optional(v.string()) })

function runOf({ connector: _, failure, warnings, ...row }: RunRow): Run {
  return {
    ...{ ...row, id: row.id as ConnectorRunId },
    failure: failure === null ? null : v.parse(ToldRow, JSON.parse(failure)),
    warnings: v.parse(v.array(ToldRow), JSON.parse(warnings)),
  }
}

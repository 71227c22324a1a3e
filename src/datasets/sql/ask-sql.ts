/**
 * A question in SQL as main has it asked: by a process of its own, that has one tenant's database open and no other, in the tenant's turn.
 * Time and memory are kept from outside, where whatever the question does cannot lie about them, and the process ends in any case.
 */
import { type AppError, type Clock, pause } from '../../base/mod.ts'
import { residentBytes } from '../../host/mod.ts'
import { type Clearance, type DataTenantId, type SqlAnswered, WorkerGone } from '../../wire/mod.ts'
import { QueryTooSlow, SqlTooLarge } from '../errors.ts'
import type { LazyWorker } from '../worker/lazy-worker.ts'
import type { QueryTurns } from '../worker/query-turns.ts'
import type { TenantAccess } from '../worker/tenant-access.ts'

/** From when its process has the database open. */
export const SQL_MS_MAX = 10_000
/** Of the whole process: what SQLite may hold, its pages, and a few copies of an answer. */
export const SQL_PROCESS_BYTES_MAX = 402_653_184
/** A process that copies long texts grows by some 100 MB meanwhile. Where a system does not tell of a process, only SQLite's own bound holds. */
const LOOK_MS = 50

export type AskSqlDeps = {
  tenant: DataTenantId
  access: Pick<TenantAccess, 'query'>
  /** Which tenant's question is next. */
  turns: QueryTurns
  clock: Clock
}

/** Refuses `sql.invalid`, `sql.not_allowed`, `sql.too_large`, `query.too_slow`, `query.too_many`. */
export function askSql(deps: AskSqlDeps, question: { sql: string; clearance: Clearance }): Promise<SqlAnswered> {
  const { tenant, access, turns } = deps
  return turns.run(tenant, async (process) => {
    try {
      return await access.query(process, 'sql', question, (ask) => bounded(deps, process, ask))
    } finally {
      await process.end()
    }
  })
}

async function bounded<T>(
  { tenant, turns, clock }: AskSqlDeps,
  process: LazyWorker,
  ask: () => Promise<T>,
): Promise<T> {
  const answered = new AbortController()
  let ended: AppError | undefined
  const end = (why: AppError): void => {
    ended ??= why
    process.kill()
  }
  const tooSlow = async (): Promise<void> => {
    if (!(await pause(clock, SQL_MS_MAX, answered.signal))) return
    turns.ranOver(tenant)
    end(new QueryTooSlow(`the question took longer than ${SQL_MS_MAX / 1_000} s and was ended`))
  }
  const tooLarge = async (pid: number): Promise<void> => {
    while (await pause(clock, LOOK_MS, answered.signal))
      if (((await residentBytes(pid)) ?? 0) > SQL_PROCESS_BYTES_MAX) return end(needsTooMuch())
  }
  void tooSlow()
  if (process.pid !== undefined) void tooLarge(process.pid)
  try {
    return await ask()
  } catch (error) {
    throw ended ?? (error instanceof WorkerGone ? brokeProcess(error) : error)
  } finally {
    answered.abort()
  }
}

function needsTooMuch(): SqlTooLarge {
  return new SqlTooLarge(
    `the question needed more than ${SQL_PROCESS_BYTES_MAX / 1_048_576} MiB of memory, and was ended with its process`,
  )
}

/** It ended by itself, as one does that the system gives no more memory. */
function brokeProcess(cause: Error): SqlTooLarge {
  return new SqlTooLarge('the question ended its process, most likely by the memory it needed', { cause })
}

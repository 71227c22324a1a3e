/** A query in its tenant's turn, with a bound on its time that is kept from outside: libSQL cannot be told to stop. */
import type { Clock } from '../../base/mod.ts'
import type { DataTenantId, ReplyOf } from '../../wire/mod.ts'
import { QueryTooSlow } from '../errors.ts'
import type { DataAsks } from './data-process.ts'
import type { LazyWorker } from './lazy-worker.ts'
import type { About, Asks, DataWorkers, TenantAccess } from './tenant-access.ts'

/** A query that takes longer is ended with the process that it runs in. */
const QUERY_MS_MAX = 10_000

export type TimedQueryDeps = {
  tenant: DataTenantId
  access: Pick<TenantAccess, 'query'>
  workers: Pick<DataWorkers, 'queries'>
  clock: Clock
}

/** Asks one of the processes that read. Refuses `query.too_slow`, `query.too_many`. */
export function timedQuery<What extends keyof Asks>(
  deps: TimedQueryDeps,
  what: What,
  about: About<What>,
): Promise<ReplyOf<DataAsks, What>> {
  const { tenant, access, workers } = deps
  return workers.queries.run(tenant, (reader) => access.query(reader, what, about, (ask) => inTime(deps, reader, ask)))
}

async function inTime<T>(
  { tenant, workers, clock }: TimedQueryDeps,
  reader: LazyWorker,
  ask: () => Promise<T>,
): Promise<T> {
  const answered = new AbortController()
  let late = false
  clock.sleep(QUERY_MS_MAX, answered.signal).then(
    () => {
      late = true
      workers.queries.ranOver(tenant)
      reader.kill()
    },
    () => undefined,
  )
  try {
    return await ask()
  } catch (error) {
    throw late ? new QueryTooSlow(`the query took longer than ${QUERY_MS_MAX / 1_000} s and was ended`) : error
  } finally {
    answered.abort()
  }
}

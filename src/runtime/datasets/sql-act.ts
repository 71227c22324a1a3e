/** A question in SQL by an owner of a data tenant, told to the audit trail before it is asked and with what it read behind it. */
import { recorded } from '../../audit/mod.ts'
import type { SqlAnswer, SqlQuestion } from '../../wire/mod.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Member } from './access.ts'

/** Ids of datasets that a line of the trail names; their count is told in any case. */
const DATASETS_NAMED_MAX = 32

/**
 * The trail has who asked, how long the question was, which datasets it read and how many rows it gave. It has no text, which may hold
 * somebody's name, and no digest of one, by which a name is found by trying names. Refuses what `TenantData.sql` does.
 */
export async function askInSql(
  { state: { trail } }: { state: Pick<RuntimeState, 'trail'> },
  { actor, tenant: { id: dataTenant }, data, clearance }: Member,
  { sql }: SqlQuestion,
): Promise<SqlAnswer> {
  const detail = { dataTenant, bytes: Buffer.byteLength(sql) }
  const act = { actor, action: 'data_tenant.asked_in_sql', subject: dataTenant, detail }
  const { read, ...answer } = await recorded(
    trail,
    act,
    () => data.sql({ sql, clearance }),
    (done) => ({
      ...{ rows: done.rows.length, more: done.more, datasetsRead: done.read.length },
      datasets: done.read.slice(0, DATASETS_NAMED_MAX).join(' '),
    }),
  )
  return answer
}

/** A machine that goes in the middle of a transaction. */
import type { TenantDatabase } from './tenant-database.ts'

/** What `work` commits is lost. */
export async function cutOff({ db }: Pick<TenantDatabase, 'db'>, work: () => Promise<unknown>): Promise<void> {
  const commit = db.exec.bind(db)
  db.exec = (sql) => {
    if (sql === 'COMMIT') throw new Error('the machine is gone')
    commit(sql)
  }
  await work().catch(() => undefined)
  db.exec = commit
}

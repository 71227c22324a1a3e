/** Records of one tenant, asked for: page by page, as a file, in groups, in SQL. */
import type {
  Clearance,
  DatasetId,
  ExportPart,
  ExportStep,
  GroupAnswer,
  GroupQuery,
  Query,
  QueryPage,
  SqlAnswered,
  SqlView,
} from '../../../wire/mod.ts'
import { beginExport, type Export, type Exported } from '../../export/exporting.ts'
import { askSql } from '../../sql/ask-sql.ts'
import type { TenantParts } from '../tenant-parts.ts'
import { timedQuery } from '../timed-query.ts'

/** `user`: their id. */
export type ExportViewer = { user: string; clearance: () => Promise<Clearance> }

export type Records = {
  /** Restricted fields are masked for who is not cleared. Refuses `query.invalid`, `query.field_restricted`, `query.too_slow`, `query.too_many`, `dataset.not_found`. */
  query(dataset: DatasetId, query: Query, clearance: Clearance): Promise<QueryPage>
  /**
   * Records as a file, for one user. `clearance` is asked for each part of it, of which a restricted field is left out, or refused if it was
   * named.
   * Refuses what `query` does, and `export.too_many`; its `rest` fails in the same ways, and with `export.too_large`.
   */
  export(dataset: DatasetId, asked: Export, viewer: ExportViewer): Promise<Exported>
  /** From a rollup if one serves, else from the records. Refuses what `query` does, and `query.groups_too_many`. */
  group(dataset: DatasetId, query: GroupQuery, clearance: Clearance): Promise<GroupAnswer>
  /** SQL over all its datasets. Refuses `sql.invalid`, `sql.not_allowed`, `sql.too_large`, `query.too_slow`, `query.too_many`. */
  sql(question: { sql: string; clearance: Clearance }): Promise<SqlAnswered>
  /** How they and their fields are called there. */
  sqlViews(clearance: Clearance): Promise<SqlView[]>
}

type Parts = Pick<
  TenantParts,
  'ask' | 'access' | 'pass' | 'resumeBuilding' | 'tenant' | 'workers' | 'exports' | 'clock'
>

export function recordsOf(parts: Parts): Records {
  const { ask, access, pass, tenant, workers, clock } = parts
  return {
    query: (dataset, query, clearance) =>
      pass(async () => {
        const page = await timedQuery(parts, 'query', { dataset, query, clearance })
        if (page.search && page.search.waiting > 0) parts.resumeBuilding()
        return page
      }),
    export: (dataset, asked, viewer) => exported(parts, { dataset, asked, ...viewer }),
    group: (dataset, query, clearance) =>
      pass(async () => {
        const about = { dataset, query, clearance }
        const { answer } = await access.ask('reader', 'group', about)
        return answer ?? timedQuery(parts, 'group-records', about)
      }),
    sql: (question) => pass(() => askSql({ tenant, access, turns: workers.sql, clock }, question)),
    sqlViews: async (clearance) => (await ask('reader', 'sql-views', { clearance })).views,
  }
}

async function exported(
  parts: Parts,
  { dataset, asked, user, clearance }: { dataset: DatasetId; asked: Export } & ExportViewer,
): Promise<Exported> {
  const ask = async (step: ExportStep): Promise<ExportPart> => {
    const about = { dataset, step, clearance: await clearance() }
    // Between its parts whoever else waits has a turn.
    return parts.pass(() => timedQuery(parts, 'export-part', about))
  }
  return beginExport(asked, ask, parts.exports.begin(parts.tenant, user))
}

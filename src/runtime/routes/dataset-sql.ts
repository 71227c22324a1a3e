/** /v1/data-tenants/{dataTenant}/sql: questions in SQL over all datasets of a data tenant, for its owners. */
import * as v from 'valibot'
import { csvLines } from '../../base/mod.ts'
import { ApiRoutes } from '../../server/mod.ts'
import { SqlAnswer, SqlQuestion, SqlView } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { askInSql } from '../datasets/sql-act.ts'
import { OfTenant } from './data-tenants.ts'

export function datasetSqlRoutes(deps: Parameters<typeof askInSql>[0] & { access: DataAccess }): ApiRoutes {
  return new ApiRoutes('Datasets')
    .get(
      '/:dataTenant/sql',
      {
        summary: 'How the datasets of a data tenant and their fields are called in SQL. Needs the role owner there.',
        ...{ role: 'viewer', params: OfTenant, answer: v.object({ views: v.array(SqlView) }) },
      },
      async ({ c, params: { dataTenant } }) => {
        const { data, clearance } = await deps.access.demandMember(c, dataTenant, 'owner')
        return { views: await data.sqlViews(clearance) }
      },
    )
    .post(
      '/:dataTenant/sql',
      {
        summary:
          'Asks the datasets of a data tenant in SQL: one SELECT, WITH or VALUES, which reads and does nothing else, within bounds of time, memory, rows and bytes. With `Accept: text/csv` the rows come as CSV, in which no spreadsheet runs a text. Needs the role owner there.',
        ...{ role: 'viewer', params: OfTenant, body: SqlQuestion, answer: SqlAnswer },
      },
      async ({ c, params: { dataTenant }, body }) => {
        const answer = await askInSql(deps, await deps.access.demandMember(c, dataTenant, 'owner'), body)
        return /\btext\/csv\b/.test(c.req.header('accept') ?? '') ? csvAnswer(answer) : answer
      },
    )
}

/** As a file; `sluice-more` says whether rows were left out, which CSV has no place for. */
export function csvAnswer({ columns, rows, more }: SqlAnswer): Response {
  return new Response(csvLines([columns.map(({ name }) => name), ...rows]), {
    headers: {
      'cache-control': 'no-store',
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="answer.csv"',
      'sluice-more': String(more),
    },
  })
}

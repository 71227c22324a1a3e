/** The page on which owners of a data tenant ask in SQL, with what they may name beside it. */
import type { Hono } from 'hono'
import * as v from 'valibot'
import { type FormShown, formPage, type PersonEnv, type Site } from '../../server/mod.ts'
import { type FormFailure, formFailure } from '../../web/mod.ts'
import { type SqlAnswer, SqlQuestion } from '../../wire/mod.ts'
import type { DataAccess, Member } from '../datasets/access.ts'
import { askInSql } from '../datasets/sql-act.ts'
import { SqlPage, type SqlPageProps } from '../views/datasets-sql.tsx'
import { csvAnswer } from './dataset-sql.ts'
import { askedTenant, tenantPath, tenantTabbed } from './datasets-frame.tsx'

const Asked = v.object({ ...SqlQuestion.entries, as: v.optional(v.picklist(['page', 'csv']), 'page') })

/** Mounted where data tenants are. */
export function datasetSqlPage(
  deps: Parameters<typeof askInSql>[0] & { access: DataAccess },
  site: Site,
): Hono<PersonEnv> {
  return formPage(site, '/:tenant/~sql', {
    ...{ role: 'viewer', schema: Asked, failureOf: besideTheField },
    about: (c) => askedTenant(deps.access, c, 'owner'),
    again: ({ about, values: { sql = '' }, failed }) => shown(about, { sql, failed }),
    async act({ c, about, input: { sql, as } }) {
      const answer: SqlAnswer = await askInSql(deps, about, { sql })
      if (as === 'csv') return csvAnswer(answer)
      return site.page(c, await shown(about, { sql, answer, failed: { errors: {} } }))
    },
  })
}

async function shown(member: Member, asked: Pick<SqlPageProps, 'sql' | 'answer' | 'failed'>): Promise<FormShown> {
  const views = await member.data.sqlViews(member.clearance)
  const view = <SqlPage {...{ ...asked, views, path: `${tenantPath(member.tenant)}/~sql` }} />
  return tenantTabbed(member, '/~sql', view)
}

/** What is wrong with a question stands beside it, with what SQLite said. */
function besideTheField(error: unknown): FormFailure {
  const { failure, ...rest } = formFailure(error)
  if (!failure) return rest
  const { message, advice } = failure
  return { ...rest, errors: { ...rest.errors, sql: advice === undefined ? message : `${message}. ${advice}` } }
}

/** One test of a dataset of test results, by what tells it from others: how it ended and how long it took, run after run. */
import { Hono } from 'hono'
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { PageNotFound, parseInput } from '../../web/mod.ts'
import type { Condition } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { CASE_FIELDS, CasePage, type CaseResult, RESULTS_SHOWN } from '../views/datasets-case.tsx'
import { askedDataset, tabbed } from './datasets-frame.tsx'

/** As long as a condition takes. */
const word = v.optional(v.pipe(v.string(), v.maxLength(1_024)))
const Asked = v.object({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(1_024)),
  suite: word,
  class: word,
  branch: word,
})

/** Mounted at the address of a dataset. */
export function datasetCasePage({ access, clock }: { access: DataAccess; clock: Clock }, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>().get('/tests', async (c) => {
    const about = await askedDataset(access, c, 'viewer')
    const { member, dataset, path } = about
    if (dataset.shape !== 'test-results') throw new PageNotFound('datasets of this shape have no tests')
    const asked = parseInput(Asked, c.req.query())
    const where = Object.entries(asked).flatMap(([field, value]): Condition[] =>
      value === undefined ? [] : [{ field, is: 'eq', value }],
    )
    const query = { where, fields: [...CASE_FIELDS], limit: RESULTS_SHOWN }
    const { rows } = await member.data.query(dataset.id, query, member.clearance)
    const results = rows.map((row) => Object.fromEntries(CASE_FIELDS.map((name, at) => [name, row[at]])) as CaseResult)
    const view = <CasePage {...{ results, asked, path, nowMs: clock.now() }} />
    return site.page(c, tabbed(about, 'dashboard', view, asked.name))
  })
}

/** The dashboard of a dataset; what is chosen stands in the address, so that a view can be kept and shared. */
import { Hono } from 'hono'
import * as v from 'valibot'
import { type Clock, isTimeZone, TimeZone } from '../../base/mod.ts'
import type { PersonEnv, Site } from '../../server/mod.ts'
import { formFailure, PageNotFound, parseInput } from '../../web/mod.ts'
import { GroupQuery } from '../../wire/mod.ts'
import { DASHBOARDS } from '../dashboards/dashboards.ts'
import { DASHBOARD_RANGE_WORDS, windowOf } from '../dashboards/window.ts'
import type { DataAccess } from '../datasets/access.ts'
import { DashboardPage } from '../views/datasets-dashboard.tsx'
import { askedDataset, tabbed } from './datasets-frame.tsx'

const UTC = 'UTC'
const word = v.fallback(v.pipe(v.string(), v.maxLength(256)), '')
const Asked = v.object({
  range: v.fallback(v.picklist(DASHBOARD_RANGE_WORDS), '30d'),
  zone: v.fallback(v.pipe(v.string(), v.check(isTimeZone)), UTC),
  ...{ branch: word, environment: word, compare: word, beside: word, type: word, app: word, store: word },
})

/** Mounted at the address of a dataset. */
export function datasetDashboardPages(
  { access, clock }: { access: DataAccess; clock: Clock },
  site: Site,
): Hono<PersonEnv> {
  return new Hono<PersonEnv>().get('/dashboard', async (c) => {
    const about = await askedDataset(access, c, 'viewer')
    const { member, dataset, path } = about
    const draw = DASHBOARDS[dataset.shape]
    if (!draw) throw new PageNotFound('datasets of this shape have no dashboard')
    const { range, zone, ...chosen } = parseInput(Asked, c.req.query())
    const nowMs = clock.now()
    const shown = { path, range, zone, chosen, isEmpty: dataset.records === 0 }
    try {
      const asked = {
        ...{ window: windowOf(range, nowMs, zone === UTC ? undefined : new TimeZone(zone)), chosen },
        ask: (query: Partial<GroupQuery>) =>
          member.data.group(dataset.id, v.parse(GroupQuery, { timeZone: zone, ...query }), member.clearance),
      }
      const drawn = shown.isEmpty ? undefined : await draw(asked, nowMs)
      return site.page(c, { ...tabbed(about, 'dashboard', <DashboardPage {...{ ...shown, drawn }} />), charts: true })
    } catch (error) {
      const { status, failure } = formFailure(error)
      const view = <DashboardPage {...{ ...shown, failure }} drawn={undefined} />
      return site.page(c, { ...tabbed(about, 'dashboard', view), status })
    }
  })
}

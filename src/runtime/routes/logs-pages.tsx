/** The pages of the local log: of one deployment, and of all. New lines appear while one looks at the newest. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import type { Clock } from '../../base/mod.ts'
import { type PersonEnv, type Site, Whole } from '../../server/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { DeploymentId, Name } from '../../wire/mod.ts'
import { type DetailDeps, deploymentDetail, deploymentList } from '../deployment-detail.ts'
import { LEVELS } from '../logs/log-index.ts'
import { deploymentTabs } from '../views/deployment-tabs.ts'
import { LogsPage, type LogsProps, logRegions } from '../views/logs.tsx'
import type { LogRoutesDeps } from './logs.ts'

export type LogPagesDeps = DetailDeps & LogRoutesDeps & { clock: Clock }

/** Lines of one page. */
const LINES = 100

/** As a date field has it: UTC without a zone. Words that make no sense filter nothing. */
const LocalTime = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/, 'must be a day and a time'))
const Query = v.object({
  level: v.fallback(v.optional(v.picklist(LEVELS)), undefined),
  component: v.fallback(v.optional(Name), undefined),
  text: v.fallback(v.optional(v.pipe(v.string(), v.trim(), v.minLength(1), v.maxLength(128))), undefined),
  since: v.fallback(v.optional(LocalTime), undefined),
  until: v.fallback(v.optional(LocalTime), undefined),
  before: v.fallback(v.optional(Whole), undefined),
})

/** `/deployments/:id/logs`. */
export function deploymentLogPages(deps: LogPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/:id/logs', async (c) => {
      const id = parseInput(DeploymentId, c.req.param('id'))
      const { blueprint } = await deploymentDetail(deps, id)
      const props = await propsOf(deps, c, id)
      return site.page(c, {
        ...{ title: blueprint, current: '/deployments', ...deploymentTabs(id, 'logs') },
        ...liveOf(props, c),
        view: <LogsPage {...props} />,
      })
    })
    .get('/:id/logs/live', (c) => {
      const id = parseInput(DeploymentId, c.req.param('id'))
      return site.live(c, { regions: async () => logRegions(await propsOf(deps, c, id)) })
    })
}

/** `/logs`: of all deployments. */
export function logPages(deps: LogPagesDeps, site: Site): Hono<PersonEnv> {
  return new Hono<PersonEnv>()
    .get('/', async (c) => {
      const props = await propsOf(deps, c)
      return site.page(c, {
        ...{ title: 'Log', current: '/deployments', crumbs: [{ href: '/deployments', label: 'Deployments' }] },
        ...liveOf(props, c),
        view: <LogsPage {...props} />,
      })
    })
    .get('/live', (c) => site.live(c, { regions: async () => logRegions(await propsOf(deps, c)) }))
}

function liveOf({ path, isOlder }: LogsProps, c: Context<PersonEnv>): { live?: string } {
  return isOlder ? {} : { live: `${path}/live?${new URLSearchParams(c.req.query())}` }
}

async function propsOf(deps: LogPagesDeps, c: Context<PersonEnv>, deployment?: string): Promise<LogsProps> {
  const { before, since, until, level, ...words } = parseInput(Query, c.req.query())
  const page = await deps.state.logs.list({
    ...{ ...words, before, limit: LINES },
    ...(deployment !== undefined && { deployment }),
    // It and what is more serious.
    ...(level && { levels: LEVELS.slice(LEVELS.indexOf(level)) }),
    ...(since !== undefined && { sinceMs: Date.parse(`${since}Z`) }),
    ...(until !== undefined && { untilMs: Date.parse(`${until}Z`) }),
  })
  const about = deployment === undefined ? await ofAll(deps) : await ofOne(deps, deployment)
  const path = deployment === undefined ? '/logs' : `/deployments/${deployment}/logs`
  return {
    ...about,
    path,
    page,
    filters: { ...words, level, since, until },
    isOlder: before !== undefined,
    nowMs: deps.clock.now(),
  }
}

async function ofOne(deps: LogPagesDeps, deployment: string): Promise<Pick<LogsProps, 'names'>> {
  const { bridges } = await deploymentDetail(deps, deployment)
  return { names: new Map(bridges.map(({ bridge, from, to }) => [bridge, `${from} → ${to.join(', ')}`])) }
}

async function ofAll(deps: LogPagesDeps): Promise<Pick<LogsProps, 'names' | 'blueprints'>> {
  const list = await deploymentList(deps)
  return { names: new Map(), blueprints: new Map(list.map(({ deployment, blueprint }) => [deployment, blueprint])) }
}

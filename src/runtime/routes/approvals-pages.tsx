/** The page of a version that waits, and the owner's two decisions by form. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { demand, demandFresh, type PersonEnv, type Site, Whole } from '../../server/mod.ts'
import { checkField, parseInput, readForm } from '../../web/mod.ts'
import { DeploymentId } from '../../wire/mod.ts'
import { reviewOf } from '../approval.ts'
import { ApprovalPage } from '../views/approval.tsx'
import { wayTo } from '../views/deployment-tabs.ts'
import type { ApprovalRoutesDeps } from './approvals.ts'

export type ApprovalPagesDeps = ApprovalRoutesDeps & { clock: Clock }

const Approve = v.object({ version: Whole })
const Refuse = v.object({
  version: Whole,
  reason: v.optional(v.pipe(v.string(), v.maxLength(256)), ''),
  tell: checkField(),
})

export function approvalPages(deps: ApprovalPagesDeps, site: Site): Hono<PersonEnv> {
  const { clock, deployments } = deps
  return new Hono<PersonEnv>()
    .get('/:id/approval', async (c) => {
      demand(c, 'operator')
      const review = await reviewOf(deps, idOf(c))
      const mayDecide = roleReaches(c.var.user.role, 'owner')
      return site.page(c, {
        title: `Version ${review.version} waits for approval`,
        current: '/deployments',
        crumbs: wayTo(review),
        view: <ApprovalPage {...{ review, mayDecide, nowMs: clock.now() }} />,
      })
    })
    .post('/:id/approve', async (c) => {
      const actor = demandFresh(c, 'owner')
      await deployments.approve(idOf(c), (await readForm(c, Approve)).version, actor)
      return c.redirect(`/deployments/${idOf(c)}`, 303)
    })
    .post('/:id/refuse', async (c) => {
      const actor = demand(c, 'owner')
      const { version, reason, tell } = await readForm(c, Refuse)
      await deployments.refuse(idOf(c), version, { actor, reason, tell })
      return c.redirect('/deployments', 303)
    })
}

function idOf(c: Context<PersonEnv>): string {
  return parseInput(DeploymentId, c.req.param('id'))
}

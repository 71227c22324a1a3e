/** The dashboard of each shape; a `table` has none of its own. */
import type { Shape } from '../../wire/mod.ts'
import type { Choice, Dashboard, DashboardAsked } from './dashboard.ts'
import { issuesDashboard } from './issues.ts'
import { reviewsDashboard } from './reviews.ts'
import { testResultsDashboard } from './test-results.ts'

type Draw = (asked: DashboardAsked, nowMs: number) => Promise<{ dashboard: Dashboard; choices: readonly Choice[] }>

export const DASHBOARDS: Readonly<Partial<Record<Shape, Draw>>> = {
  'test-results': testResultsDashboard,
  issues: issuesDashboard,
  reviews: reviewsDashboard,
}

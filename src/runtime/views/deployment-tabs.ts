/** The pages of one deployment, beside each other. */
import type { PageLink } from '../../server/mod.ts'

const TABS = [
  ['flow', '', 'Flow'],
  ['metrics', '/metrics', 'Metrics'],
  ['logs', '/logs', 'Logs'],
  ['dead-letters', '/dead-letters', 'Dead letters'],
  ['versions', '/versions', 'Versions'],
] as const

const DEPLOYMENTS = { href: '/deployments', label: 'Deployments' }

/** The way back up from a page below that of a deployment. */
export function wayTo({ deployment, blueprint }: { deployment: string; blueprint: string }): PageLink[] {
  return [DEPLOYMENTS, { href: `/deployments/${deployment}`, label: blueprint }]
}

/** What `site.page` takes: the way back up, the tabs, and which of them this page is. */
export function deploymentTabs(
  deployment: string,
  current: (typeof TABS)[number][0],
): { crumbs: PageLink[]; tabs: PageLink[]; tab: string } {
  const hrefOf = (path: string): string => `/deployments/${deployment}${path}`
  return {
    crumbs: [DEPLOYMENTS],
    tabs: TABS.map(([, path, label]) => ({ href: hrefOf(path), label })),
    tab: hrefOf(TABS.find(([name]) => name === current)?.[1] ?? ''),
  }
}

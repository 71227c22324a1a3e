/** Where one can go on this Runtime's pages. An entry joins its page, in the order of the owner's day; seven at most. */
import { type PageLink, PEOPLE_LINK } from '../../server/mod.ts'
import type { NavEntry } from '../../web/mod.ts'

/** Overview, Deployments, Credentials, Peers, Datasets, Audit, Settings: those that have a page. */
export const NAV: readonly NavEntry[] = [
  { href: '/', label: 'Overview', icon: 'overview', key: 'o' },
  { href: '/deployments', label: 'Deployments', icon: 'deployments', key: 'd' },
  { href: '/peers', label: 'Peers', icon: 'bridges', key: 'p' },
  { href: '/credentials', label: 'Credentials', icon: 'vault', key: 'c' },
  { href: '/datasets', label: 'Datasets', icon: 'datasets', key: 't' },
  { href: '/audit', label: 'Audit', icon: 'audit', key: 'a' },
  { href: '/settings', label: 'Settings', icon: 'settings', key: 's' },
]

/** Tabs by entry. Settings: People, Policy, Network, Certificates, Keys and backup, Alerts, Libraries, Health. */
export const TABS: Readonly<Record<string, readonly PageLink[]>> = {
  '/settings': [
    PEOPLE_LINK,
    { href: '/settings/policy', label: 'Policy' },
    { href: '/settings/network', label: 'Network' },
    { href: '/settings/certificates', label: 'Certificates' },
    { href: '/settings/keys', label: 'Keys and backup', role: 'operator' },
    { href: '/settings/alerts', label: 'Alerts' },
    { href: '/settings/libraries', label: 'Libraries' },
    { href: '/settings/drift', label: 'Drift' },
    { href: '/settings/health', label: 'Health' },
  ],
}

/** Where one can go on a tenant's pages. An entry joins its page; seven at most. */
import { type PageLink, PEOPLE_LINK } from '../../server/mod.ts'
import type { NavEntry } from '../../web/mod.ts'

export const NAV: readonly NavEntry[] = [
  { href: '/', label: 'Overview', icon: 'overview', key: 'o' },
  { href: '/audit', label: 'Audit', icon: 'audit', key: 'a' },
  { href: '/settings', label: 'Settings', icon: 'settings', key: 's' },
]

/** Tabs by entry. */
export const TABS: Readonly<Record<string, readonly PageLink[]>> = { '/settings': [PEOPLE_LINK] }

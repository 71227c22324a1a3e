/** Where a page belongs, and where one can go from it. */
import type { IconName } from './icon.tsx'

/** The Platform (name: the tenant's own label, may be empty) or one Runtime. */
export type Place = { kind: 'platform' | 'runtime'; name: string }

/** One entry of the navigation; at most seven. `key` is the letter that goes there after `g`. */
export type NavEntry = { href: string; label: string; icon: IconName; key: string; count?: number }

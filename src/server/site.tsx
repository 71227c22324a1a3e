/** What every page of a server has around it, and how its live parts end with the session that looks at them. */
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { type Accounts, apiTokenOf, type Role, roleReaches, sessionTokenOf } from '../accounts/mod.ts'
import {
  type Feed,
  type FormFailure,
  Layout,
  type LivePage,
  type LiveStreams,
  type NavEntry,
  renderPage,
  type View,
} from '../web/mod.ts'
import type { PersonEnv } from './person.ts'
import type { ServerPlace } from './place.ts'

/** A link with its words; `href` without the server's base. `role`: the lowest that may look at what it leads to, if not everyone. */
export type PageLink = { href: string; label: string; role?: Role }

/** What a page that is shown, or shown again, is answered with. */
export type PageStatus = 200 | FormFailure['status']

/** One page: `current` is the `href` of its entry of the navigation, `tab` that of its tab. Addresses stand without the server's base. */
export type Shown = {
  title: string
  current: string
  tab?: string
  /** Tabs of this page alone, in place of those of its entry. */
  tabs?: readonly PageLink[]
  crumbs?: readonly PageLink[]
  /** Address of its live stream. */
  live?: string
  /** Loads what draws charts. */
  charts?: boolean
  /** The page's one main action. */
  action?: Child
  view: View
  /** Default 200; that of `formFailure` for a form that comes back with its errors. */
  status?: PageStatus
}

export type SiteDeps = {
  place: ServerPlace
  nav: readonly NavEntry[]
  /** Tabs of a navigation entry, by its `href`. */
  tabs?: Readonly<Record<string, readonly PageLink[]>>
  /** What the user's menu leads to. */
  menu?: readonly PageLink[]
  live: LiveStreams
  accounts: Pick<Accounts, 'roleOfSession' | 'userOfToken'>
}

/** Shows pages in the server's frame. */
export type Site = {
  readonly place: ServerPlace
  page(c: Context<PersonEnv>, shown: Shown): Promise<Response>
  /** The stream of a page's live parts; it ends with the session or token that it was opened with. */
  live(c: Context<PersonEnv>, page: Omit<LivePage, 'allowed' | 'viewer'>): Response
  /** The same for entries of the API that are followed. */
  follow(c: Context<PersonEnv>, feed: Omit<Feed, 'allowed' | 'viewer'>): Response
}

export function siteOf(deps: SiteDeps): Site {
  const { place, live } = deps
  const within = <L extends { href: string }>(links: readonly L[]): L[] =>
    links.map((link) => ({ ...link, href: `${place.base}${link.href}` }))
  const nav = within(deps.nav)
  const menu = within(deps.menu ?? [])
  return {
    place,
    live: (c, page) => live.serve(c, { ...page, ...viewerOf(c, deps) }),
    follow: (c, feed) => live.follow(c, { ...feed, ...viewerOf(c, deps) }),
    async page(c, shown) {
      const { name, role } = c.var.user
      const reached = (shown.tabs ?? deps.tabs?.[shown.current] ?? []).filter(
        (tab) => tab.role === undefined || roleReaches(role, tab.role),
      )
      const tabs = within(reached)
      const view = (
        <Layout
          place={place.shown}
          {...{ nav, menu, title: shown.title, current: `${place.base}${shown.current}` }}
          user={{ name, role }}
          signOut={`${place.base}/sign-out`}
          {...(shown.crumbs && { crumbs: within(shown.crumbs) })}
          {...(tabs.length > 1 && { tabs: tabs.map((tab) => asTab(tab, `${place.base}${shown.tab}`)) })}
          {...(shown.live !== undefined && { live: `${place.base}${shown.live}` })}
          {...(shown.charts !== undefined && { charts: shown.charts })}
          {...(shown.action !== undefined && { action: shown.action })}
        >
          {shown.view}
        </Layout>
      )
      return c.html(await renderPage(view), shown.status)
    },
  }
}

function asTab(tab: PageLink, current: string): PageLink & { current: boolean } {
  return { ...tab, current: tab.href === current }
}

function viewerOf(c: Context<PersonEnv>, deps: SiteDeps): Required<Pick<LivePage, 'viewer' | 'allowed'>> {
  return { viewer: c.var.user.id, allowed: stillSignedIn(c, deps) }
}

/** A session may end, a token be revoked, and a role be changed, while the pages that were opened with it stay open. */
function stillSignedIn(c: Context<PersonEnv>, { place, accounts }: SiteDeps): () => Promise<boolean> {
  const { role, via } = c.var.user
  if (via === 'token') {
    const token = apiTokenOf(c) ?? ''
    return async () => (await accounts.userOfToken(token))?.user.role === role
  }
  const token = sessionTokenOf(c, place.cookie)
  return async () => token !== undefined && (await accounts.roleOfSession(token)) === role
}

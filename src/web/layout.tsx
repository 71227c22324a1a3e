/** The frame of every page: the coloured band that says where one is, the navigation, the title with its one action. */
import type { Child } from 'hono/jsx'
import { assetUrl } from './assets.ts'
import { Icon } from './icon.tsx'
import { KeyboardHelp } from './keyboard-help.tsx'
import type { NavEntry, Place } from './place.ts'
import type { View } from './view.ts'

export type LayoutProps = {
  place: Place
  nav: readonly NavEntry[]
  /** `href` of the entry that this page belongs to. */
  current: string
  title: string
  /** The way back up, above the title: from the page of the navigation down to the one above this. */
  crumbs?: readonly Link[]
  /** Pages that belong together, under the title; each has an address of its own. */
  tabs?: readonly Tab[]
  /** The page's one main action, beside its title. */
  action?: Child
  user?: { name: string; role: string }
  /** What the user's menu has before its last entry, signing out. */
  menu?: readonly Link[]
  /** Where the sign-out form posts to. */
  signOut?: string
  /** Loads what draws charts: for pages that have some. */
  charts?: boolean
  /** Address of the page's live stream (see `liveStreams`). */
  live?: string
  children?: Child
}

/** What a page leads to, in the words of a link. */
export type Link = { href: string; label: string }
/** `count` stands beside the label where it is not 0. */
export type Tab = Link & { current?: boolean; count?: number }

/** A page of the application. */
export function Layout(props: LayoutProps): View {
  return (
    <Document place={props.place} title={props.title} live={props.live} charts={props.charts}>
      <a class="skip" href="#main">
        To the content
      </a>
      <Band {...props} />
      <nav class="pages" aria-label="Pages">
        {props.nav.map((entry) => (
          <a href={entry.href} data-key={entry.key} aria-current={entry.href === props.current ? 'page' : undefined}>
            <Icon name={entry.icon} />
            <span>{entry.label}</span>
            {entry.count !== undefined && entry.count > 0 && <b class="count">{entry.count}</b>}
          </a>
        ))}
      </nav>
      <main id="main" tabindex={-1}>
        <div class="top">
          {props.crumbs !== undefined && <Crumbs links={props.crumbs} />}
          <header>
            <h1>{props.title}</h1>
            {props.action}
          </header>
          {props.tabs !== undefined && <Tabs tabs={props.tabs} />}
        </div>
        {props.children}
      </main>
      <KeyboardHelp nav={props.nav} />
    </Document>
  )
}

/** A page before or beside the application: sign-in, a first password, an error without a session. */
export function PlainLayout(props: { place: Place; title: string; children?: Child }): View {
  return (
    <Document place={props.place} title={props.title} plain>
      <Band place={props.place} />
      <main id="main" class="narrow">
        {props.children}
      </main>
    </Document>
  )
}

type DocumentProps = {
  place: Place
  title: string
  live?: string | undefined
  charts?: boolean | undefined
  plain?: boolean
  children?: Child
}

function Document(props: DocumentProps): View {
  return (
    <html lang="en" class={props.place.kind}>
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        {/* htmx would write a style element into the page, which our policy forbids. */}
        <meta name="htmx-config" content='{"includeIndicatorCSS":false,"history":"reload"}' />
        <title>{`${props.title} · ${placeWords(props.place)}`}</title>
        <link rel="icon" href={assetUrl('icon.svg')} type="image/svg+xml" />
        <link rel="stylesheet" href={assetUrl('sluice.css')} />
        {props.charts && <link rel="stylesheet" href={assetUrl('uplot.css')} />}
        <script src={assetUrl('app.js')} defer></script>
        {!props.plain && <script src={assetUrl('htmx.js')} defer></script>}
        {props.charts && <script src={assetUrl('uplot.js')} defer></script>}
        {props.charts && <script src={assetUrl('charts.js')} type="module"></script>}
      </head>
      <body class={props.plain ? 'plain' : undefined} data-live={props.live}>
        {props.children}
      </body>
    </html>
  )
}

function Crumbs(props: { links: readonly Link[] }): View {
  return (
    <nav class="crumbs" aria-label="Way back">
      <ol>
        {props.links.map((link) => (
          <li>
            <a href={link.href}>{link.label}</a>
          </li>
        ))}
      </ol>
    </nav>
  )
}

function Tabs(props: { tabs: readonly Tab[] }): View {
  return (
    <nav class="tabs" aria-label="Parts of this page">
      {props.tabs.map((tab) => (
        <a href={tab.href} aria-current={tab.current ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && tab.count > 0 && <b class="count">{tab.count}</b>}
        </a>
      ))}
    </nav>
  )
}

function Band(props: Pick<LayoutProps, 'place' | 'user' | 'menu' | 'signOut' | 'live'>): View {
  return (
    <div class="band">
      <strong>
        {props.place.kind === 'platform' ? 'Platform' : 'Runtime'} <span>{props.place.name}</span>
      </strong>
      {props.live !== undefined && <span id="live-note" role="status" class="live-note"></span>}
      {props.user !== undefined && <UserMenu {...props.user} menu={props.menu ?? []} signOut={props.signOut} />}
    </div>
  )
}

/** Opens without scripts. A name that says the role already is not followed by it. */
function UserMenu(props: { name: string; role: string; menu: readonly Link[]; signOut: string | undefined }): View {
  return (
    <details class="menu" data-menu>
      <summary>
        {props.name} {props.role !== props.name && <span class="role">{props.role}</span>}
      </summary>
      <div class="card">
        {props.menu.map((link) => (
          <a href={link.href}>{link.label}</a>
        ))}
        {props.signOut !== undefined && (
          <form method="post" action={props.signOut}>
            <button type="submit">Sign out</button>
          </form>
        )}
      </div>
    </details>
  )
}

function placeWords(place: Place): string {
  return place.kind === 'platform' ? `Platform ${place.name}`.trim() : `Runtime ${place.name}`
}

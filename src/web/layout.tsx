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
  /** The page's one main action, beside its title. */
  action?: Child
  user?: { name: string; role: string }
  /** Where the sign-out form posts to. */
  signOut?: string
  /** Address of the page's live stream (see `liveStreams`). */
  live?: string
  children?: Child
}

/** A page of the application. */
export function Layout(props: LayoutProps): View {
  return (
    <Document place={props.place} title={props.title} live={props.live}>
      <a class="skip" href="#main">
        To the content
      </a>
      <Band {...props} />
      <nav aria-label="Pages">
        {props.nav.map((entry) => (
          <a href={entry.href} data-key={entry.key} aria-current={entry.href === props.current ? 'page' : undefined}>
            <Icon name={entry.icon} />
            <span>{entry.label}</span>
            {entry.count !== undefined && entry.count > 0 && <b class="count">{entry.count}</b>}
          </a>
        ))}
      </nav>
      <main id="main" tabindex={-1}>
        <header>
          <h1>{props.title}</h1>
          {props.action}
        </header>
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

type DocumentProps = { place: Place; title: string; live?: string | undefined; plain?: boolean; children?: Child }

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
        <script src={assetUrl('app.js')} defer></script>
        {!props.plain && <script src={assetUrl('htmx.js')} defer></script>}
      </head>
      <body class={props.plain ? 'plain' : undefined} data-live={props.live}>
        {props.children}
      </body>
    </html>
  )
}

function Band(props: Pick<LayoutProps, 'place' | 'user' | 'signOut' | 'live'>): View {
  return (
    <div class="band">
      <strong>
        {props.place.kind === 'platform' ? 'Platform' : 'Runtime'} <span>{props.place.name}</span>
      </strong>
      {props.live !== undefined && <span id="live-note" role="status" class="live-note"></span>}
      {props.user !== undefined && (
        <span class="whoami">
          {props.user.name} <span class="role">{props.user.role}</span>
        </span>
      )}
      {props.signOut !== undefined && (
        <form method="post" action={props.signOut}>
          <button type="submit" class="band-button">
            Sign out
          </button>
        </form>
      )}
    </div>
  )
}

function placeWords(place: Place): string {
  return place.kind === 'platform' ? `Platform ${place.name}`.trim() : `Runtime ${place.name}`
}

/** The frame of this Runtime's pages, and its error page. */
import type { Context } from 'hono'
import type { Child } from 'hono/jsx'
import { ErrorPage, Layout, type NavEntry, type Place, type Problem, type View } from '../../web/mod.ts'

/** One entry for each page there is; those of later parts stand in the same list, seven at most. */
const NAV: readonly NavEntry[] = [{ href: '/', label: 'Overview', icon: 'overview', key: 'o' }]

export type FrameProps = {
  name: string
  title: string
  live?: string
  action?: Child
  user: { name: string; role: string }
  children?: Child
}

export function Frame(props: FrameProps): View {
  const { name, title, user, children } = props
  return (
    <Layout
      place={placeOf(name)}
      nav={NAV}
      current="/"
      title={title}
      user={user}
      signOut="/sign-out"
      {...(props.live !== undefined && { live: props.live })}
      {...(props.action !== undefined && { action: props.action })}
    >
      {children}
    </Layout>
  )
}

/** For failures of any page. */
export function failurePage(name: string): (problem: Problem, c: Context) => View {
  return (problem) => (
    <ErrorPage place={placeOf(name)} problem={problem} home={{ label: 'To the overview', href: '/' }} />
  )
}

function placeOf(name: string): Place {
  return { kind: 'runtime', name }
}

/** Settings › People, on both servers: its forms call the same functions as the API. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches, type UserSummary } from '../../accounts/mod.ts'
import { pageOf, parseInput, readForm, readListing, SecretOnce, type View } from '../../web/mod.ts'
import { type DangerProps, dangerPage, type FormShown, formPage } from '../forms.tsx'
import { demand, demandFresh, type PersonEnv } from '../person.ts'
import { demandTotp } from '../sign-in-rules.ts'
import type { Site } from '../site.tsx'
import {
  giveRole,
  type Handed,
  invite,
  makeLink,
  membershipsShown,
  type PeopleDeps,
  RoleName,
  rename,
  resetTotp,
  switchUser,
} from './people.ts'
import { providerPages } from './provider-pages.tsx'
import { endOne, revokeToken } from './sessions.ts'
import { ChangeUser, Invite, People, Sessions, UserPage } from './views/people.tsx'
import { Tokens } from './views/tokens.tsx'

/** The path of these pages, without the server's base. */
export const PEOPLE_PATH = '/settings/people'

const Text = v.pipe(v.string(), v.maxLength(256))
const Named = v.object({ name: Text, role: RoleName })
const Demand = v.object({ demanded: v.picklist(['yes', 'no']) })
const OneSession = v.object({ session: Text })
const OneToken = v.object({ token: Text })
const UserId = v.pipe(v.string(), v.regex(/^usr_[0-9a-f-]{36}$/, 'must be the id of a user, usr_…'))

export function peoplePages(deps: PeopleDeps, site: Site): Hono<PersonEnv> {
  const path = `${site.place.base}${PEOPLE_PATH}`
  return new Hono<PersonEnv>()
    .get('/', (c) => list(c, deps, site))
    .route(
      '/',
      formPage(site, '/invite', {
        ...{ role: 'owner', fresh: true, schema: Named },
        again: ({ values, failed }) =>
          page('Invite a user', <Invite {...{ path, name: values['name'], role: values['role'], ...failed }} />),
        async act({ c, actor, input }) {
          const made = await invite({ ...deps, actor }, input)
          return site.page(c, page(made.user.name, linkOnce(made, path)))
        },
      }),
    )
    .post('/demand-totp', async (c) => {
      const actor = demandFresh(c, 'owner')
      const { demanded } = await readForm(c, Demand)
      await demandTotp({ ...deps, actor }, demanded === 'yes')
      return c.redirect(path, 303)
    })
    .get('/sessions', (c) => everyonesSessions(c, deps, site))
    .post('/sessions/end', async (c) => {
      const actor = demand(c, 'owner')
      const { session } = await readForm(c, OneSession)
      const user = (await deps.accounts.listSessions()).find(({ id }) => id === session)?.user ?? ''
      await endOne(deps, { actor, user, session })
      return c.redirect(`${path}/sessions`, 303)
    })
    .post('/tokens/revoke', async (c) => {
      const actor = demand(c, 'owner')
      await revokeToken(deps, { actor, token: (await readForm(c, OneToken)).token })
      return c.redirect(`${path}/sessions`, 303)
    })
    .route('/provider', providerPages(deps, site))
    .route('/:user', userPages(deps, site))
}

/** One user's pages; acts that a click does lead back to the user, and say by the page what was refused. */
function userPages(deps: PeopleDeps, site: Site): Hono<PersonEnv> {
  const own = (c: Context<PersonEnv>) => `${site.place.base}${PEOPLE_PATH}/${idOf(c)}`
  return new Hono<PersonEnv>()
    .get('/', (c) => showUser(c, deps, site))
    .route('/', userForms(deps, site))
    .post('/link', async (c) => {
      const made = await makeLink({ ...deps, actor: demandFresh(c, 'owner'), by: c.var.user }, idOf(c))
      return site.page(c, page(made.user.name, linkOnce(made, own(c))))
    })
    .post('/reset-totp', async (c) => {
      await resetTotp({ ...deps, actor: demandFresh(c, 'owner'), by: c.var.user }, idOf(c))
      return c.redirect(own(c), 303)
    })
    .post('/disable', async (c) => {
      await switchUser({ ...deps, actor: demandFresh(c, 'owner') }, idOf(c), 'disable')
      return c.redirect(own(c), 303)
    })
    .post('/enable', async (c) => {
      await switchUser({ ...deps, actor: demandFresh(c, 'owner') }, idOf(c), 'enable')
      return c.redirect(own(c), 303)
    })
    .post('/end-session', async (c) => {
      const actor = demand(c, 'owner')
      await endOne(deps, { actor, user: idOf(c), session: (await readForm(c, OneSession)).session })
      return c.redirect(own(c), 303)
    })
}

function userForms(deps: PeopleDeps, site: Site): Hono<PersonEnv> {
  const path = pathOf(site)
  const about = (c: Context<PersonEnv>) => deps.accounts.findUser(idOf(c))
  return new Hono<PersonEnv>()
    .route(
      '/',
      formPage(site, '/change', {
        ...{ role: 'owner', fresh: true, schema: Named, about },
        again({ about: { id, ...user }, values: { name = user.name, role = user.role }, failed }) {
          return page(`Change ${user.name}`, <ChangeUser {...{ path, user: { id, name, role }, ...failed }} />)
        },
        async act({ about: user, actor, input: { name, role } }) {
          const by = { ...deps, actor }
          if (name !== user.name) await rename(by, user.id, name)
          if (role !== user.role) await giveRole(by, user.id, role)
          return `${PEOPLE_PATH}/${user.id}`
        },
      }),
    )
    .route(
      '/',
      dangerPage(site, '/remove', {
        ...{ role: 'owner', about },
        form: (user) => removal(`${path}/${user.id}`, user),
        frame: ({ about: { name }, danger }) => page(`Remove ${name}`, danger),
        async act({ about: user, actor }) {
          await switchUser({ ...deps, actor }, user.id, 'remove')
          return PEOPLE_PATH
        },
      }),
    )
}

async function list(c: Context<PersonEnv>, deps: PeopleDeps, site: Site): Promise<Response> {
  const path = pathOf(site)
  const { accounts, clock } = deps
  const isOwner = roleReaches(c.var.user.role, 'owner')
  const listing = readListing(path, c.req.query(), { sort: ['name', 'role', 'since'], by: 'name' })
  const { rows, total } = pageOf(await accounts.listUsers(), listing, {
    text: ({ name, role }) => `${name} ${role}`,
    by: { name: ({ name }) => name, role: ({ role }) => role, since: ({ createdAt }) => createdAt },
  })
  const rules = isOwner
    ? { totpDemanded: await accounts.totp.demanded(), provider: (await accounts.oidc.settings())?.label }
    : undefined
  const view = <People {...{ path, users: rows, total, listing, rules, nowMs: clock.now() }} />
  const action = isOwner && (
    <a class="button" href={`${path}/invite`}>
      Invite a user
    </a>
  )
  return site.page(c, { ...page('People', view), ...(action && { action }) })
}

async function showUser(c: Context<PersonEnv>, deps: PeopleDeps, site: Site): Promise<Response> {
  const { accounts, clock } = deps
  const user = await accounts.findUser(idOf(c))
  const known = await deps.knownTenants?.(c)
  const dataTenants = (await membershipsShown(c, deps, user.id)).map((one) => ({
    ...one,
    ...known?.get(one.dataTenant),
  }))
  const sessions = roleReaches(c.var.user.role, 'owner') ? await accounts.listSessions(user.id) : undefined
  const view = <UserPage {...{ path: pathOf(site), user, dataTenants, sessions, nowMs: clock.now() }} />
  return site.page(c, page(user.name, view))
}

function removal(own: string, { name }: UserSummary): DangerProps {
  const says = (
    <p>
      {name} can no longer sign in. Their sessions and API tokens end at once: whatever asks with one of them stops
      working. What they did stays in the audit trail.
    </p>
  )
  return {
    ...{ action: `${own}/remove`, title: 'Remove this user', says, name, submit: 'Remove' },
    cancel: { label: 'Cancel', href: own },
  }
}

async function everyonesSessions(c: Context<PersonEnv>, deps: PeopleDeps, site: Site): Promise<Response> {
  demand(c, 'owner')
  const { accounts, clock } = deps
  const path = pathOf(site)
  const names = new Map((await accounts.listUsers()).map(({ id, name }) => [id, name]))
  const { user } = c.var
  const current = user.via === 'session' ? user.credential : undefined
  const view = (
    <>
      <Sessions
        {...{
          sessions: await accounts.listSessions(),
          current,
          names,
          end: `${path}/sessions/end`,
          nowMs: clock.now(),
        }}
      />
      <Tokens
        {...{ tokens: await accounts.listApiTokens(), names, revoke: `${path}/tokens/revoke`, nowMs: clock.now() }}
      />
    </>
  )
  return site.page(c, page('Sessions and tokens', view))
}

function linkOnce({ user, link }: Handed & { user: { name: string } }, done: string): View {
  return (
    <SecretOnce
      title="One-time link"
      secret={link}
      explains={`Hand this to ${user.name}: it sets their password and signs them in. It works once, within an hour, and can’t be shown again.`}
      done={done}
    />
  )
}

function page(title: string, view: View): FormShown {
  const crumbs = title === 'People' ? undefined : [{ href: PEOPLE_PATH, label: 'People' }]
  return { title, view, current: '/settings', tab: PEOPLE_PATH, ...(crumbs && { crumbs }) }
}

function pathOf(site: Site): string {
  return `${site.place.base}${PEOPLE_PATH}`
}

/** Pages name users by their id alone: a user may be called `invite`. */
function idOf(c: Context<PersonEnv>): string {
  return parseInput(UserId, c.req.param('user'))
}

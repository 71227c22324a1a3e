/** “Your account”, on both servers: password, authenticator, sessions, API tokens. Its forms call the same functions as the API. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { PASSWORD_LENGTH_MIN, setBrowserCookie } from '../../accounts/mod.ts'
import { readForm, SecretOnce, type View, Words } from '../../web/mod.ts'
import { type FormShown, formPage } from '../forms.tsx'
import { ShortText } from '../inputs.ts'
import { actorOf, demandFresh, type PersonEnv } from '../person.ts'
import type { Site } from '../site.tsx'
import {
  type AccountDeps,
  changePassword,
  createToken,
  selfOf,
  TokenDays,
  TokenName,
  unlinkProvider,
} from './account.ts'
import type { GateDeps } from './let-in.ts'
import { linkPages } from './link-pages.tsx'
import { endOne, endOthers, revokeToken } from './sessions.ts'
import { totpPages } from './totp-pages.tsx'
import { Account, NewPassword } from './views/account.tsx'
import { NewToken } from './views/tokens.tsx'

/** The path of these pages, without the server's base. */
export const ACCOUNT_PATH = '/account'

export type AccountPagesDeps = AccountDeps & Pick<GateDeps, 'origin'>

const Password = v.object({ password: ShortText })
const OneSession = v.object({ session: ShortText })
const OneToken = v.object({ token: ShortText })
const Days = v.pipe(v.string(), v.regex(/^\d{1,3}$/, 'must be a whole number'), v.transform(Number), TokenDays)
const NewTokenForm = v.object({ name: TokenName, days: Days })

export function accountPages(deps: AccountPagesDeps, site: Site): Hono<PersonEnv> {
  const path = `${site.place.base}${ACCOUNT_PATH}`
  return new Hono<PersonEnv>()
    .get('/', (c) => show(c, deps, site))
    .post('/sessions/end', async (c) => {
      const { session } = await readForm(c, OneSession)
      await endOne(deps, { actor: actor(c), user: selfOf(c).id, session })
      return c.redirect(path, 303)
    })
    .post('/sessions/end-others', async (c) => {
      const { id, session } = selfOf(c)
      await endOthers(deps, { actor: actor(c), user: id, keep: session })
      return c.redirect(path, 303)
    })
    .post('/tokens/revoke', async (c) => {
      const { token } = await readForm(c, OneToken)
      await revokeToken(deps, { actor: actor(c), token, user: selfOf(c).id })
      return c.redirect(path, 303)
    })
    .post('/unlink', async (c) => {
      demandFresh(c, 'viewer')
      await unlinkProvider(deps, selfOf(c))
      return c.redirect(path, 303)
    })
    .route('/', accountForms(deps, site))
    .route('/link', linkPages(deps, site, ACCOUNT_PATH))
    .route('/totp', totpPages(deps, site))
}

async function show(c: Context<PersonEnv>, { accounts, clock }: AccountDeps, site: Site): Promise<Response> {
  const { id, session } = selfOf(c)
  const view = (
    <Account
      {...{ path: `${site.place.base}${ACCOUNT_PATH}`, current: session, nowMs: clock.now() }}
      user={await accounts.findUser(id)}
      totp={await accounts.totp.state(id)}
      identities={await accounts.oidc.identities(id)}
      provider={(await accounts.oidc.settings())?.label}
      sessions={await accounts.listSessions(id)}
      tokens={await accounts.listApiTokens(id)}
    />
  )
  return site.page(c, page('Your account', view))
}

function accountForms(deps: AccountPagesDeps, site: Site): Hono<PersonEnv> {
  const path = `${site.place.base}${ACCOUNT_PATH}`
  const own = { role: 'viewer', fresh: true } as const
  return new Hono<PersonEnv>()
    .route(
      '/',
      formPage(site, '/password', {
        ...{ ...own, schema: Password, secrets: /^password$/ },
        again({ c, failed: { failure, errors } }) {
          const shown = { action: `${path}/password`, cancel: path, name: c.var.user.name }
          const error = errors['password'] ?? failure?.message
          return page('New password', <NewPassword {...{ ...shown, lengthMin: PASSWORD_LENGTH_MIN, error }} />)
        },
        async act({ c, input }) {
          const self = selfOf(c)
          await changePassword(deps, self, input.password)
          // By the new password this browser is known, and no other one.
          setBrowserCookie(c, await deps.accounts.browserToken(self.id), site.place.cookie)
          return ACCOUNT_PATH
        },
      }),
    )
    .route(
      '/',
      formPage(site, '/tokens/new', {
        ...{ ...own, schema: NewTokenForm },
        again({ values: { name, days }, failed }) {
          return page(
            'New token',
            <NewToken {...{ action: `${path}/tokens/new`, cancel: path, name, days, ...failed }} />,
          )
        },
        async act({ c, input }) {
          const { token: secret } = await createToken(deps, selfOf(c), input)
          const explains = (
            <Words text="It speaks for you wherever it is sent along: as `Authorization: Bearer …`, or to the command as `SLUICE_TOKEN`." />
          )
          const view = <SecretOnce {...{ title: 'API token', secret, explains, done: path }} />
          return site.page(c, page('API token', view))
        },
      }),
    )
}

function actor(c: Context<PersonEnv>): string {
  return actorOf(selfOf(c))
}

function page(title: string, view: View): FormShown {
  const crumbs = title === 'Your account' ? undefined : [{ href: ACCOUNT_PATH, label: 'Your account' }]
  return { title, view, current: ACCOUNT_PATH, ...(crumbs && { crumbs }) }
}

import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import {
  type AuthVariables,
  authenticate,
  clearSessionCookie,
  type Role,
  SESSION_COOKIE,
  safeNext,
  sessionCookieOf,
  setSessionCookie,
} from '../../src/accounts/mod.ts'
import { logOf } from '../../src/base/mod.ts'
import { onFailure } from '../../src/web/mod.ts'
import { type TestAccounts, testAccounts } from '../support/accounts/open.ts'

function appOf(host: TestAccounts): Hono<{ Variables: AuthVariables }> {
  const app = new Hono<{ Variables: AuthVariables }>()
  app.onError(onFailure({ log: logOf('test') }))
  app.get('/in', (c) => {
    setSessionCookie(c, 'the-token')
    return c.text('in')
  })
  app.get('/out', (c) => {
    clearSessionCookie(c)
    return c.text('out')
  })
  const enrolTotp = ['/v1/account/totp', '/v1/confirm'] as const
  app.use('/v1/*', authenticate({ accounts: host.accounts, signIn: '/sign-in', enrolTotp }))
  app.get('/v1/account/totp', (c) => c.text('set up'))
  app.get('/v1/account/totpx', (c) => c.text('not below'))
  app.get('/v1/confirm', (c) => c.text('confirm'))
  app.get('/v1/me', (c) => c.json(c.var.user))
  app.use(
    '/t/:tenant/*',
    authenticate({ accounts: async () => host.accounts, cookie: (c) => sessionCookieOf(c.req.param('tenant') ?? '') }),
  )
  app.get('/t/:tenant/me', (c) => c.json(c.var.user))
  return app
}

async function credentials(
  host: TestAccounts,
  role: Role,
): Promise<{ cookie: string; token: string; session: string }> {
  const { id } = await host.accounts.createUser({ name: `a-${role}`, role })
  const opened = await host.redeem(await host.accounts.oneTimeLink(id, 'sign-in'), {
    address: '192.0.2.7',
  })
  const { token } = await host.accounts.createApiToken({ user: id, name: 'ci', expires: host.clock.now() + 10_000 })
  return { cookie: `${SESSION_COOKIE}=${opened.token}`, token: `Bearer ${token}`, session: opened.token }
}

describe('authenticate()', () => {
  test('knows a user by cookie and by token', async () => {
    using host = await testAccounts()
    const app = appOf(host)
    const { cookie, token } = await credentials(host, 'viewer')
    const bySession = await app.request('/v1/me', { headers: { cookie } })
    expect(await bySession.json()).toMatchObject({ name: 'a-viewer', role: 'viewer', via: 'session' })
    const byToken = await app.request('/v1/me', { headers: { authorization: token } })
    expect(await byToken.json()).toMatchObject({ name: 'a-viewer', role: 'viewer', via: 'token' })
  })

  test('refuses a request without proof, or with a wrong one, with a problem', async () => {
    using host = await testAccounts()
    const app = appOf(host)
    const { cookie, session } = await credentials(host, 'owner')
    const attempts: Record<string, string>[] = [
      {},
      { cookie: `${SESSION_COOKIE}=${'x'.repeat(43)}` },
      { cookie: `sluice=${session}` },
      { authorization: 'Bearer slt_nothing' },
      { authorization: `Bearer ${session}` },
      // A wrong token is not mended by a good cookie.
      { authorization: 'Bearer slt_nothing', cookie },
      { authorization: 'Basic bWFyaWE6eA==', cookie },
    ]
    for (const headers of attempts) {
      const response = await app.request('/v1/me', { headers })
      expect(response.status).toBe(401)
      expect(await response.json()).toMatchObject({ code: 'account.unauthenticated' })
    }
  })

  test('sends a person to sign in, and back to the page afterwards', async () => {
    using host = await testAccounts()
    const headers = { accept: 'text/html' }
    const response = await appOf(host).request('/v1/me?filter=a%20b', { headers })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/sign-in?next=%2Fv1%2Fme%3Ffilter%3Da%2520b')
    expect((await appOf(host).request('/v1/stop', { method: 'POST', headers })).status).toBe(401)
  })

  test('does not take the session of one tenant for another, on one host', async () => {
    using host = await testAccounts()
    const { session } = await credentials(host, 'viewer')
    const headers = { cookie: `${sessionCookieOf('ten_a')}=${session}` }
    expect((await appOf(host).request('/t/ten_a/me', { headers })).status).toBe(200)
    expect((await appOf(host).request('/t/ten_b/me', { headers })).status).toBe(401)
  })

  test('lets a session without a demanded authenticator set one up and nothing else; tokens of programs go on', async () => {
    using host = await testAccounts()
    const app = appOf(host)
    const { cookie, token } = await credentials(host, 'owner')
    await host.accounts.totp.demand(true)
    const status = async (path: string, headers: Record<string, string>) =>
      (await app.request(path, { headers })).status
    expect(await status('/v1/account/totp', { cookie })).toBe(200)
    expect(await status('/v1/confirm', { cookie })).toBe(200)
    for (const path of ['/v1/me', '/v1/account/totpx', '/t/a/me', '/v1/account/totp/../../me'])
      expect([path, await status(path, { cookie })]).not.toEqual([path, 200])
    const refused = await app.request('/v1/me', { headers: { cookie } })
    expect([refused.status, await refused.json()]).toMatchObject([403, { code: 'totp.demanded' }])
    const page = await app.request('/v1/me', { headers: { cookie, accept: 'text/html' } })
    expect([page.status, page.headers.get('location')]).toEqual([303, '/v1/account/totp'])
    expect(await status('/v1/me', { authorization: token })).toBe(200)
  })
})

test('the cookie is Secure, HttpOnly, SameSite=Lax, of this host only, and can be taken away', async () => {
  using host = await testAccounts()
  const set = (await appOf(host).request('/in')).headers.get('set-cookie') ?? ''
  expect(set.split('; ').sort()).toEqual([
    'HttpOnly',
    'Max-Age=43200',
    'Path=/',
    'SameSite=Lax',
    'Secure',
    '__Host-sluice=the-token',
  ])
  const cleared = (await appOf(host).request('/out')).headers.get('set-cookie') ?? ''
  expect(cleared).toStartWith('__Host-sluice=; Max-Age=0; Path=/')
  expect(cleared).toContain('Secure')
})

test('safeNext() leads to our own pages only', () => {
  expect(safeNext('/deployments?filter=a%20b', '/')).toBe('/deployments?filter=a%20b')
  const elsewhere = [
    undefined,
    '',
    'https://evil.example',
    '//evil.example',
    '/\\evil.example',
    '/\t/evil.example',
    'javascript:alert(1)',
    '/a\nb',
    '/ä',
    '/%0d/\\x',
  ]
  for (const next of elsewhere) expect(safeNext(next, '/')).toBe('/')
  expect(safeNext('/@evil.example', '/')).toBe('/@evil.example')
  expect(safeNext('/.//evil.example', '/home')).toBe('/home')
  expect(safeNext('/a/..//evil.example', '/home')).toBe('/home')
})

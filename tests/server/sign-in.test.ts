import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { FREE_ATTEMPTS_ACCOUNT } from '../../src/accounts/lockout.ts'
import { SESSION_COOKIE } from '../../src/accounts/mod.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { CLIENT, oidcProvider, type ProviderDouble } from '../support/accounts/provider-double.ts'
import { type FrozenClock, frozenClock } from '../support/frozen-clock.ts'
import { browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import { type ManagementHost, managementHost, ORIGIN, PASSWORD } from '../support/runtime/management-host.ts'

let clock: FrozenClock
let host: ManagementHost
let provider: ProviderDouble
beforeAll(async () => {
  clock = frozenClock()
  host = await managementHost({ clock })
  provider = await oidcProvider()
  const { accounts } = host
  await accounts.oidc.set({
    ...{ label: 'Works <login>', issuer: provider.issuer, ca: provider.ca, scopes: [], ...CLIENT, roleClaim: null },
    ...{ allowedDomains: ['example.org'], allowedSubjects: [], roles: {}, defaultRole: 'viewer' },
  })
})
afterAll(async () => {
  await provider[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

async function userWithPassword(name: string): Promise<string> {
  const { id } = await host.accounts.createUser({ name, role: 'operator' })
  await host.accounts.setPassword(id, PASSWORD)
  return id
}

const actions = async () =>
  (await host.state.trail.list({ limit: 1_000 })).map(({ action, detail }) => ({ action, detail }))

describe('signing in', () => {
  test('with an authenticator goes by a page for the code, and the password alone opens no page', async () => {
    const id = await userWithPassword('ivo')
    const { secret } = await host.accounts.totp.begin(id, 'Sluice')
    const phone = authenticator(secret, clock)
    await host.accounts.totp.confirm(id, { address: '192.0.2.7', code: phone.code() })
    clock.advance(30_000)
    const browser = browserLike(host)
    const half = await browser.send('/sign-in', { name: 'ivo', password: PASSWORD, next: '/audit?x=1' })
    expect(leadsTo(half)).toBe('303 /sign-in/code?next=%2Faudit%3Fx%3D1')
    expect([...browser.cookies.keys()]).toEqual([`${SESSION_COOKIE}.step`])
    expect(half.headers.get('set-cookie')).toMatch(/Max-Age=300; Path=\/; HttpOnly; Secure; SameSite=Lax/)
    expect(leadsTo(await browser.open('/audit'))).toStartWith('303 /sign-in')
    // What the step left is no session, whichever cookie carries it.
    const stolen = browserLike(host, [[SESSION_COOKIE, browser.cookies.get(`${SESSION_COOKIE}.step`) ?? '']])
    expect(leadsTo(await stolen.open('/audit'))).toStartWith('303 /sign-in')
    const wrong = await browser.send('/sign-in/code', { code: '000000', next: '/audit?x=1' })
    expect(wrong.status).toBe(401)
    expect(wrong.text).toContain('role="alert"')
    const code = phone.code()
    expect(leadsTo(await browser.send('/sign-in/code', { code, next: '//evil.example' }))).toBe('303 /')
    expect([...browser.cookies.keys()]).toEqual([SESSION_COOKIE, `${SESSION_COOKIE}.browser`])
    expect((await browser.open('/account')).status).toBe(200)
    expect(leadsTo(await browserLike(host).send('/sign-in/code', { code, next: '/' }))).toBe('303 /sign-in?next=%2F')
    const another = browserLike(host)
    await another.send('/sign-in', { name: 'ivo', password: PASSWORD })
    const used = await another.send('/sign-in/code', { code, next: '/' })
    expect([used.status, used.text.includes('was used already')]).toEqual([401, true])
    expect(await actions()).toContainEqual({ action: 'session.opened', detail: { how: 'code' } })
  })

  test('ends the session that the browser had before, and gives another token', async () => {
    await userWithPassword('eve')
    const browser = browserLike(host)
    await browser.send('/sign-in', { name: 'eve', password: PASSWORD })
    const before = browser.cookies.get(SESSION_COOKIE) ?? ''
    await browser.send('/sign-in', { name: 'eve', password: PASSWORD })
    expect(browser.cookies.get(SESSION_COOKIE)).not.toBe(before)
    expect(await host.accounts.sessionOf(before)).toBeUndefined()
    // A cookie that somebody planted beforehand is not taken over either.
    const planted = browserLike(host, [[SESSION_COOKIE, 'planted']])
    await planted.send('/sign-in', { name: 'eve', password: PASSWORD })
    expect(planted.cookies.get(SESSION_COOKIE)).toMatch(/^[\w-]{43}$/)
  })

  test('says how long to wait, and does not ask it of a browser in which the person has signed in before', async () => {
    await userWithPassword('ana')
    const own = browserLike(host)
    await own.send('/sign-in', { name: 'ana', password: PASSWORD })
    expect(leadsTo(await own.send('/sign-out'))).toBe('303 /sign-in')
    expect([...own.cookies.keys()]).toEqual([`${SESSION_COOKIE}.browser`])
    const neighbour = browserLike(host)
    const guess = (password: string) => neighbour.send('/sign-in', { name: 'ana', password })
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) expect((await guess('a guess')).status).toBe(401)
    const refused = await guess(PASSWORD)
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '1'])
    expect(refused.text).toContain('Too many attempts failed')
    expect(leadsTo(await own.send('/sign-in', { name: 'ana', password: PASSWORD }))).toBe('303 /')
  })

  test('leads nobody elsewhere, whatever `next` says', async () => {
    await userWithPassword('pia')
    for (const next of [
      'https://evil.example',
      '//evil.example',
      '/\\evil.example',
      '/.//evil.example',
      'javascript:alert(1)',
    ]) {
      const answer = await browserLike(host).send('/sign-in', { name: 'pia', password: PASSWORD, next })
      expect([next, leadsTo(answer)]).toEqual([next, '303 /'])
      const page = await browserLike(host).open(`/sign-in?next=${encodeURIComponent(next)}`)
      expect(page.text).toContain('name="next" value="/"')
    }
  })
})

describe('signing in by the provider', () => {
  const ADA = { sub: 'ada', email: 'ada@example.org', email_verified: true, preferred_username: 'ada' }

  test('goes from the sign-in page there and back, to the page that was asked for', async () => {
    const browser = browserLike(host)
    const page = await browser.open('/sign-in?next=%2Faudit')
    expect(page.text).toContain('Sign in with Works &lt;login&gt;')
    expect(page.text).toContain('href="/sign-in/oidc?next=%2Faudit"')
    const there = await browser.open('/sign-in/oidc?next=%2Faudit')
    const address = there.headers.get('location') ?? ''
    expect(new URL(address).searchParams.get('redirect_uri')).toBe(`${ORIGIN}/sign-in/oidc/back`)
    const query = provider.grant(address, ADA)
    // The answer in another browser: the thief's, or one into which a stranger's sign-in is pushed.
    const other = await browserLike(host).open(`/sign-in/oidc/back?${query}`)
    expect([other.status, other.text.includes('oidc.refused')]).toEqual([401, true])
    expect(leadsTo(await browser.open(`/sign-in/oidc/back?${query}`))).toBe('303 /audit')
    expect([...browser.cookies.keys()]).toEqual([SESSION_COOKIE, `${SESSION_COOKIE}.browser`])
    expect((await browser.open('/account')).text).toContain('ada')
    const done = await actions()
    expect(done).toContainEqual({ action: 'session.opened', detail: { how: 'oidc' } })
    expect(done.map(({ action }) => action)).toContain('user.created_by_provider')
  })

  test('leads nobody elsewhere, whatever `next` says, and carries no endless one', async () => {
    for (const next of ['https://evil.example', '//evil.example', `/${'a'.repeat(2_000)}`]) {
      const browser = browserLike(host)
      const there = await browser.open(`/sign-in/oidc?next=${encodeURIComponent(next)}`)
      const query = provider.grant(there.headers.get('location') ?? '', ADA)
      expect(leadsTo(await browser.open(`/sign-in/oidc/back?${query}`))).toBe('303 /')
    }
  })

  test('links an account only to who began it, in a session that has just confirmed itself', async () => {
    await userWithPassword('lea')
    await userWithPassword('tom')
    const [lea, tom] = [browserLike(host), browserLike(host)]
    await lea.send('/sign-in', { name: 'lea', password: PASSWORD })
    await tom.send('/sign-in', { name: 'tom', password: PASSWORD })
    clock.advance(11 * 60_000)
    expect(leadsTo(await lea.open('/account/link'))).toBe('303 /confirm?next=%2Faccount%2Flink')
    await lea.send('/confirm', { password: PASSWORD, next: '/account/link' })
    const there = await lea.open('/account/link')
    const query = provider.grant(there.headers.get('location') ?? '', { sub: 'lea-there' })
    // Tom's session with Lea's errand: a stranger's account must not become a way into Tom's.
    const mixed = browserLike(host, [...lea.cookies, [SESSION_COOKIE, tom.cookies.get(SESSION_COOKIE) ?? '']])
    expect((await mixed.open(`/sign-in/oidc/back?${query}`)).status).toBe(401)
    const again = await lea.open('/account/link')
    const second = provider.grant(again.headers.get('location') ?? '', { sub: 'lea-there' })
    expect(leadsTo(await lea.open(`/sign-in/oidc/back?${second}`))).toBe('303 /account/link/confirm')
    const { id } = await host.accounts.findUser('lea')
    // Whose account it is stands there before it counts, and only her own browser can say so.
    expect((await lea.open('/account/link/confirm')).text).toContain('lea-there')
    expect(await host.accounts.oidc.identities(id)).toEqual([])
    const stolen = browserLike(host, [...lea.cookies, [SESSION_COOKIE, tom.cookies.get(SESSION_COOKIE) ?? '']])
    await stolen.send('/confirm', { password: PASSWORD })
    expect((await stolen.send('/account/link/confirm')).status).toBe(401)
    expect(leadsTo(await lea.send('/account/link/confirm'))).toBe('303 /account')
    expect(await actions()).toContainEqual({
      action: 'identity.linked',
      detail: { issuer: provider.issuer, subject: 'lea-there' },
    })
    expect((await lea.send('/account/link/confirm')).status).toBe(401)
    expect(await host.accounts.oidc.identities(id)).toMatchObject([{ subject: 'lea-there' }])
    expect(leadsTo(await lea.send('/account/unlink'))).toBe('303 /account')
    expect(await host.accounts.oidc.identities(id)).toEqual([])
  })

  test('links nothing that a page of another address began, and asks there anew', async () => {
    await userWithPassword('ute')
    const ute = browserLike(host)
    await ute.send('/sign-in', { name: 'ute', password: PASSWORD })
    const cookie = `${SESSION_COOKIE}=${ute.cookies.get(SESSION_COOKIE)}`
    const led = async (site: string) =>
      host.ask('GET', '/account/link', { cookie, headers: { accept: 'text/html', 'sec-fetch-site': site } })
    for (const site of ['cross-site', 'same-site']) {
      const { status, headers } = await led(site)
      expect([site, status, headers.get('location')]).toEqual([site, 401, null])
    }
    const { headers } = await led('same-origin')
    expect(new URL(headers.get('location') ?? '').searchParams.get('prompt')).toBe('login')
  })

  test('opens no fresh session by what the provider answers silently', async () => {
    const browser = browserLike(host)
    const there = await browser.open('/sign-in/oidc')
    const query = provider.grant(there.headers.get('location') ?? '', ADA, { claims: { auth_time: 1 } })
    expect(leadsTo(await browser.open(`/sign-in/oidc/back?${query}`))).toBe('303 /')
    expect(leadsTo(await browser.open('/account/password'))).toBe('303 /confirm?next=%2Faccount%2Fpassword')
  })

  test('tells the trail of nobody whose name is taken, and says what failed', async () => {
    await userWithPassword('ina')
    const come = async (claims: Parameters<typeof provider.grant>[1]) => {
      const browser = browserLike(host)
      const there = await browser.open('/sign-in/oidc')
      return browser.open(`/sign-in/oidc/back?${provider.grant(there.headers.get('location') ?? '', claims)}`)
    }
    const count = async () => (await host.state.trail.head()).count
    const before = await count()
    const ina = { sub: 'other', email: 'other@example.org', email_verified: true, preferred_username: 'ina' }
    expect((await come(ina)).status).toBe(409)
    expect((await come({ ...ina, preferred_username: 'System' })).status).toBe(403)
    expect(await count()).toBe(before)
    const { oidc } = host.accounts
    const { arrive } = oidc
    oidc.arrive = () => Promise.reject(new RangeError('a fault'))
    expect((await come({ ...ina, preferred_username: 'ona' })).status).toBe(500)
    oidc.arrive = arrive
    expect((await actions()).slice(-2)).toMatchObject([
      { action: 'user.created_by_provider_tried', detail: { name: 'ona' } },
      { action: 'user.created_by_provider_failed', detail: { name: 'ona', code: 'internal.unexpected' } },
    ])
  })

  test('confirms who has no password, by asking there anew', async () => {
    const browser = browserLike(host)
    const there = await browser.open('/sign-in/oidc')
    await browser.open(`/sign-in/oidc/back?${provider.grant(there.headers.get('location') ?? '', ADA)}`)
    clock.advance(11 * 60_000)
    expect(leadsTo(await browser.open('/account/password'))).toBe('303 /confirm?next=%2Faccount%2Fpassword')
    const page = await browser.open('/confirm?next=%2Faccount%2Fpassword')
    expect(page.text).not.toContain('name="password"')
    const href = /href="(\/sign-in\/oidc\?[^"]*)"/.exec(page.text)?.[1]?.replaceAll('&amp;', '&') ?? ''
    const anew = (await browser.open(href)).headers.get('location') ?? ''
    expect(new URL(anew).searchParams.get('max_age')).toBe('0')
    const back = await browser.open(`/sign-in/oidc/back?${provider.grant(anew, ADA)}`)
    expect(leadsTo(back)).toBe('303 /account/password')
    expect((await browser.open('/account/password')).status).toBe(200)
  })
})

test('a sign-in that the audit trail cannot take opens no session', async () => {
  await userWithPassword('uwe')
  const record = host.state.trail.record
  host.state.trail.record = () => Promise.reject(new RangeError('no room'))
  try {
    const browser = browserLike(host)
    expect((await browser.send('/sign-in', { name: 'uwe', password: PASSWORD })).status).toBe(500)
    expect(browser.cookies.size).toBe(0)
    const { id } = await host.accounts.findUser('uwe')
    expect(await host.accounts.listSessions(id)).toEqual([])
  } finally {
    host.state.trail.record = record
  }
})

test('a sign-in whose browser cannot be made known opens no session', async () => {
  const id = await userWithPassword('iva')
  const { browserToken } = host.accounts
  host.accounts.browserToken = () => Promise.reject(new RangeError('no key'))
  try {
    const browser = browserLike(host)
    expect((await browser.send('/sign-in', { name: 'iva', password: PASSWORD })).status).toBe(500)
    expect(browser.cookies.size).toBe(0)
    expect(await host.accounts.listSessions(id)).toEqual([])
  } finally {
    host.accounts.browserToken = browserToken
  }
})

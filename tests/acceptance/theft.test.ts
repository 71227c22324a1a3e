import { afterAll, beforeAll, expect, test } from 'bun:test'
import { SESSION_COOKIE } from '../../src/accounts/mod.ts'
import { askingOf, liveEvents } from '../support/acceptance/asking.ts'
import { type RuntimeServer, TEST_MS, World } from '../support/acceptance/world.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { describeSlow, slowTest } from '../support/quick.ts'
import { type BrowserLike, browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import { PASSWORD } from '../support/runtime/management-host.ts'
import { expectSoundHeaders, HEADER } from '../support/web/hostile.ts'

type Role = 'viewer' | 'operator' | 'owner'

describeSlow('a session that was stolen', () => {
  let world: World
  let runtime: RuntimeServer
  let host: ReturnType<typeof askingOf>

  beforeAll(async () => {
    world = new World()
    runtime = await world.startRuntime('factory-01')
    host = askingOf(runtime.ready.url)
  }, TEST_MS)
  afterAll(() => world[Symbol.asyncDispose](), TEST_MS)

  const owner = (method: string, path: string, body?: unknown) =>
    runtime.client.request(method as 'POST', path, body) as Promise<Record<string, string>>

  /** A new user in a browser of theirs. */
  async function arrives(name: string, role: Role): Promise<BrowserLike> {
    const { link = '' } = await owner('POST', '/v1/users', { name, role })
    const browser = browserLike(host)
    await browser.send('/link', { token: link.split('/').at(-1) ?? '', password: PASSWORD })
    return browser
  }

  const cookieOf = ({ cookies }: BrowserLike) => cookies.get(SESSION_COOKIE) ?? ''
  /** Another browser, with the session of this one. */
  const stolenFrom = (browser: BrowserLike) => browserLike(host, [[SESSION_COOKIE, cookieOf(browser)]])

  async function expectWorthless(thief: BrowserLike): Promise<void> {
    expect(leadsTo(await thief.open('/account'))).toStartWith('303 /sign-in')
    expect((await host.ask('GET', '/v1/account', { cookie: `${SESSION_COOKIE}=${cookieOf(thief)}` })).status).toBe(401)
    expect((await thief.send('/account/sessions/end-others')).status).toBe(401)
  }

  test(
    'had a cookie for this host alone, out of reach of scripts, other sites and plain HTTP',
    async () => {
      await arrives('ada', 'viewer')
      const { headers } = await host.ask('POST', '/sign-in', { form: { name: 'ada', password: PASSWORD } })
      expect(headers.getSetCookie()).toEqual([
        expect.stringMatching(/^__Host-sluice=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/),
        // By it the browser is known when its person comes again; it opens nothing.
        expect.stringMatching(
          /^__Host-sluice\.browser=[\w-]+; Max-Age=2592000; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
        ),
      ])
    },
    TEST_MS,
  )

  test(
    'is worth nothing once its person has signed out, or in anew',
    async () => {
      const bea = await arrives('bea', 'operator')
      const first = stolenFrom(bea)
      expect((await first.open('/account')).status).toBe(200)
      await bea.send('/sign-in', { name: 'bea', password: PASSWORD })
      await expectWorthless(first)
      const second = stolenFrom(bea)
      expect(leadsTo(await bea.send('/sign-out'))).toBe('303 /sign-in')
      expect([...bea.cookies.keys()]).toEqual([`${SESSION_COOKIE}.browser`])
      await expectWorthless(second)
    },
    TEST_MS,
  )

  test(
    'is worth nothing once the password was changed or an authenticator set up elsewhere',
    async () => {
      const cas = await arrives('cas', 'operator')
      const again = browserLike(host)
      const signIn = (password: string) => again.send('/sign-in', { name: 'cas', password })
      await signIn(PASSWORD)
      const first = stolenFrom(again)
      await cas.send('/account/password', { password: `${PASSWORD}, new` })
      await expectWorthless(first)
      await signIn(`${PASSWORD}, new`)
      const second = stolenFrom(again)
      const { text } = await cas.send('/account/totp/begin')
      const secret = (/<code>((?:[A-Z2-7]{4} ?){8})<\/code>/.exec(text)?.[1] ?? '').replaceAll(' ', '')
      const done = await cas.send('/account/totp/confirm', { code: authenticator(secret, { now: Date.now }).code() })
      expect(done.text).toContain('Recovery codes')
      await expectWorthless(second)
      expect((await cas.open('/account')).status).toBe(200)
    },
    TEST_MS,
  )

  test(
    'falls with the role of its person from the next request on, and ends with their account',
    async () => {
      // The last owner keeps the role.
      await arrives('ida', 'owner')
      const thief = stolenFrom(await arrives('dan', 'owner'))
      expect((await thief.open('/settings/people/invite')).status).toBe(200)
      await owner('PATCH', '/v1/users/dan', { role: 'viewer' })
      expect((await thief.open('/settings/people/invite')).status).toBe(403)
      expect((await thief.send('/settings/people/invite', { name: 'eve', role: 'owner' })).status).toBe(403)
      expect((await thief.send('/welcome/recovery-key')).status).toBe(403)
      await owner('POST', '/v1/users/dan/disable')
      await expectWorthless(thief)
      // Let in again, a person begins anew.
      await owner('POST', '/v1/users/dan/enable')
      await expectWorthless(thief)
      const removed = stolenFrom(await arrives('eli', 'operator'))
      await owner('DELETE', '/v1/users/eli')
      await expectWorthless(removed)
    },
    TEST_MS,
  )

  slowTest(
    'shows nothing more on the live pages that it had open, and neither does a token that was revoked',
    async () => {
      const live = `${runtime.ready.url}/live`
      const ends: [string, (fay: BrowserLike) => Promise<unknown>][] = [
        ['signed out', (fay) => fay.send('/sign-out')],
        ['of another role', () => owner('PATCH', '/v1/users/fay', { role: 'operator' })],
        ['disabled', () => owner('POST', '/v1/users/fay/disable')],
        ['removed', () => owner('DELETE', '/v1/users/fay')],
      ]
      for (const [how, end] of ends) {
        const fay = await arrives('fay', 'viewer')
        await expectEnds(how, liveEvents(live, { cookie: `${SESSION_COOKIE}=${cookieOf(fay)}` }), () => end(fay))
        if (how !== 'removed') await owner('DELETE', '/v1/users/fay')
      }
      const { id = '', token = '' } = await owner('POST', '/v1/account/tokens', { name: 'board', days: 1 })
      await expectEnds('revoked', liveEvents(live, { token }), () => owner('DELETE', `/v1/account/tokens/${id}`))
    },
    TEST_MS,
  )

  /** Two events come, then at most one that was under way, then the end. */
  async function expectEnds(how: string, events: AsyncGenerator<string>, end: () => Promise<unknown>): Promise<void> {
    for (const _ of [1, 2]) expect((await events.next()).value).toBe('regions')
    await end()
    const rest: string[] = []
    for await (const name of events) if (rest.push(name) > 5) break
    expect([how, rest.at(-1), rest.length <= 2]).toEqual([how, 'ended', true])
  }

  slowTest(
    'cannot be fetched by a frame, a header made of a name, or a way out to another site',
    async () => {
      const cookie = `${SESSION_COOKIE}=${cookieOf(await arrives('gus', 'viewer'))}`
      const text = encodeURIComponent(HEADER)
      const open = [
        '/sign-in',
        '/sign-in/code',
        '/link/x',
        '/healthz',
        '/readyz',
        '/metrics',
        '/c2/v1/messages',
        '/assets/x',
      ]
      const behind = [
        '/',
        '/account',
        '/nowhere',
        '/v1/openapi.json',
        '/v1/docs',
        '/v1/nothing',
        '/settings/people/invite',
      ]
      const odd = [`/${text}`, `/link/${text}`, `/deployments/${text}`, `/v1/users/${text}`, `/?range=${text}`]
      for (const path of [...open, ...behind, ...odd]) {
        // Without a session an odd path comes back in an address, encoded twice, which is no header of its own.
        for (const by of odd.includes(path) ? [{ cookie }] : [{}, { cookie }]) {
          for (const accept of ['text/html', '*/*']) {
            const { headers } = await host.ask('GET', path, { ...by, headers: { accept } })
            expectSoundHeaders(path, headers)
            expect(headers.get('cache-control')).toMatch(/no-store|immutable/)
          }
        }
      }
      for (const next of ['//evil.example', 'https://evil.example', '/\\evil.example', '/%09/evil.example', HEADER]) {
        const { headers } = await host.ask('POST', '/sign-in', { form: { name: 'gus', password: PASSWORD, next } })
        const { pathname, origin } = new URL(headers.get('location') ?? '', 'https://here.invalid')
        expect([next, origin, pathname.startsWith('//')]).toEqual([next, 'https://here.invalid', false])
        expectSoundHeaders(next, headers)
      }
      // Where one is led does not depend on what the client calls the server.
      const led = await host.ask('GET', '/account', { headers: { accept: 'text/html', host: 'evil.example' } })
      expect(leadsTo(led)).toBe('303 /sign-in?next=%2Faccount')
    },
    TEST_MS,
  )
})

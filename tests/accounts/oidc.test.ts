import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { FREE_ATTEMPTS_ADDRESS } from '../../src/accounts/lockout.ts'
import { OIDC_TIES_MS } from '../../src/accounts/mod.ts'
import type { NewOidcSettings } from '../../src/accounts/oidc/settings.ts'
import { deferred } from '../../src/base/mod.ts'
import { accountSettings } from '../../src/store/mod.ts'
import { makeMaria, PASSWORD, type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { CLIENT, oidcProvider, type ProviderDouble, type Wrong } from '../support/accounts/provider-double.ts'
import { realProvider } from '../support/accounts/real-provider.ts'
import { refusalOf } from '../support/refusal.ts'

let provider: ProviderDouble
beforeAll(async () => {
  provider = await oidcProvider()
})
afterAll(() => provider[Symbol.asyncDispose]())

const visitor = { address: '192.0.2.7' }
const BEGIN = {
  redirectUri: 'https://runtime.example/sign-in/oidc/back',
  next: '/',
  errand: { kind: 'sign-in' },
} as const
const ADA = { sub: 'ada-1', email: 'ada@example.org', email_verified: true, preferred_username: 'ada' }

function settings(changes: Partial<NewOidcSettings> = {}): NewOidcSettings {
  return {
    ...{ label: 'Works', issuer: provider.issuer, ca: provider.ca, scopes: ['email', 'profile'], ...CLIENT },
    ...{ allowedDomains: ['example.org'], allowedSubjects: [], roleClaim: null, roles: {}, defaultRole: 'viewer' },
    ...changes,
  }
}

async function withProvider(host: TestAccounts, changes: Partial<NewOidcSettings> = {}): Promise<void> {
  await makeMaria(host.accounts)
  await host.accounts.oidc.set(settings(changes))
}

/** The whole way: there, signed in there, back, and in. */
async function arrive(host: TestAccounts, claims: typeof ADA | (Partial<typeof ADA> & { sub: string }), wrong?: Wrong) {
  const { oidc } = host.accounts
  const { address, cookie } = await oidc.begin(BEGIN)
  const returned = await oidc.finish(provider.grant(address, claims, wrong), cookie, visitor.address)
  return oidc.arrive(returned, await oidc.plan(returned), visitor)
}

describe('a sign-in by the provider', () => {
  test('asks with PKCE, state and nonce, and makes a user who may come', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { address } = await host.accounts.oidc.begin(BEGIN)
    expect(address).toStartWith(`${provider.issuer}/authorize?`)
    expect(Object.fromEntries(new URL(address).searchParams)).toMatchObject({
      ...{ response_type: 'code', client_id: CLIENT.clientId, redirect_uri: BEGIN.redirectUri },
      ...{ scope: 'openid email profile', code_challenge_method: 'S256' },
      ...{ state: expect.stringMatching(/^.{43}$/), nonce: expect.stringMatching(/^.{43}$/) },
    })
    const { user, signedIn } = await arrive(host, ADA)
    expect(user).toMatchObject({ name: 'ada', role: 'viewer' })
    expect('token' in signedIn && (await host.accounts.sessionOf(signedIn.token))).toMatchObject({ user })
    // The second time it is the same user, whatever the provider calls them now.
    expect((await arrive(host, { ...ADA, preferred_username: 'lovelace' })).user).toEqual(user)
    expect(await host.accounts.listUsers()).toHaveLength(2)
  })

  test('proves no more than the provider signed: its time of proof, never one to come, and none if it names none', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const confirmedAt = async (auth_time: number | undefined) => {
      const { signedIn } = await arrive(host, ADA, { claims: { auth_time } })
      return 'token' in signedIn && (await host.accounts.sessionOf(signedIn.token))?.confirmedAtMs
    }
    expect(await confirmedAt(1)).toBe(1_000)
    expect(await confirmedAt(undefined)).toBe(0)
    expect(await confirmedAt(1e306)).toBe(host.clock.now())
    expect(await confirmedAt(Math.floor(host.clock.now() / 1_000) + 86_400)).toBe(host.clock.now())
  })

  test('asks for the code of an authenticator all the same', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { user } = await arrive(host, ADA)
    const { secret } = await host.accounts.totp.begin(user.id, 'Sluice')
    const { authenticator } = await import('../support/accounts/authenticator.ts')
    await host.accounts.totp.confirm(user.id, { address: '192.0.2.7', code: authenticator(secret, host.clock).code() })
    expect((await arrive(host, ADA)).signedIn).toEqual({ secondStep: expect.any(String) })
  })

  test.each([
    ['another nonce', { claims: { nonce: 'another' } }],
    ['no nonce', { claims: { nonce: undefined } }],
    ['another issuer', { claims: { iss: 'https://evil.example' } }],
    ['another audience', { claims: { aud: 'somebody-else' } }],
    ['an end that has passed', { claims: { exp: Math.floor(Date.now() / 1_000) - 120 } }],
    ['no subject', { claims: { sub: undefined } }],
    ['a signature by another key', { foreignKey: true }],
  ] as [string, Wrong][])('is refused with %s in the ID token', async (_, wrong) => {
    using host = await testAccounts()
    await withProvider(host)
    expect(await refusalOf(() => arrive(host, ADA, wrong))).toBe('oidc.refused')
    expect(await host.accounts.listUsers()).toHaveLength(1)
  })

  test('is refused with another state, without one, with the cookie of another sign-in, without one, and too late', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { oidc } = host.accounts
    const [mine, other] = [await oidc.begin(BEGIN), await oidc.begin(BEGIN)]
    const finish = (change: (query: URLSearchParams) => void, cookie: string | undefined) => {
      const query = provider.grant(mine.address, ADA)
      change(query)
      return refusalOf(() => oidc.finish(query, cookie, visitor.address))
    }
    const asked = provider.asked
    expect(await finish((query) => query.set('state', 'x'), mine.cookie)).toBe('oidc.refused')
    expect(await finish((query) => query.delete('state'), mine.cookie)).toBe('oidc.refused')
    expect(await finish(() => undefined, other.cookie)).toBe('oidc.refused')
    expect(await finish(() => undefined, undefined)).toBe('oidc.refused')
    expect(await finish(() => undefined, `${mine.cookie.slice(0, -2)}AA`)).toBe('oidc.refused')
    expect(await finish((query) => query.append('state', query.get('state') ?? ''), mine.cookie)).toBe('oidc.refused')
    expect(await finish((query) => query.set('iss', 'https://evil.example'), mine.cookie)).toBe('oidc.refused')
    host.clock.advance(OIDC_TIES_MS)
    expect(await finish(() => undefined, mine.cookie)).toBe('oidc.refused')
    // None of it went to the provider.
    expect(provider.asked).toBe(asked)
  })

  test('makes whoever brings made-up codes wait, before the provider is asked again', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { oidc } = host.accounts
    const { address, cookie } = await oidc.begin(BEGIN)
    const state = new URL(address).searchParams.get('state') ?? ''
    const made = new URLSearchParams({ code: 'made-up', state, iss: provider.issuer })
    const bring = () => refusalOf(() => oidc.finish(made, cookie, '198.51.100.1'))
    for (let i = 0; i < FREE_ATTEMPTS_ADDRESS; i++) expect(await bring()).toBe('oidc.refused')
    const { asked } = provider
    expect(await bring()).toBe('account.try_later')
    expect(provider.asked).toBe(asked)
    expect((await arrive(host, ADA)).user.name).toBe('ada')
  })

  test('is refused when the person refuses there, in words of ours', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { address, cookie } = await host.accounts.oidc.begin(BEGIN)
    const state = new URL(address).searchParams.get('state') ?? ''
    const denied = { error: 'access_denied', error_description: '<b>evil</b>', state, iss: provider.issuer }
    const error: unknown = await host.accounts.oidc
      .finish(new URLSearchParams(denied), cookie, visitor.address)
      .catch((refusal: unknown) => refusal)
    expect(error).toMatchObject({ code: 'oidc.refused' })
    expect(String(error)).not.toContain('evil')
  })

  test.each([false, true])('takes an answer once (the provider takes the code again: %p)', async (takesCodesAgain) => {
    using host = await testAccounts()
    await withProvider(host)
    const { oidc } = host.accounts
    const { address, cookie } = await oidc.begin(BEGIN)
    const query = provider.grant(address, ADA, { takesCodesAgain })
    const at = await Promise.allSettled([
      oidc.finish(query, cookie, visitor.address),
      oidc.finish(query, cookie, visitor.address),
    ])
    expect(at.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await refusalOf(() => oidc.finish(query, cookie, visitor.address))).toBe('oidc.refused')
  })

  test('that confirms asks for a new proof there, and takes no old one', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { oidc } = host.accounts
    const confirm = async (authTime: number | undefined) => {
      const { address, cookie } = await oidc.begin({ ...BEGIN, errand: { kind: 'confirm' } })
      expect(Object.fromEntries(new URL(address).searchParams)).toMatchObject({ prompt: 'login', max_age: '0' })
      return refusalOf(() =>
        oidc.finish(provider.grant(address, ADA, { claims: { auth_time: authTime } }), cookie, visitor.address),
      )
    }
    const now = Math.floor(Date.now() / 1_000)
    expect(await confirm(now)).toBe('nothing')
    expect(await confirm(now - 3_600)).toBe('oidc.refused')
    expect(await confirm(undefined)).toBe('oidc.refused')
  })
})

describe('who may come', () => {
  test('is known by issuer and subject, never by mail address or name', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const ivo = await host.accounts.createUser({ name: 'ivo@example.org', role: 'owner' })
    const mallory = { ...ADA, sub: 'mallory', email: 'ivo@example.org', preferred_username: 'ivo@example.org' }
    expect(await refusalOf(() => arrive(host, mallory))).toBe('account.name_taken')
    expect(await host.accounts.oidc.identities(ivo.id)).toEqual([])
  })

  test('has a verified address in a domain that was named, or a subject that was', async () => {
    using host = await testAccounts()
    await withProvider(host, { allowedSubjects: ['s-7'] })
    const refused = [
      { email_verified: false },
      { email_verified: undefined as unknown as boolean },
      { email_verified: 'true' as unknown as boolean },
      { email: 'ada@example.org.evil.example' },
      { email: 'ada@sub.example.org' },
      { email: 'example.org' },
      { email: '' },
    ]
    for (const claims of refused)
      expect(await refusalOf(() => arrive(host, { ...ADA, ...claims }))).toBe('oidc.not_allowed')
    expect((await arrive(host, { sub: 's-7', preferred_username: 'sam' })).user.name).toBe('sam')
    await host.accounts.oidc.set(settings({ allowedDomains: [] }))
    expect(await refusalOf(() => arrive(host, ADA))).toBe('oidc.not_allowed')
    expect((await arrive(host, { sub: 's-7' })).user.name).toBe('sam')
  })

  test('has the highest role that the claim gives, at each sign-in anew, and without any is let in no more', async () => {
    using host = await testAccounts()
    await withProvider(host, { roleClaim: 'groups', roles: { ops: 'operator', all: 'viewer' }, defaultRole: null })
    const as = (groups: unknown) => arrive(host, { ...ADA, groups } as typeof ADA)
    expect(await refusalOf(() => as(['others', '__proto__', 'toString']))).toBe('oidc.not_allowed')
    expect((await as(['all', 'ops'])).user.role).toBe('operator')
    expect((await as('all')).user.role).toBe('viewer')
    expect(await refusalOf(() => as([]))).toBe('oidc.not_allowed')
  })

  test('has a name that could be one here, whatever else the provider sends', async () => {
    using host = await testAccounts()
    await withProvider(host)
    for (const preferred_username of ['Ada Lovelace', '\ud800', 'a'.repeat(65), 'usr_1', '<b>'])
      expect(await refusalOf(() => arrive(host, { ...ADA, preferred_username }))).toBe('oidc.not_allowed')
    expect((await arrive(host, { ...ADA, preferred_username: '' })).user.name).toBe('ada@example.org')
  })

  test('is nobody who was disabled here', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const { user } = await arrive(host, ADA)
    await host.accounts.disableUser(user.id)
    expect(await refusalOf(() => arrive(host, ADA))).toBe('oidc.not_allowed')
  })

  test('may be linked to a user who is there, who keeps role and name; an account signs one user in', async () => {
    using host = await testAccounts()
    await withProvider(host, { roleClaim: 'groups', roles: { all: 'viewer' }, defaultRole: null })
    const { id: maria } = await host.accounts.findUser('maria')
    const { id: ivo } = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    const { oidc } = host.accounts
    const { address, cookie } = await oidc.begin({ ...BEGIN, errand: { kind: 'link', userId: maria } })
    const returned = await oidc.finish(provider.grant(address, ADA), cookie, visitor.address)
    expect(returned.errand).toEqual({ kind: 'link', userId: maria })
    // Asked anew there: who is signed in by chance, or by somebody else's doing, is not linked.
    expect(new URL(address).searchParams.get('prompt')).toBe('login')
    const kept = await oidc.offer(returned, maria)
    const offer = await oidc.offered(kept)
    expect(offer).toEqual({ userId: maria, issuer: provider.issuer, subject: ADA.sub, name: ADA.email })
    expect(await refusalOf(() => oidc.offered(cookie))).toBe('oidc.refused')
    expect(await refusalOf(() => oidc.offered(undefined))).toBe('oidc.refused')
    expect(await refusalOf(() => oidc.finish(provider.grant(address, ADA), kept, visitor.address))).toBe('oidc.refused')
    await oidc.link(offer)
    expect(await refusalOf(() => oidc.link({ ...offer, userId: ivo }))).toBe('oidc.identity_taken')
    host.clock.advance(OIDC_TIES_MS)
    expect(await refusalOf(() => oidc.offered(kept))).toBe('oidc.refused')
    expect((await arrive(host, ADA)).user).toMatchObject({ id: maria, role: 'owner' })
    await oidc.unlink(maria)
    expect(await oidc.identities(maria)).toEqual([])
  })
})

describe('the provider of an application', () => {
  test('keeps its client secret sealed, and shows it to nobody', async () => {
    using host = await testAccounts()
    await withProvider(host)
    const rows = JSON.stringify(await host.db.select().from(accountSettings))
    expect(rows).not.toContain(CLIENT.clientSecret)
    expect(JSON.stringify(await host.accounts.oidc.settings())).not.toContain('ecret of')
    expect(await host.accounts.oidc.settings()).toMatchObject({ hasSecret: true, issuer: provider.issuer })
    // Kept while nobody gives another, and never handed to another issuer.
    const { clientSecret: _, ...same } = settings()
    await host.accounts.oidc.set(same)
    expect((await arrive(host, ADA)).user.name).toBe('ada')
    await host.accounts.oidc.set({ ...same, issuer: 'https://evil.example' })
    expect(await host.accounts.oidc.settings()).toMatchObject({ hasSecret: false })
  })

  test('is refused with settings that are of no use', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const wrong: Partial<NewOidcSettings>[] = [
      { issuer: 'http://provider.example' },
      { issuer: 'https://user:pass@provider.example' },
      { issuer: 'https://provider.example/?x=1' },
      { issuer: 'javascript:alert(1)' },
      { label: ' ' },
      { clientId: 'x'.repeat(257) },
      { scopes: ['a b'] },
      { scopes: Array.from({ length: 65 }, (_, i) => `s${i}`) },
      { allowedDomains: ['*'] },
      { allowedDomains: ['@example.org'] },
      { ca: 'not a certificate' },
      { clientSecret: '' },
    ]
    for (const changes of wrong)
      expect({ changes, code: await refusalOf(() => host.accounts.oidc.set(settings(changes))) }).toEqual({
        ...{ changes, code: 'oidc.unfit' },
      })
    expect(await host.accounts.oidc.settings()).toBeUndefined()
  })

  test('that is not vouched for, or not there, is told from one that refuses', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    expect(await refusalOf(() => host.accounts.oidc.begin(BEGIN))).toBe('oidc.missing')
    await host.accounts.oidc.set(settings({ ca: null }))
    expect(await refusalOf(() => host.accounts.oidc.begin(BEGIN))).toBe('oidc.unreachable')
    await host.accounts.oidc.set(settings({ issuer: 'https://127.0.0.1:1' }))
    const clicks = await Promise.allSettled(Array.from({ length: 100 }, () => host.accounts.oidc.begin(BEGIN)))
    // All hundred have the one failure of the one question.
    expect(new Set(clicks.map((click) => click.status === 'rejected' && click.reason)).size).toBe(1)
    expect(await refusalOf(() => host.accounts.oidc.begin(BEGIN))).toBe('oidc.unreachable')
  })

  test('that is silent is waited for no longer once the server stops', async () => {
    const stopping = new AbortController()
    using host = await testAccounts({ closing: stopping.signal })
    await makeMaria(host.accounts)
    const asked = deferred<void>()
    const silent = createServer(() => asked.resolve())
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo
    await host.accounts.oidc.set(settings({ issuer: `https://127.0.0.1:${port}` }))
    const signingIn = refusalOf(() => host.accounts.oidc.begin(BEGIN))
    await asked.promise
    const since = performance.now()
    stopping.abort()
    expect(await signingIn).toBe('oidc.unreachable')
    // A stop waits two seconds for what is under way; the provider itself would be waited for for ten.
    expect(performance.now() - since).toBeLessThan(1_500)
    silent.close()
  })

  test('is not taken away while the only owner signs in by it', async () => {
    using host = await testAccounts()
    await withProvider(host, { allowedSubjects: ['boss'], defaultRole: 'owner' })
    const { user } = await arrive(host, { sub: 'boss', preferred_username: 'boss' })
    const { id: maria } = await host.accounts.findUser('maria')
    await host.accounts.removeUser(maria)
    expect(await refusalOf(() => host.accounts.oidc.remove())).toBe('account.last_owner')
    expect(await refusalOf(() => host.accounts.oidc.set(settings({ issuer: 'https://other.example' })))).toBe(
      'account.last_owner',
    )
    expect(await refusalOf(() => host.accounts.oidc.unlink(user.id))).toBe('account.last_owner')
    await host.accounts.setPassword(user.id, PASSWORD)
    expect(await refusalOf(() => host.accounts.oidc.remove())).toBe('nothing')
  })
})

test('a provider that is not ours signs a person in, and takes its code and our PKCE for what they are', async () => {
  using host = await testAccounts()
  await using real = await realProvider(BEGIN.redirectUri)
  const { issuer, ca, clientId, clientSecret } = real
  await makeMaria(host.accounts)
  const { oidc } = host.accounts
  await oidc.set(settings({ issuer, ca, clientId, clientSecret }))
  const { address, cookie } = await oidc.begin(BEGIN)
  const { searchParams } = await real.walk(address)
  const returned = await oidc.finish(searchParams, cookie, visitor.address)
  expect(returned.vouched).toMatchObject({ issuer, subject: 'ada', claims: { email: 'ada@example.org' } })
  const { user } = await oidc.arrive(returned, await oidc.plan(returned), visitor)
  expect(user).toMatchObject({ name: 'ada', role: 'viewer' })
  // Confirming asks there anew, and the provider says when that was.
  const again = await oidc.begin({ ...BEGIN, errand: { kind: 'confirm' } })
  const second = await oidc.finish((await real.walk(again.address)).searchParams, again.cookie, visitor.address)
  expect(typeof second.vouched.claims['auth_time']).toBe('number')
  await oidc.set(settings({ issuer, ca, clientId, clientSecret: 'another secret' }))
  const wrong = await oidc.begin(BEGIN)
  expect(
    await refusalOf(async () =>
      oidc.finish((await real.walk(wrong.address)).searchParams, wrong.cookie, visitor.address),
    ),
  ).toBe('oidc.refused')
})

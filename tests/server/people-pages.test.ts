import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { SESSION_COOKIE } from '../../src/accounts/mod.ts'
import { MACHINE_TOKEN } from '../../src/server/access-file.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { type FrozenClock, frozenClock } from '../support/frozen-clock.ts'
import { type BrowserLike, browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import { type ManagementHost, managementHost, ORIGIN, PASSWORD } from '../support/runtime/management-host.ts'

let clock: FrozenClock
let host: ManagementHost
let owner: BrowserLike
beforeAll(async () => {
  clock = frozenClock()
  host = await managementHost({ clock })
  owner = await signedIn('maria', 'owner')
})
afterAll(() => host[Symbol.asyncDispose]())

async function signedIn(name: string, role: 'viewer' | 'operator' | 'owner'): Promise<BrowserLike> {
  const { id } = await host.accounts.createUser({ name, role })
  await host.accounts.setPassword(id, PASSWORD)
  const browser = browserLike(host)
  await browser.send('/sign-in', { name, password: PASSWORD })
  return browser
}

/** The owner proves herself again, as the page asks. */
const confirm = (browser = owner) => browser.send('/confirm', { password: PASSWORD })
const idOf = async (name: string) => (await host.accounts.findUser(name)).id
const lastAct = async () => {
  const { count } = await host.state.trail.head()
  return (await host.state.trail.list({ afterCount: count - 1, limit: 1 }))[0]
}

describe('Settings › People', () => {
  test('lists users, filters and sorts them, and shows an owner how people sign in', async () => {
    const page = await owner.open('/settings/people')
    for (const words of ['maria', 'Invite a user', 'Demand an authenticator of everyone'])
      expect(page.text).toContain(words)
    expect((await owner.open('/settings/people?filter=nobody')).text).not.toContain('href="/settings/people/usr_')
    const viewer = await signedIn('vera', 'viewer')
    const seen = (await viewer.open('/settings/people')).text
    expect(seen).toContain('maria')
    for (const words of ['Invite a user', 'Demand an authenticator']) expect(seen).not.toContain(words)
  })

  test('invites a user by a link that is shown once and sets the password', async () => {
    await confirm()
    const wrong = await owner.send('/settings/people/invite', { name: '<b>x', role: 'operator' })
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('value="&lt;b&gt;x"')
    const made = await owner.send('/settings/people/invite', { name: 'ivo', role: 'operator' })
    const link = new RegExp(`${ORIGIN}/link/([\\w-]{43})`).exec(made.text)?.[1] ?? ''
    expect((await owner.send('/settings/people/invite', { name: 'ivo', role: 'viewer' })).status).toBe(409)
    const ivo = browserLike(host)
    expect((await ivo.open(`/link/${link}`)).text).toContain('Set your password')
    expect(leadsTo(await ivo.send('/link', { token: link, password: PASSWORD }))).toBe('303 /')
    expect((await ivo.open('/account')).text).toContain('operator')
    expect(JSON.stringify(await host.state.trail.list({ limit: 1_000 }))).not.toContain(link)
  })

  test('changes name and role, disables, enables, and makes a new link; each stands in the trail under who did it', async () => {
    await confirm()
    const id = await idOf('ivo')
    const path = `/settings/people/${id}`
    expect(leadsTo(await owner.send(`${path}/change`, { name: 'ivo.b', role: 'viewer' }))).toBe(`303 ${path}`)
    expect(await host.accounts.findUser(id)).toMatchObject({ name: 'ivo.b', role: 'viewer' })
    expect(await lastAct()).toMatchObject({
      ...{ action: 'user.role_set', subject: id, actor: `user:${await idOf('maria')}` },
      detail: { from: 'operator', to: 'viewer' },
    })
    await owner.send(`${path}/disable`)
    expect((await owner.open(path)).text).toContain('Disabled')
    await owner.send(`${path}/enable`)
    expect(await host.accounts.findUser(id)).toMatchObject({ disabledAt: null })
    expect((await owner.send(`${path}/link`)).text).toContain(`${ORIGIN}/link/`)
    expect(await lastAct()).toMatchObject({ action: 'user.link_made', subject: id })
  })

  test('refuses to lower, disable or remove the last owner, in words', async () => {
    await confirm()
    const id = await idOf('maria')
    const lowered = await owner.send(`/settings/people/${id}/change`, { name: 'maria', role: 'viewer' })
    expect([lowered.status, lowered.text.includes('last owner')]).toEqual([409, true])
    expect((await owner.send(`/settings/people/${id}/disable`)).status).toBe(409)
    const removed = await owner.send(`/settings/people/${id}/remove`, { typed: 'maria' })
    expect([removed.status, removed.text.includes('last owner')]).toEqual([409, true])
    expect(await lastAct()).toMatchObject({ action: 'user.removed_failed', detail: { code: 'account.last_owner' } })
  })

  test('removes a user only once the name was typed', async () => {
    await confirm()
    const { id } = await host.accounts.createUser({ name: 'gone', role: 'viewer' })
    const path = `/settings/people/${id}/remove`
    expect((await owner.send(path, { typed: 'gon' })).status).toBe(422)
    expect(leadsTo(await owner.send(path, { typed: 'gone' }))).toBe('303 /settings/people')
    expect((await owner.open(`/settings/people/${id}`)).status).toBe(404)
  })

  test('ends sessions and revokes tokens of others', async () => {
    const tom = await signedIn('tom', 'operator')
    const id = await idOf('tom')
    const { token } = await host.accounts.createApiToken({ user: id, name: 'ci <x>', expires: clock.now() + 1_000_000 })
    const page = await owner.open('/settings/people/sessions')
    expect(page.text).toContain('ci &lt;x&gt;')
    expect(page.text).not.toContain(token)
    const session = (await host.accounts.listSessions(id))[0]?.id ?? ''
    await owner.send('/settings/people/sessions/end', { session })
    expect(leadsTo(await tom.open('/account'))).toStartWith('303 /sign-in')
    await owner.send('/settings/people/tokens/revoke', { token: (await host.accounts.listApiTokens(id))[0]?.id ?? '' })
    expect(await host.accounts.userOfToken(token)).toBeUndefined()
  })

  test('sets an OpenID provider, keeps what was typed when it is of no use, never its secret, and takes it away', async () => {
    await confirm()
    const typed = {
      label: 'Works',
      issuer: 'http://x',
      clientId: 'c',
      clientSecret: 'very secret',
      roles: 'cn=ops,dc=x=operator',
    }
    const wrong = await owner.send('/settings/people/provider', typed)
    expect(wrong.status).toBe(400)
    expect(wrong.text).toContain('value="http://x"')
    expect(wrong.text).not.toContain('very secret')
    const roles = await owner.send('/settings/people/provider', { ...typed, roles: 'ops=king' })
    expect(roles.text).toContain('must be value=role')
    await owner.send('/settings/people/provider', { ...typed, issuer: 'https://login.example' })
    expect(await host.accounts.oidc.settings()).toMatchObject({ roles: { 'cn=ops,dc=x': 'operator' }, hasSecret: true })
    const page = await owner.open('/settings/people/provider')
    expect(page.text).toContain(`${ORIGIN}/sign-in/oidc/back`)
    expect(page.text).not.toContain('very secret')
    expect(JSON.stringify(await host.state.trail.list({ limit: 1_000 }))).not.toContain('very secret')
    await owner.send('/settings/people/provider/remove', { typed: 'Works' })
    expect(await host.accounts.oidc.settings()).toBeUndefined()
  })

  test('asks who it is again before a dangerous act, and leads back', async () => {
    clock.advance(11 * 60_000)
    const path = `/settings/people/${await idOf('ivo.b')}`
    expect(leadsTo(await owner.open('/settings/people/invite'))).toBe('303 /confirm?next=%2Fsettings%2Fpeople%2Finvite')
    const acts = ['link', 'disable', 'enable', 'reset-totp', 'remove', 'change'].map((act) => `${path}/${act}`)
    for (const act of [...acts, '/settings/people/demand-totp']) {
      const asked = await owner.send(act, { demanded: 'yes' })
      expect([act, asked.status, asked.text.includes('Confirm that it is you')]).toEqual([act, 403, true])
    }
    expect(await host.accounts.totp.demanded()).toBe(false)
    await confirm()
    expect((await owner.open('/settings/people/invite')).status).toBe(200)
  })
})

describe('Your account', () => {
  test('changes the password after a confirmation, and ends the other sessions', async () => {
    const lea = await signedIn('lea', 'viewer')
    const other = browserLike(host)
    await other.send('/sign-in', { name: 'lea', password: PASSWORD })
    expect((await lea.send('/account/password', { password: 'short' })).status).toBe(400)
    const cookie = `${SESSION_COOKIE}.browser`
    const before = lea.cookies.get(cookie)
    expect(leadsTo(await lea.send('/account/password', { password: `${PASSWORD} and gloves` }))).toBe('303 /account')
    // Her browser is known by the new password; what it kept of before counts no longer.
    expect([lea.cookies.has(cookie), lea.cookies.get(cookie) === before]).toEqual([true, false])
    expect(leadsTo(await other.open('/account'))).toStartWith('303 /sign-in')
    expect((await lea.open('/account')).status).toBe(200)
    clock.advance(11 * 60_000)
    const asked = await lea.send('/account/password', { password: PASSWORD })
    expect([asked.status, asked.text.includes('Confirm that it is you')]).toEqual([403, true])
    expect(asked.text).not.toContain(PASSWORD)
  })

  test('sets up an authenticator by picture and code, shows recovery codes once, and takes it away', async () => {
    const pia = await signedIn('pia', 'viewer')
    const begun = await pia.send('/account/totp/begin')
    expect(begun.text).toContain('<svg class="qr"')
    const secret = (/<code>((?:[A-Z2-7]{4} ?){8})<\/code>/.exec(begun.text)?.[1] ?? '').replaceAll(' ', '')
    const wrong = await pia.send('/account/totp/confirm', { code: '000000' })
    expect(wrong.status).toBe(401)
    expect(wrong.text).not.toContain(secret)
    const done = await pia.send('/account/totp/confirm', { code: authenticator(secret, clock).code() })
    const codes = done.text.match(/[2-9b-z]{4}-[2-9b-z]{4}-[2-9b-z]{4}/g) ?? []
    expect(new Set(codes).size).toBe(10)
    const page = await pia.open('/account/totp')
    expect(page.text).toContain('10 are left')
    for (const hidden of [secret, ...codes]) expect(page.text).not.toContain(hidden)
    expect(JSON.stringify(await host.state.trail.list({ limit: 1_000 }))).not.toContain(codes[0] ?? '-')
    const { text } = await pia.send('/account/totp/recovery-codes')
    expect(text).not.toContain(codes[0] ?? '-')
    expect((await pia.send('/account/totp/remove', { typed: '' })).status).toBe(422)
    expect(leadsTo(await pia.send('/account/totp/remove', { typed: 'pia' }))).toBe('303 /account')
    expect(await host.accounts.findUser('pia')).toMatchObject({ hasTotp: false })
  })

  test('makes an API token that is shown once, and revokes it; of others it revokes none', async () => {
    const rob = await signedIn('rob', 'operator')
    expect((await rob.send('/account/tokens/new', { name: 'ci', days: '367' })).status).toBe(422)
    const { text } = await rob.send('/account/tokens/new', { name: 'ci', days: '30' })
    const token = /slt_[\w-]{59}[0-9a-f]{6}/.exec(text)?.[0] ?? ''
    expect((await host.ask('GET', '/v1/account', { token })).body).toMatchObject({ name: 'rob' })
    expect((await rob.open('/account')).text).not.toContain(token)
    const [made] = await host.accounts.listApiTokens(await idOf('rob'))
    const eve = await signedIn('eve', 'operator')
    expect((await eve.send('/account/tokens/revoke', { token: made?.id ?? '' })).status).toBe(404)
    await rob.send('/account/tokens/revoke', { token: made?.id ?? '' })
    expect((await host.ask('GET', '/v1/account', { token })).status).toBe(401)
  })

  test('ends own sessions, one or all others, and nobody else’s', async () => {
    const [here, there] = [await signedIn('kim', 'viewer'), browserLike(host)]
    await there.send('/sign-in', { name: 'kim', password: PASSWORD })
    const mine = await host.accounts.listSessions(await idOf('kim'))
    const eves = await host.accounts.listSessions(await idOf('eve'))
    expect((await here.send('/account/sessions/end', { session: eves[0]?.id ?? '' })).status).toBe(404)
    expect(mine).toHaveLength(2)
    await here.send('/account/sessions/end-others')
    expect(leadsTo(await there.open('/account'))).toStartWith('303 /sign-in')
    expect((await here.open('/account')).status).toBe(200)
  })

  test('is all that is left to whoever lacks an authenticator that an owner demands', async () => {
    const max = await signedIn('max', 'viewer')
    await confirm()
    await owner.send('/settings/people/demand-totp', { demanded: 'yes' })
    for (const path of ['/', '/account', '/audit', '/v1/docs'])
      expect(leadsTo(await max.open(path))).toBe('303 /account/totp')
    const begun = await max.send('/account/totp/begin')
    const secret = (/<code>((?:[A-Z2-7]{4} ?){8})<\/code>/.exec(begun.text)?.[1] ?? '').replaceAll(' ', '')
    await max.send('/account/totp/confirm', { code: authenticator(secret, clock).code() })
    expect((await max.open('/account')).status).toBe(200)
    await host.accounts.totp.demand(false)
  })

  test('is changed by nobody who holds a token of it, where it decides how one signs in', async () => {
    const token = await host.tokenFor('viewer')
    const asked = async (method: string, path: string, body?: unknown) => {
      const answer = await host.ask(method, `/v1/account${path}`, { token, body })
      return `${answer.status} ${answer.body?.code}`
    }
    const refused = '403 account.session_needed'
    expect(await asked('PUT', '/password', { password: PASSWORD })).toBe(refused)
    expect(await asked('POST', '/totp')).toBe(refused)
    expect(await asked('DELETE', '/totp')).toBe(refused)
    expect(await asked('POST', '/recovery-codes')).toBe(refused)
    expect(await asked('POST', '/tokens', { name: 'more', days: 366 })).toBe(refused)
    const own = { name: 'more', days: 1 }
    expect(
      (await host.ask('POST', '/v1/account/tokens', { token: await host.tokenFor('owner'), body: own })).status,
    ).toBe(201)
  })
})

describe('the API of people', () => {
  test('invites, changes and removes by name or id, and says what it did', async () => {
    const token = await host.tokenFor('owner')
    const ask = (method: string, path: string, body?: unknown) => host.ask(method, `/v1${path}`, { token, body })
    const made = await ask('POST', '/users', { name: 'Nora', role: 'viewer' })
    expect([made.status, made.body]).toMatchObject([
      201,
      {
        user: { name: 'nora', role: 'viewer' },
        link: expect.stringContaining('/link/'),
        expiresAt: expect.stringMatching(/Z$/),
      },
    ])
    expect((await ask('PATCH', '/users/nora', { role: 'operator' })).body).toMatchObject({ role: 'operator' })
    const tenant = await ask('PUT', '/users/nora/data-tenants/dt_1', { role: 'viewer' })
    expect(tenant.status).toBe(204)
    expect((await ask('GET', '/users/nora')).body).toMatchObject({
      dataTenants: [{ dataTenant: 'dt_1', role: 'viewer' }],
    })
    // Who else is in a data tenant is not for those who are in none.
    const asViewer = await host.ask('GET', '/v1/users/nora', { token: await host.tokenFor('viewer') })
    expect([asViewer.status, asViewer.body.dataTenants]).toEqual([200, []])
    expect((await ask('DELETE', '/users/nora/data-tenants/dt_1')).status).toBe(204)
    // An owner of the server reaches no data by it: only a data tenant without an owner is given one.
    expect((await ask('PUT', '/users/nora/data-tenants/dt_2', { role: 'owner' })).status).toBe(204)
    expect(await ask('PUT', '/users/maria/data-tenants/dt_2', { role: 'viewer' })).toMatchObject({
      ...{ status: 403, body: { code: 'data_tenant.owned' } },
    })
    expect((await ask('DELETE', '/users/nora/totp')).body).toMatchObject({ code: 'totp.missing' })
    expect((await ask('DELETE', `/users/${made.body.user.id}`)).body).toMatchObject({ name: 'nora' })
    expect((await ask('GET', '/users/nora')).body).toMatchObject({ code: 'account.not_found' })
  })

  test('sets how people sign in, and shows no secret', async () => {
    const token = await host.tokenFor('owner')
    const body = { label: 'Works', issuer: 'https://login.example', clientId: 'c', clientSecret: 'hidden' }
    const set = await host.ask('PUT', '/v1/sign-in-rules/provider', { token, body })
    expect(set.body).toMatchObject({ totpDemanded: false, provider: { label: 'Works', hasSecret: true } })
    expect(set.text).not.toContain('hidden')
    expect((await host.ask('DELETE', '/v1/sign-in-rules/provider', { token })).status).toBe(204)
    await host.ask('PUT', '/v1/sign-in-rules/totp', { token, body: { demanded: true } })
    expect((await host.ask('GET', '/v1/sign-in-rules', { token })).body).toEqual({ totpDemanded: true, provider: null })
    await host.ask('PUT', '/v1/sign-in-rules/totp', { token, body: { demanded: false } })
  })
})

test('a token of an owner changes nothing about how that owner signs in; the command on this machine gets them back in', async () => {
  const { id } = await host.accounts.createUser({ name: 'bea', role: 'owner' })
  await host.accounts.setPassword(id, PASSWORD)
  const { secret } = await host.accounts.totp.begin(id, 'Sluice')
  await host.accounts.totp.confirm(id, { code: authenticator(secret, clock).code(), address: '192.0.2.1' })
  const expires = clock.now() + 60_000
  const { token } = await host.accounts.createApiToken({ user: id, name: 'ci', expires })
  for (const who of ['bea', id]) {
    for (const [method, path, form] of [
      ['DELETE', `/v1/users/${who}/totp`],
      ['POST', `/v1/users/${who}/link`],
      ['POST', `/settings/people/${id}/link`, {}],
      ['POST', `/settings/people/${id}/reset-totp`, {}],
    ] as const) {
      const { status, text } = await host.ask(method, path, { token, ...(form && { form }) })
      expect([path, status, text.includes('account.session_needed')]).toEqual([path, 403, true])
    }
  }
  // Of another owner they take it away, as before: somebody has to.
  expect((await host.ask('DELETE', '/v1/users/maria/totp', { token })).body).toMatchObject({ code: 'totp.missing' })
  const named = { name: MACHINE_TOKEN, days: 1 }
  const made = await host.ask('POST', '/v1/account/tokens', { token, body: named })
  expect([made.status, made.body.code]).toEqual([409, 'api_token.name_reserved'])
  const machine = await host.accounts.createApiToken({ user: id, name: MACHINE_TOKEN, expires })
  expect((await host.ask('DELETE', '/v1/users/bea/totp', { token: machine.token })).status).toBe(204)
  expect((await host.ask('POST', '/v1/users/bea/link', { token: machine.token })).status).toBe(200)
})

test('what is typed for a name, a role, an id or a token steers nothing: it is refused by name and recorded as text', async () => {
  const token = await host.tokenFor('owner')
  const hostile = [
    '\ud800',
    '\u0000',
    '../x',
    `x${'y'.repeat(300)}`,
    '__proto__',
    '‮evil',
    'usr_',
    "'; drop table users; --",
  ]
  for (const text of hostile) {
    const path = encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'))
    const answers = [
      await host.ask('POST', '/v1/users', { token, body: { name: text, role: 'viewer' } }),
      await host.ask('POST', '/v1/users', { token, body: { name: 'fine', role: text } }),
      await host.ask('PATCH', `/v1/users/${path}`, { token, body: { role: 'viewer' } }),
      await host.ask('DELETE', `/v1/users/${path}`, { token }),
      await host.ask('DELETE', `/v1/sessions/${path}`, { token }),
      await host.ask('DELETE', `/v1/api-tokens/${path}`, { token }),
      await host.ask('PUT', `/v1/users/maria/data-tenants/${path}`, { token, body: { role: 'viewer' } }),
    ]
    for (const [i, { status }] of answers.entries())
      expect([text, i, status >= 400 && status < 500]).toEqual([text, i, true])
  }
  for (const name of hostile) await host.ask('POST', '/v1/account/tokens', { token, body: { name, days: 1 } })
  expect(await host.state.trail.verify()).toMatchObject({ ok: true })
})

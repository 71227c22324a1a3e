import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { CARRIED_BYTES_MAX } from '../../src/server/accounts/carried-form.ts'
import { type FrozenClock, frozenClock } from '../support/frozen-clock.ts'
import { type BrowserLike, browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import {
  type Asked,
  type ManagementHost,
  managementHost,
  ORIGIN,
  PASSWORD,
} from '../support/runtime/management-host.ts'

let clock: FrozenClock
let host: ManagementHost
let owner: BrowserLike
let vera: string
beforeAll(async () => {
  clock = frozenClock()
  host = await managementHost({ clock })
  const { id } = await host.accounts.createUser({ name: 'maria', role: 'owner' })
  await host.accounts.setPassword(id, PASSWORD)
  owner = browserLike(host)
  await owner.send('/sign-in', { name: 'maria', password: PASSWORD })
  vera = (await host.accounts.createUser({ name: 'vera', role: 'viewer' })).id
})
afterAll(() => host[Symbol.asyncDispose]())

/** What a browser sends from a page with one form: its hidden fields, and what is typed. */
function hiddenOf({ text }: Asked): Record<string, string> {
  const inputs = [...text.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)"/g)]
  const plain = (escaped = '') =>
    escaped.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
  return Object.fromEntries(inputs.map(([, name, value]) => [plain(name), plain(value)]))
}
const roleOf = async () => (await host.accounts.findUser(vera)).role
const change = () => `/settings/people/${vera}/change`

describe('a form whose person has to prove first to be there', () => {
  test('is done as it was filled in, once they have', async () => {
    clock.advance(11 * 60_000)
    const asked = await owner.send(change(), { name: 'vera', role: 'operator' })
    expect([asked.status, asked.headers.get('location')]).toEqual([403, null])
    expect(asked.text).toContain('is done as soon as you have confirmed')
    expect(await roleOf()).toBe('viewer')
    const done = await owner.send('/confirm', { ...hiddenOf(asked), password: PASSWORD })
    expect(leadsTo(done)).toBe(`303 /settings/people/${vera}`)
    expect(await roleOf()).toBe('operator')
  })

  test('is kept while the proof is wrong, and nothing is done', async () => {
    clock.advance(11 * 60_000)
    const asked = await owner.send(change(), { name: 'vera', role: 'viewer' })
    const wrong = await owner.send('/confirm', { ...hiddenOf(asked), password: 'a wrong password' })
    expect([wrong.status, await roleOf()]).toEqual([401, 'operator'])
    await owner.send('/confirm', { ...hiddenOf(wrong), password: PASSWORD })
    expect(await roleOf()).toBe('viewer')
  })

  test('is refused in its own words where it is refused, with what was typed still in it', async () => {
    clock.advance(11 * 60_000)
    const asked = await owner.send('/settings/people/invite', { name: '<b>x', role: 'operator' })
    const refused = await owner.send('/confirm', { ...hiddenOf(asked), password: PASSWORD })
    expect(refused.status).toBe(400)
    expect(refused.text).toContain('value="&lt;b&gt;x"')
  })

  test('stands in the page without its secrets, and is shown filled in to have those typed once more', async () => {
    clock.advance(11 * 60_000)
    const mail = { name: 'ops', host: 'mail.example', port: '587', username: 'u', password: 'very secret indeed' }
    const asked = await owner.send('/settings/alerts/new/mail', { ...mail, from: 'a@b.example', to: 'c@d.example' })
    expect(asked.status).toBe(403)
    expect(asked.text).not.toContain('very secret indeed')
    const again = await owner.send('/confirm', { ...hiddenOf(asked), password: PASSWORD })
    expect(again.text).toContain('Nothing was done yet')
    expect(again.text).toMatch(/name="host"[^>]*value="mail\.example"/)
    const token = await host.tokenFor('owner')
    expect((await host.ask('GET', '/v1/alerts', { token })).text).not.toContain('mail.example')
  })

  test('is not done by half where its page cannot ask once more: what came incomplete is refused there', async () => {
    const carried = { 'with.demanded': 'yes', incomplete: 'yes', next: '/', password: PASSWORD }
    for (const path of ['demand-totp', `${vera}/link`, `${vera}/disable`, `${vera}/reset-totp`]) {
      const refused = await owner.send('/confirm', { ...carried, to: `/settings/people/${path}` })
      expect([path, refused.status, refused.text.includes('request.incomplete')]).toEqual([path, 409, true])
    }
    expect((await owner.send('/confirm', { ...carried, to: '/welcome/recovery-key' })).status).toBe(409)
    expect((await host.accounts.findUser(vera)).disabledAt ?? null).toBeNull()
    expect([await host.accounts.totp.demanded(), host.state.keyring.recovery().taken]).toEqual([false, false])
  })

  test('goes nowhere but to this server, and as who confirmed: the role is looked at again', async () => {
    const vain = { name: 'lea', role: 'viewer' } as const
    const { id } = await host.accounts.createUser(vain)
    await host.accounts.setPassword(id, PASSWORD)
    const lea = browserLike(host)
    await lea.send('/sign-in', { name: 'lea', password: PASSWORD })
    const form = { password: PASSWORD, 'with.name': 'vera', 'with.role': 'owner' }
    const refused = await lea.send('/confirm', { ...form, to: change() })
    expect([refused.status, await roleOf()]).toEqual([403, 'viewer'])
    for (const to of ['https://evil.example/x', '//evil.example/x', '/\\evil.example', '/.//evil.example', '/confirm'])
      expect([to, leadsTo(await lea.send('/confirm', { ...form, to }))]).toEqual([to, '303 /'])
  })

  test('is not to be sent by a page of another site, nor to be put into an address', async () => {
    const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const form = { to: change(), 'with.name': 'vera', 'with.role': 'owner', password: PASSWORD }
    const headers = { origin: 'https://evil.example' }
    expect((await host.ask('POST', '/confirm', { cookie, form, headers })).body?.code ?? 'page').toBe('page')
    expect(await roleOf()).toBe('viewer')
    const opened = await owner.open(`/confirm?${new URLSearchParams(form)}`)
    expect(opened.text).not.toContain('name="with.')
    expect(opened.text).not.toContain(PASSWORD)
  })

  test('needs no second proof where one was given meanwhile, as by a provider in another tab', async () => {
    clock.advance(11 * 60_000)
    const asked = await owner.send(change(), { name: 'vera', role: 'operator' })
    await owner.send('/confirm', { password: PASSWORD })
    expect(leadsTo(await owner.send('/confirm', hiddenOf(asked)))).toBe(`303 /settings/people/${vera}`)
    expect(await roleOf()).toBe('operator')
  })

  test('that is longer than what a page may hold is filled in again', async () => {
    clock.advance(11 * 60_000)
    const policy = 'x'.repeat(CARRIED_BYTES_MAX - 'policy'.length)
    const send = (more: string) => owner.send('/settings/policy/confirm', { policy: `${policy}${more}` })
    expect((await send('')).status).toBe(403)
    expect(leadsTo(await send('x'))).toStartWith('303 /confirm')
  })

  test('is a problem for programs, as before', async () => {
    const cookie = [...owner.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const { body } = await host.ask('POST', '/v1/metrics-token', { cookie, headers: { origin: ORIGIN } })
    expect(body.code).toBe('account.confirm_first')
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { systemClock, systemRandom } from '../../../src/base/mod.ts'
import { lookForAlerts, openRuntimeAlerts } from '../../../src/runtime/alerts.ts'
import { type Hook, webhookReceiver } from '../../support/alerts.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let hook: Hook
beforeAll(async () => {
  host = await managementHost()
  hook = await webhookReceiver()
})
afterAll(async () => {
  await hook[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

const HTML = { accept: 'text/html' }

async function recordedActs(): Promise<string[]> {
  const { entries } = await host.state.trail.search({ action: 'alert_channel.*', limit: 100 })
  const ends = entries.filter(({ action }) => !action.endsWith('_tried'))
  return ends.map(({ action, subject }) => `${action} ${subject}`).reverse()
}

describe('/v1/alerts/channels', () => {
  test('adds, tests and removes channels, each act in the audit trail, no secret in any answer but the first', async () => {
    const token = await host.tokenFor('owner')
    const ask = (method: string, path: string, body?: unknown) =>
      host.ask(method, `/v1/alerts/channels${path}`, { token, ...(body !== undefined && { body }) })
    const added = await ask('POST', '/webhook', { name: 'api-hook', url: hook.url, ca: hook.ca })
    expect(added).toMatchObject({ status: 201, body: { channel: { name: 'api-hook', lastSentAt: null } } })
    expect(added.body.secret).toStartWith('whsec_')
    const mail = { host: 'mail.example', port: 465, security: 'tls', from: 'a@example.com', to: ['b@example.com'] }
    await ask('POST', '/mail', { name: 'api-mail', ...mail, username: 'u', password: 'T0PSECRET' })
    const { body, text } = await ask('GET', '')
    expect(body.channels.map(({ name }: { name: string }) => name)).toEqual(['api-hook', 'api-mail'])
    for (const secret of [added.body.secret, 'T0PSECRET', 'T0PSECRETPATH']) expect(text).not.toContain(secret)
    expect((await ask('POST', '/api-hook/test')).status).toBe(204)
    expect(hook.taken).toHaveLength(1)
    expect((await ask('DELETE', '/api-hook')).status).toBe(204)
    expect((await ask('DELETE', '/api-mail')).status).toBe(204)
    expect((await ask('DELETE', '/api-mail')).body.code).toBe('alert.channel_not_found')
    expect((await recordedActs()).slice(0, 5)).toEqual([
      'alert_channel.added api-hook',
      'alert_channel.added api-mail',
      'alert_channel.tested api-hook',
      'alert_channel.removed api-hook',
      'alert_channel.removed api-mail',
    ])
  })

  test('are the owner’s to change, the operator’s to test, and nothing for a viewer', async () => {
    const operator = await host.tokenFor('operator')
    const viewer = await host.tokenFor('viewer')
    const body = { name: 'x', url: 'https://x.example' }
    expect((await host.ask('POST', '/v1/alerts/channels/webhook', { token: operator, body })).status).toBe(403)
    expect((await host.ask('GET', '/v1/alerts/channels', { token: operator })).status).toBe(200)
    expect((await host.ask('GET', '/v1/alerts/channels', { token: viewer })).status).toBe(403)
  })
})

describe('the page of alerts', () => {
  test('leads from nothing to a tested webhook, and shows its secret once', async () => {
    const cookie = await host.sessionFor('owner')
    const get = (path: string) => host.ask('GET', `/settings/alerts${path}`, { cookie, headers: HTML })
    const post = (path: string, form: Record<string, string>) =>
      host.ask('POST', `/settings/alerts${path}`, { cookie, form })
    expect((await get('')).text).toContain('Nobody is told yet')
    const wrong = await post('/new/webhook', { name: 'page hook', url: 'http://plain.example', ca: '' })
    expect(wrong.status).toBe(422)
    expect(wrong.text).toContain('must begin with https://')
    expect(wrong.text).toContain('value="page hook"')
    const added = await post('/new/webhook', { name: 'page-hook', url: hook.url, ca: hook.ca })
    const secret = /whsec_[A-Za-z0-9+/=]+/.exec(added.text)?.[0] ?? 'none'
    expect(secret.length).toBeGreaterThan(40)
    const listed = await get('')
    expect(listed.text).toContain('page-hook')
    expect(listed.text).not.toContain(secret)
    const id = /alc_[0-9a-f-]+/.exec(listed.text)?.[0]
    expect((await post(`/${id}/test`, {})).text).toContain('The test reached page-hook')
    hook.status = 500
    expect((await post(`/${id}/test`, {})).text).toContain('did not reach page-hook')
    hook.status = 204
    expect((await get(`/${id}/remove`)).text).toContain('Remove page-hook')
    expect((await post(`/${id}/remove`, { typed: 'other' })).status).toBe(422)
    expect((await post(`/${id}/remove`, { typed: 'page-hook' })).status).toBe(303)
    expect((await get('')).text).toContain('Nobody is told yet')
  })

  test('keeps what was typed for mail, but for the password', async () => {
    const cookie = await host.sessionFor('owner')
    const form = {
      ...{ name: 'mail', to: 'nobody', from: 'a@example.com', host: 'mail.example', security: 'starttls', port: '587' },
      ...{ username: 'u', password: 'T0PSECRET', ca: '' },
    }
    const { status, text } = await host.ask('POST', '/settings/alerts/new/mail', { cookie, form })
    expect(status).toBe(422)
    for (const kept of ['value="nobody"', 'value="587"', 'value="u"', 'e-mail addresses']) expect(text).toContain(kept)
    expect(text).not.toContain('T0PSECRET')
    const right = { ...form, to: 'b@example.com, c@example.com' }
    expect((await host.ask('POST', '/settings/alerts/new/mail', { cookie, form: right })).status).toBe(303)
    const { signal: closing } = new AbortController()
    await openRuntimeAlerts({ ...host.station, clock: systemClock, random: systemRandom, closing }).remove('mail')
  })
})

test('what the overview says needs a person is told; a Runtime without a Platform wakes nobody', async () => {
  const { signal: closing } = new AbortController()
  const deps = { ...host.station, clock: systemClock, random: systemRandom, closing }
  const alerts = openRuntimeAlerts(deps)
  await alerts.addWebhook('watch', { url: hook.url, ca: hook.ca })
  hook.taken.length = 0
  const sinceMs = systemClock.now() - 120_000
  host.station.attention.watch('test', () => [
    {
      id: 'test.wrong x',
      state: 'failed',
      what: 'x is wrong',
      effect: 'Nothing goes on.',
      sinceMs,
      cure: { label: '', href: '/' },
    },
  ])
  await lookForAlerts(alerts, deps)
  await lookForAlerts(alerts, { ...deps, clock: { ...systemClock, now: () => systemClock.now() + 300_000 } })
  await alerts.deliver()
  expect(hook.taken.map(({ body }) => JSON.parse(body))).toMatchObject([
    { subject: 'test.wrong x', data: { server: `Runtime ${host.station.name}`, what: 'x is wrong' } },
  ])
})

import { describe, expect, test } from 'bun:test'
import { createHmac } from 'node:crypto'
import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { CHANNELS_MAX } from '../../src/alerts/channels.ts'
import { MailInput, WebhookInput } from '../../src/alerts/mod.ts'
import { alertsDesk, webhookReceiver } from '../support/alerts.ts'
import { refusalOf } from '../support/refusal.ts'

const mail: MailInput = {
  ...{ host: 'mail.example', port: 465, security: 'tls', username: 'u', password: 'T0PSECRET' },
  ...{ from: 'sluice@example.com', to: ['a@example.com', 'b@example.com'] },
}

describe('a webhook', () => {
  test('gets a CloudEvent that its secret verifies, as Standard Webhooks has it', async () => {
    using desk = await alertsDesk()
    await using hook = await webhookReceiver()
    const { secret } = await desk.alerts.addWebhook('team', { url: hook.url, ca: hook.ca })
    await desk.alerts.test('team')
    const [taken] = hook.taken
    const [id, at, signature] = ['id', 'timestamp', 'signature'].map((name) => taken?.headers.get(`webhook-${name}`))
    const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
    expect(key).toHaveLength(32)
    expect(signature).toBe(`v1,${createHmac('sha256', key).update(`${id}.${at}.${taken?.body}`).digest('base64')}`)
    expect(Number(at)).toBe(Math.floor(desk.clock.now() / 1_000))
    expect(taken?.headers.get('content-type')).toBe('application/cloudevents+json; charset=utf-8')
    expect(JSON.parse(taken?.body ?? '')).toMatchObject({
      ...{ specversion: '1.0', id, source: 'urn:sluice:runtime:rt_1', type: 'sluice.alert.test' },
      data: { server: 'Runtime factory-01' },
    })
  })

  test('that answers with anything but 2xx has not taken it; a redirect is not followed', async () => {
    using desk = await alertsDesk()
    await using hook = await webhookReceiver()
    await desk.alerts.addWebhook('team', { url: hook.url, ca: hook.ca })
    for (const status of [301, 302, 400, 404, 500]) {
      hook.status = status
      hook.taken.length = 0
      expect(await refusalOf(() => desk.alerts.test('team'))).toBe('alert.not_taken')
      expect(hook.taken).toHaveLength(1)
    }
    expect((await desk.alerts.list())[0]).toMatchObject({ lastFailure: 'alert.not_taken', lastSentAtMs: null })
    hook.status = 204
    await desk.alerts.test('team')
    expect((await desk.alerts.list())[0]).toMatchObject({ lastFailure: null, lastSentAtMs: desk.clock.now() })
  })

  test('whose certificate nobody vouches for is told nothing', async () => {
    using desk = await alertsDesk()
    await using hook = await webhookReceiver()
    await desk.alerts.addWebhook('team', { url: hook.url })
    expect(await refusalOf(() => desk.alerts.test('team'))).toBe('host.tls_untrusted')
    expect(hook.taken).toEqual([])
  })

  test('is https, and nothing else', () => {
    for (const url of ['http://example.com/x', 'ftp://example.com', 'file:///etc/passwd', 'example.com', 'https://']) {
      expect(v.is(WebhookInput, { url })).toBe(false)
    }
  })
})

describe('channels', () => {
  test('are listed by name without what is secret about them', async () => {
    using desk = await alertsDesk()
    await desk.alerts.addWebhook('zulu', { url: 'https://hooks.example/T0PSECRET?key=T0PSECRET' })
    await desk.alerts.addMail('alpha', mail)
    const listed = await desk.alerts.list()
    expect(listed.map(({ name, kind, target }) => [name, kind, target])).toEqual([
      ['alpha', 'mail', 'a@example.com, b@example.com'],
      ['zulu', 'webhook', 'hooks.example'],
    ])
    expect(JSON.stringify(listed)).not.toContain('T0PSECRET')
    for (const suffix of ['', '-wal']) {
      expect(readFileSync(`${desk.path}${suffix}`).includes('T0PSECRET')).toBe(false)
    }
  })

  test('have a name each; one that is taken, and one too many, is refused', async () => {
    using desk = await alertsDesk()
    for (let n = 0; n < CHANNELS_MAX; n++) await desk.alerts.addMail(`c${n}`, mail)
    expect(await refusalOf(() => desk.alerts.addMail('c1', mail))).toBe('alert.channel_exists')
    expect(await refusalOf(() => desk.alerts.addMail('another', mail))).toBe('alert.no_room')
  })

  test('are removed by name or id, with what they were still to be told', async () => {
    using desk = await alertsDesk()
    await desk.alerts.addMail('a', mail)
    const b = await desk.alerts.addMail('b', mail)
    await desk.alerts.remove('a')
    await desk.alerts.remove(b.id)
    expect(await desk.alerts.list()).toEqual([])
    expect(await refusalOf(() => desk.alerts.remove('a'))).toBe('alert.channel_not_found')
    expect(await refusalOf(() => desk.alerts.test('a'))).toBe('alert.channel_not_found')
  })

  test('of mail take addresses and hosts, and nothing that would speak to the mail server', () => {
    for (const change of [
      { from: 'no address' },
      { from: 'a@example.com\r\nBcc: x@example.com' },
      { to: [] },
      { to: Array.from({ length: 17 }, (_, n) => `a${n}@example.com`) },
      { host: 'mail.example\r\nQUIT' },
      { host: '' },
      { port: 0 },
      { port: 65_536 },
      { security: 'none' },
    ]) {
      expect(v.is(MailInput, { ...mail, ...change })).toBe(false)
    }
    expect(v.is(MailInput, mail)).toBe(true)
  })
})

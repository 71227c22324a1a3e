import { describe, expect, test } from 'bun:test'
import { HOLD_MS } from '../../src/alerts/conditions.ts'
import type { MailInput } from '../../src/alerts/mod.ts'
import { alertsDesk, look } from '../support/alerts.ts'
import { type MailServer, mailServer, silentServer } from '../support/mail-server.ts'
import { refusalOf } from '../support/refusal.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'

function input(server: Pick<MailServer, 'port' | 'ca'>, changes: Partial<MailInput> = {}): MailInput {
  return {
    ...{ host: '127.0.0.1', port: server.port, security: 'tls', username: 'sluice', password: 'T0PSECRET' },
    ...{ from: 'sluice@example.com', to: ['ops@example.com', 'night@example.com'], ca: server.ca, ...changes },
  }
}

describe('a mail', () => {
  test('says what is wrong, where and since when, to everyone named, after a login', async () => {
    for (const security of ['tls', 'starttls'] as const) {
      using desk = await alertsDesk()
      await using server = await mailServer(security)
      await desk.alerts.addMail('ops', input(server, { security }))
      desk.clock.advance(HOLD_MS)
      const sinceMs = desk.clock.now() - HOLD_MS
      await look(desk.alerts, [{ id: 'x', what: 'orders has failed', effect: 'Nothing is moved', sinceMs }])
      expect(server.mails).toMatchObject([
        { from: 'sluice@example.com', to: ['ops@example.com', 'night@example.com'], login: 'sluice' },
      ])
      const text = server.mails[0]?.text ?? ''
      expect(text).toContain('Subject: [Runtime factory-01] Wrong: orders has failed')
      expect(text).toContain('Runtime factory-01: orders has failed.\r\nNothing is moved.')
      expect(text).toContain('Since 2026-01-02T03:04:05')
    }
  })

  test('has one subject, whatever stands in what happened', async () => {
    using desk = await alertsDesk()
    await using server = await mailServer('tls')
    await desk.alerts.addMail('ops', input(server))
    desk.clock.advance(HOLD_MS)
    await look(desk.alerts, [{ id: 'x', what: 'a\r\nBcc: spy@example.com\r\n\r\nb', sinceMs: 0 }])
    expect(server.mails[0]?.to).toEqual(['ops@example.com', 'night@example.com'])
    expect(server.mails[0]?.text.split('\r\n\r\n')[0]).not.toMatch(/^bcc:/im)
  })
})

describe('a mail server', () => {
  test('that nobody vouches for, or that offers no TLS, is told nothing, the login least of all', async () => {
    using desk = await alertsDesk()
    await using server = await mailServer('tls')
    await using starttls = await mailServer('starttls')
    await using plain = await mailServer('plain')
    const { ca: _, ...stranger } = input(server)
    await desk.alerts.addMail('stranger', stranger)
    await desk.alerts.addMail('other-ca', input({ port: starttls.port, ca: server.ca }, { security: 'starttls' }))
    await desk.alerts.addMail('plain', input(plain, { security: 'starttls' }))
    for (const name of ['stranger', 'other-ca', 'plain']) {
      expect(await refusalOf(() => desk.alerts.test(name))).toBe('alert.mail_untrusted')
    }
    expect([...server.heard, ...starttls.heard, ...plain.heard]).toEqual([])
  })

  test('that refuses the login or the mail, or is not there, is told apart, without what it said', async () => {
    using desk = await alertsDesk()
    await using login = await mailServer('tls', 'login')
    await using mail = await mailServer('tls', 'mail')
    await desk.alerts.addMail('login', input(login))
    await desk.alerts.addMail('mail', input(mail))
    await desk.alerts.addMail('nobody', input({ port: 1, ca: login.ca }))
    const told = desk.alerts.test('login').catch((error: Error) => error.message)
    expect(await told).not.toContain('T0PSECRET')
    expect(await refusalOf(() => desk.alerts.test('login'))).toBe('alert.mail_login')
    expect(await refusalOf(() => desk.alerts.test('mail'))).toBe('alert.mail_refused')
    expect(await refusalOf(() => desk.alerts.test('nobody'))).toBe('alert.mail_unreachable')
    const nobody = await desk.alerts.test('nobody').catch((error: Error) => error.message)
    expect(nobody).toContain(', port 1, cannot be reached: nothing listens there. Check the port: 465 for TLS, 587 for')
  })

  test('that takes connections and never speaks holds up no look, and is told nothing twice at once', async () => {
    using desk = await alertsDesk()
    await using silent = await silentServer()
    for (const security of ['tls', 'starttls'] as const) {
      await desk.alerts.addMail(security, { ...input({ port: silent.port, ca: '' }), security, ca: undefined })
    }
    desk.clock.advance(HOLD_MS)
    await desk.alerts.notice([{ id: 'x', what: 'orders has failed', sinceMs: 0 }])
    const deliveries = [desk.alerts.deliver(), desk.alerts.deliver()]
    await until('both channels are tried', () => silent.heard() === 2, BRIEFLY_MS)
    deliveries.push(desk.alerts.deliver())
    await desk.alerts.notice([
      { id: 'x', what: 'orders has failed', sinceMs: 0 },
      { id: 'y', what: 'returns has failed', sinceMs: 0 },
    ])
    expect(await desk.waiting()).toBe(4)
    desk.closing.abort()
    await Promise.all(deliveries)
    expect(silent.heard()).toBe(2)
    // What was given up is told after the next start.
    expect(await desk.waiting()).toBe(4)
    expect((await desk.alerts.list()).map(({ lastFailure }) => lastFailure)).toEqual([null, null])
  })

  test('that never speaks is left at once when the server stops, a test by hand too', async () => {
    using desk = await alertsDesk()
    await using silent = await silentServer()
    await desk.alerts.addMail('ops', { ...input({ port: silent.port, ca: '' }), ca: undefined })
    const refused = refusalOf(() => desk.alerts.test('ops'))
    await until('it is tried', () => silent.heard() === 1, BRIEFLY_MS)
    desk.closing.abort()
    expect(await refused).toBe('internal.cancelled')
    await until('its connection is closed', () => silent.open() === 0, BRIEFLY_MS)
  })
})

import { expect, test } from 'bun:test'
import { browserLike, leadsTo } from '../../support/runtime/browser-like.ts'
import { managementHost, PASSWORD } from '../../support/runtime/management-host.ts'

test('an owner’s first password leads to the recovery key, shown once, and on to enrolment by a pasted code', async () => {
  await using host = await managementHost()
  const [first] = await host.accounts.listUsers()
  const token = await host.accounts.oneTimeLink(first?.id ?? '', 'set-password')
  const browser = browserLike(host)
  expect(leadsTo(await browser.send('/link', { token, password: PASSWORD }))).toBe('303 /welcome')
  // A link works once, and nothing that was there before it does.
  expect((await browserLike(host).send('/link', { token, password: PASSWORD })).status).toBe(401)
  const before = await browser.open('/welcome')
  expect(before.text).toContain('Show the recovery key')
  const shown = await browser.send('/welcome/recovery-key')
  const key = /<code id="secret">([^<]+)<\/code>/.exec(shown.text)?.[1] ?? ''
  expect(key.length).toBeGreaterThan(40)
  expect(shown.text).toContain('I have stored it')
  expect(shown.headers.get('cache-control')).toBe('no-store')
  expect(host.state.keyring.recovery().taken).toBe(true)
  for (const path of ['/welcome', '/welcome/enrol', '/']) expect((await browser.open(path)).text).not.toContain(key)
  expect(leadsTo(await browser.open('/welcome'))).toBe('303 /welcome/enrol')
  expect(leadsTo(await browser.send('/welcome/recovery-key'))).toBe('303 /welcome/enrol')
  const trail = await host.state.trail.list({ limit: 100 })
  expect(trail.map(({ action }) => action)).toEqual([
    'session.opened',
    'recovery_key.shown_tried',
    'recovery_key.shown',
  ])
  expect(JSON.stringify(trail)).not.toContain(key)
  const wrong = await browser.send('/welcome/enrol', { code: 'slx_<i>' })
  expect(wrong.status).toBe(400)
  expect(wrong.text).not.toContain('<i>')
})

test('the recovery key is for owners who have just confirmed themselves, and of two who ask at once one sees it', async () => {
  await using host = await managementHost()
  for (const role of ['viewer', 'operator'] as const) {
    const cookie = await host.sessionFor(role)
    expect((await host.ask('POST', '/welcome/recovery-key', { cookie, form: {} })).status).toBe(403)
    expect((await host.ask('POST', '/welcome/enrol', { cookie, form: { code: 'slx_x' } })).status).toBe(403)
  }
  const owners = [await host.sessionFor('owner'), await host.sessionFor('owner')]
  const answers = await Promise.all(
    owners.map((cookie) => host.ask('POST', '/welcome/recovery-key', { cookie, form: {} })),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 303])
})

import { afterAll, beforeAll, expect } from 'bun:test'
import { type ConnectorWorld, connectorWorld } from '../support/connectors.ts'
import { type JiraDouble, jiraDouble } from '../support/doubles/jira.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import { type BrowserLike, browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import { memberFor } from '../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../support/runtime/management-host.ts'
import { until } from '../support/until.ts'

let host: ManagementHost
let jira: JiraDouble
let world: ConnectorWorld
let browser: BrowserLike
let path: string
beforeAll(async () => {
  if (isQuick) return
  ;[host, jira] = await Promise.all([managementHost(), jiraDouble()])
  world = await connectorWorld(host, jira)
  const session = await host.sessionFor('owner')
  const [name = '', value = ''] = session.split('=')
  browser = browserLike(host, [[name, value]])
  const users = await host.accounts.listUsers()
  const user = users.find(({ hasPassword }) => hasPassword)?.id ?? ''
  await world.ask('PUT', `/v1/data-tenants/${world.tenant}/members/${user}`, { role: 'owner' })
  path = `/datasets/${world.tenant}/~connectors`
})
afterAll(async () => {
  await jira?.[Symbol.asyncDispose]()
  await host?.[Symbol.asyncDispose]()
})

test('a connector is made by its form, run and checked by its buttons, and shown with its history', async () => {
  jira.put({ key: 'ABC-1', updatedMs: Date.UTC(2026, 0, 2) })
  expect((await browser.open(path)).text).toContain('A connector pulls from a system’s API')
  const typed = {
    ...{
      name: 'issues',
      dataset: world.dataset,
      credential: 'jira',
      network: 'private',
      cron: '0 3 * * *',
      timeZone: 'Europe/Berlin',
    },
    ...{
      'config.url': jira.url,
      'config.projects': 'ABC, XYZ',
      'config.ca': jira.ca.replaceAll('\n', '\r\n'),
      'config.edition': 'cloud',
    },
  }
  const wrong = await browser.send(`${path}/~new`, { ...typed, cron: 'daily' })
  expect([wrong.status >= 400, wrong.text.includes('five fields'), wrong.text.includes('value="ABC, XYZ"')]).toEqual([
    true,
    true,
    true,
  ])
  expect(leadsTo(await browser.send(`${path}/~new`, typed))).toBe(`303 ${path}/issues`)
  expect((await browser.open(path)).text).toMatch(/issues[\s\S]*ready[\s\S]*127\.0\.0\.1/)
  expect(leadsTo(await browser.send(`${path}/issues/run`))).toBe(`303 ${path}/issues`)
  await until('it has run', async () => (await world.records())['ABC-1'])
  const { text } = await until('the page tells that', async () => {
    const page = await browser.open(`${path}/issues`)
    return /\bdone\b/.test(page.text) ? page : undefined
  })
  expect(text).toContain('0 3 * * * in Europe/Berlin')
  expect((await browser.send(`${path}/issues/check`)).text).toContain('Signed in as Mary Example')
  expect((await browser.open(`${path}/issues/fields`)).text).toContain('Severity (list of option, of the site’s own)')
  expect(leadsTo(await browser.send(`${path}/issues/fields`, { 'field.summary': 'yes' }))).toBe(`303 ${path}/issues`)
  expect((await world.ask('GET', `${world.path}/issues`)).body.config.fields).toEqual(['summary'])
  expect((await browser.open(`${path}/issues/change`)).text).toContain('value="ABC, XYZ"')
  expect(leadsTo(await browser.send(`${path}/issues/cursor`, { typed: 'issues' }))).toBe(`303 ${path}/issues`)
  expect(leadsTo(await browser.send(`${path}/issues/remove`, { typed: 'issues' }))).toBe(`303 ${path}`)
})

test('what waits says for what, and is approved there by owners of the Runtime alone', async () => {
  const operator = await memberFor(
    host,
    { tenant: world.tenant, owner: world.owner } as Parameters<typeof memberFor>[1],
    'operator',
  )
  const config = { url: jira.url, ca: jira.ca, projects: ['ABC'] }
  await world.ask(
    'POST',
    world.path,
    { name: 'waits', dataset: world.dataset, type: 'jira', credential: 'jira', network: 'private', config },
    operator,
  )
  const { text } = await browser.open(`${path}/waits`)
  expect(text).toMatch(/It lends the credential jira to 127\.0\.0\.1:\d+, which may be at a private address/)
  const refused = await host.ask('POST', `${path}/waits/approve`, { token: operator, form: {} })
  expect(refused.status).toBe(403)
  expect(leadsTo(await browser.send(`${path}/waits/approve`))).toBe(`303 ${path}/waits`)
  expect((await browser.open(`${path}/waits`)).text).toContain('Run now')
})

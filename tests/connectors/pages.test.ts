import { afterAll, beforeAll, expect } from 'bun:test'
import { connectorHost } from '../support/connector-host.ts'
import { type ConnectorWorld, connectorWorld } from '../support/connectors.ts'
import { type JiraDouble, jiraDouble } from '../support/doubles/jira.ts'
import { TICKETS_TOKEN, ticketsDouble } from '../support/doubles/tickets.ts'
import { isQuick, slowTest as test } from '../support/quick.ts'
import { type BrowserLike, browserLike, leadsTo } from '../support/runtime/browser-like.ts'
import { memberFor } from '../support/runtime/data-site.ts'
import type { ManagementHost } from '../support/runtime/management-host.ts'
import { until } from '../support/until.ts'

let host: ManagementHost
let jira: JiraDouble
let world: ConnectorWorld
let browser: BrowserLike
let path: string
beforeAll(async () => {
  if (isQuick) return
  ;[host, jira] = await Promise.all([connectorHost(), jiraDouble()])
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

test('a REST API is described in YAML on the form of its type, and what is wrong with it is told there in words', async () => {
  await using tickets = await ticketsDouble()
  tickets.put({ id: 1, title: 'one', updatedMs: Date.UTC(2026, 0, 2) })
  await world.ask('PUT', '/v1/credentials/tickets', { kind: 'token', fields: { token: TICKETS_TOKEN } })
  expect((await browser.open(`${path}/~new`)).text).toContain(`href="${path}/~new?type=rest"`)
  const form = `${path}/~new?type=rest`
  expect((await browser.open(form)).text).toContain('aria-current="page"')
  const typed = {
    ...{ name: 'tickets', dataset: world.dataset, credential: 'tickets', network: 'private', timeZone: 'UTC' },
    ...{ 'config.url': tickets.url, 'config.ca': tickets.ca, 'config.path': '/v2/linked', 'config.key': '/id' },
    ...{ 'config.authorization': 'header: X-Api-Key', 'config.paging': 'kind: link' },
    'config.fields': 'key: { at: /id, type: text }\nsummary: /title',
  }
  const wrong = await browser.send(form, { ...typed, 'config.paging': 'kind: page' })
  expect([wrong.status, wrong.text.includes('A place {page} is needed')]).toEqual([400, true])
  expect((await browser.send(form, { ...typed, 'config.paging': 'kind: {' })).text).toMatch(/aging is not YAML/)
  expect(leadsTo(await browser.send(form, typed))).toBe(`303 ${path}/tickets`)
  expect((await browser.open(`${path}/tickets/change`)).text).toMatch(/key:\s+at: \/id\s+type: text/)
  expect((await browser.send(`${path}/tickets/check`)).text).toContain('The first page has 1 record')
  expect((await browser.open(`${path}/tickets/fields`)).text).toContain('reporter › name (string)')
  const choice = await browser.send(`${path}/tickets/fields`, { 'field./id': 'yes' })
  expect([choice.status, choice.text.includes('which a choice would take away')]).toEqual([400, true])
  expect(leadsTo(await browser.send(`${path}/tickets/run`))).toBe(`303 ${path}/tickets`)
  await until('it has run', async () => (await world.records())['1'])
}, 20_000)

test('what a connector would send is shown to who approves it, and something else waits again', async () => {
  const operator = await memberFor(
    host,
    { tenant: world.tenant, owner: world.owner } as Parameters<typeof memberFor>[1],
    'operator',
  )
  const config = { url: jira.url, ca: jira.ca, path: '/rest/search', method: 'POST', body: { jql: 'a = b' } }
  const body = { name: 'sends', dataset: world.dataset, type: 'rest', network: 'private', config }
  expect((await world.ask('POST', world.path, body, operator)).body.state).toBe('awaiting-approval')
  expect((await browser.open(`${path}/sends`)).text).toMatch(/It sends there: <code>.*a = b.*\/rest\/search/)
  expect((await world.ask('POST', `${world.path}/sends/approve`)).body.state).toBe('ready')
  const changed = async (more: object) =>
    (await world.ask('PATCH', `${world.path}/sends`, { config: { ...config, ...more } }, operator)).body.state
  expect(await changed({ records: '/issues' })).toBe('ready')
  expect(await changed({ path: '/rest/delete' })).toBe('awaiting-approval')
})

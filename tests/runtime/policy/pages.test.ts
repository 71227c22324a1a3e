import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let cookie: string
const headers = { accept: 'text/html' }
beforeEach(async () => {
  host = await managementHost()
  cookie = await host.sessionFor('owner')
})
afterEach(() => host[Symbol.asyncDispose]())

const FORM = {
  ...{ peers: 'accepted', componentTypes: 'any', hosts: 'db.example\r\n*.example\r\n', fileRoots: 'any', tables: '' },
  ...{ scripts: 'forbidden', expressions: 'approve', logLines: 'template', workersMax: '10', waitingMax: '5' },
  workerMemoryMiB: '256',
}

test('every rule stands on the page with its explanation; a viewer gets no form', async () => {
  const page = await host.ask('GET', '/settings/policy', { cookie, headers })
  for (const words of ['Free text never leaves', 'like a script', 'name="workerMemoryMiB"', 'No limit'.toLowerCase()])
    expect(page.text).toContain(words)
  const viewer = await host.ask('GET', '/settings/policy', { cookie: await host.sessionFor('viewer'), headers })
  expect(viewer.text).not.toContain('action="/settings/policy"')
})

test('rules are changed in two steps: what changes and ends is shown, then confirmed by the Runtime’s name', async () => {
  const review = await host.ask('POST', '/settings/policy', { cookie, form: FORM })
  expect(review.status).toBe(200)
  expect(review.text).toContain('Nothing that runs or waits is forbidden by them')
  expect(host.state.rules.policy.hosts).toBe('any')
  const policy = /name="policy" value="([^"]*)"/.exec(review.text)?.[1]?.replaceAll('&quot;', '"') ?? ''
  const confirm = (typed: string) =>
    host.ask('POST', '/settings/policy/confirm', { cookie, form: { policy, ending: '', typed } })
  expect((await confirm('other')).status).toBe(422)
  expect((await confirm('factory-01')).status).toBe(303)
  expect(host.state.rules.policy).toMatchObject({
    ...{ hosts: ['db.example', '*.example'], tables: [], scripts: 'forbidden', workersMax: 10, workerMemoryMiB: 256 },
  })
})

test('a rule that is none keeps what was typed and says so beside it', async () => {
  const wrong = await host.ask('POST', '/settings/policy', {
    cookie,
    form: { ...FORM, hosts: 'a b', workersMax: 'many' },
  })
  expect(wrong.status).toBe(422)
  expect(wrong.text).toContain('expected a host')
  expect(wrong.text).toContain('a b')
})

test('a pasted Blueprint is tried, and what comes of it is shown escaped', async () => {
  const source = `blueprint: orders
systems:
  here: { runtime: factory-01 }
components:
  orders: { type: csv_file, on: here, config: { paths: ["<b>in</b>"] } }
  out: { type: table, on: here, from: orders, config: { credential: w, table: t, host: "x:1" } }
`
  const { status, text } = await host.ask('POST', '/settings/policy/test', { cookie, form: { source } })
  expect(status).toBe(200)
  expect(text).toContain('here would be refused')
  expect(text).toContain('credential.missing')
  expect(text).toContain('read &lt;b&gt;in')
  expect(text).not.toContain('<b>in</b>')
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { rfc3339, systemClock } from '../../src/base/mod.ts'
import { type DeploymentId, exchanges } from '../../src/wire/mod.ts'
import { local } from '../support/platform/blueprints.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'
import { expectHarmless, expectSoundHeaders, HEADER, HOSTILE, MARKUP } from '../support/web/hostile.ts'
import { type Visited, walkPages } from '../support/web/walk.ts'

const ITEM = HOSTILE.slice(0, 200)
let host: PlatformHost
let factory: ScriptedRuntime

beforeAll(async () => {
  host = await PlatformHost.start()
  factory = await ScriptedRuntime.start('factory-01')
  await factory.enrol((await host.enrolmentCode({ labels: { site: HOSTILE.slice(0, 100) } })).code)
  await factory.heartbeat({ version: [...HOSTILE].slice(0, 30).join('') })
  const reasons = [{ code: 'csv_file.file_missing', item: ITEM }]
  expect(factory.heartbeat({ managementUrl: 'javascript:alert(1)' })).rejects.toThrow()
  factory.answering = () => ({ outcome: 'refused', state: 'refused', reasons, lacking: [] })
  await host.api('POST', '/v1/blueprints', { source: local, message: HOSTILE })
  const made = await host.api('POST', '/v1/deployments', { blueprint: 'orders' })
  const deployment = made.body['deployment'] as DeploymentId
  await factory.until(() => factory.told.length === 1)
  const counts = { messagesIn: 1, messagesOut: 1, bytesIn: 1, bytesOut: 1, errors: 0, retries: 0, executionMs: 1 }
  const orders = { name: 'orders', type: 'csv_file', state: 'failed' as const, reason: { code: 'x.y', item: ITEM } }
  const told = { at: rfc3339(systemClock.now()), deployment, version: 1, state: 'failed' as const, reasons }
  const entry = { ...told, components: [{ ...orders, ...counts, refused: 0 }], bridges: [] }
  await factory.caller.call(exchanges.status, { first: 1, entries: [entry] })
})
afterAll(async () => {
  await factory[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
})

async function visit(path: string): Promise<Visited> {
  const authorization = `Bearer ${host.token}`
  const { status, text, headers } = await host.send('GET', path, { headers: { accept: 'text/html', authorization } })
  expectSoundHeaders(path, new Headers(headers as Record<string, string>))
  const { location } = headers
  return { status, text, type: headers['content-type'] ?? '', ...(location !== undefined && { location }) }
}

test('what a Runtime tells becomes no markup on any page of its tenant, and leads nowhere', async () => {
  const pages = await walkPages(visit, [`/t/${host.tenant.id}/`])
  for (const [path, page] of pages) expectHarmless(path, page)
  expect([...pages].filter(([, { status }]) => status >= 400).map(([path]) => path)).toEqual([])
  expect([...pages.values()].map(({ text }) => text).join('')).toContain('&lt;script&gt;alert(1)')
})

test('addresses become neither markup nor headers', async () => {
  const base = `/t/${host.tenant.id}`
  for (const text of [MARKUP, HEADER]) {
    const query = new URLSearchParams({ filter: text, sort: text, next: text, range: text, page: text })
    for (const path of ['/', '/sign-in', '/deployments/x', '/nowhere', '/link/x', '/confirm']) {
      const page = await visit(`${base}${path}?${query}`)
      expectHarmless(path, page)
    }
    expectHarmless('a tenant that is none', await visit(`/t/${encodeURIComponent(text)}/`))
  }
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { familiesOf, METRIC_ITEMS_MAX } from '../../../src/runtime/metric-families.ts'
import { expositionOf } from '../../../src/server/exposition.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let owner: string
beforeAll(async () => {
  host = await managementHost()
  owner = await host.tokenFor('owner')
})
afterAll(() => host[Symbol.asyncDispose]())

async function newToken(): Promise<string> {
  const made = await host.ask('POST', '/v1/metrics-token', { token: owner })
  expect(made.status).toBe(201)
  return made.body.token
}

test('/metrics is not there until its owner makes a token, answers to that token alone, and ends with it', async () => {
  const scrape = (token?: string) => host.ask('GET', '/metrics', token === undefined ? {} : { token })
  expect((await scrape()).status).toBe(404)
  expect((await scrape(owner)).status).toBe(404)
  const first = await newToken()
  const found = await scrape(first)
  expect(found.status).toBe(200)
  expect(found.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(found.text).toContain('sluice_build_info{version="')
  for (const wrong of [undefined, owner, `${first}x`, first.slice(0, -1), 'x'.repeat(10_000)])
    expect((await scrape(wrong)).status).toBe(401)
  const second = await newToken()
  expect([(await scrape(first)).status, (await scrape(second)).status]).toEqual([401, 200])
  expect((await host.ask('DELETE', '/v1/metrics-token', { token: owner })).status).toBe(204)
  expect((await scrape(second)).status).toBe(404)
  expect((await host.ask('DELETE', '/v1/metrics-token', { token: owner })).body.code).toBe('metrics_token.none')
})

test('the token for metrics opens nothing else, and only an owner makes it', async () => {
  const token = await newToken()
  for (const path of ['/', '/v1/status', '/v1/metrics-token', '/v1/credentials'])
    expect((await host.ask('GET', path, { token })).status).toBe(401)
  const operator = await host.tokenFor('operator')
  expect((await host.ask('POST', '/v1/metrics-token', { token: operator })).status).toBe(403)
  const { text } = await host.ask('GET', '/v1/metrics-token', { token: operator })
  expect(text).toContain('createdBy')
  expect(text).not.toContain(token)
  const kept = await host.state.settings.keptAt('metrics.token').get()
  expect(JSON.stringify(kept)).not.toContain(token)
})

test('labels from outside are escaped, so that no name can add a figure', () => {
  const samples = [{ labels: { component: 'a"} 1\nsluice_forged 1\\' }, value: 1 }]
  const text = expositionOf([{ name: 'sluice_x', help: 'one\ntwo', type: 'gauge', samples }])
  expect(text).toBe(
    '# HELP sluice_x one\\ntwo\n# TYPE sluice_x gauge\nsluice_x{component="a\\"} 1\\nsluice_forged 1\\\\"} 1\n',
  )
})

/** One look at a Runtime with one deployment of so many components. */
function withComponents(count: number): ReturnType<typeof familiesOf> {
  const component = {
    ...{ type: 'csv_file', state: 'running' as const, messagesIn: 1, messagesOut: 2, bytesIn: 3, bytesOut: 4 },
    ...{ errors: 0, retries: 0, executionMs: 1_500, refused: 0 },
  }
  const deployment = {
    ...{ deployment: 'dep_1', blueprint: 'orders "x"', version: 1, state: 'running', bridges: [], deadLetters: 6 },
    components: Array.from({ length: count }, (_, index) => ({ name: `c${index}`, ...component })),
    worker: { pid: 1, rssBytes: 5, memoryBytesMax: 10, restarts: 2 },
  }
  const platform = { state: 'none', owed: { auditLogs: 0, status: 0, dropped: 0, lost: 0 } }
  const status = {
    ...{ version: '1', uptimeMs: 5_000, disk: { totalBytes: 2, freeBytes: 1 }, platform, attention: [] },
    deployments: [deployment],
  }
  return familiesOf(status as unknown as Parameters<typeof familiesOf>[0], 1_000_000_000_000)
}

test('a deployment’s components are told by name, and promtool finds nothing to say about the text', () => {
  const text = expositionOf(withComponents(3))
  expect(text).toContain('sluice_component_records_out_total{deployment="dep_1",component="c2",type="csv_file"} 2')
  expect(text).toContain(
    'sluice_component_execution_seconds_total{deployment="dep_1",component="c0",type="csv_file"} 1.5',
  )
  expect(text).toContain('sluice_worker_restarts_total{deployment="dep_1"} 2')
  expect(text).toContain('blueprint="orders \\"x\\""')
  expect(text).toContain('sluice_metrics_omitted 0')
  if (Bun.which('promtool') === null) return
  const checked = Bun.spawnSync(['promtool', 'check', 'metrics'], { stdin: Buffer.from(text) })
  expect([checked.exitCode, String(checked.stdout) + String(checked.stderr)]).toEqual([0, ''])
})

test('one component more than the bound is counted and not told', () => {
  const full = expositionOf(withComponents(METRIC_ITEMS_MAX))
  expect(full).toContain('sluice_metrics_omitted 0')
  const more = expositionOf(withComponents(METRIC_ITEMS_MAX + 1))
  expect(more).toContain(`sluice_metrics_omitted ${METRIC_ITEMS_MAX + 1}`)
  expect(more).not.toContain('component="c0"')
})

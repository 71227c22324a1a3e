import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { metricsViewRegions } from '../../../src/runtime/views/metrics.tsx'
import type { BridgeStatus, ComponentStatus } from '../../../src/wire/mod.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

const OTHER = 'dep_01890000-0000-7000-8000-00000000000f'
let host: ManagementHost
let token: string

beforeAll(async () => {
  host = await managementHost()
  token = await host.tokenFor('viewer')
})
afterAll(() => host[Symbol.asyncDispose]())

const page = async (path: string) => (await host.ask('GET', path, { token, headers: { accept: 'text/html' } })).text
const json = (path: string) => host.ask('GET', path, { token })

async function keep(deployment: string, blueprint: string, state: 'running' | 'failed' | 'stopped', code?: string) {
  const facts = {
    reasons: code === undefined ? [] : [{ code }],
    digest: 'x',
    signature: 'x',
    place: 'current' as const,
  }
  const assignment = plainAssignment({ deployment: deployment as typeof DEPLOYMENT, blueprint })
  await host.state.assignments.keep(assignment, { ...facts, state })
}

describe('the overview', () => {
  test('of a Runtime without a Platform says how to begin, and its figures all the same', async () => {
    const html = await page('/')
    expect(html).toContain('This Runtime belongs to no Platform yet: enrol it')
    // The one thing to do, in words of its own, with the page's main button.
    expect(html).toMatch(/state awaiting"><svg.*?<\/svg>not enrolled/)
    expect(html).toContain('<a class="button" href="/welcome/enrol">Enrol this Runtime</a>')
    expect(html).not.toContain('awaiting approval')
    for (const label of [
      'Deployments running',
      'Records in',
      'Records out',
      'Secure Bridges up',
      'Certificate',
      'Disk',
    ]) {
      expect(html).toContain(`<span>${label}</span>`)
    }
    expect(html).toContain('No deployments')
  })

  test('puts what is wrong first, with the page of its cure, and says what runs', async () => {
    await keep(DEPLOYMENT, 'invoices', 'failed', 'csv_file.file_missing')
    await keep(OTHER, 'orders', 'stopped', 'flow.ended')
    const html = await page('/')
    expect(html.indexOf('invoices does not run: csv_file.file_missing')).toBeGreaterThan(0)
    expect(html.indexOf('invoices does not run')).toBeLessThan(html.indexOf('belongs to no Platform'))
    expect(html).toContain(`<a class="button quiet" href="/deployments/${DEPLOYMENT}">`)
    expect(html).toMatch(/state stopped"><svg.*?<\/svg>finished/)
  })

  test('shows what other parts put there, and is the same list that the API gives', async () => {
    const cure = { label: 'Renew', href: '/settings/certificates' }
    host.station.attention.watch('test', () => [{ id: 't', state: 'failed', what: 'It ends', effect: 'Soon.', cure }])
    expect(await page('/')).toContain('It ends')
    const { body } = await json('/v1/status')
    expect(body.attention.map(({ what }: { what: string }) => what)).toContain('It ends')
    expect(body.disk.totalBytes).toBeGreaterThan(body.disk.freeBytes)
    expect(Date.parse(body.certificate.validTo)).toBeGreaterThan(body.nowMs)
  })
})

test('the API tells instants in RFC 3339, the same ones wherever it tells of a deployment', async () => {
  const [status, list, one] = await Promise.all(['/v1/status', '/v1/deployments', `/v1/deployments/${OTHER}`].map(json))
  const told = [...(status?.body.deployments ?? []), ...(list?.body.deployments ?? [])]
    .filter(({ deployment }: { deployment: string }) => deployment === OTHER)
    .concat(one?.body)
  expect(told).toHaveLength(3)
  for (const { changedAt, changedAtMs } of told) {
    expect(changedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/)
    expect([changedAt, changedAtMs]).toEqual([one?.body.changedAt, undefined])
  }
  expect(one?.body.finished.at).toBe(one?.body.changedAt)
})

describe('the list of deployments', () => {
  test('filters by name, id and state as people read it, sorts, and counts', async () => {
    const rows = (html: string) => [...html.matchAll(/<a class="open" href="[^"]*">([^<]*)/g)].map(([, name]) => name)
    expect(rows(await page('/deployments?sort=name'))).toEqual(['invoices', 'orders'])
    expect(rows(await page('/deployments?sort=-name'))).toEqual(['orders', 'invoices'])
    expect(rows(await page('/deployments?filter=finished'))).toEqual(['orders'])
    expect(rows(await page(`/deployments?filter=${DEPLOYMENT}`))).toEqual(['invoices'])
    expect(await page('/deployments?filter=finished')).toContain('1–1 of 1')
  })
})

describe('the figures of a deployment', () => {
  const status = (name: string, messages: number): ComponentStatus => ({
    ...{ name, type: 'x', state: 'running', messagesIn: messages, messagesOut: messages, bytesIn: 0, bytesOut: 0 },
    ...{ errors: 0, retries: 0, refused: 0, executionMs: 0 },
  })
  const sampled = (messages: number) => ({
    assignment: plainAssignment(),
    counts: { components: [status('orders', messages), status('warehouse', messages)], rssBytes: 40_000_000 },
    pid: 1,
  })

  test('are a page of charts with their tables, and the same by the API', async () => {
    host.station.history.sample([sampled(0)])
    const html = await page(`/deployments/${DEPLOYMENT}/metrics`)
    for (const title of ['Records', 'Memory of its worker', 'Time at work, by component']) expect(html).toContain(title)
    expect(html).toMatch(/<script src="\/assets\/uplot\.[0-9a-f]+\.js" defer/)
    expect(html).toContain(`href="/deployments/${DEPLOYMENT}/metrics?component=warehouse&amp;range=1h"`)
    const { body } = await json(`/v1/deployments/${DEPLOYMENT}/metrics?component=orders&range=15m`)
    expect(body.stepMs).toBe(10_000)
    expect(body.figures.map(({ id }: { id: string }) => id)).toEqual(['records', 'bytes', 'trouble', 'busy'])
    expect(body.figures[0].series[0].values).toHaveLength(90)
  })

  test('say when there will be lines, as long as there are none', async () => {
    expect(await page(`/deployments/${DEPLOYMENT}/metrics?range=1h`)).toContain('No worker of it ran within the last')
    const { charts: _, ...props } = { charts: [], detail: { deployment: DEPLOYMENT, wiring: [] }, range: '1h' as const }
    const worker = { pid: 1, rssBytes: 1, memoryBytesMax: 2, restarts: 0 }
    const chart = (values: (number | undefined)[]) => ({
      ...{ id: 'x', title: 'x', unit: 'rate' as const, fromMs: 0, stepMs: 30_000 },
      series: [{ name: 'x', values }],
    })
    const note = async (values: (number | undefined)[]) =>
      String(
        await metricsViewRegions({ ...props, detail: { ...props.detail, worker }, charts: [chart(values)] })[
          'metrics-note'
        ],
      )
    expect(await note([undefined, undefined])).toContain('in 1 min at most')
    expect(await note([undefined, 1])).toContain('in 30 s at most')
    expect(await note([1, 1])).toContain('hidden')
  })

  test('are those of any stretch of time, in the finest steps that are kept so far back', async () => {
    const at = `/v1/deployments/${DEPLOYMENT}/metrics`
    const nowMs = Date.now()
    const time = (agoMs: number) => new Date(nowMs - agoMs).toISOString()
    const asked = async (query: string) => {
      const { body } = await json(`${at}?${query}`)
      return [body.stepMs, body.figures[0].series[0].values.length]
    }
    expect(await asked(`from=${time(600_000)}`)).toEqual([10_000, expect.any(Number)])
    const [stepMs, steps] = await asked(`from=${time(20 * 86_400_000)}&to=${time(10 * 86_400_000)}`)
    expect(stepMs).toBe(14_400_000)
    expect(steps).toBeGreaterThanOrEqual(60)
    expect(steps).toBeLessThanOrEqual(61)
    expect((await asked(`from=${time(600_000)}&step=5m`))[0]).toBe(600_000)
    expect(await asked('from=2020-01-01T00:00:00Z')).toEqual([14_400_000, 180])
    for (const [query, field] of [
      [`from=${time(0)}&to=${time(60_000)}`, 'to'],
      [`range=1h&from=${time(60_000)}`, 'range'],
      ['from=yesterday', 'from'],
      ['step=fine', 'step'],
    ]) {
      const { status, body } = await json(`${at}?${query}`)
      expect([status, body.fields.map(({ path }: { path: string }) => path)]).toEqual([422, [field]])
    }
  })

  test('of a component that it does not have, or over a range that is none, are refused by name', async () => {
    expect((await json(`/v1/deployments/${DEPLOYMENT}/metrics?component=nobody`)).body.code).toBe(
      'deployment.component_unknown',
    )
    expect((await json(`/v1/deployments/${DEPLOYMENT}/metrics?range=forever`)).status).toBe(422)
    expect((await json(`/v1/deployments/dep_x/metrics`)).status).toBe(422)
  })
})

describe('the page of a deployment', () => {
  test('says what a stop does before it is one, to those who may', async () => {
    const path = `/deployments/${DEPLOYMENT}/stop`
    expect((await host.ask('GET', path, { token })).status).toBe(403)
    const operator = await host.tokenFor('operator')
    const { text } = await host.ask('GET', path, { token: operator, headers: { accept: 'text/html' } })
    expect(text).toMatch(/action="[^"]*\/stop"><h2>Stop invoices\?.*it goes on where it was.*Only an owner.*Stop it/s)
    const before = await json(`/v1/deployments/${DEPLOYMENT}`)
    expect(before.body.state).toBe('failed')
  })

  test('draws what its bridges lead to, under the names of peers, and keeps its Stop at the top', async () => {
    const peer = 'rt_01890000-0000-7000-8000-0000000000ee'
    const { agreement, signing, authority } = host.state
    await host.state.peers.accept({
      ...{
        runtime: peer,
        name: 'cloud-01',
        fingerprint: 'f',
        acceptedBy: 'user:x',
        bridgeHost: 'cloud',
        bridgePort: 1,
      },
      signingKey: Buffer.from(signing.publicKey).toString('base64url'),
      agreementKey: Buffer.from(agreement.publicKey).toString('base64url'),
      authority: authority.certificatePem,
    })
    const bridge = { bridge: 'br_01890000-0000-7000-8000-0000000000b1', label: 'a'.repeat(20), peer } as const
    const out = {
      ...bridge,
      direction: 'out',
      from: 'orders',
      to: ['warehouse'],
      role: 'dial',
      generation: 1,
      secret: 'AAAA',
    } as const
    const components = [{ name: 'orders', type: 'csv_file', from: [], config: { paths: ['in/a.csv'] } }]
    const assignment = plainAssignment({ components, bridges: [{ ...out, to: [...out.to] }], version: 2 })
    const facts = { reasons: [], digest: 'x', signature: 'x', place: 'current' as const, state: 'running' as const }
    await host.state.assignments.keep(assignment, facts)
    const told: BridgeStatus = { ...bridge, state: 'up', suite: 's', frames: 1, bytes: 1, rotations: 0 }
    const { label: _label, ...kept } = { ...told, label: '' }
    await host.state.counts.save(DEPLOYMENT, 2, { components: [], bridges: [kept], deadLetters: 0 })
    const operator = await host.tokenFor('operator')
    const { text } = await host.ask('GET', `/deployments/${DEPLOYMENT}`, {
      token: operator,
      headers: { accept: 'text/html' },
    })
    expect(text).toMatch(/class="node remote"[^>]*>.*?warehouse/)
    expect(text).toContain('cloud-01')
    expect(text).not.toContain(peer)
    expect(text.indexOf('/stop"')).toBeGreaterThan(0)
    expect(text.indexOf('/stop"')).toBeLessThan(text.indexOf('id="deployment-flow"'))
  })
})

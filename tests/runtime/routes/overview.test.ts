import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
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
    expect(html).toContain('This Runtime belongs to no Platform yet')
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
    expect(html).toMatch(/state stopped"><svg.*?<\/svg>ended/)
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

describe('the list of deployments', () => {
  test('filters by name, id and state as people read it, sorts, and counts', async () => {
    const rows = (html: string) => [...html.matchAll(/<a class="open" href="[^"]*">([^<]*)/g)].map(([, name]) => name)
    expect(rows(await page('/deployments?sort=name'))).toEqual(['invoices', 'orders'])
    expect(rows(await page('/deployments?sort=-name'))).toEqual(['orders', 'invoices'])
    expect(rows(await page('/deployments?filter=ended'))).toEqual(['orders'])
    expect(rows(await page(`/deployments?filter=${DEPLOYMENT}`))).toEqual(['invoices'])
    expect(await page('/deployments?filter=ended')).toContain('1–1 of 1')
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

  test('of a component that it does not have, or over a range that is none, are refused by name', async () => {
    expect((await json(`/v1/deployments/${DEPLOYMENT}/metrics?component=nobody`)).body.code).toBe(
      'deployment.component_unknown',
    )
    expect((await json(`/v1/deployments/${DEPLOYMENT}/metrics?range=forever`)).status).toBe(422)
    expect((await json(`/v1/deployments/dep_x/metrics`)).status).toBe(422)
  })
})

describe('the page of a deployment', () => {
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

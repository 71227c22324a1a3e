import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ManagementHost, managementHost, PASSWORD } from '../../support/runtime/management-host.ts'

let host: ManagementHost
beforeAll(async () => {
  host = await managementHost()
})
afterAll(() => host[Symbol.asyncDispose]())

/** Paths of the app with each parameter filled by something that is nobody's. */
const filled = (path: string) => path.replace(/:\w+(\{[^}]*\})?\??/g, 'x').replace('*', 'x')
/** What may be asked without signing in: the gate itself, assets, health, the one signed door, and uploads by tokens of their own. */
const OPEN = [
  /^\/sign-in(\/.*)?$/,
  /^\/link(\/.*)?$/,
  /^\/sign-out$/,
  /^\/assets\//,
  /^\/healthz$/,
  /^\/readyz$/,
  /^\/metrics$/,
  /^\/c2\/v1\/messages$/,
  /^\/v1\/datasets\/:dataset\/(uploads|files(\/:upload)?)$/,
]

describe('every route of the Management Interface', () => {
  test('below /v1 stands in the OpenAPI document, and nothing else does', async () => {
    const { body } = await host.ask('GET', '/v1/openapi.json', { token: await host.tokenFor('viewer') })
    expect(body.openapi).toBe('3.1.0')
    const documented = Object.entries<Record<string, { summary: string; 'x-role': string }>>(body.paths).flatMap(
      ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} /v1${path}`),
    )
    const served = host.routes
      .filter(({ method, path }) => method !== 'ALL' && path.startsWith('/v1/'))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`)
    expect([...new Set(served)].sort()).toEqual(documented.sort())
    expect(documented.length).toBeGreaterThan(20)
  })

  test('asks to sign in first, but for the gate, assets, health and the signed door', async () => {
    const routes = host.routes.filter(({ method }) => method !== 'ALL')
    for (const { method, path } of routes) {
      if (OPEN.some((open) => open.test(path))) continue
      const { status, body } = await host.ask(method, filled(path), {})
      expect(`${method} ${path} ${status} ${body?.code}`).toBe(`${method} ${path} 401 account.unauthenticated`)
    }
  })

  test('that a page’s form posts to refuses a form of another site', async () => {
    const cookie = await host.sessionFor('owner')
    for (const { method, path } of host.routes) {
      if (['ALL', 'GET', 'OPTIONS'].includes(method) || path.startsWith('/c2/')) continue
      const headers = { origin: 'https://evil.example' }
      const { status } = await host.ask(method, filled(path), { cookie, form: {}, headers })
      expect(`${method} ${path} ${status}`).toBe(`${method} ${path} 403`)
    }
  })
})

test('the documentation page lists the routes, and loads nothing from elsewhere', async () => {
  const cookie = await host.sessionFor('viewer')
  const { text, headers } = await host.ask('GET', '/v1/docs', { cookie, headers: { accept: 'text/html' } })
  for (const words of ['POST /v1/enrolment', 'Needs the role owner', '/v1/openapi.json']) expect(text).toContain(words)
  expect(headers.get('content-security-policy')).toContain("script-src 'self'")
  expect(text).not.toMatch(/(src|href)="https?:/)
})

test('/healthz and /readyz answer strangers, and say nothing of what runs', async () => {
  expect((await host.ask('GET', '/healthz', {})).body).toEqual({ ok: true })
  expect((await host.ask('GET', '/readyz', {})).body).toEqual({ ready: true, waitsFor: [] })
})

describe('the page that asks who you are again', () => {
  test('goes on where the person was, never elsewhere, and only with the right password', async () => {
    const cookie = await host.sessionFor('owner')
    const asked = await host.ask('GET', '/confirm?next=%2Fpeers', { cookie })
    expect(asked.text).toContain('name="next" value="/peers"')
    const wrong = await host.ask('POST', '/confirm', { cookie, form: { password: 'wrong', next: '/peers' } })
    expect(wrong.status).toBe(401)
    expect(wrong.text).not.toContain('value="wrong"')
    const right = await host.ask('POST', '/confirm', { cookie, form: { password: PASSWORD, next: '//evil.example' } })
    expect([right.status, right.headers.get('location')]).toEqual([303, '/'])
    const lines = await host.state.trail.list({ limit: 1_000 })
    expect(lines.map(({ action }) => action)).toContain('session.confirmed')
  })
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { tenantHost } from '../support/platform/tenant-host.ts'

let host: PlatformHost
beforeAll(async () => {
  host = await PlatformHost.start()
})
afterAll(() => host[Symbol.asyncDispose]())

test('the address without a tenant says what this is, and names no tenant', async () => {
  const { status, text, headers } = await host.send('GET', '/', { headers: { accept: 'text/html' } })
  expect(status).toBe(200)
  expect(text).toContain('control plane of Sluice')
  for (const secret of [host.tenant.name, host.tenant.id]) expect(text).not.toContain(secret)
  expect(headers['content-security-policy']).toContain("default-src 'none'")
})

test('/healthz and /readyz answer strangers', async () => {
  expect((await host.send('GET', '/healthz')).body).toEqual({ ok: true })
  expect((await host.send('GET', '/readyz')).body).toEqual({ ready: true, waitsFor: [] })
})

test('every route of a tenant’s API stands in its OpenAPI document, and nothing else does', async () => {
  await using tenant = await tenantHost()
  const { body } = await host.api('GET', '/v1/openapi.json')
  const documented = Object.entries(body['paths'] as Record<string, Record<string, unknown>>).flatMap(
    ([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} /v1${path}`),
  )
  const served = tenant.app.routes
    .filter(({ method, path }) => method !== 'ALL' && path.includes('/v1/') && !path.includes('/c2/'))
    .map(({ method, path }) => `${method} ${path.slice(path.indexOf('/v1/')).replace(/:(\w+)/g, '{$1}')}`)
  expect([...new Set(served)].sort()).toEqual(documented.sort())
  expect(documented.length).toBeGreaterThan(15)
})

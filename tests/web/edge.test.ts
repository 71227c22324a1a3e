import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import * as v from 'valibot'
import { AppError, type ErrorKind, systemClock, systemRandom } from '../../src/base/mod.ts'
import { assetUrl } from '../../src/web/assets.ts'
import {
  assetRoutes,
  ErrorPage,
  limitBody,
  onFailure,
  onNotFound,
  problem,
  readForm,
  readJson,
  refuseCrossSite,
  requestIds,
  securityHeaders,
} from '../../src/web/mod.ts'
import { CONTENT_SECURITY_POLICY } from '../../src/web/security-headers.ts'

class PeerUnknown extends AppError {
  override readonly code = 'bridge.peer_unknown'
  override readonly kind: ErrorKind = 'conflict'
  override readonly advice = 'Accept the peer first.'
}

const logged: Record<string, unknown>[] = []
const keep = (message: string, fields?: Record<string, unknown>) => void logged.push({ message, ...fields })
const log = { debug: keep, info: keep, warn: keep, error: keep }
const Input = v.object({ name: v.pipe(v.string(), v.minLength(3)), limits: v.object({ bytesMax: v.number() }) })

function app(): Hono {
  const place = { kind: 'runtime', name: 'factory-01' } as const
  const failures = {
    log,
    page: (shown: Parameters<typeof ErrorPage>[0]['problem']) =>
      ErrorPage({ place, problem: shown, home: { label: 'To the overview', href: '/' } }),
  }
  const hono = new Hono()
  hono.use(requestIds({ clock: systemClock, random: systemRandom }))
  hono.use(securityHeaders())
  hono.use(refuseCrossSite())
  hono.use(limitBody(100))
  hono.onError(onFailure(failures))
  hono.notFound(onNotFound(failures))
  hono.get('/page', (c) => c.html('<p>'))
  hono.post('/page', (c) => c.text('done'))
  hono.post('/json', async (c) => c.json(await readJson(c, Input)))
  hono.post('/form', async (c) => c.json(await readForm(c, v.object({ name: v.string() }))))
  hono.get('/known', () => {
    throw new PeerUnknown('the peer cloud-01 is <not> accepted')
  })
  hono.get('/unknown', () => {
    throw new Error('SELECT secret-of-a-customer')
  })
  hono.route('/', assetRoutes())
  return hono
}

const json = (body: string, type = 'application/json') =>
  app().request('/json', { method: 'POST', body, headers: { 'content-type': type } })

describe('security headers', () => {
  test('stand on every answer, errors and assets included', async () => {
    for (const path of ['/page', '/known', '/nothing', assetUrl('app.js')]) {
      const { headers } = await app().request(path)
      expect(headers.get('content-security-policy')).toBe(CONTENT_SECURITY_POLICY)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('strict-transport-security')).toBe('max-age=31536000')
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin')
      expect(headers.get('x-request-id')).toMatch(/^req_/)
    }
  })

  test('allow no inline script, style, frame or foreign host', () => {
    expect(CONTENT_SECURITY_POLICY).toStartWith("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(CONTENT_SECURITY_POLICY).not.toMatch(/unsafe|http:|https:|\*/)
    expect(CONTENT_SECURITY_POLICY).toContain("frame-ancestors 'none'")
  })

  test('keep pages out of caches', async () => {
    expect((await app().request('/page')).headers.get('cache-control')).toBe('no-store')
  })

  test('a request id that the client sends is not taken', async () => {
    const response = await app().request('/page', { headers: { 'x-request-id': 'forged' } })
    expect(response.headers.get('x-request-id')).not.toBe('forged')
  })
})

describe('refuseCrossSite()', () => {
  const post = async (headers: Record<string, string>) =>
    (await app().request('https://box:8752/page', { method: 'POST', headers: { host: 'box:8752', ...headers } })).status
  const cookie = '__Host-sluice=x'

  test('lets our own pages and programs without a cookie pass', async () => {
    expect(await post({ cookie, 'sec-fetch-site': 'same-origin', origin: 'https://box:8752' })).toBe(200)
    expect(await post({ cookie, origin: 'https://box:8752' })).toBe(200)
    expect(await post({ cookie, 'sec-fetch-site': 'none' })).toBe(200)
    expect(await post({})).toBe(200)
    expect(await post({ authorization: 'Bearer slt_x', origin: 'https://elsewhere.example' })).toBe(200)
  })

  test('refuses every other site, with a cookie or without', async () => {
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: 'https://box:8752' },
      { origin: 'https://box:8753' },
      { origin: 'http://box:8752' },
      { origin: 'null' },
      { origin: 'https://box:8752.evil.example' },
    ]
    for (const headers of foreign) {
      expect(await post(headers)).toBe(403)
      expect(await post({ ...headers, cookie })).toBe(403)
    }
    expect(await post({ cookie })).toBe(403)
  })

  test('does not hinder reading', async () => {
    const response = await app().request('/page', { headers: { cookie, 'sec-fetch-site': 'cross-site' } })
    expect(response.status).toBe(200)
  })
})

describe('failures', () => {
  test('become problems with a stable code, what to do and the request id', async () => {
    const response = await app().request('/known')
    expect(response.status).toBe(409)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.json()).toEqual({
      type: 'urn:sluice:problem:bridge.peer_unknown',
      title: 'It does not fit what is there now',
      status: 409,
      detail: 'the peer cloud-01 is <not> accepted',
      code: 'bridge.peer_unknown',
      advice: 'Accept the peer first.',
      requestId: response.headers.get('x-request-id'),
    })
  })

  test('that nobody named tell nothing of their content, but stand in the log', async () => {
    logged.length = 0
    const response = await app().request('/unknown')
    const body = await response.text()
    expect(response.status).toBe(500)
    expect(body).toContain('internal.unexpected')
    expect(body).not.toContain('secret-of-a-customer')
    expect(logged).toMatchObject([
      {
        code: 'internal.unexpected',
        requestId: response.headers.get('x-request-id'),
        error: 'SELECT secret-of-a-customer',
      },
    ])
  })

  test('are a page for people, escaped, with code, advice and request id', async () => {
    const response = await app().request('/known', { headers: { accept: 'text/html,*/*' } })
    const body = await response.text()
    expect(response.status).toBe(409)
    expect(body).toStartWith('<!doctype html><html lang="en"')
    expect(body).toContain('The peer cloud-01 is &lt;not&gt; accepted.')
    for (const text of ['bridge.peer_unknown', 'Accept the peer first.', response.headers.get('x-request-id') ?? '?'])
      expect(body).toContain(text)
  })

  test('of every kind have their status', async () => {
    const statuses: Record<ErrorKind, number> = {
      invalid: 400,
      unauthenticated: 401,
      forbidden: 403,
      not_found: 404,
      conflict: 409,
      limit: 429,
      unavailable: 503,
      internal: 500,
    }
    for (const [kind, status] of Object.entries(statuses)) {
      const error = new (class extends PeerUnknown {
        override readonly kind = kind as ErrorKind
      })('x')
      const response = problem(error)
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({
        status,
        detail: kind === 'internal' ? expect.not.stringContaining('x ') : 'x',
      })
    }
  })

  test('that know when to try again say so in seconds', async () => {
    const response = problem(Object.assign(new PeerUnknown('x'), { retryAfterMs: 1_200 }))
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.json()).toMatchObject({ retryAfter: 2 })
  })

  test('an address that nothing has is a problem too', async () => {
    const response = await app().request('/nothing')
    expect(await response.json()).toMatchObject({ status: 404, code: 'page.not_found' })
  })
})

describe('bodies', () => {
  test('are parsed by their schema', async () => {
    expect(await (await json('{"name":"abc","limits":{"bytesMax":1},"more":1}')).json()).toEqual({
      name: 'abc',
      limits: { bytesMax: 1 },
    })
    const form = await app().request('/form', { method: 'POST', body: new URLSearchParams({ name: 'a&b=c' }) })
    expect(await form.json()).toEqual({ name: 'a&b=c' })
  })

  test('that are wrong name each wrong field, and never its value', async () => {
    const response = await json('{"name":7391,"limits":{}}')
    const text = await response.text()
    expect(response.status).toBe(422)
    expect(JSON.parse(text)).toMatchObject({
      code: 'request.invalid',
      fields: [
        { path: 'name', message: 'must be a text, got a number' },
        { path: 'limits.bytesMax', message: 'is missing' },
      ],
    })
    expect(text).not.toContain('7391')
    expect(JSON.parse(await (await json('{"name":"ab","limits":{"bytesMax":1}}')).text()).fields).toEqual([
      { path: 'name', message: 'must have at least 3 characters, got 2' },
    ])
    expect(JSON.parse(await (await json('[]')).text()).fields).toContainEqual({ path: 'name', message: 'is missing' })
  })

  test('that are no JSON, or say they are not, are refused', async () => {
    expect(await (await json('{')).json()).toMatchObject({ status: 400, code: 'request.malformed' })
    expect(await (await json('{}', 'text/plain')).json()).toMatchObject({ status: 415, code: 'request.media_type' })
    const form = await app().request('/form', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(form.status).toBe(415)
  })

  test('beyond the bound are refused, announced or streamed', async () => {
    const exact = JSON.stringify({ name: 'x'.repeat(61), limits: { bytesMax: 1 } }).padEnd(100)
    expect((await json(exact)).status).toBe(200)
    expect(await (await json(`${exact} `)).json()).toMatchObject({ status: 413, code: 'request.too_large' })
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(64))
      },
    })
    const streamed = await app().request(
      new Request('http://box/json', { method: 'POST', body: stream, headers: { 'content-type': 'application/json' } }),
    )
    expect(streamed.status).toBe(413)
  })
})

describe('assets', () => {
  test('are served under the name of their content, to be kept forever', async () => {
    for (const name of ['sluice.css', 'app.js', 'htmx.js', 'icon.svg'] as const) {
      expect(assetUrl(name)).toMatch(/^\/assets\/[a-z]+\.[0-9a-f]{16}\.(css|js|svg)$/)
      const plain = await app().request(assetUrl(name))
      expect(plain.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      const gzipped = await app().request(assetUrl(name), { headers: { 'accept-encoding': 'gzip, br' } })
      expect(gzipped.headers.get('content-encoding')).toBe('gzip')
      expect(Bun.gunzipSync(new Uint8Array(await gzipped.arrayBuffer()))).toEqual(
        new Uint8Array(await plain.arrayBuffer()),
      )
    }
  })

  test('of other names do not exist', async () => {
    expect((await app().request('/assets/app.js')).status).toBe(404)
    expect((await app().request('/assets/..%2fapp.js')).status).toBe(404)
  })
})

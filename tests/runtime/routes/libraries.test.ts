import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { LIBRARY_BYTES_MAX, UNPACKED_BYTES_MAX } from '../../../src/runtime/libraries/package.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { npmTarball } from '../../support/runtime/tarball.ts'

let host: ManagementHost
let owner: string
let viewer: string

beforeAll(async () => {
  host = await managementHost()
  owner = await host.sessionFor('owner')
  viewer = await host.sessionFor('viewer')
})
afterAll(() => host[Symbol.asyncDispose]())

async function upload(token: string, query: string, content: Uint8Array): Promise<Response> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' }
  const request = new Request(`${ORIGIN}/v1/libraries?${query}`, { method: 'POST', headers, body: content as never })
  return host.app.fetch(request, { peer: { address: '192.0.2.1', port: 1 } })
}

async function uploadForm(cookie: string, file: File, more: Record<string, string> = {}): Promise<Response> {
  const form = new FormData()
  form.set('file', file)
  for (const [name, value] of Object.entries(more)) form.set(name, value)
  const headers = { cookie, origin: ORIGIN, accept: 'text/html' }
  const request = new Request(`${ORIGIN}/settings/libraries/~install`, { method: 'POST', headers, body: form })
  return host.app.fetch(request, { peer: { address: '192.0.2.1', port: 1 } })
}

describe('/v1/libraries', () => {
  test('installs a tarball, tells its hash, gives it back, and removes it', async () => {
    const token = await host.tokenFor('owner')
    const content = npmTarball({ name: '@a/left-pad' })
    const installed = await upload(token, 'file=x.tgz', content)
    expect(installed.status).toBe(201)
    expect(await installed.json()).toMatchObject({
      name: '@a/left-pad',
      version: '1.3.0',
      sha256: await sha256Hex(content),
    })
    const path = '/v1/libraries/%40a%2Fleft-pad/1.3.0'
    expect((await host.ask('GET', path, { token })).body.contents).toHaveLength(2)
    expect((await host.ask('GET', '/v1/libraries', { token })).body.libraries).toMatchObject([{ uses: [] }])
    const request = new Request(`${ORIGIN}${path}/content`, { headers: { authorization: `Bearer ${token}` } })
    const back = await host.app.fetch(request, { peer: { address: '192.0.2.1', port: 1 } })
    expect(new Uint8Array(await back.arrayBuffer())).toEqual(content)
    expect((await host.ask('DELETE', path, { token })).status).toBe(204)
    expect((await host.ask('GET', path, { token })).status).toBe(404)
  })

  test('takes nothing from operators and viewers, nothing hostile, and nothing of more than 8 MiB', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      expect((await upload(await host.tokenFor(role), 'file=x.tgz', npmTarball())).status).toBe(403)
    }
    const token = await host.tokenFor('owner')
    expect((await upload(token, 'file=x.tgz', new Uint8Array([0x1f, 0x8b, 8]))).status).toBe(400)
    expect((await upload(token, 'file=x.tgz', new Uint8Array(LIBRARY_BYTES_MAX + 1))).status).toBe(413)
    // A gzip of a few kB that unpacks to more than 32 MiB is as much too large.
    const bomb = await upload(token, 'file=x.tgz', new Uint8Array(gzipSync(new Uint8Array(UNPACKED_BYTES_MAX + 1))))
    expect(await bomb.json()).toMatchObject({ status: 413, code: 'library.too_large' })
    const broken = await upload(token, 'file=a.ts', new TextEncoder().encode('export const = 1'))
    expect(await broken.json()).toMatchObject({ status: 400, code: 'library.syntax' })
    expect((await upload(token, '', npmTarball())).status).toBe(422)
    expect((await host.ask('GET', '/v1/libraries', { token })).body.libraries).toEqual([])
  })
})

describe('the pages of libraries', () => {
  test('install by a form, show hash, files and users, and remove when the name was typed', async () => {
    const done = await uploadForm(owner, new File([npmTarball()], 'left-pad-1.3.0.tgz'))
    expect([done.status, done.headers.get('location')]).toEqual([303, '/settings/libraries/left-pad/1.3.0'])
    expect((await host.ask('GET', '/settings/libraries', { cookie: viewer })).text).toContain('left-pad')
    const page = await host.ask('GET', '/settings/libraries/left-pad/1.3.0', { cookie: owner })
    expect(page.text).toContain(await sha256Hex(npmTarball()))
    expect(page.text).toContain('index.js')
    const remove = '/settings/libraries/left-pad/1.3.0/remove'
    expect((await host.ask('POST', remove, { cookie: viewer, form: { typed: 'left-pad@1.3.0' } })).status).toBe(403)
    expect(
      (await host.ask('POST', remove, { cookie: owner, form: { typed: 'left-pad' } })).status,
    ).toBeGreaterThanOrEqual(400)
    expect((await host.ask('POST', remove, { cookie: owner, form: { typed: 'left-pad@1.3.0' } })).status).toBe(303)
  })

  test('show a refusal beside the form, and take no form of a viewer', async () => {
    const bad = await uploadForm(owner, new File([new Uint8Array([1])], 'x.bin'))
    expect(bad.status).toBe(400)
    expect(await bad.text()).toContain('neither a tarball nor')
    expect((await uploadForm(viewer, new File([npmTarball()], 'x.tgz'))).status).toBe(403)
    const named = await uploadForm(owner, new File(['export {}'], 'a.ts'), { name: 'prices', version: '1.0.0' })
    expect(named.headers.get('location')).toBe('/settings/libraries/prices/1.0.0')
  })
})

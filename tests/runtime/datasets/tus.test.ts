import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { Agent, request } from 'node:https'
import { DefaultHttpStack, Upload } from 'tus-js-client'
import { utf8 } from '../../../src/base/mod.ts'
import { OWN_SERVER_NAME } from '../../../src/wire/mod.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { describeSlow } from '../../support/quick.ts'
import { imported, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { runningRuntime } from '../../support/runtime/running.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const TUS = { 'tus-resumable': '1.0.0' }
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' }
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a resumable upload', () => {
  let host: ManagementHost
  let acme: Party
  beforeAll(async () => {
    host = await managementHost()
    acme = await party(host, 'acme')
  })
  afterAll(() => host[Symbol.asyncDispose]())

  const files = (dataset = acme.dataset) => `/v1/datasets/${dataset}/files`
  const begin = (bytes: number, headers: Record<string, string> = {}, token = acme.upload) =>
    send(host, files(), { token, headers: { ...TUS, 'upload-length': String(bytes), ...headers } })
  const piece = (at: string, offset: number, body: string | Uint8Array, headers: Record<string, string> = {}) =>
    send(host, at, {
      ...{ method: 'PATCH', token: acme.upload, body: typeof body === 'string' ? utf8(body) : body },
      headers: { ...PIECE, 'upload-offset': String(offset), ...headers },
    })
  /** As HEAD, whose failures would say nothing. */
  const look = (at: string) => send(host, at, { method: 'GET', token: acme.upload, headers: TUS })
  const held = (at: string) =>
    readdirSync(host.data, { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.includes(`${at.split('/').at(-1)}/`),
    )
  const records = async (value: string) =>
    (
      await host.ask('POST', `${acme.below}/query`, {
        ...{ token: acme.owner, body: { where: [{ field: 'text', is: 'eq', value }], limit: 10 } },
      })
    ).body.rows

  test('comes in pieces, is asked how far it is, and is imported once when all have come', async () => {
    const document = 'n,text\n1,pieces\n2,pieces\n'
    const metadata = `filename ${base64('large.csv')},filetype ${base64('text/csv')},attribute.branch ${base64('main')},other`
    const begun = await begin(document.length, { 'upload-metadata': metadata })
    const at = begun.headers.get('location') ?? ''
    expect([begun.status, begun.headers.get('upload-offset')]).toEqual([201, '0'])
    expect(at).toMatch(new RegExp(`^${files()}/upl_`))
    const first = await piece(at, 0, document.slice(0, 9))
    expect([first.status, first.headers.get('upload-offset'), first.text]).toEqual([204, '9', ''])
    expect(Date.parse(first.headers.get('upload-expires') ?? '')).toBeGreaterThan(Date.now())
    const seen = await send(host, at, { method: 'HEAD', token: acme.upload, headers: TUS })
    expect(
      ['upload-offset', 'upload-length', 'cache-control', 'content-location'].map((h) => seen.headers.get(h)),
    ).toEqual(['9', String(document.length), 'no-store', null])
    const again = await piece(at, 0, document)
    expect([again.status, again.body.code]).toEqual([409, 'upload.offset'])
    const last = await piece(at, 9, document.slice(9))
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, String(document.length)])
    const report = last.headers.get('content-location') ?? ''
    const told = await imported(host, acme, report.split('/').at(-1) ?? '')
    expect(told).toMatchObject({
      ...{ state: 'done', rowsTaken: 2, fileName: 'large.csv', contentType: 'text/csv', bytes: document.length },
      ...{ attributes: { branch: 'main' }, token: acme.token },
      sha256: createHash('sha256').update(document).digest('hex'),
    })
    // An answer that was lost: whoever asks again finds it taken, and nothing is taken twice.
    expect((await look(at)).headers.get('content-location')).toBe(report)
    expect((await piece(at, document.length, '')).headers.get('content-location')).toBe(report)
    expect(await records('pieces')).toHaveLength(2)
  })

  test('that is begun with all of it is one request', async () => {
    const document = 'n,text\n1,at once\n'
    const answer = await send(host, files(), {
      ...{ token: acme.upload, body: document, headers: { ...PIECE, 'upload-length': String(document.length) } },
    })
    expect([answer.status, answer.headers.get('upload-offset')]).toEqual([201, String(document.length)])
    await imported(host, acme, answer.headers.get('content-location')?.split('/').at(-1) ?? '')
    expect(await records('at once')).toHaveLength(1)
  })

  test('that is begun again with its idempotency key goes on where it was', async () => {
    const key = { 'idempotency-key': 'same-file' }
    const first = (await begin(20, key)).headers.get('location') ?? ''
    await piece(first, 0, 'n,text\n')
    const second = await begin(20, key)
    expect([second.headers.get('location'), second.headers.get('upload-offset')]).toEqual([first, '7'])
    expect((await begin(21, key)).headers.get('location')).not.toBe(first)
  })

  test('keeps what came before its line broke', async () => {
    const at = (await begin(1_000)).headers.get('location') ?? ''
    const broken = await piece(at, 0, 'n,text\n', { 'content-length': '1000' })
    expect([broken.status, broken.headers.get('upload-offset')]).toEqual([204, '7'])
    expect((await look(at)).headers.get('upload-offset')).toBe('7')
  })

  test('goes on with whoever asks last, while another request for it stands still', async () => {
    const at = (await begin(7)).headers.get('location') ?? ''
    const still = new ReadableStream<Uint8Array>({ start: (sender) => sender.enqueue(utf8('n,')) })
    const stuck = send(host, at, {
      ...{ method: 'PATCH', token: acme.upload, body: still, headers: { ...PIECE, 'upload-offset': '0' } },
    })
    await until('the stuck one has begun', () => held(at).length > 0)
    expect((await look(at)).headers.get('upload-offset')).toBe('2')
    expect((await stuck).headers.get('upload-offset')).toBe('2')
    expect((await piece(at, 2, 'text\n')).status).toBe(204)
  })

  test('of which more comes than was announced is refused, and may go on', async () => {
    const at = (await begin(8)).headers.get('location') ?? ''
    const over = await piece(at, 0, 'n,text\n1,2\n')
    expect([over.status, over.body.code]).toEqual([413, 'upload.too_large'])
    expect((await look(at)).headers.get('upload-offset')).toBe('0')
  })

  test('that is given up is there for nobody any more', async () => {
    const at = (await begin(100)).headers.get('location') ?? ''
    await piece(at, 0, 'n')
    const gone = await send(host, at, { method: 'DELETE', token: acme.upload, headers: TUS })
    expect(gone.status).toBe(204)
    expect([(await look(at)).status, (await piece(at, 1, 'x')).body.code]).toEqual([404, 'upload.not_found'])
    expect(held(at)).toEqual([])
  })

  test('is of its dataset alone, whatever token asks', async () => {
    const at = (await begin(100)).headers.get('location') ?? ''
    const other = await party(host, 'globex')
    const foreign = await send(host, at, { method: 'GET', token: other.upload, headers: TUS })
    const moved = await send(host, at.replace(acme.dataset, other.dataset), {
      ...{ method: 'GET', token: other.upload, headers: TUS },
    })
    expect([foreign.status, moved.status]).toEqual([401, 404])
    expect((await send(host, at, { method: 'GET', headers: TUS })).status).toBe(401)
  })

  test.each([
    [{ 'upload-length': '-1' }, 422, 'request.invalid'],
    [{ 'upload-length': String(5 * 1_024 ** 3 + 1) }, 413, 'upload.too_large'],
    [{ 'upload-metadata': `encoding ${base64('br')}` }, 422, 'request.invalid'],
    [{ 'upload-metadata': `attribute.Branch ${base64('main')}` }, 422, 'request.invalid'],
    [{ 'tus-resumable': '0.2.2' }, 412, 'upload.tus_version'],
  ])('begun with %p is refused with %p %p', async (headers, status, code) => {
    const refused = await begin(10, headers)
    expect([refused.status, refused.body.code]).toEqual([status, code])
  })

  test('a dataset has 16 under way at most, and takes no room of another', async () => {
    const full = await party(host, 'full')
    const beginOne = () =>
      send(host, files(full.dataset), { token: full.upload, headers: { ...TUS, 'upload-length': '10' } })
    for (let n = 0; n < 16; n++) expect((await beginOne()).status).toBe(201)
    const refused = await beginOne()
    expect([refused.status, refused.body.code, refused.headers.get('retry-after')]).toEqual([
      ...[429, 'upload.too_many_partial', '60'],
    ])
    expect((await begin(10)).status).toBe(201)
  })

  test('has a key of its own that no other upload is given', async () => {
    const headers = { 'idempotency-key': 'tus/upl_x', 'content-type': 'text/csv' }
    const path = `/v1/datasets/${acme.dataset}/uploads`
    expect((await send(host, path, { token: acme.upload, headers, body: 'n,text\n' })).status).toBe(422)
  })
})

describeSlow('over a port', () => {
  test('what came before a connection was cut is kept', async () => {
    using folder = temporaryFolder()
    const { runtime, api } = await runningRuntime(folder.path)
    const port = Number(new URL(runtime.managementUrl).port)
    const { id: tenant } = (await api.send('POST', '/v1/data-tenants', { name: 'acme' })).body
    const { id: dataset } = (
      await api.send('POST', `/v1/data-tenants/${tenant}/datasets`, { name: 'results', shape: 'table' })
    ).body
    const below = `/v1/data-tenants/${tenant}/datasets/${dataset}`
    const { token } = (await api.send('POST', `${below}/tokens`, { name: 'nightly' })).body
    const ask = (method: string, path: string, headers: Record<string, string>) =>
      request({
        ...{ host: '127.0.0.1', port, method, path, ca: runtime.authority, servername: OWN_SERVER_NAME },
        headers: { ...TUS, authorization: `Bearer ${token}`, ...headers },
      })
    const answered = async (method: string, path: string, headers: Record<string, string>) => {
      const asked = ask(method, path, headers).end()
      const [{ headers: told }] = await once(asked, 'response')
      return told as Record<string, string>
    }
    const begun = await answered('POST', `/v1/datasets/${dataset}/files`, { 'upload-length': '9000000' })
    const at = begun['location'] ?? ''
    const cut = ask('PATCH', at, { ...PIECE, 'upload-offset': '0', 'content-length': '9000000' })
    cut.on('error', () => undefined).write(Buffer.alloc(3_000_000, 97))
    const held = () =>
      readdirSync(folder.path, { recursive: true, encoding: 'utf8' }).filter((name) => /upl_.*\/0/.test(name))
    await until('some of it is on its way to the disk', () => held().length > 0)
    cut.destroy()
    const offset = await until('what came is counted', async () => {
      return Number((await answered('HEAD', at, {}))['upload-offset'])
    })
    expect(offset).toBeGreaterThan(0)
    expect(offset).toBeLessThanOrEqual(3_000_000)
    await runtime.close()
  })
})

describeSlow('the tus client of others', () => {
  test('uploads 200 MB over a line that breaks, a Runtime that starts anew between, and loses and doubles nothing', async () => {
    using folder = temporaryFolder()
    let { runtime, api } = await runningRuntime(folder.path, { ingestPort: 0 })
    const port = Number(new URL(runtime.managementUrl).port)
    const tenant = (await api.send('POST', '/v1/data-tenants', { name: 'acme' })).body.id
    const { id: dataset } = (
      await api.send('POST', `/v1/data-tenants/${tenant}/datasets`, { name: 'results', shape: 'table' })
    ).body
    const below = `/v1/data-tenants/${tenant}/datasets/${dataset}`
    const { token } = (await api.send('POST', `${below}/tokens`, { name: 'nightly' })).body
    const line = `7,${'x'.repeat(1_000)}\n`
    const document = Buffer.from(`n,text\n${line.repeat(200_000)}`)
    const agent = new Agent({ ca: runtime.authority, servername: OWN_SERVER_NAME })
    const url = await cutOnce(document, { port, dataset, token, agent })
    await runtime.close()
    ;({ runtime, api } = await runningRuntime(folder.path, { port }))
    let resumedAt = 0
    await new Promise<void>((done, failed) => {
      new Upload(document, {
        ...{
          uploadUrl: url,
          headers: { authorization: `Bearer ${token}` },
          httpStack: new DefaultHttpStack({ agent }),
        },
        onAfterResponse: (request, response) => {
          if (request.getMethod() === 'HEAD') resumedAt = Number(response.getHeader('Upload-Offset'))
        },
        ...{ retryDelays: [0, 100, 500], onSuccess: () => done(), onError: failed },
      }).start()
    })
    expect(resumedAt).toBeGreaterThan(0)
    expect(resumedAt).toBeLessThan(document.byteLength)
    const report = await until('it is imported', async () => {
      const [only, ...others] = (await api.get(`${below}/imports`)).body.imports
      expect(others).toEqual([])
      return only?.endedAt ? only : undefined
    })
    const sha256 = createHash('sha256').update(document).digest('hex')
    expect(report).toMatchObject({ state: 'done', rowsTaken: 200_000, bytes: document.byteLength, sha256 })
    await runtime.close()
  })
})

/** Sends until some of it is there, and breaks off; says where it is gone on with. */
function cutOnce(
  document: Buffer,
  { port, dataset, token, agent }: { port: number; dataset: string; token: string; agent: Agent },
): Promise<string> {
  return new Promise((done, failed) => {
    const upload = new Upload(document, {
      endpoint: `https://127.0.0.1:${port}/v1/datasets/${dataset}/files`,
      headers: { authorization: `Bearer ${token}` },
      httpStack: new DefaultHttpStack({ agent }),
      metadata: { filename: 'large.csv', filetype: 'text/csv' },
      ...{ chunkSize: 80_000_000, retryDelays: null, onError: failed },
      onProgress: (sent) => {
        if (sent < 120_000_000) return
        void upload.abort().then(() => done(upload.url ?? ''))
      },
    })
    upload.start()
  })
}

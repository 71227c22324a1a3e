import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { systemClock, systemRandom } from '../../../src/base/mod.ts'
import { UploadTokens } from '../../../src/datasets/mod.ts'
import type { DataTenantId } from '../../../src/wire/mod.ts'
import { imported, memberFor, type Party, PEER, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
})
afterAll(() => host[Symbol.asyncDispose]())

const CSV = { 'content-type': 'text/csv' }
const upload = (dataset: string) => `/v1/datasets/${dataset}/uploads`
const records = async (where: unknown[]) =>
  (await host.ask('POST', `${acme.below}/query`, { token: acme.owner, body: { where, limit: 100 } })).body

describe('an upload by token', () => {
  test('is acknowledged with its import, and its records are found by a query', async () => {
    const path = `${upload(acme.dataset)}?name=nights%2Frun.csv&attribute.branch=main`
    const { status, body, headers } = await send(host, path, {
      ...{ token: acme.upload, headers: CSV, body: 'n,text\n1,one\n2,two\n' },
    })
    expect([status, body]).toEqual([202, { import: body.import, dataset: acme.dataset, state: 'queued', again: false }])
    expect(headers.get('location')).toBe(`/v1/datasets/${acme.dataset}/imports/${body.import}`)
    expect(headers.get('access-control-allow-origin')).toBeNull()
    const report = await imported(host, acme, body.import)
    expect(report).toMatchObject({
      ...{ state: 'done', rowsTaken: 2, rowsRefused: 0, format: 'csv', token: acme.token, contentType: 'text/csv' },
      ...{ attributes: { branch: 'main' }, refusals: [], remarks: [], reason: null },
    })
    const byToken = await send(host, headers.get('location') ?? '', { method: 'GET', token: acme.upload })
    expect([byToken.status, byToken.body]).toEqual([200, report])
    const { fields, rows } = await records([{ field: 'text', is: 'eq', value: 'two' }])
    const at = fields.findIndex(({ name }: { name: string }) => name === 'n')
    expect(rows.map((row: unknown[]) => row[at])).toEqual([2])
    const { body: dataset } = await host.ask('GET', acme.below, { token: acme.owner })
    expect(dataset).toMatchObject({ id: acme.dataset, name: 'results', shape: 'table', records: 2, imports: 1 })
    expect(dataset.lastImport).toMatchObject({ id: body.import, state: 'done' })
  })

  test('takes a document that is compressed, by the name of its file', async () => {
    const { body } = await send(host, upload(acme.dataset), {
      ...{ token: acme.upload, body: gzipSync('n,text\n3,three\n') },
      headers: { 'content-encoding': 'gzip', 'content-disposition': `attachment; filename="in/run-3.csv"` },
    })
    expect(await imported(host, acme, body.import)).toMatchObject({ fileName: 'run-3.csv', rowsTaken: 1 })
  })

  test('with an idempotency key is taken once; the key of another document is refused', async () => {
    const sent = { token: acme.upload, headers: { ...CSV, 'idempotency-key': 'build-7' }, body: 'n,text\n7,seven\n' }
    const first = await send(host, upload(acme.dataset), sent)
    const { startedAt: _, ...report } = await imported(host, acme, first.body.import)
    const second = await send(host, upload(acme.dataset), sent)
    expect([second.status, second.body]).toEqual([202, { ...first.body, again: true, state: report.state }])
    expect((await records([{ field: 'n', is: 'eq', value: 7 }])).rows).toHaveLength(1)
    const other = await send(host, upload(acme.dataset), { ...sent, body: 'n,text\n8,eight\n' })
    expect([other.status, other.body.code]).toEqual([409, 'upload.idempotency_key_reused'])
  })

  test.each([
    ['?nmae=x', {}, 'query'],
    ['?attribute.Branch=main', {}, 'attribute.Branch'],
    ['', { 'content-encoding': 'br' }, 'content-encoding'],
    ['', { 'idempotency-key': 'a b' }, 'idempotency-key'],
  ])('with %p and %p is refused, naming %p, and nothing of it is taken', async (query, headers, field) => {
    const before = (await host.ask('GET', `${acme.below}/imports`, { token: acme.owner })).body.imports.length
    const { status, body } = await send(host, `${upload(acme.dataset)}${query}`, {
      ...{ token: acme.upload, headers, body: 'n\n1\n' },
    })
    expect([status, body.code, body.fields[0].path]).toEqual([422, 'request.invalid', field])
    expect((await host.ask('GET', `${acme.below}/imports`, { token: acme.owner })).body.imports).toHaveLength(before)
  })

  test('that announces more than a document may have is refused before it is read', async () => {
    const headers = { ...CSV, 'content-length': String(5 * 1_024 ** 3 + 1) }
    const { status, body } = await send(host, upload(acme.dataset), { token: acme.upload, headers, body: 'n\n1\n' })
    expect([status, body.code]).toEqual([413, 'request.too_large'])
  })

  test('that ends before all that it announced has come is not acknowledged', async () => {
    const headers = { ...CSV, 'content-length': '400' }
    const { status, body } = await send(host, upload(acme.dataset), { token: acme.upload, headers, body: 'n\n400\n' })
    expect([status, body.code]).toEqual([400, 'upload.cut_off'])
    expect((await records([{ field: 'n', is: 'eq', value: 400 }])).rows).toEqual([])
  })
})

describe('a request whose token does not hold', () => {
  test('gets the same answer for one that is missing, wrong, expired, revoked, or of another dataset, and its body is not read', async () => {
    const body = { name: 'other', shape: 'table' }
    const others = `/v1/data-tenants/${acme.tenant}/datasets`
    const other = (await host.ask('POST', others, { token: acme.owner, body })).body.id
    const made = (await host.ask('POST', `${acme.below}/tokens`, { token: acme.owner, body: { name: 'leaked' } })).body
    await host.ask('DELETE', `${acme.below}/tokens/${made.id}`, { token: acme.owner })
    const longAgo = { ...systemClock, now: () => systemClock.now() - 2 * 86_400_000 }
    const expired = await new UploadTokens({ db: host.state.db, clock: longAgo, random: systemRandom }).create({
      ...{ dataTenant: acme.tenant as DataTenantId, dataset: acme.dataset, name: 'old', days: 1, by: 'user:x' },
    })
    const asked = [
      [acme.dataset, {}],
      [acme.dataset, { authorization: 'Bearer slu_x' }],
      [acme.dataset, { authorization: `Bearer ${acme.upload.slice(0, -1)}` }],
      [acme.dataset, { authorization: `Bearer ${acme.owner}` }],
      [acme.dataset, { authorization: `Bearer ${made.token}` }],
      [acme.dataset, { authorization: `Bearer ${expired.token}` }],
      [other, { authorization: `Bearer ${acme.upload}` }],
      ['nothing', { authorization: `Bearer ${acme.upload}` }],
    ] as const
    for (const [dataset, headers] of asked) {
      let read = 0
      const stream = new ReadableStream(
        {
          pull(controller) {
            read++
            controller.enqueue(new Uint8Array(65_536))
          },
        },
        { highWaterMark: 0 },
      )
      const answer = await send(host, upload(dataset), { headers: { ...CSV, ...headers }, body: stream })
      const { requestId: _, ...told } = answer.body
      expect([answer.status, told.code, told.title, told.detail]).toEqual([
        ...[401, 'upload_token.refused', 'An upload token is needed', 'this needs an upload token of the dataset'],
      ])
      expect(read).toBe(0)
    }
  })

  test('shows nothing of an import', async () => {
    const { body } = await send(host, upload(acme.dataset), { token: acme.upload, headers: CSV, body: 'n\n1\n' })
    const path = `/v1/datasets/${acme.dataset}/imports/${body.import}`
    expect((await send(host, path, { method: 'GET', token: 'slu_x' })).body.code).toBe('upload_token.refused')
    expect((await send(host, path, { method: 'GET' })).body.code).toBe('account.unauthenticated')
  })
})

describe('an upload by a person', () => {
  test('is for operators of the data tenant, and told to the audit trail', async () => {
    const sent = { headers: CSV, body: 'n,text\n9,nine\n' }
    const [viewer, operator] = [await memberFor(host, acme, 'viewer'), await memberFor(host, acme, 'operator')]
    const refused = await send(host, `${acme.below}/uploads`, { ...sent, token: viewer })
    expect([refused.status, refused.body.code]).toEqual([403, 'account.role_too_low'])
    const { status, body, headers } = await send(host, `${acme.below}/uploads`, { ...sent, token: operator })
    expect([status, headers.get('location')]).toEqual([202, `${acme.below}/imports/${body.import}`])
    expect(await imported(host, acme, body.import)).toMatchObject({ state: 'done', token: null })
    const { entries } = await host.state.trail.search({ action: 'dataset.uploaded', limit: 10 })
    expect(entries.map(({ subject, detail }) => [subject, detail])).toEqual([
      [acme.dataset, { dataTenant: acme.tenant }],
    ])
  })

  test('is streamed as well, beyond what other requests may bring', async () => {
    const row = new TextEncoder().encode('5,streamed\n'.repeat(6_000))
    let parts = 0
    const body = new ReadableStream({
      pull(controller) {
        if (parts++ === 20) return controller.close()
        controller.enqueue(parts === 1 ? new TextEncoder().encode('n,text\n') : row)
      },
    })
    const answer = await send(host, `${acme.below}/uploads`, { token: acme.owner, headers: CSV, body })
    expect(answer.status).toBe(202)
    expect(await imported(host, acme, answer.body.import)).toMatchObject({ state: 'done', rowsTaken: 19 * 6_000 })
  })

  test('members of the data tenant find the import where the answer to a pipeline leads, others nothing', async () => {
    const { headers } = await send(host, upload(acme.dataset), { token: acme.upload, headers: CSV, body: 'n\n1\n' })
    const path = headers.get('location') ?? ''
    const member = await memberFor(host, acme, 'viewer')
    expect((await host.ask('GET', path, { token: member })).status).toBe(200)
    for (const token of [await host.tokenFor('viewer'), await host.tokenFor('owner')]) {
      const { status, body } = await host.ask('GET', path, { token })
      expect([status, body.code]).toEqual([404, 'import.not_found'])
    }
  })
})

describe('a document as it came', () => {
  const text = `n,text\n${Array.from({ length: 30_000 }, (_, n) => `${n},row ${n}`).join('\n')}\n`

  test.each([
    ['a small one', 'n,text\n1,one\n', undefined, 'unit.csv'],
    ['a large one', text, undefined, 'unit.csv'],
    ['a compressed one', gzipSync(text), 'gzip', 'unit.csv.gz'],
  ])('%s is given back byte for byte, as a file', async (_, body, encoding, name) => {
    const { body: sent } = await send(host, `${upload(acme.dataset)}?name=unit.csv`, {
      ...{ token: acme.upload, body, headers: { ...CSV, ...(encoding && { 'content-encoding': encoding }) } },
    })
    await imported(host, acme, sent.import)
    const path = `${acme.below}/imports/${sent.import}/document`
    const request = new Request(`${ORIGIN}${path}`, { headers: { authorization: `Bearer ${acme.owner}` } })
    const answer = await host.app.fetch(request, { peer: PEER })
    expect(answer.headers.get('content-disposition')).toBe(`attachment; filename*=UTF-8''${name}`)
    expect(answer.headers.get('content-type')).toBe('application/octet-stream')
    expect(Buffer.from(await answer.arrayBuffer()).equals(Buffer.from(body))).toBe(true)
    const uncleared = await memberFor(host, acme, 'operator', 'public')
    const refused = await host.ask('GET', path, { token: uncleared })
    expect([refused.status, refused.body.code]).toEqual([403, 'query.field_restricted'])
  })
})

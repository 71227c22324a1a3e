import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { utf8 } from '../../../src/base/mod.ts'
import { exportAnswer, READER_SILENT_MS } from '../../../src/runtime/datasets/export-answer.ts'
import { ManualClock } from '../../support/bridge/manual-clock.ts'
import { readParquet } from '../../support/datasets/parquet.ts'
import { slowTest } from '../../support/quick.ts'
import { imported, memberFor, type Party, PEER, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { linksOf } from '../../support/web/walk.ts'

setDefaultTimeout(60_000)

const ROWS = 12_000

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await filled(host)
})
afterAll(() => host[Symbol.asyncDispose]())

async function filled(on: ManagementHost): Promise<Party> {
  const made = await party(on, 'acme')
  const lines = Array.from({ length: ROWS }, (_, n) => `${n},=city ${n},${n % 2}`)
  const body = `n,city,odd\n${lines.join('\n')}\n`
  const about = { token: made.upload, headers: { 'content-type': 'text/csv' }, body }
  const sent = await send(on, `/v1/datasets/${made.dataset}/uploads`, about)
  await imported(on, made, sent.body.import)
  return made
}

const asked = (words: Record<string, string>) => `${acme.below}/export?${new URLSearchParams(words)}`

async function fetched(path: string, token: string): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` }
  return host.app.fetch(new Request(`${ORIGIN}${path}`, { headers }), { peer: PEER })
}

const codeIn = async (answer: Response) => ((await answer.json()) as { code: string }).code

test('records leave as a file of each form, named after the dataset, and the audit trail tells of it', async () => {
  const csv = await fetched(asked({ format: 'csv', query: '{"fields":["n","city"]}' }), acme.owner)
  expect(csv.headers.get('content-disposition')).toBe('attachment; filename="results.csv"')
  expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
  const lines = (await csv.text()).split('\r\n')
  expect([lines.length, lines[0], lines[1], lines[ROWS]]).toEqual([
    ...[ROWS + 2, 'n,city', "0,'=city 0", `${ROWS - 1},'=city ${ROWS - 1}`],
  ])
  const where = [{ field: 'odd', is: 'eq', value: 1 }]
  const odd = await fetched(asked({ format: 'ndjson', query: JSON.stringify({ where }) }), acme.owner)
  expect((await odd.text()).trim().split('\n')).toHaveLength(ROWS / 2)
  const parquet = await fetched(asked({ format: 'parquet' }), acme.owner)
  const { rows, groups } = await readParquet(new Uint8Array(await parquet.arrayBuffer()))
  expect([rows.length, rows[7]?.['city'], groups.length]).toEqual([ROWS, '=city 7', 3])
  const { entries } = await host.state.trail.search({ action: 'dataset.exported', limit: 10 })
  expect(entries.map(({ detail }) => (detail as { format: string }).format).sort()).toContain('parquet')
  expect(JSON.stringify(entries)).not.toContain('odd')
})

test('what is wrong with a request is refused before a file begins', async () => {
  const viewer = await memberFor(host, acme, 'viewer', 'public')
  const refused = async (words: Record<string, string>, token = acme.owner) => {
    const answer = await fetched(asked(words), token)
    return [answer.status, await codeIn(answer)]
  }
  expect(await refused({ format: 'xlsx' })).toEqual([422, 'request.invalid'])
  expect(await refused({ format: 'csv', query: '{' })).toEqual([422, 'request.invalid'])
  expect(await refused({ format: 'csv', query: '{"limit":5}' })).toEqual([422, 'request.invalid'])
  expect(await refused({ format: 'csv', query: '{"fields":["none"]}' })).toEqual([400, 'query.invalid'])
  expect(await refused({ format: 'csv', query: '{"fields":["city"]}' }, viewer)).toEqual([
    403,
    'query.field_restricted',
  ])
})

slowTest(
  'an export that fails in the middle does not end as if it were whole, and two that wait leave room when they end',
  async () => {
    const other = await memberFor(host, acme, 'viewer')
    const tooMany = async (token: string) => {
      const answer = await fetched(asked({ format: 'csv' }), token)
      expect([answer.status, await codeIn(answer)]).toEqual([429, 'export.too_many'])
    }
    const open = [await fetched(asked({ format: 'csv' }), acme.owner)]
    // One of their own is all that one member has: another's goes on beside it.
    await tooMany(acme.owner)
    open.push(await fetched(asked({ format: 'csv' }), other))
    expect(open.map(({ status }) => status)).toEqual([200, 200])
    await tooMany(await memberFor(host, acme, 'viewer'))
    await open[1]?.body?.cancel()
    const member = await memberFor(host, acme, 'viewer')
    const { id } = (await host.ask('GET', '/v1/account', { token: member })).body
    const theirs = await fetched(asked({ format: 'csv' }), member)
    const reader = theirs.body?.getReader()
    expect((await reader?.read())?.done).toBe(false)
    await host.ask('DELETE', `/v1/data-tenants/${acme.tenant}/members/${id}`, { token: acme.owner })
    await expect(Promise.resolve(reader?.read())).rejects.toThrow('no such data tenant')
    await open[0]?.body?.cancel()
    await (await fetched(asked({ format: 'csv' }), acme.owner)).text()
    await (await fetched(asked({ format: 'csv' }), acme.owner)).text()
    await (await fetched(asked({ format: 'csv' }), acme.owner)).text()
  },
)

test('the page of records has a file of what is shown, for who looks with a browser', async () => {
  const words = new URLSearchParams({ field: 'n', is: 'lt', value: '3', sort: '-n' })
  const cookie = await host.sessionFor('owner')
  const page = await host.ask('GET', `/datasets/${acme.tenant}/${acme.dataset}?${words}`, { token: acme.owner })
  const link = linksOf(page.text).find((one) => one.includes('format=csv')) ?? ''
  const text = await (await fetched(link, acme.owner)).text()
  expect(text.split('\r\n').map((line) => line.split(',')[0])).toEqual(['n', '2', '1', '0', ''])
  expect((await host.ask('GET', link, { cookie })).status).toBe(404)
})

test('a reader that takes nothing any more loses its place, and gets no file that looks whole', async () => {
  const clock = new ManualClock()
  let ended = 0
  async function* parts() {
    try {
      yield utf8('two')
      yield utf8('three')
    } finally {
      ended++
    }
  }
  const rest = parts()
  await rest.next()
  const answer = exportAnswer(clock, { first: utf8('one'), rest }, { name: 'results', format: 'csv' })
  const reader = answer.body?.getReader()
  expect((await reader?.read())?.value).toEqual(utf8('one'))
  clock.advance(READER_SILENT_MS - 1)
  expect((await reader?.read())?.value).toEqual(utf8('three'))
  clock.advance(READER_SILENT_MS)
  await expect(Promise.resolve(reader?.closed)).rejects.toThrow('took nothing')
  expect(ended).toBe(1)
})

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

const CSV = 'author,said\nann,The till is open\nbob,"the TILL, then the door"\ncy,a door of Café Zwölf\n'
let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  const csv = { token: acme.upload, headers: { 'content-type': 'text/csv' }, body: CSV }
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, csv)
  await imported(host, acme, sent.body.import)
})
afterAll(() => host[Symbol.asyncDispose]())

const path = () => `${acme.below}/search`
const shown = async () => (await host.ask('GET', path(), { token: acme.owner })).body
const put = (token: string, fields: string[]) => host.ask('PUT', path(), { token, body: { fields } })
const query = (token: string, search: string) =>
  host.ask('POST', `${acme.below}/query`, { token, body: { search, fields: ['author'], limit: 10 } })
const page = (to: string, token: string) => host.ask('GET', to, { token, headers: { accept: 'text/html' } })
const ready = () =>
  until('all records are searched', async () => ((await shown()).state === 'ready' ? true : undefined))

test('an owner decides which fields are searched, which the trail tells without their names', async () => {
  expect(await shown()).toEqual({ state: 'off', fields: [], waiting: 0 })
  expect((await query(acme.owner, 'ill')).body).toMatchObject({ rows: [['bob'], ['ann']], search: { from: 'records' } })
  for (const role of ['viewer', 'operator'] as const)
    expect((await put(await memberFor(host, acme, role), ['said'])).status).toBe(403)
  for (const fields of [[], Array(17).fill('said')]) expect((await put(acme.owner, fields)).status).toBe(422)
  expect((await put(acme.owner, ['nobody'])).body.code).toBe('search.unfit')
  expect((await put(acme.owner, ['said'])).body).toMatchObject({ fields: ['said'] })
  await ready()
  expect((await query(acme.owner, 'till the')).body).toMatchObject({
    ...{ rows: [['bob'], ['ann']], search: { from: 'index', waiting: 0 } },
  })
  expect((await query(acme.owner, '"of cafe zwo" door')).body.rows).toEqual([])
  expect((await query(acme.owner, '"of cafe zwo"* door')).body.rows).toEqual([['cy']])
  expect((await query(acme.owner, '?!')).body.code).toBe('query.invalid')
  const { entries } = await host.state.trail.search({ action: 'search.declared', limit: 9 })
  expect(entries).toMatchObject([{ subject: acme.dataset, detail: { dataTenant: acme.tenant, fields: 1 } }])
})

test('who is not cleared finds nothing by restricted fields, until one becomes public', async () => {
  const viewer = await memberFor(host, acme, 'viewer', 'public')
  expect((await query(viewer, 'till')).body.rows).toEqual([])
  await host.ask('POST', `${acme.below}/classes`, { token: acme.owner, body: { field: 'said', class: 'public' } })
  expect((await query(viewer, 'till')).body.rows).toHaveLength(2)
})

test('the page of records searches, the settings say what is searched, and the form decides', async () => {
  const pages = `/datasets/${acme.tenant}/${acme.dataset}`
  const found = (await page(`${pages}?search=${encodeURIComponent('"till then"')}`, acme.owner)).text
  expect([found.includes('bob'), found.includes('ann')]).toEqual([true, false])
  expect((await page(`${pages}?search=%22%22`, acme.owner)).status).toBe(400)
  expect((await page(`${pages}/settings`, acme.owner)).text).toContain('Change what is searched')
  const viewer = await memberFor(host, acme, 'viewer')
  expect((await page(`${pages}/settings`, viewer)).text).not.toContain('Change what is searched')
  expect((await page(`${pages}/search`, viewer)).status).toBe(403)
  expect((await page(`${pages}/search`, acme.owner)).text).toContain('said</textarea>')
  const post = (fields: string) => host.ask('POST', `${pages}/search`, { token: acme.owner, form: { fields } })
  expect((await post('said\r\nnobody')).text).toContain('nobody')
  expect((await post(' said \r\n\r\nauthor\r\n')).status).toBe(303)
  await ready()
  expect((await query(acme.owner, 'cy')).body.rows).toEqual([['cy']])
  expect((await post('')).status).toBe(303)
  expect((await shown()).state).toBe('off')
  await put(acme.owner, ['said'])
  expect((await host.ask('DELETE', path(), { token: acme.owner })).status).toBe(204)
  expect((await shown()).state).toBe('off')
})

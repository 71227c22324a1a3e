import { afterAll, beforeAll, expect, test } from 'bun:test'
import { VIEWS_MAX } from '../../../src/datasets/views/saved-views.ts'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { linksOf } from '../../support/web/walk.ts'

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  const headers = { 'content-type': 'text/csv' }
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, {
    token: acme.upload,
    headers,
    body: 'n,city\n1,Oslo\n',
  })
  await imported(host, acme, sent.body.import)
})
afterAll(() => host[Symbol.asyncDispose]())

const ask = (method: string, token: string, body?: unknown, below = '') =>
  host.ask(method, `${acme.below}/views${below}`, { token, ...(body !== undefined && { body }) })
const names = async (token: string) => (await ask('GET', token)).body.views.map(({ name }: { name: string }) => name)
const view = (name: string, more: object = {}) => ({
  name,
  page: 'records',
  words: { field: 'city', is: 'eq', value: 'Oslo' },
  ...more,
})

test('a view is there for who saved it, for all once it is shared, and changed by them and by owners alone', async () => {
  const [mary, john] = [await memberFor(host, acme, 'viewer'), await memberFor(host, acme, 'viewer')]
  const saved = await ask('POST', mary, view('In Oslo'))
  expect([saved.status, saved.body]).toEqual([
    201,
    { ...view('In Oslo'), id: saved.body.id, isShared: false, isOwn: true, savedAt: saved.body.savedAt },
  ])
  expect([await names(mary), await names(john), await names(acme.owner)]).toEqual([['In Oslo'], [], []])
  const one = `/${saved.body.id}`
  expect((await ask('PATCH', john, { name: 'Mine' }, one)).body.code).toBe('dataset.view_not_found')
  expect((await ask('PATCH', mary, { name: 'Oslo', isShared: true }, one)).body).toMatchObject({
    name: 'Oslo',
    isShared: true,
  })
  expect(await names(john)).toEqual(['Oslo'])
  expect((await ask('DELETE', john, undefined, one)).body.code).toBe('dataset.view_not_found')
  expect((await ask('PATCH', acme.owner, { name: 'Norway' }, one)).status).toBe(200)
  expect((await ask('DELETE', acme.owner, undefined, one)).status).toBe(204)
  expect(await names(mary)).toEqual([])
})

test('what one who is cleared has chosen is not shown to who is not', async () => {
  const [cleared, open] = [await memberFor(host, acme, 'viewer'), await memberFor(host, acme, 'viewer', 'public')]
  await ask('POST', cleared, view('Secret', { isShared: true }))
  await ask('POST', open, view('Open', { isShared: true }))
  expect([await names(cleared), await names(open)]).toEqual([['Open', 'Secret'], ['Open']])
})

test('a view that makes no sense is refused, and so are more than a dataset may have', async () => {
  for (const wrong of [
    { page: 'other' },
    { words: { 'a b': 'c' } },
    { words: { a: 'x'.repeat(1_025) } },
    { name: ' ' },
  ])
    expect((await ask('POST', acme.owner, view('x', wrong))).body.code).toBe('request.invalid')
  const path = `/v1/data-tenants/${acme.tenant}/datasets`
  const { id } = (await host.ask('POST', path, { token: acme.owner, body: { name: 'full', shape: 'table' } })).body
  const save = () => host.ask('POST', `${path}/${id}/views`, { token: acme.owner, body: view('again') })
  for (let n = 0; n < VIEWS_MAX; n++) expect((await save()).status).toBe(201)
  expect((await save()).body.code).toBe('dataset.view_too_many')
})

test('what a page shows is saved by its form, found in the list, renamed and removed', async () => {
  const cookie = await host.sessionFor('owner')
  const { id: user } = (await host.ask('GET', '/v1/account', { cookie })).body
  const body = { role: 'operator', clearance: 'restricted' }
  await host.ask('PUT', `/v1/data-tenants/${acme.tenant}/members/${user}`, { token: acme.owner, body })
  const path = `/datasets/${acme.tenant}/${acme.dataset}`
  const get = async (at: string) => (await host.ask('GET', at, { cookie })).text
  const shown = await get(`${path}?field=city&is=eq&value=Oslo`)
  const form = await get(linksOf(shown).find((one) => one.includes('/views/new')) ?? '')
  const hidden = (name: string) =>
    (new RegExp(`name="${name}" value="([^"]*)"`).exec(form)?.[1] ?? '').replaceAll('&quot;', '"')
  const given = { page: hidden('page'), words: hidden('words') }
  expect(JSON.parse(given.words)).toEqual({ field: 'city', is: 'eq', value: 'Oslo' })
  const refused = await host.ask('POST', `${path}/views/new`, { cookie, form: { ...given, name: '' } })
  expect([refused.status, refused.text.includes('name="words"')]).toEqual([422, true])
  const saved = await host.ask('POST', `${path}/views/new`, {
    cookie,
    form: { ...given, name: 'Only Oslo', shared: 'yes' },
  })
  expect([saved.status, saved.headers.get('location')]).toEqual([303, `${path}?field=city&value=Oslo&is=eq`])
  const list = await get(`${path}/views`)
  expect(linksOf(list)).toContain(`${path}?field=city&value=Oslo&is=eq`)
  const own = linksOf(list).find((one) => /\/views\/sv_/.test(one)) ?? ''
  expect(await get(own)).toContain('value="Only Oslo"')
  await host.ask('POST', own, { cookie, form: { name: 'Norway' } })
  expect(await get(`${path}/views`)).toMatch(/Norway[\s\S]*you/)
  await host.ask('POST', `${own}/remove`, { cookie, form: {} })
  expect(await get(`${path}/views`)).not.toContain('Norway')
})

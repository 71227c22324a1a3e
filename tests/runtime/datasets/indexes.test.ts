import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  const csv = { token: acme.upload, headers: { 'content-type': 'text/csv' }, body: 'author,n\nann,1\nbob,2\nann,3\n' }
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, csv)
  await imported(host, acme, sent.body.import)
})
afterAll(() => host[Symbol.asyncDispose]())

const path = () => `${acme.below}/indexes`
const listed = async () => (await host.ask('GET', path(), { token: acme.owner })).body.indexes
const add = (token: string, fields: string[]) => host.ask('POST', path(), { token, body: { fields } })
const page = (to: string, token: string) => host.ask('GET', to, { token, headers: { accept: 'text/html' } })

test('an owner declares indexes over one to three fields and removes them, which the trail tells without their names', async () => {
  for (const role of ['viewer', 'operator'] as const)
    expect((await add(await memberFor(host, acme, role), ['n'])).status).toBe(403)
  for (const fields of [[], ['n', 'n', 'n', 'n'], ['']]) expect((await add(acme.owner, fields)).status).toBe(422)
  expect((await add(acme.owner, ['nobody'])).body.code).toBe('index.unfit')
  const made = await add(acme.owner, ['author', 'n'])
  expect([made.status, made.body.fields]).toEqual([201, ['author', 'n']])
  await until('it is built', async () => ((await listed())[0]?.state === 'ready' ? true : undefined))
  const where = [{ field: 'author', is: 'eq', value: 'ann' }]
  const body = { where, sort: [{ field: 'n', descending: true }], fields: ['n'], limit: 10 }
  expect((await host.ask('POST', `${acme.below}/query`, { token: acme.owner, body })).body.rows).toEqual([[3], [1]])
  expect((await host.ask('DELETE', `${path()}/${made.body.id}`, { token: acme.owner })).status).toBe(204)
  expect((await host.ask('DELETE', `${path()}/${made.body.id}`, { token: acme.owner })).body.code).toBe(
    'index.not_found',
  )
  expect(await listed()).toEqual([])
  const acts = async (action: string) => (await host.state.trail.search({ action, limit: 9 })).entries
  expect(await acts('index.created')).toMatchObject([{ subject: acme.dataset, detail: { fields: 2 } }])
  expect(await acts('index.removed')).toMatchObject([{ subject: made.body.id, detail: { dataset: acme.dataset } }])
})

test('the settings list them, and forms declare and remove one', async () => {
  const pages = `/datasets/${acme.tenant}/${acme.dataset}`
  const settings = async (token: string) => (await page(`${pages}/settings`, token)).text
  const post = (to: string, form: Record<string, string>) =>
    host.ask('POST', `${pages}${to}`, { token: acme.owner, form })
  expect((await page(`${pages}/indexes/new`, acme.owner)).text).toContain('Declare the index')
  expect((await post('/indexes/new', { fields: 'n\r\nnobody' })).text).toContain('nobody')
  expect((await post('/indexes/new', { fields: '' })).status).toBe(422)
  expect((await post('/indexes/new', { fields: ' n \r\n' })).status).toBe(303)
  const [{ id }] = await listed()
  expect(await settings(acme.owner)).toContain(`${pages}/indexes/${id}/remove`)
  const viewer = await memberFor(host, acme, 'viewer')
  expect([(await settings(viewer)).includes(id), (await settings(viewer)).includes('/remove')]).toEqual([true, false])
  expect((await page(`${pages}/indexes/${id}/remove`, viewer)).status).toBe(403)
  expect((await page(`${pages}/indexes/${id}/remove`, acme.owner)).text).toContain('Remove the index')
  expect((await post(`/indexes/${id}/remove`, {})).status).toBe(303)
  expect((await post(`/indexes/${id}/remove`, {})).status).toBe(404)
  expect(await listed()).toEqual([])
})

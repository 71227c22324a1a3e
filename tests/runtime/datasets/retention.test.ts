import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { DataTenantId } from '../../../src/wire/mod.ts'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

setDefaultTimeout(60_000)

const DAY_MS = 86_400_000
let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
})
afterAll(() => host[Symbol.asyncDispose]())

const set = (token: string, body: object) => host.ask('PUT', `${acme.below}/retention`, { token, body })
const get = (path: string, token: string) => host.ask('GET', path, { token, headers: { accept: 'text/html' } })

test('a dataset keeps everything for ever until an owner says otherwise, which the trail tells', async () => {
  const viewer = await memberFor(host, acme, 'viewer')
  const shown = async () => (await host.ask('GET', `${acme.below}/retention`, { token: viewer })).body
  expect(await shown()).toEqual({ recordsDays: null, documentsDays: null, removed: null })
  const days = { recordsDays: 90, documentsDays: 30 }
  expect((await set(viewer, days)).status).toBe(403)
  expect((await set(acme.owner, days)).body).toEqual({ ...days, removed: null })
  expect(await shown()).toEqual({ ...days, removed: null })
  const { entries } = await host.state.trail.search({ action: 'dataset.retention_set', limit: 50 })
  expect(entries[0]).toMatchObject({ subject: acme.dataset, detail: days })
})

test('days that are none, and documents longer than records, are refused', async () => {
  for (const recordsDays of [0, -1, 1.5, 36_501, '9'])
    expect((await set(acme.owner, { recordsDays, documentsDays: null })).status).toBe(422)
  const longer = await set(acme.owner, { recordsDays: 30, documentsDays: 31 })
  expect([longer.status, longer.body.code]).toEqual([400, 'dataset.retention_unfit'])
})

test('the settings say it, the form sets it, and an import says that its document is no longer kept', async () => {
  const csv = { token: acme.upload, headers: { 'content-type': 'text/csv' }, body: 'author,n\nann,1\n' }
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, csv)
  await imported(host, acme, sent.body.import)
  const path = `/datasets/${acme.tenant}/${acme.dataset}`
  const form = { recordsDays: '7', documentsDays: '' }
  const posted = await host.ask('POST', `${path}/retention`, { token: acme.owner, form })
  expect(posted.status).toBe(303)
  expect((await get(`${path}/settings`, acme.owner)).text).toContain('7 days after they came')
  const never = new AbortController().signal
  await host.state.datasets.retain(acme.tenant as DataTenantId, Date.now() + 8 * DAY_MS, never)
  expect((await get(`${path}/settings`, acme.owner)).text).toContain('1 record and 1 document')
  expect((await get(`${path}/imports/${sent.body.import}`, acme.owner)).text).toContain(
    'no longer kept: it was too old',
  )
  const told = await host.ask('GET', `${acme.below}/imports/${sent.body.import}`, { token: acme.owner })
  expect(told.body).toMatchObject({ rowsTaken: 1, erasedAt: null })
  expect([typeof told.body.documentGoneAt, typeof told.body.recordsGoneAt]).toEqual(['string', 'string'])
})

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

let host: ManagementHost
let acme: Party
let one: string
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  const csv = { token: acme.upload, headers: { 'content-type': 'text/csv' }, body: 'author,n\nann,1\n' }
  one = (await send(host, `/v1/datasets/${acme.dataset}/uploads`, csv)).body.import
  await imported(host, acme, one)
})
afterAll(() => host[Symbol.asyncDispose]())

const last = async (token = acme.owner) => (await host.ask('GET', `${acme.below}/reimport`, { token })).body.reimport
const ended = () => until('it has ended', async () => ((await last())?.state === 'done' ? last() : undefined))
const page = (path: string, token: string) => host.ask('GET', path, { token, headers: { accept: 'text/html' } })

test('an owner has one import read again, or all; viewers and operators see how far it is, and the trail tells', async () => {
  const operator = await memberFor(host, acme, 'operator')
  expect(await last(operator)).toBeNull()
  expect((await host.ask('POST', `${acme.below}/reimport`, { token: operator, body: {} })).status).toBe(403)
  for (const body of [{}, { import: one }]) {
    const begun = await host.ask('POST', `${acme.below}/reimport`, { token: acme.owner, body })
    expect([begun.status, begun.body.state, begun.body.total]).toEqual([202, 'running', 1])
    expect(await ended()).toMatchObject({ read: 1, unread: 0, import: 'import' in body ? one : null })
  }
  expect(await last(operator)).toMatchObject({ state: 'done', import: one })
  const told = await host.ask('GET', `${acme.below}/imports/${one}`, { token: operator })
  expect([told.body.rowsTaken, told.body.reimport, typeof told.body.reimportedAt]).toEqual([1, null, 'string'])
  const { entries } = await host.state.trail.search({ action: 'dataset.reimported', limit: 50 })
  expect(entries.some(({ subject, detail }) => subject === acme.dataset && detail?.['import'] === one)).toBe(true)
})

test('the pages offer it to owners alone, ask once more, and say how far it is', async () => {
  const path = `/datasets/${acme.tenant}/${acme.dataset}`
  const viewer = await memberFor(host, acme, 'viewer')
  for (const below of [`${path}/imports`, `${path}/imports/${one}`]) {
    expect((await page(below, acme.owner)).text).toContain('/reimport')
    expect((await page(below, viewer)).text).not.toContain('/reimport')
  }
  const asked = `${path}/reimport?import=${one}`
  expect((await page(asked, acme.owner)).text).toContain('read again, as they came')
  expect((await page(asked, viewer)).status).toBe(403)
  expect((await host.ask('POST', asked, { token: acme.owner, form: {} })).status).toBe(303)
  await ended()
  expect((await page(`${path}/imports`, acme.owner)).text).toContain('Re-imported: 1 of 1 imports are read again')
})

test('an owner gives a field another type, by the API and the form; the trail has no name of it', async () => {
  const path = `/datasets/${acme.tenant}/${acme.dataset}`
  const set = (token: string, body: object) => host.ask('POST', `${acme.below}/fields`, { token, body })
  const typeOf = async () =>
    (await host.ask('GET', acme.below, { token: acme.owner })).body.fields.find(
      (one: { name: string }) => one.name === 'n',
    ).type
  const n = { name: 'n', type: 'text' }
  expect((await set(await memberFor(host, acme, 'operator'), n)).status).toBe(403)
  expect((await set(acme.owner, { name: 'n', type: 'integer' })).status).toBe(422)
  expect((await set(acme.owner, { name: 'm', type: 'text' })).status).toBe(404)
  const begun = await set(acme.owner, n)
  expect([begun.status, begun.body.reimport.field]).toEqual([202, n])
  await ended()
  expect(await typeOf()).toBe('text')
  expect((await set(acme.owner, n)).body.reimport).toBeNull()
  expect((await page(`${path}/settings`, acme.owner)).text).toContain('/type?field=n')
  expect((await page(`${path}/type?field=n`, acme.owner)).text).toContain('Type of n')
  const form = { type: 'number' }
  expect((await host.ask('POST', `${path}/type?field=n`, { token: acme.owner, form })).status).toBe(303)
  await ended()
  expect(await typeOf()).toBe('number')
  const { entries } = await host.state.trail.search({ action: 'dataset.field_type_set', limit: 50 })
  expect(entries[0]).toMatchObject({ subject: acme.dataset, detail: { type: 'number' } })
  expect(JSON.stringify(entries)).not.toContain('"n"')
})

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

setDefaultTimeout(60_000)

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  const made = await party(host, 'acme')
  const datasets = `/v1/data-tenants/${made.tenant}/datasets`
  const body = { name: 'backlog', shape: 'issues' }
  const { id: dataset } = (await host.ask('POST', datasets, { token: made.owner, body })).body
  const below = `${datasets}/${dataset}`
  const token = (await host.ask('POST', `${below}/tokens`, { token: made.owner, body: { name: 'ci' } })).body
  acme = { ...made, dataset, below, upload: token.token, token: token.id }
})
afterAll(() => host[Symbol.asyncDispose]())

const page = (path: string, token: string) => host.ask('GET', path, { token, headers: { accept: 'text/html' } })

async function uploaded(status: string): Promise<void> {
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, {
    ...{ token: acme.upload, headers: { 'content-type': 'application/json' } },
    body: JSON.stringify([{ key: 'SHOP-17', summary: 'one', status }]),
  })
  await imported(host, acme, sent.body.import)
}

test('an owner has a history kept, by the form; the API and the record’s page show it, masked for who is not cleared', async () => {
  const path = `/datasets/${acme.tenant}/${acme.dataset}`
  const viewer = await memberFor(host, acme, 'viewer', 'public')
  const set = (token: string, on: boolean) => host.ask('PUT', `${acme.below}/history`, { token, body: { on } })
  expect((await set(viewer, true)).status).toBe(403)
  expect((await page(`${path}/settings`, acme.owner)).text).toContain('What records were before is not kept')
  const form = { on: 'yes' }
  expect((await host.ask('POST', `${path}/history`, { token: acme.owner, form })).status).toBe(303)
  expect((await page(`${path}/settings`, viewer)).text).toContain('What records were before is kept since')
  await uploaded('open-first')
  await uploaded('done-then')
  const asked = `${acme.below}/history?key=SHOP-17`
  const { body } = await host.ask('GET', asked, { token: acme.owner })
  expect(body.changes).toMatchObject([{ field: 'status', from: 'open-first', to: 'done-then' }])
  const refused = await host.ask('GET', asked, { token: viewer })
  expect([refused.status, refused.body.code]).toEqual([403, 'query.field_restricted'])
  const { rows } = (
    await host.ask('POST', `${acme.below}/query`, { token: acme.owner, body: { fields: ['_record'], limit: 1 } })
  ).body
  const record = `${path}/records/${rows[0][0]}`
  expect((await page(record, acme.owner)).text).toContain('open-first')
  const masked = await page(record, viewer)
  expect([masked.status, masked.text.includes('open-first')]).toEqual([200, false])
  expect((await set(acme.owner, false)).status).toBe(204)
  expect((await host.ask('GET', asked, { token: acme.owner })).body).toEqual({ since: null, changes: [] })
  const { entries } = await host.state.trail.search({ action: 'dataset.history_set', limit: 50 })
  expect(entries.map(({ detail }) => detail?.['on'])).toContain(false)
})

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { canonicalJson, utf8 } from '../../../src/base/mod.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

setDefaultTimeout(60_000)

const NAME = 'mary-of-the-canary'
const where = [{ field: 'author', is: 'eq', value: NAME }]
let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  const csv = { token: acme.upload, headers: { 'content-type': 'text/csv' }, body: `author,n\n${NAME},1\nann,2\n` }
  const sent = await send(host, `/v1/datasets/${acme.dataset}/uploads`, csv)
  await imported(host, acme, sent.body.import)
})
afterAll(() => host[Symbol.asyncDispose]())

const erase = (token: string, body: object) => host.ask('POST', `${acme.below}/erase`, { token, body })

test('viewers, operators and owners of other data tenants erase nothing', async () => {
  for (const role of ['viewer', 'operator'] as const)
    expect((await erase(await memberFor(host, acme, role), { where })).status).toBe(403)
  expect((await erase((await party(host, 'bolt')).owner, { where })).status).toBe(404)
  expect((await host.ask('GET', acme.below, { token: acme.owner })).body.records).toBe(2)
})

test('no condition and 33 of them are refused', async () => {
  for (const conditions of [[], Array(33).fill(where[0])])
    expect((await erase(acme.owner, { where: conditions })).status).toBe(422)
  expect((await erase(acme.owner, { where: Array(32).fill(where[0]), dryRun: true })).body.records).toBe(1)
})

test('an owner gets a certificate, also when nothing matched, and the trail has it without the conditions', async () => {
  const view = { name: `About ${NAME}`, page: 'records', words: { search: 'x' } }
  expect((await host.ask('POST', `${acme.below}/views`, { token: acme.owner, body: view })).status).toBe(201)
  const { body } = await erase(acme.owner, { where })
  expect(body).toMatchObject({ records: 1, documents: 1, imports: 1, unread: 0, views: 1, dryRun: false })
  expect(body.dataset).toBe(acme.dataset)
  expect(body.matched).toBe(await sha256Hex(utf8(`${body.salt}.${canonicalJson(where)}`)))
  const again = await erase(acme.owner, { where })
  expect([again.status, again.body.records]).toEqual([200, 0])
  const trail = await host.ask('GET', '/v1/audit', { token: acme.owner })
  expect(trail.text).toContain(body.matched)
  expect(trail.text).toContain(again.body.matched)
  expect(trail.body.entries.map(({ detail }: { detail: { views?: number } }) => detail.views)).toContain(1)
  for (const told of [NAME, 'author', body.salt]) expect(trail.text).not.toContain(told)
})

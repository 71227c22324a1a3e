import { afterAll, beforeAll, expect, test } from 'bun:test'
import { verifyExport } from '../../src/audit/mod.ts'
import { memberFor, type Party, party } from '../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../support/runtime/management-host.ts'

const HTML = { accept: 'text/html' }

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme-secret-plant')
})
afterAll(() => host[Symbol.asyncDispose]())

/** What is called by names of the data tenant's own. */
const NAMES = { tenant: 'acme-secret-plant', dataset: 'results', token: 'nightly' }
const askedBy = async (token: string) => {
  const api = (await host.ask('GET', '/v1/audit?limit=1000', { token })).text
  const page = (await host.ask('GET', '/audit', { token, headers: HTML })).text
  return Object.entries(NAMES).flatMap(([what, name]) => {
    const told = [api, page].filter((text) => text.includes(name))
    return told.length === 0 ? [] : [`${what} in ${told.length}`]
  })
}

test('what a data tenant, its datasets and tokens are called is told by the audit trail to members only', async () => {
  expect(await askedBy(await host.tokenFor('viewer'))).toEqual([])
  expect(await askedBy(await host.tokenFor('operator'))).toEqual([])
  expect(await askedBy(await memberFor(host, acme, 'viewer'))).toEqual(['tenant in 2', 'dataset in 2', 'token in 2'])
})

test('an owner of the Runtime who is no member sees how the tenant is called, and nothing of what is in it', async () => {
  expect(await askedBy(await host.tokenFor('owner'))).toEqual(['tenant in 2'])
})

test('what an owner takes away who is no member is an extract without those names, signed as such, which nobody has changed', async () => {
  const exportedBy = async (token: string) => (await host.ask('GET', '/v1/audit/export', { token })).text
  const text = await exportedBy(await host.tokenFor('owner'))
  expect(text).toContain(NAMES.tenant)
  for (const name of [NAMES.dataset, NAMES.token]) expect(text).not.toContain(`"${name}"`)
  const lines = text.trimEnd().split('\n')
  const of = async function* (all: string[]) {
    yield* all
  }
  const verdict = await verifyExport(of(lines))
  expect(verdict).toMatchObject({ ok: true, extract: true, count: lines.length - 2 })
  // Nothing of it is the trail's own: a guess at a name has nothing to be held against.
  const whole = await host.state.trail.list({ limit: 1_000 })
  expect(whole.filter(({ hash }) => text.includes(hash))).toEqual([])
  const changed = lines.map((line) => line.replace('dataset.created"', 'dataset.removed"'))
  expect(await verifyExport(of(changed))).toMatchObject({ ok: false, reason: 'changed' })
  // It is no trail of its own either: what says that it is one is found out.
  const posing = [lines[0]?.replace('audit extract', 'audit') ?? '', ...lines.slice(1)]
  expect(await verifyExport(of(posing))).toMatchObject({ ok: false })
  const { head } = (await host.ask('GET', '/v1/audit', { token: await host.tokenFor('owner') })).body
  await expect(verifyExport(of(lines), { head })).rejects.toThrow('only a whole one can be held against a head')
  const page = await host.ask('POST', '/audit/export', { cookie: await host.sessionFor('owner'), form: {} })
  expect([page.status, page.text.includes(`"${NAMES.dataset}"`)]).toEqual([200, false])
})

test('who may not see all of the trail is told no hashes, by which a guess could be tried', async () => {
  for (const role of ['viewer', 'operator'] as const) {
    const token = await host.tokenFor(role)
    const { head, entries } = (await host.ask('GET', '/v1/audit', { token })).body
    expect([head, ...entries.map(({ hash }: { hash?: string }) => hash)].filter(Boolean)).toEqual([])
    expect((await host.ask('GET', '/audit', { token, headers: HTML })).text).not.toContain('Signed head')
    const guessed = `/v1/audit/verify?count=1&hash=${'a'.repeat(64)}`
    expect((await host.ask('GET', guessed, { token })).status).toBe(403)
    expect((await host.ask('GET', '/v1/audit/verify', { token })).body.ok).toBe(true)
  }
  const owner = (await host.ask('GET', '/v1/audit', { token: await host.tokenFor('owner') })).body
  expect(owner.head.hash).toMatch(/^[0-9a-f]{64}$/)
})

test('whether there are more tells nothing of what may not be seen', async () => {
  const token = await host.tokenFor('viewer')
  const asked = (subject: string) => host.ask('GET', `/v1/audit?limit=1&subject=${subject}`, { token })
  expect((await asked(NAMES.tenant)).body).toEqual((await asked('nobody-is-called-so')).body)
})

test('connectors and their sites are told to members only', async () => {
  const of = { actor: 'user:x', subject: acme.tenant, detail: { name: 'merger', host: 'falcon.example:443' } }
  await host.state.trail.record({ ...of, action: 'connector.created' })
  const told = async (token: string) => (await host.ask('GET', '/v1/audit?action=connector.*', { token })).text
  expect(await told(await host.tokenFor('viewer'))).not.toMatch(/merger|falcon/)
  expect(await told(await memberFor(host, acme, 'viewer'))).toMatch(/falcon.*merger/)
})

test('that something was done there is told to everyone, and no name is found by guessing it', async () => {
  const token = await host.tokenFor('viewer')
  const { entries } = (await host.ask('GET', '/v1/audit?action=data_tenant.created', { token })).body
  expect(entries).toMatchObject([{ action: 'data_tenant.created', subject: '•••' }])
  expect(entries[0].hash).toBeUndefined()
  expect((await host.ask('GET', `/v1/audit?subject=${NAMES.tenant}`, { token })).body.entries).toEqual([])
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beginRemoval } from '../../../src/datasets/data-tenants.ts'
import { finishRemovals } from '../../../src/runtime/datasets/tenant-acts.ts'
import { imported, memberFor, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
beforeAll(async () => {
  host = await managementHost()
})
afterAll(() => host[Symbol.asyncDispose]())

const CSV = { 'content-type': 'text/csv' }
const acts = async (action: string) => (await host.state.trail.search({ action, limit: 100 })).entries

describe('a data tenant', () => {
  test('is made by an owner of the Runtime alone, who becomes its first owner; its name is taken then', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const body = { name: 'umbra' }
      const { status } = await host.ask('POST', '/v1/data-tenants', { token: await host.tokenFor(role), body })
      expect(status).toBe(403)
    }
    const token = await host.tokenFor('owner')
    const made = await host.ask('POST', '/v1/data-tenants', { token, body: { name: ' Umbra Ltd ' } })
    expect([made.status, made.body.name, made.body.role]).toEqual([201, 'Umbra Ltd', 'owner'])
    const again = await host.ask('POST', '/v1/data-tenants', { token, body: { name: 'Umbra Ltd' } })
    expect([again.status, again.body.code]).toEqual([409, 'data_tenant.exists'])
    for (const name of ['', ' ', 'x'.repeat(65), 'a\u0007b']) {
      expect((await host.ask('POST', '/v1/data-tenants', { token, body: { name } })).status).toBe(422)
    }
  })

  test('has members whose role holds from the next request on; the last owner stays', async () => {
    const acme = await party(host, 'acme')
    const { id: owner } = (await host.ask('GET', '/v1/account', { token: acme.owner })).body
    const token = await memberFor(host, acme, 'viewer')
    const { id: user, name } = (await host.ask('GET', '/v1/account', { token })).body
    const members = `/v1/data-tenants/${acme.tenant}/members`
    const { body } = await host.ask('GET', members, { token })
    expect(body.members.map(({ since: _, ...one }: { since: string }) => one)).toEqual([
      { user: { id: owner, name: expect.any(String) }, role: 'owner', clearance: 'restricted' },
      { user: { id: user, name }, role: 'viewer', clearance: 'restricted' },
    ])
    for (const method of ['PUT', 'DELETE']) {
      const given = method === 'PUT' ? { body: { role: 'operator' } } : {}
      const { status, body } = await host.ask(method, `${members}/${owner}`, { token: acme.owner, ...given })
      expect([status, body.code]).toEqual([409, 'data_tenant.last_owner'])
    }
    expect((await host.ask('PUT', `${members}/${name}`, { token: acme.owner, body: { role: 'owner' } })).status).toBe(
      204,
    )
    expect((await host.ask('DELETE', `${members}/${owner}`, { token })).status).toBe(204)
    expect((await host.ask('GET', members, { token: acme.owner })).body.code).toBe('data_tenant.not_found')
    const granted = await acts('data_tenant.granted')
    expect(
      granted.filter(({ detail }) => detail['dataTenant'] === acme.tenant).map(({ detail }) => detail['role']),
    ).toEqual(['owner', 'viewer', 'owner'])
  })

  test('asks a stale session who it is before it is made, changed or removed', async () => {
    const bolt = await party(host, 'bolt')
    const session = await host.sessionFor('owner')
    const [{ id } = { id: '' }] = (await host.accounts.listUsers()).filter(({ hasPassword }) => hasPassword)
    await host.accounts.memberships.grant({ user: id, dataTenant: bolt.tenant, role: 'owner' })
    const origin = { origin: 'https://runtime.example:8752' }
    const { sessions } = host.state.db.tables
    await host.state.db.update(sessions).set({ confirmedAtMs: 0 })
    for (const [method, path, body] of [
      ['POST', '/v1/data-tenants', { name: 'x' }],
      ['DELETE', `/v1/data-tenants/${bolt.tenant}`, undefined],
      ['PUT', `/v1/data-tenants/${bolt.tenant}/members/${id}`, { role: 'viewer' }],
      ['DELETE', bolt.below, undefined],
      ['POST', `${bolt.below}/tokens`, { name: 'x' }],
    ] as const) {
      const answer = await host.ask(method, path, { cookie: session, headers: origin, ...(body && { body }) })
      expect([path, answer.body?.code]).toEqual([path, 'account.confirm_first'])
    }
  })

  test('that is removed leaves nothing: no file, no key, no token, no membership, and a certificate of that', async () => {
    const gone = await party(host, 'gone')
    const { body } = await send(host, `/v1/datasets/${gone.dataset}/uploads`, {
      ...{ token: gone.upload, headers: CSV, body: 'n\n1\n2\n' },
    })
    await imported(host, gone, body.import)
    const files = () => readdirSync(join(host.state.folder, 'data')).filter((name) => name.startsWith(gone.tenant))
    expect(files().length).toBeGreaterThan(0)
    expect((await host.ask('DELETE', `/v1/data-tenants/${gone.tenant}`, { token: gone.owner })).status).toBe(204)
    expect(files()).toEqual([])
    expect(host.state.keyring.list().filter(({ id }) => id === gone.tenant)).toEqual([])
    expect(await host.accounts.memberships.of(gone.tenant)).toEqual([])
    const again = await host.ask('GET', `/v1/data-tenants/${gone.tenant}`, { token: gone.owner })
    expect([again.status, again.body.code]).toEqual([404, 'data_tenant.not_found'])
    const refused = await send(host, `/v1/datasets/${gone.dataset}/uploads`, { token: gone.upload, body: 'n\n3\n' })
    expect([refused.status, refused.body.code]).toEqual([401, 'upload_token.refused'])
    const [removed] = await acts('data_tenant.removed')
    expect(removed).toMatchObject({ subject: gone.tenant, detail: { name: 'gone', datasets: 1, records: 2 } })
    const [certificate] = await acts('data_tenant.destroyed')
    expect(certificate).toMatchObject({
      ...{ actor: 'system', subject: gone.tenant },
      detail: { keys: `database ${gone.tenant}, journal ${gone.tenant}`, keysLeft: 0 },
    })
    expect(existsSync(join(host.state.folder, 'data'))).toBe(true)
  })

  test('whose removal a crash cut off has its members and certificate seen to at the next start', async () => {
    const gone = await party(host, 'cut-off')
    await beginRemoval(host.state, gone.tenant, 1)
    await finishRemovals(host)
    expect(await host.accounts.memberships.of(gone.tenant)).toEqual([])
    const [certificate] = await acts('data_tenant.destroyed')
    expect(certificate).toMatchObject({ subject: gone.tenant, detail: { cutOff: true, keysLeft: 0 } })
    expect(await host.state.datasets.removing()).toEqual([])
    const token = await host.tokenFor('owner')
    expect((await host.ask('POST', '/v1/data-tenants', { token, body: { name: 'cut-off' } })).status).toBe(201)
  })
})

describe('a dataset', () => {
  test('that is removed takes its tokens with it, and both are told to the audit trail', async () => {
    const { owner, below, dataset, upload } = await party(host, 'datasets')
    expect((await host.ask('DELETE', below, { token: owner })).status).toBe(204)
    expect((await host.ask('GET', below, { token: owner })).body.code).toBe('dataset.not_found')
    const refused = await send(host, `/v1/datasets/${dataset}/uploads`, { token: upload, body: 'n\n3\n' })
    expect([refused.status, refused.body.code]).toEqual([401, 'upload_token.refused'])
    expect((await acts('dataset.removed'))[0]).toMatchObject({ subject: dataset, detail: { name: 'results' } })
    expect((await acts('dataset.created'))[0]).toMatchObject({ detail: { name: 'results', shape: 'table' } })
  })
})

describe('an upload token', () => {
  test('that ends within two weeks is told of, by ids alone to whoever is no member, until it is revoked', async () => {
    const { owner, below, tenant } = await party(host, 'secret-customer')
    const make = async (days: number) =>
      (await host.ask('POST', `${below}/tokens`, { token: owner, body: { name: 'canary-name', days } })).body.id
    const [soon, later] = [await make(13), await make(15)]
    const stranger = await host.tokenFor('viewer')
    const attention = async (token = stranger) => (await host.ask('GET', '/v1/status', { token })).text
    expect(await attention()).toContain(`The upload token ${soon} of the data tenant ${tenant} ends in 12 days`)
    expect(await attention()).not.toContain('secret-customer')
    expect(await attention(owner)).toContain(`The upload token ${soon} of the data tenant secret-customer ends in`)
    expect(await attention()).not.toContain(later)
    expect(await attention()).not.toContain('canary-name')
    await host.ask('DELETE', `${below}/tokens/${soon}`, { token: owner })
    expect(await attention()).not.toContain(soon)
  })

  test('is listed with its last use, whence it came, and who revoked it stands in the trail; its text nowhere', async () => {
    const { owner, below, dataset, upload, token } = await party(host, 'tokens')
    const list = async () => (await host.ask('GET', `${below}/tokens`, { token: owner })).body.tokens
    expect(await list()).toMatchObject([{ id: token, name: 'nightly', state: 'in_force', usedAt: null, address: null }])
    await send(host, `/v1/datasets/${dataset}/uploads`, { token: upload, headers: CSV, body: 'n\n3\n' })
    expect(await list()).toMatchObject([{ usedAt: expect.any(String), address: '192.0.2.7' }])
    const made = await host.ask('POST', `${below}/tokens`, { token: owner, body: { name: 'week', days: 7 } })
    expect(Date.parse(made.body.expiresAt) - Date.now()).toBeWithin(6.9 * 86_400_000, 7 * 86_400_000 + 1)
    expect(made.body.uploadAddress).toBe(`https://runtime.example:8752/v1/datasets/${dataset}/uploads`)
    for (const days of [0, 1_097, 1.5]) {
      const { status, body } = await host.ask('POST', `${below}/tokens`, { token: owner, body: { name: 'x', days } })
      expect([status, body.code, body.fields[0].path]).toEqual([422, 'request.invalid', 'days'])
    }
    expect((await host.ask('DELETE', `${below}/tokens/${token}`, { token: owner })).status).toBe(204)
    expect((await list()).map(({ state }: { state: string }) => state)).toEqual(['revoked', 'in_force'])
    expect((await acts('upload_token.revoked'))[0]).toMatchObject({ subject: token })
    const everything = JSON.stringify([await list(), await acts('*')])
    expect(everything).not.toContain(upload)
    expect(everything).not.toContain(made.body.token)
  })
})

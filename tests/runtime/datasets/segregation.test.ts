import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Role } from '../../../src/accounts/mod.ts'
import { memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let acme: Party
let bolt: Party
let importOfBolt: string
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  bolt = await party(host, 'bolt')
  const sent = { token: bolt.upload, headers: { 'content-type': 'text/csv' }, body: 'n,text\n1,canary-of-bolt\n' }
  importOfBolt = (await send(host, `/v1/datasets/${bolt.dataset}/uploads`, sent)).body.import
})
afterAll(() => host[Symbol.asyncDispose]())

const UUID = '0199c0de-0000-7000-8000-000000000000'

/** What a request needs so that nothing of it is refused for its own sake. */
const BODIES: Readonly<Record<string, unknown>> = {
  'PUT /members/{user}': { role: 'viewer' },
  'POST /datasets': { name: 'mine', shape: 'table' },
  'POST /datasets/{dataset}/query': { limit: 10 },
  'POST /datasets/{dataset}/group': { by: [{ field: 'n' }] },
  'POST /datasets/{dataset}/views': { name: 'mine', page: 'records', words: {} },
  'PATCH /datasets/{dataset}/views/{view}': { name: 'mine' },
  'POST /datasets/{dataset}/rollups': { by: [{ field: 'n' }] },
  'PUT /datasets/{dataset}/search': { fields: ['text'] },
  'POST /datasets/{dataset}/indexes': { fields: ['text'] },
  'POST /sql': { sql: 'SELECT 1' },
  'POST /datasets/{dataset}/erase': { where: [{ field: 'text', is: 'eq', value: 'x' }], dryRun: false },
  'PUT /datasets/{dataset}/history': { on: true },
  'POST /datasets/{dataset}/fields': { name: 'text', type: 'text' },
  'POST /datasets/{dataset}/reimport': {},
  'PUT /datasets/{dataset}/retention': { recordsDays: 1, documentsDays: null },
  'POST /datasets/{dataset}/classes': { field: 'text', class: 'public' },
  'POST /datasets/{dataset}/tokens': { name: 'mine' },
  'POST /connectors': { name: 'mine', dataset: `ds_${UUID}`, type: 'jira', config: {} },
  'PATCH /connectors/{connector}': { paused: true },
  'PUT /connectors/{connector}/cursor': { cursor: null },
  'POST /datasets/{dataset}/uploads': { n: 1 },
}

/** The same where it stands in the address. */
const WORDS: Readonly<Record<string, string>> = { 'GET /datasets/{dataset}/export': '?format=csv' }

type Route = { method: string; path: string; body: unknown }
/** Every route below `/data-tenants/{dataTenant}` that the API declares, for these ids. */
async function routesFor(ids: Record<string, string>): Promise<Route[]> {
  const { body } = await host.ask('GET', '/v1/openapi.json', { token: acme.owner })
  const prefix = '/data-tenants/{dataTenant}'
  return Object.entries<Record<string, unknown>>(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).flatMap((method) => {
      if (!path.startsWith(prefix)) return []
      const about = `${method.toUpperCase()} ${path.slice(prefix.length)}`
      const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? `nobody-knows-${name}`)
      return [{ method: method.toUpperCase(), path: `/v1${filled}${WORDS[about] ?? ''}`, body: BODIES[about] }]
    }),
  )
}

const told = ({ status, body }: Awaited<ReturnType<ManagementHost['ask']>>) => {
  const { requestId: _, ...rest } = body ?? {}
  return { status, ...rest }
}

describe('every route of a data tenant', () => {
  test('answers who is no member, an owner of the Runtime too, exactly as where no such tenant is', async () => {
    const { id: user } = (await host.ask('GET', '/v1/account', { token: bolt.owner })).body
    const ids = {
      dataset: bolt.dataset,
      import: importOfBolt,
      token: bolt.token,
      user,
      rollup: `ru_${UUID}`,
      view: `sv_${UUID}`,
      index: `ix_${UUID}`,
    }
    const theirs = await routesFor({ ...ids, dataTenant: bolt.tenant })
    const nobodys = await routesFor({ ...ids, dataTenant: `dt_${UUID}` })
    expect(theirs.length).toBeGreaterThanOrEqual(15)
    for (const token of [acme.owner, await memberFor(host, acme, 'owner'), await host.tokenFor('owner')]) {
      for (const [n, { method, path, body }] of theirs.entries()) {
        const answer = told(await host.ask(method, path, { token, ...(body !== undefined && { body }) }))
        const nowhere = nobodys[n]
        const nothing = await host.ask(method, nowhere?.path ?? '', { token, ...(body !== undefined && { body }) })
        expect([method, path, answer.status, answer.code]).toEqual([method, path, 404, 'data_tenant.not_found'])
        expect(answer).toEqual(told(nothing))
      }
    }
  })

  test('finds nothing of another tenant by the ids of things below an own one', async () => {
    const ids = {
      dataTenant: acme.tenant,
      dataset: bolt.dataset,
      import: importOfBolt,
      token: bolt.token,
      ...{ rollup: `ru_${UUID}`, view: `sv_${UUID}`, index: `ix_${UUID}` },
    }
    const routes = (await routesFor(ids)).filter(({ path }) => path.includes(bolt.dataset))
    expect(routes.length).toBeGreaterThanOrEqual(9)
    for (const { method, path, body } of routes) {
      const answer = await host.ask(method, path, { token: acme.owner, ...(body !== undefined && { body }) })
      expect([method, path, answer.status]).toEqual([method, path, 404])
      expect(answer.text).not.toContain('canary-of-bolt')
    }
    const own = { ...ids, dataset: acme.dataset }
    for (const { method, path } of (await routesFor(own)).filter(({ path }) => /bolt|imp_|tokens\//.test(path))) {
      expect([method, path, (await host.ask(method, path, { token: acme.owner })).status]).toEqual([method, path, 404])
    }
  })

  test('needs the role inside the tenant that it names, whatever its user is on the Runtime', async () => {
    const members: Record<Role, string> = {
      viewer: await memberFor(host, bolt, 'viewer'),
      operator: await memberFor(host, bolt, 'operator'),
      owner: await memberFor(host, bolt, 'owner'),
    }
    const below = bolt.below.replace('/v1', '')
    const connectors = `/data-tenants/${bolt.tenant}/connectors`
    const connector = `${connectors}/nobody-knows-connector`
    const refusedTo: Record<string, readonly Role[]> = {
      ...{ [`GET ${below}/tokens`]: ['viewer'], [`POST ${below}/tokens`]: ['viewer'] },
      ...{ [`POST ${below}/uploads`]: ['viewer'], [`DELETE ${below}/tokens/nothing`]: ['viewer'] },
      ...{ [`POST /data-tenants/${bolt.tenant}/datasets`]: ['viewer'], [`DELETE ${below}`]: ['viewer', 'operator'] },
      [`POST ${below}/erase`]: ['viewer', 'operator'],
      [`POST ${below}/indexes`]: ['viewer', 'operator'],
      [`DELETE ${below}/indexes/ix_${UUID}`]: ['viewer', 'operator'],
      ...{ [`PUT ${below}/search`]: ['viewer', 'operator'], [`DELETE ${below}/search`]: ['viewer', 'operator'] },
      [`POST ${below}/classes`]: ['viewer', 'operator'],
      [`PUT ${below}/retention`]: ['viewer', 'operator'],
      [`POST ${below}/reimport`]: ['viewer', 'operator'],
      [`POST ${below}/fields`]: ['viewer', 'operator'],
      [`PUT ${below}/history`]: ['viewer', 'operator'],
      ...{
        [`POST ${connectors}`]: ['viewer'],
        [`PATCH ${connector}`]: ['viewer'],
        [`DELETE ${connector}`]: ['viewer'],
      },
      ...{ [`POST ${connector}/run`]: ['viewer'], [`POST ${connector}/check`]: ['viewer'] },
      ...{ [`POST ${connector}/discover`]: ['viewer'], [`GET ${connector}/cursor`]: ['viewer'] },
      [`PUT ${connector}/cursor`]: ['viewer'],
      ...{ [`POST ${below}/rollups`]: ['viewer'], [`DELETE ${below}/rollups/ru_${UUID}`]: ['viewer'] },
      ...{ [`GET /data-tenants/${bolt.tenant}/sql`]: ['viewer', 'operator'] },
      ...{ [`POST /data-tenants/${bolt.tenant}/sql`]: ['viewer', 'operator'] },
      [`DELETE /data-tenants/${bolt.tenant}`]: ['viewer', 'operator'],
      [`PUT /data-tenants/${bolt.tenant}/members/nobody`]: ['viewer', 'operator'],
      [`DELETE /data-tenants/${bolt.tenant}/members/nobody`]: ['viewer', 'operator'],
    }
    const routes = await routesFor({
      ...{ dataTenant: bolt.tenant, dataset: bolt.dataset, import: importOfBolt, token: 'nothing', user: 'nobody' },
      ...{ rollup: `ru_${UUID}`, view: `sv_${UUID}`, index: `ix_${UUID}` },
    })
    for (const { method, path, body } of routes) {
      for (const role of ['viewer', 'operator'] as const) {
        const refused = refusedTo[`${method} ${path.replace('/v1', '')}`]?.includes(role) ?? false
        const answer = await host.ask(method, path, { token: members[role], ...(body !== undefined && { body }) })
        expect([method, path, role, answer.body?.code === 'account.role_too_low']).toEqual([
          method,
          path,
          role,
          refused,
        ])
      }
    }
  })
})

describe('the list of data tenants', () => {
  test('has one’s own with the role there; an owner of the Runtime sees id and name of the others', async () => {
    const member = await memberFor(host, acme, 'operator')
    const list = async (token: string) => (await host.ask('GET', '/v1/data-tenants', { token })).body.dataTenants
    expect((await list(member)).map(({ id, role }: { id: string; role: Role }) => [id, role])).toEqual([
      [acme.tenant, 'operator'],
    ])
    expect(await list(await host.tokenFor('operator'))).toEqual([])
    expect(await list(await host.tokenFor('owner'))).toEqual([
      { id: acme.tenant, name: 'acme', createdAt: null, role: null },
      { id: bolt.tenant, name: 'bolt', createdAt: null, role: null },
    ])
    expect((await list(acme.owner))[0]).toMatchObject({ id: acme.tenant, name: 'acme', role: 'owner' })
  })
})

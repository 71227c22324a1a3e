import { afterEach, beforeEach, expect, test } from 'bun:test'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let token: string
beforeEach(async () => {
  host = await managementHost()
  token = await host.tokenFor('owner')
  await host.state.vault.set('warehouse', { fields: { password: 'p' } } as never).catch(() => undefined)
})
afterEach(() => host[Symbol.asyncDispose]())

const source = (runtime = 'factory-01', more = ''): string => `blueprint: orders
systems:
  here: { runtime: ${runtime} }
  there: { runtime: cloud-01 }
components:
  orders: { type: csv_file, on: here, config: { paths: ["/data/in/*.csv"] } }
  warehouse: { type: table, on: here, from: orders, config: { credential: warehouse, table: orders, host: "db.example:5432" } }
${more}`

async function tried(body: object, by = token) {
  return host.ask('POST', '/v1/policy/test', { token: by, body })
}

test('a Blueprint’s part for this Runtime is held against the rules in force: each reason with its rule, and all that it adds', async () => {
  const policy = { ...host.state.rules.policy, hosts: ['other.example'], componentTypes: ['csv_file'] }
  const answer = await tried({ source: source(), policy })
  expect(answer.status).toBe(200)
  const [here, ...others] = answer.body.systems
  expect(others).toEqual([])
  expect(here).toMatchObject({ system: 'here', outcome: 'refused' })
  expect(here.reasons).toContainEqual({
    code: 'policy.host_forbidden',
    component: 'warehouse',
    item: 'db.example:5432',
    rule: 'hosts',
  })
  expect(here.reasons).toContainEqual({
    code: 'policy.type_forbidden',
    component: 'warehouse',
    item: 'table',
    rule: 'componentTypes',
  })
  expect(here.adds.paths).toEqual(['read /data/in/*.csv'])
  expect(here.adds.leave).toEqual(['run orders here for the first time'])
})

test('a peer that nobody accepted is named as the Blueprint names it', async () => {
  const far = '  kept: { type: table, on: there, from: orders, config: { credential: w, table: t, host: "x:1" } }\n'
  const { body } = await tried({ source: source('factory-01', far) })
  expect(body.systems[0].reasons).toContainEqual({ code: 'peer.unknown', item: 'cloud-01' })
})

test('a Blueprint in error shows its findings, and one for other Runtimes has no part here', async () => {
  const broken = await tried({ source: source().replace('csv_file', 'csv_fil') })
  expect(broken.body.systems).toEqual([])
  expect(broken.body.findings.at(-1)).toMatchObject({ code: 'blueprint.unknown_type', line: 6 })
  expect((await tried({ source: source('elsewhere-01') })).body.systems).toEqual([])
})

test('trying a Blueprint keeps nothing, and a viewer may not', async () => {
  await tried({ source: source() })
  expect(await host.state.assignments.list()).toEqual([])
  expect((await tried({ source: source() }, await host.tokenFor('viewer'))).status).toBe(403)
})

test('the rules are read by everyone, previewed by operators, and set by the owner alone', async () => {
  const viewer = await host.tokenFor('viewer')
  const read = await host.ask('GET', '/v1/policy', { token: viewer })
  expect(read.body).toMatchObject({ authentic: true, policy: { scripts: 'sandboxed', expressions: 'approve' } })
  expect(read.body.rules[0]).toMatchObject({ key: 'peers', value: 'accepted', default: 'accepted' })
  const policy = { ...read.body.policy, hosts: ['db.example'] }
  for (const role of ['viewer', 'operator'] as const) {
    const refused = await host.ask('PUT', '/v1/policy', { token: await host.tokenFor(role), body: { policy } })
    expect(refused.status).toBe(403)
  }
  const set = await host.ask('PUT', '/v1/policy', { token, body: { policy } })
  expect(set).toMatchObject({ status: 200, body: { policy: { hosts: ['db.example'] }, ended: [] } })
  expect((await host.ask('PUT', '/v1/policy', { token, body: { policy: { hosts: ['a b'] } } })).status).toBe(422)
  const preview = await host.ask('POST', '/v1/policy/preview', { token, body: { policy: { hosts: [] } } })
  expect(preview.body).toEqual({ affected: [] })
  expect((await host.state.trail.list({ limit: 10 })).map(({ action }) => action)).toContain('policy.changed')
})

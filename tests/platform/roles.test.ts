import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { local } from '../support/platform/blueprints.ts'
import { type TenantHost, tenantHost } from '../support/platform/tenant-host.ts'

let host: TenantHost
let tokens: Record<'viewer' | 'operator' | 'owner', string>

beforeAll(async () => {
  host = await tenantHost()
  tokens = {
    viewer: await host.tokenFor('viewer'),
    operator: await host.tokenFor('operator'),
    owner: await host.tokenFor('owner'),
  }
})
afterAll(() => host[Symbol.asyncDispose]())

const READS = [
  '/v1/status',
  '/v1/runtimes',
  '/v1/blueprints',
  '/v1/deployments',
  '/v1/enrolment-codes',
  '/v1/logs',
  '/v1/audit',
]
const CHANGES: [string, string, object][] = [
  ['POST', '/v1/enrolment-codes', {}],
  ['DELETE', '/v1/enrolment-codes/enc_x', {}],
  ['POST', '/v1/runtimes/rt_x/ping', {}],
  ['POST', '/v1/blueprints', { source: local }],
  ['POST', '/v1/blueprints/lint', { source: local }],
  ['POST', '/v1/deployments', { blueprint: 'orders' }],
  ['POST', '/v1/deployments/dep_x/stop', {}],
  ['POST', '/v1/deployments/dep_x/rollback', { version: 1 }],
]

describe('a viewer', () => {
  test('may read everything', async () => {
    for (const path of READS)
      expect({ path, ...(await host.ask(tokens.viewer, 'GET', path)) }).toMatchObject({ path, status: 200 })
  })

  test('may change nothing, and learns nothing of what exists by trying', async () => {
    for (const [method, path, body] of CHANGES) {
      const answer = await host.ask(tokens.viewer, method, path, body)
      expect({ path, ...answer }).toEqual({ path, status: 403, code: 'account.role_too_low' })
    }
    expect((await host.room.trail.list({ limit: 10 })).length).toBe(0)
  })
})

test.each(['operator', 'owner'] as const)('an %s gets past every gate', async (role) => {
  for (const [method, path, body] of CHANGES) {
    const { status } = await host.ask(tokens[role], method, path, body)
    expect({ path, isForbidden: status === 403 }).toEqual({ path, isForbidden: false })
  }
})

test('what users change is in the audit trail under their own id', async () => {
  const users = new Map((await host.accounts.listUsers()).map(({ id, name }) => [`user:${id}`, name]))
  const entries = await host.room.trail.list({ limit: 100 })
  expect(entries.map(({ actor, action }) => `${users.get(actor)} ${action}`)).toEqual([
    'operator enrolment_code.created',
    'operator blueprint.stored',
    'owner enrolment_code.created',
    'owner blueprint.stored',
  ])
})

test('wrongly typed, unknown and missing fields are refused by name, whatever their depth', async () => {
  const deep = JSON.parse(`${'['.repeat(2_000)}${']'.repeat(2_000)}`)
  const bodies = [
    null,
    1,
    'text',
    [],
    {},
    { blueprint: deep },
    { blueprint: 'orders', version: '1' },
    { blueprint: 'orders', more: 1 },
    { blueprint: 'Orders' },
  ]
  for (const body of bodies)
    expect(await host.ask(tokens.operator, 'POST', '/v1/deployments', body)).toEqual({
      status: 422,
      code: 'request.invalid',
    })
  const labels = [{ 'Not A Name': 'x' }, { site: 1 }, { site: 'x'.repeat(129) }]
  for (const label of labels)
    expect((await host.ask(tokens.operator, 'POST', '/v1/enrolment-codes', { labels: label })).code).toBe(
      'request.invalid',
    )
})

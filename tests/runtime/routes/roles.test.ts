import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ROLES, type Role } from '../../../src/accounts/mod.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let tokens: Record<Role, string>
beforeAll(async () => {
  host = await managementHost()
  tokens = {
    viewer: await host.tokenFor('viewer'),
    operator: await host.tokenFor('operator'),
    owner: await host.tokenFor('owner'),
  }
})
afterAll(() => host[Symbol.asyncDispose]())

type Documented = { method: string; path: string; role: Role }

/** Every route of the API with the role that its document names. */
async function documented(): Promise<Documented[]> {
  const { body } = await host.ask('GET', '/v1/openapi.json', { token: tokens.viewer })
  return Object.entries<Record<string, { 'x-role': Role }>>(body.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { 'x-role': role }]) => ({
      ...{ method: method.toUpperCase(), role },
      path: `/v1${path.replace(/\{\w+\}/g, 'x')}`,
    })),
  )
}

const tooLow = ({ status, body }: Awaited<ReturnType<ManagementHost['ask']>>) =>
  status === 403 && body?.code === 'account.role_too_low'

describe('every route of the API', () => {
  test('refuses whoever is below the role that its document names, before it looks at what was sent', async () => {
    const routes = await documented()
    for (const { method, path, role } of routes) {
      for (const asking of ROLES.slice(0, ROLES.indexOf(role))) {
        const answer = await host.ask(method, path, { token: tokens[asking] })
        expect([`${method} ${path} as ${asking}`, tooLow(answer)]).toEqual([`${method} ${path} as ${asking}`, true])
      }
    }
    expect(routes.filter(({ role }) => role === 'owner').length).toBeGreaterThan(15)
    expect(routes.filter(({ role }) => role === 'operator').length).toBeGreaterThan(2)
  })

  test('lets the role through that its document names, as far as reading', async () => {
    for (const { method, path, role } of await documented()) {
      if (method !== 'GET') continue
      const answer = await host.ask(method, path, { token: tokens[role] })
      expect([`${method} ${path} as ${role}`, tooLow(answer)]).toEqual([`${method} ${path} as ${role}`, false])
    }
  })
})

/** The path of a form with ids of the form that it asks for, of nothing that is there. */
const filled = (path: string) =>
  path.replace(/^\/deployments\/:\w+/, `/deployments/dep_${UUID}`).replace(/:\w+(\{[^}]*\})?/g, 'x')
const UUID = '0199c0de-0000-7000-8000-000000000000'

/** Forms that are for everyone, about themselves; and the gate, which is for nobody in particular. */
const OWN = [/^\/account\//, /^\/confirm$/, /^\/sign-(in|out)(\/|$)/, /^\/link$/, /^\/c2\//]

/** Forms of a data tenant: whatever one is on this Runtime, the role there decides. */
const OF_TENANT = /^\/datasets\/:/

describe('every form of the pages', () => {
  test('of a data tenant is not there for who is no member, an owner of the Runtime neither', async () => {
    const forms = host.routes.filter(({ method, path }) => method === 'POST' && OF_TENANT.test(path))
    for (const role of ['viewer', 'owner'] as const) {
      const cookie = await host.sessionFor(role)
      for (const { path } of forms) {
        const { status, text } = await host.ask('POST', filled(path), { cookie, form: {} })
        expect([path, status, text.includes('data_tenant.not_found')]).toEqual([path, 404, true])
      }
    }
    expect(forms.length).toBeGreaterThan(6)
  })

  test('is refused to a viewer, but for those of the own account', async () => {
    const cookie = await host.sessionFor('viewer')
    const forms = host.routes.filter(({ method, path }) => method === 'POST' && !path.startsWith('/v1/'))
    for (const { path } of forms) {
      if (OWN.some((own) => own.test(path)) || OF_TENANT.test(path)) continue
      const { status, text } = await host.ask('POST', filled(path), { cookie, form: {} })
      expect([path, status, text.includes('account.role_too_low')]).toEqual([path, 403, true])
    }
    expect(forms.length).toBeGreaterThan(20)
  })

  test('that decides what runs or who may what is refused to an operator', async () => {
    const cookie = await host.sessionFor('operator')
    const decisions = host.routes.filter(
      ({ method, path }) =>
        method === 'POST' &&
        !/^\/(v1\/data-tenants|datasets)\/:/.test(path) &&
        /^\/(settings\/people|welcome)\b|\/(approve|refuse)$/.test(path),
    )
    for (const { path } of decisions) {
      const { text } = await host.ask('POST', filled(path), { cookie, form: {} })
      expect([path, text.includes('account.role_too_low')]).toEqual([path, true])
    }
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { ROLES, type Role, sessionCookieOf } from '../../src/accounts/mod.ts'
import { strangerApp } from '../../src/platform/routes/tenant-app.ts'
import { type TenantHost, tenantHost } from '../support/platform/tenant-host.ts'

const ORIGIN = 'https://platform.example'
const PASSWORD = 'a long and lonely winter coat'

let host: TenantHost
let base: string
beforeAll(async () => {
  host = await tenantHost()
  base = `/t/${host.room.tenant}`
})
afterAll(() => host[Symbol.asyncDispose]())

type By = { cookie?: string; form?: Record<string, string>; headers?: Record<string, string> }

async function page(method: string, path: string, { cookie = '', form, headers }: By = {}, app = host.app) {
  const answer = await app.fetch(
    new Request(`${ORIGIN}${path}`, {
      method,
      headers: {
        ...{ accept: 'text/html', cookie, origin: ORIGIN },
        ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
        ...headers,
      },
      ...(form && { body: new URLSearchParams(form).toString() }),
    }),
    { peer: { address: '192.0.2.7', port: 1 } },
  )
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

async function sessionFor(name: string, role: Role): Promise<string> {
  const { id } = await host.accounts.createUser({ name, role })
  await host.accounts.setPassword(id, PASSWORD)
  const { headers } = await page('POST', `${base}/sign-in`, { form: { name, password: PASSWORD } })
  return (headers.get('set-cookie') ?? '').split(';')[0] ?? ''
}

describe('the people of a tenant', () => {
  test('are invited on its pages, with a link to its own address, and sign in there', async () => {
    const cookie = await sessionFor('ada', 'owner')
    expect((await page('GET', `${base}/settings`, { cookie })).headers.get('location')).toBe(`${base}/settings/people`)
    expect((await page('GET', `${base}/settings/people`, { cookie })).text).toContain(
      `href="${base}/settings/people/invite"`,
    )
    const made = await page('POST', `${base}/settings/people/invite`, { cookie, form: { name: 'bob', role: 'viewer' } })
    const token = new RegExp(`${ORIGIN}${base}/link/([\\w-]{43})`).exec(made.text)?.[1] ?? ''
    const opened = await page('POST', `${base}/link`, { form: { token, password: PASSWORD } })
    expect([opened.status, opened.headers.get('location')]).toEqual([303, `${base}/`])
    expect(opened.headers.get('set-cookie')).toStartWith(`${sessionCookieOf(host.room.tenant)}=`)
    const bob = (opened.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
    expect((await page('GET', `${base}/account`, { cookie: bob })).text).toContain(`href="${base}/account/totp"`)
    const { count } = await host.room.trail.head()
    const acts = await host.room.trail.list({ afterCount: count - 2, limit: 2 })
    expect(acts.map(({ action }) => action)).toEqual(['user.invited', 'session.opened'])
  })

  test('may do by the API what its document says of their role, and no more', async () => {
    const tokens = { viewer: await host.tokenFor('viewer'), operator: await host.tokenFor('operator'), owner: '' }
    const answer = await host.app.fetch(
      new Request(`${ORIGIN}${base}/v1/openapi.json`, { headers: { authorization: `Bearer ${tokens.viewer}` } }),
      { peer: { address: '192.0.2.7', port: 1 } },
    )
    const { paths }: { paths: Record<string, Record<string, { 'x-role': Role }>> } = JSON.parse(await answer.text())
    let refused = 0
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { 'x-role': role }] of Object.entries(methods))
        for (const asking of ROLES.slice(0, ROLES.indexOf(role))) {
          if (asking === 'owner') continue
          const asked = `/v1${path.replace(/\{\w+\}/g, 'x')}`
          const { code } = await host.ask(tokens[asking], method.toUpperCase(), asked)
          expect([method, path, asking, code]).toEqual([method, path, asking, 'account.role_too_low'])
          refused++
        }
    expect(refused).toBeGreaterThan(30)
  })
})

test('every form of the Platform refuses one that another site sends', async () => {
  const cookie = await sessionFor('eve', 'owner')
  const forms = host.app.routes.filter(({ method, path }) => !['ALL', 'GET'].includes(method) && !path.includes('/c2/'))
  for (const { method, path } of forms) {
    const filled = path.replace(/:\w+(\{[^}]*\})?/g, 'x')
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ] as Record<string, string>[]) {
      const { status, text } = await page(method, filled, { cookie, form: {}, headers })
      expect([method, path, status, text.includes('request.cross_site')]).toEqual([method, path, 403, true])
    }
  }
  expect(forms.length).toBeGreaterThan(20)
})

test('an address that is no tenant’s answers each way in as a tenant answers to those it does not know', async () => {
  const stranger = `ten_${'0'.repeat(36)}`
  const app = strangerApp(host.room, stranger)
  const asks: [string, string, Record<string, string>?][] = [
    ['GET', '/sign-in'],
    ['POST', '/sign-in', { name: 'x', password: 'y' }],
    ['GET', '/sign-in/code'],
    ['POST', '/sign-in/code', { code: '000000' }],
    ['GET', '/sign-in/oidc'],
    ['GET', '/sign-in/oidc/back?state=x&code=y'],
    ['GET', `/link/${'x'.repeat(43)}`],
    ['POST', '/link', { token: 'x' }],
    ['GET', '/confirm'],
    ['GET', '/account'],
  ]
  for (const [method, path, form] of asks) {
    const known = await page(method, `${base}${path}`, form ? { form } : {})
    const unknown = await page(method, `/t/${stranger}${path}`, form ? { form } : {}, app)
    const same = (text: string) => text.replaceAll(stranger, host.room.tenant).replace(/req_[\w-]+/g, 'req')
    expect([path, unknown.status, same(unknown.text)]).toEqual([path, known.status, same(known.text)])
  }
})

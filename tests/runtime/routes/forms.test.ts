import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Role } from '../../../src/accounts/mod.ts'
import { type Clock, systemClock } from '../../../src/base/mod.ts'
import { BLUEPRINT_BYTES_MAX } from '../../../src/blueprint/mod.ts'
import { LIBRARY_BYTES_MAX } from '../../../src/runtime/libraries/package.ts'
import { slowTest } from '../../support/quick.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'

// Every form of the Runtime is asked for, one after another.
setDefaultTimeout(30_000)

let host: ManagementHost
let owner: string
let laterMs = 0
const clock: Clock = {
  now: () => systemClock.now() + laterMs,
  monotonic: () => systemClock.monotonic(),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
}

beforeAll(async () => {
  host = await managementHost({ clock })
  owner = await host.sessionFor('owner')
})
afterAll(() => host[Symbol.asyncDispose]())
beforeEach(() => {
  laterMs = 0
})

const post = (path: string, form: Record<string, string>, cookie = owner) => host.ask('POST', path, { cookie, form })

describe('a form may be as long as what it takes', () => {
  const TEST = '/settings/policy/test'
  /** Bytes that a form may have for each byte of what it takes, and its field’s name. */
  const TEST_BYTES_MAX = 3 * BLUEPRINT_BYTES_MAX + 1_024

  test('a Blueprint of 400 kB is tried; one of more than a Blueprint may have is told so; a form beyond its bound is refused', async () => {
    const long = await post(TEST, { source: `# ${'x'.repeat(400_000)}\n` })
    expect(long.status).toBe(200)
    expect(long.text).toContain('What is wrong with it')
    const longer = await post(TEST, { source: 'x'.repeat(BLUEPRINT_BYTES_MAX + 1) })
    expect(longer.status).toBe(200)
    expect(longer.text).toContain('blueprint.too_large')
    const fits = TEST_BYTES_MAX - 'source='.length
    expect((await post(TEST, { source: 'x'.repeat(fits) })).status).toBe(200)
    expect((await post(TEST, { source: 'x'.repeat(fits + 1) })).status).toBe(413)
  })

  test('a module of 1 MB is installed; a file of more than the bound is refused', async () => {
    const install = async (content: Uint8Array | string, name: string) => {
      const body = new FormData()
      body.append('file', new File([content as string], 'big.ts'))
      body.append('name', name)
      body.append('version', '1.0.0')
      const headers = { cookie: owner, origin: ORIGIN, accept: 'text/html' }
      // Sent as it is, with the length that a browser announces.
      const sent = new Request(`${ORIGIN}/settings/libraries/~install`, { method: 'POST', headers, body })
      return host.app.fetch(sent, { peer: { address: '192.0.2.1', port: 40_000 } })
    }
    expect((await install(`export const x = '${'x'.repeat(1_000_000)}'`, 'big')).status).toBe(303)
    const over = await install(new Uint8Array(LIBRARY_BYTES_MAX + 1), 'bigger')
    expect(over.status).toBe(413)
    expect(await over.text()).toContain(`at most ${LIBRARY_BYTES_MAX} bytes`)
    expect((await install(new Uint8Array(LIBRARY_BYTES_MAX + 16_384), 'biggest')).status).toBe(413)
  })

  test('rules and certificates have bounds of their own; every other form has 256 KiB', async () => {
    const sized = (bytes: number) => ({ certificate: 'x'.repeat(bytes - 'certificate='.length) })
    for (const [path, bytesMax] of [
      ['/settings/certificates/install', 1_048_576],
      ['/settings/policy', 3 * (1_048_576 + 262_144) + 1_024],
      ['/settings/certificates/acme', 262_144],
      ['/settings/policy/nowhere', 262_144],
    ] as const) {
      expect([path, (await post(path, sized(bytesMax))).status === 413]).toEqual([path, false])
      expect([path, (await post(path, sized(bytesMax + 1))).status]).toEqual([path, 413])
    }
  })
})

describe('a form that was refused says why', () => {
  test('going back to a certificate that is shown already', async () => {
    const { status, text } = await post('/settings/certificates/remove', { typed: 'self-signed' })
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).toContain('role="alert"')
    expect(text).toContain('Go back to the self-signed certificate')
  })

  test('drift that is not as it was looked at shows the check again, and a hash that is none is no fault of ours', async () => {
    await post('/settings/drift/check', {})
    const changed = await post('/settings/drift/accept', { 'found.settings': 'a'.repeat(64) })
    expect(changed.status).toBe(409)
    for (const words of ['is not as it was looked at', 'Look at the check again', 'What was looked at']) {
      expect(changed.text).toContain(words)
    }
    const odd = await post('/settings/drift/accept', { 'found.settings': 'no hash' })
    expect(odd.status).toBe(422)
    for (const words of ['What was sent is not what the check showed', 'What was looked at']) {
      expect(odd.text).toContain(words)
    }
    expect(odd.text).not.toContain('no hash')
  })

  test('rules and networks with the status of what was wrong', async () => {
    const rules = await post('/settings/policy', { scripts: 'perhaps' })
    expect([rules.status, rules.text.includes('Review changes')]).toEqual([422, true])
    for (const [network, status] of [
      ['not a network', 400],
      ['198.51.100.0/24', 409],
    ] as const) {
      const refused = await post('/settings/network', { door: 'management', network })
      expect([network, refused.status]).toEqual([network, status])
      expect(refused.text).toContain(`value="${network}"`)
    }
    const door = await post('/settings/network', { door: 'window', network: '10.0.0.0/8' })
    expect([door.status, door.text.includes('List this network')]).toEqual([422, true])
  })

  test('and nothing that is secret comes back with it', async () => {
    const secret = 'geheim-8c1f'
    for (const [path, form] of [
      ['/settings/certificates/install', { certificate: 'x', key: secret, passphrase: secret }],
      ['/settings/alerts/new/mail', { name: 'ops', host: 'x', password: secret }],
      ['/settings/keys/backup', { passphrase: secret }],
      ['/settings/people/provider', { label: 'x', issuer: 'x', clientSecret: secret }],
      [
        '/credentials/~set',
        { name: ' ', kind: 'fields', 'value-lines': secret, 'value-other': secret, 'from-x': 'odd' },
      ],
      ['/account/password', { password: 'geheim' }],
      ['/welcome/enrol', { code: secret }],
    ] as const) {
      const { status, text } = await post(path, form)
      expect([path, status >= 400 && status < 500, text.includes('geheim')]).toEqual([path, true, false])
    }
  })
})

/** Each form and the route of the API that does the same; of those that have none, why. */
const TWINS: Readonly<Record<string, string>> = {
  '/deployments/:id/dead-letters/drop': 'POST /v1/deployments/:id/dead-letters/drop',
  '/deployments/:id/dead-letters/replay': 'POST /v1/deployments/:id/dead-letters/replay',
  '/deployments/:id/stop': 'POST /v1/deployments/:id/stop',
  '/deployments/:id/restart': 'POST /v1/deployments/:id/restart',
  '/deployments/:id/approve': 'POST /v1/deployments/:id/approve',
  '/deployments/:id/refuse': 'POST /v1/deployments/:id/refuse',
  '/peers/introduce': 'POST /v1/peers/introduction',
  '/peers/accept': 'POST /v1/peers',
  '/peers/:runtime/remove': 'DELETE /v1/peers/x',
  '/credentials/~set': 'PUT /v1/credentials/x',
  '/credentials/~generate': 'POST /v1/credentials/x/generate',
  '/credentials/:name/check': 'POST /v1/credentials/x/check',
  '/credentials/:name/delete': 'DELETE /v1/credentials/x',
  '/datasets/~new': 'POST /v1/data-tenants',
  '/datasets/:tenant/~new': 'POST /v1/data-tenants/x/datasets',
  '/datasets/:tenant/~connectors/~new': 'POST /v1/data-tenants/x/connectors',
  '/datasets/:tenant/~connectors/:connector/approve': 'POST /v1/data-tenants/x/connectors/x/approve',
  '/datasets/:tenant/~connectors/:connector/change': 'PATCH /v1/data-tenants/x/connectors/x',
  '/datasets/:tenant/~connectors/:connector/check': 'POST /v1/data-tenants/x/connectors/x/check',
  '/datasets/:tenant/~connectors/:connector/cursor': 'PUT /v1/data-tenants/x/connectors/x/cursor',
  '/datasets/:tenant/~connectors/:connector/fields': 'PATCH /v1/data-tenants/x/connectors/x',
  '/datasets/:tenant/~connectors/:connector/pause': 'PATCH /v1/data-tenants/x/connectors/x',
  '/datasets/:tenant/~connectors/:connector/remove': 'DELETE /v1/data-tenants/x/connectors/x',
  '/datasets/:tenant/~connectors/:connector/resume': 'PATCH /v1/data-tenants/x/connectors/x',
  '/datasets/:tenant/~connectors/:connector/run': 'POST /v1/data-tenants/x/connectors/x/run',
  '/datasets/:tenant/~sql': 'POST /v1/data-tenants/x/sql',
  '/datasets/:tenant/members': 'PUT /v1/data-tenants/x/members/x',
  '/datasets/:tenant/members/:user/remove': 'DELETE /v1/data-tenants/x/members/x',
  '/datasets/:tenant/remove': 'DELETE /v1/data-tenants/x',
  '/datasets/:tenant/:dataset/tokens/new': 'POST /v1/data-tenants/x/datasets/x/tokens',
  '/datasets/:tenant/:dataset/tokens/:token/revoke': 'DELETE /v1/data-tenants/x/datasets/x/tokens/x',
  '/datasets/:tenant/:dataset/views/new': 'POST /v1/data-tenants/x/datasets/x/views',
  '/datasets/:tenant/:dataset/views/:view': 'PATCH /v1/data-tenants/x/datasets/x/views/x',
  '/datasets/:tenant/:dataset/views/:view/remove': 'DELETE /v1/data-tenants/x/datasets/x/views/x',
  '/datasets/:tenant/:dataset/indexes/new': 'POST /v1/data-tenants/x/datasets/x/indexes',
  '/datasets/:tenant/:dataset/indexes/:index/remove': 'DELETE /v1/data-tenants/x/datasets/x/indexes/x',
  '/datasets/:tenant/:dataset/search': 'PUT /v1/data-tenants/x/datasets/x/search',
  '/datasets/:tenant/:dataset/reimport': 'POST /v1/data-tenants/x/datasets/x/reimport',
  '/datasets/:tenant/:dataset/type': 'POST /v1/data-tenants/x/datasets/x/fields',
  '/datasets/:tenant/:dataset/history': 'PUT /v1/data-tenants/x/datasets/x/history',
  '/datasets/:tenant/:dataset/retention': 'PUT /v1/data-tenants/x/datasets/x/retention',
  '/datasets/:tenant/:dataset/class': 'POST /v1/data-tenants/x/datasets/x/classes',
  '/datasets/:tenant/:dataset/remove': 'DELETE /v1/data-tenants/x/datasets/x',
  // The first of two steps: what it looks at is put into force by the second.
  '/settings/policy': 'PUT /v1/policy',
  '/settings/policy/confirm': 'PUT /v1/policy',
  '/settings/policy/test': 'POST /v1/policy/test',
  '/settings/drift/check': 'POST /v1/drift/check',
  '/settings/drift/accept': 'POST /v1/drift/accept',
  '/settings/health/database': 'POST /v1/health/database',
  '/settings/health/token': 'POST /v1/metrics-token',
  '/settings/health/token/revoke': 'DELETE /v1/metrics-token',
  '/settings/network': 'POST /v1/network/bridges',
  '/settings/network/remove': 'DELETE /v1/network/bridges',
  '/settings/certificates/install': 'PUT /v1/certificate',
  '/settings/certificates/install-pkcs12': 'PUT /v1/certificate',
  '/settings/certificates/acme': 'PUT /v1/certificate/acme',
  '/settings/certificates/remove': 'DELETE /v1/certificate',
  '/settings/keys/rotate/:name': 'POST /v1/keys/x/rotate',
  '/settings/keys/recovery': 'POST /v1/recovery/renew',
  '/settings/keys/backup': 'POST /v1/backup',
  '/settings/libraries/~install': 'POST /v1/libraries',
  '/settings/libraries/:name/:version/remove': 'DELETE /v1/libraries/x/x',
  '/settings/alerts/new/webhook': 'POST /v1/alerts/channels/webhook',
  '/settings/alerts/new/mail': 'POST /v1/alerts/channels/mail',
  '/settings/alerts/:channel/test': 'POST /v1/alerts/channels/x/test',
  '/settings/alerts/:channel/remove': 'DELETE /v1/alerts/channels/x',
  '/settings/people/invite': 'POST /v1/users',
  '/settings/people/demand-totp': 'PUT /v1/sign-in-rules/totp',
  '/settings/people/sessions/end': 'DELETE /v1/sessions/x',
  '/settings/people/tokens/revoke': 'DELETE /v1/api-tokens/x',
  '/settings/people/provider': 'PUT /v1/sign-in-rules/provider',
  '/settings/people/provider/remove': 'DELETE /v1/sign-in-rules/provider',
  '/settings/people/:user/change': 'PATCH /v1/users/x',
  '/settings/people/:user/remove': 'DELETE /v1/users/x',
  '/settings/people/:user/link': 'POST /v1/users/x/link',
  '/settings/people/:user/reset-totp': 'DELETE /v1/users/x/totp',
  '/settings/people/:user/disable': 'POST /v1/users/x/disable',
  '/settings/people/:user/enable': 'POST /v1/users/x/enable',
  '/settings/people/:user/end-session': 'DELETE /v1/sessions/x',
  '/account/sessions/end': 'DELETE /v1/account/sessions/x',
  '/account/sessions/end-others': 'DELETE /v1/account/sessions',
  '/account/tokens/revoke': 'DELETE /v1/account/tokens/x',
  '/account/tokens/new': 'POST /v1/account/tokens',
  '/account/password': 'PUT /v1/account/password',
  '/account/totp/begin': 'POST /v1/account/totp',
  '/account/totp/confirm': 'PUT /v1/account/totp',
  '/account/totp/recovery-codes': 'POST /v1/account/recovery-codes',
  '/account/totp/remove': 'DELETE /v1/account/totp',
  '/welcome/recovery-key': 'POST /v1/recovery/renew',
  '/welcome/enrol': 'POST /v1/enrolment',
}
const ONLY_PAGES = {
  'leads a browser to the provider and back': ['/account/link/confirm', '/account/unlink'],
  'a GET of the API': ['/audit/export'],
  'the gate': ['/c2/v1/messages', '/sign-in', '/sign-in/code', '/sign-out', '/link', '/confirm'],
}

describe('a page and its route of the API', () => {
  const filled = (path: string) =>
    path.replace(/deployments\/:\w+/, 'deployments/dep_0199c0de-0000-7000-8000-000000000000').replace(/:\w+/g, 'x')

  /** What stands in the way of who asks: the role, the missing proof, or nothing of both. */
  async function demandOf(method: string, path: string, cookie: string): Promise<string> {
    const isPage = !path.startsWith('/v1/')
    const sent = isPage ? { form: {} } : { headers: { origin: ORIGIN }, ...(method !== 'DELETE' && { body: {} }) }
    const { status, text } = await host.ask(method, filled(path), { cookie, ...sent })
    if (status === 403 && isPage && text.includes('action="/confirm"')) return 'account.confirm_first'
    return status === 403 ? (/account\.(role_too_low|confirm_first)/.exec(text)?.[0] ?? 'nothing') : 'nothing'
  }

  test('are all held against each other', () => {
    const forms = host.routes.filter(({ method, path }) => method === 'POST' && !path.startsWith('/v1/'))
    const paths = [...new Set(forms.map(({ path }) => path))]
    expect(paths.sort()).toEqual([...Object.keys(TWINS), ...Object.values(ONLY_PAGES).flat()].sort())
    const served = new Set(host.routes.map(({ method, path }) => `${method} ${filled(path)}`))
    for (const twin of Object.values(TWINS)) {
      const known = [filled(twin), filled(twin).replace('/bridges', '/x')].some((one) => served.has(one))
      expect([twin, known]).toEqual([twin, true])
    }
  })

  slowTest('ask for the same role, and for the same fresh proof of who one is', async () => {
    const who: { role: Role; lateMs: number }[] = [
      ...(['viewer', 'operator'] as const).map((role) => ({ role, lateMs: 0 })),
      ...(['operator', 'owner'] as const).map((role) => ({ role, lateMs: 11 * 60_000 })),
    ]
    const demands = new Set<string>()
    for (const { role, lateMs } of who) {
      laterMs = 0
      const [page, api] = [await host.sessionFor(role), await host.sessionFor(role)]
      laterMs = lateMs
      for (const [path, twin] of Object.entries(TWINS)) {
        const [method = '', route = ''] = twin.split(' ')
        const asked = `${path} by ${role}${lateMs > 0 ? ', late' : ''}`
        const demand = await demandOf('POST', path, page)
        expect(`${asked}: ${demand}`).toBe(`${asked}: ${await demandOf(method, route, api)}`)
        demands.add(demand)
      }
    }
    expect([...demands].sort()).toEqual(['account.confirm_first', 'account.role_too_low', 'nothing'])
  })

  test('a credential, a library and refused records are for who proved themselves lately; a token goes on', async () => {
    const cookie = await host.sessionFor('owner')
    const token = await host.tokenFor('owner')
    laterMs = 11 * 60_000
    for (const [method, path] of [
      ['PUT', '/v1/credentials/x'],
      ['POST', '/v1/credentials/x/generate'],
      ['DELETE', '/v1/libraries/x/1.0.0'],
      ['POST', '/v1/deployments/:id/dead-letters/drop'],
    ] as const) {
      expect([path, await demandOf(method, path, cookie)]).toEqual([path, 'account.confirm_first'])
      const { body } = await host.ask(method, filled(path), { token, ...(method !== 'DELETE' && { body: {} }) })
      expect([path, body?.code === 'account.confirm_first']).toEqual([path, false])
    }
  })
})

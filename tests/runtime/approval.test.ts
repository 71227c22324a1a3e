import { afterEach, beforeEach, expect, test } from 'bun:test'
import { base64url, utf8 } from '../../src/base/mod.ts'
import { fingerprint, sha256Hex } from '../../src/crypto/mod.ts'
import { CODE_SHOWN_BYTES_MAX, CODE_SHOWN_TOTAL_MAX } from '../../src/runtime/approval.ts'
import type { Assignment } from '../../src/wire/mod.ts'
import { slowTest } from '../support/quick.ts'
import { type ManagementHost, managementHost } from '../support/runtime/management-host.ts'
import { DEPLOYMENT, offer, plainAssignment, registrationAt } from '../support/runtime/offers.ts'
import { type Party, party, TENANT } from '../support/wire/parties.ts'

let host: ManagementHost
let tenant: Party
let token: string
const HTML = { accept: 'text/html' }

beforeEach(async () => {
  host = await managementHost()
  tenant = await party(TENANT, 'tenant')
  await host.state.enrolment.begin({
    name: 'factory-01',
    code: 'c',
    platformUrl: 'https://platform.example',
    tenant: TENANT,
  })
  await host.state.enrolment.complete(registrationAt(tenant))
  await host.ask('PUT', '/v1/credentials/warehouse', {
    token: await host.tokenFor('owner'),
    body: { fields: { a: 'b' } },
  })
  token = await host.tokenFor('owner')
})
afterEach(() => host[Symbol.asyncDispose]())

async function apply(assignment: Assignment, code: Record<string, Uint8Array<ArrayBuffer>> = {}): Promise<void> {
  const send = async () => host.station.deployments.apply(await offer(tenant, assignment), registrationAt(tenant))
  const first = await send()
  for (const sha256 of first.lacking) {
    const content = code[sha256] ?? new Uint8Array()
    for (let offset = 0; offset < content.byteLength; offset += 524_288) {
      const chunk = content.slice(offset, offset + 524_288)
      await host.state.code.receive({ sha256, bytes: content.byteLength, offset, content: chunk })
    }
  }
  const { outcome } = first.lacking.length > 0 ? await send() : first
  expect(outcome).toBe('awaiting-approval')
}

async function scripted(source: string, version = 1): Promise<[Assignment, Record<string, Uint8Array<ArrayBuffer>>]> {
  const content = utf8(source)
  const sha256 = await sha256Hex(content)
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const code = { sha256, bytes: content.byteLength }
  const score = { name: 'score', type: 'script', from: ['orders'], config: { limit: version }, code }
  const components = [orders, score, { ...warehouse, from: ['score'] }]
  return [plainAssignment({ version, components }), { [sha256]: content }]
}

const review = async (by = token) => host.ask('GET', `/v1/deployments/${DEPLOYMENT}/approval`, { token: by })

test('a first version shows all that it adds, its code in full, and the fingerprint of who signed it', async () => {
  await apply(...(await scripted('export const score = 1\n')))
  const { body } = await review()
  expect(body).toMatchObject({
    version: 1,
    against: [],
    adds: { paths: ['read /data/in/*.csv'], hosts: ['db.example:5432'] },
  })
  expect(body.inForce).toBeUndefined()
  expect(body.code).toMatchObject([
    { components: ['score'], isNew: true, isCut: false, text: 'export const score = 1\n' },
  ])
  expect(body.signer).toMatchObject({ tenantName: 'Example', platform: 'https://platform.example' })
  expect(body.signer.fingerprint).toBe(await fingerprint([tenant.signing.publicKey, tenant.agreement.publicKey]))
  expect(body.changes.map(({ part }: { part: string }) => part)).toEqual(['orders', 'score', 'warehouse'])
})

test('a later version shows what changes to the one in force, component by component, and nothing of what stays', async () => {
  await apply(...(await scripted('export const score = 1\n')))
  await host.station.deployments.approve(DEPLOYMENT, 1, 'user:owner')
  await apply(...(await scripted('export const score = 2\n', 2)))
  const { body } = await review()
  expect(body.inForce).toBe(1)
  expect(body.changes).toHaveLength(1)
  expect(JSON.parse(body.changes[0].before)).toMatchObject({ type: 'script', config: { limit: 1 } })
  expect(JSON.parse(body.changes[0].after)).toMatchObject({ type: 'script', config: { limit: 2 } })
  expect(body.adds.flows).toHaveLength(1)
  expect(body.adds.code).toHaveLength(1)
  expect(body.adds.paths).toEqual([])
})

test('what keeps it from running is shown, and then the page offers no approval', async () => {
  await apply(...(await scripted('x')))
  await host.state.rules.set({ ...host.state.rules.policy, hosts: [] }, 'user:owner')
  const item = 'db.example:5432'
  expect((await review()).body.against).toEqual([{ code: 'policy.host_forbidden', component: 'warehouse', item }])
  const cookie = await host.sessionFor('owner')
  const page = await host.ask('GET', `/deployments/${DEPLOYMENT}/approval`, { cookie, headers: HTML })
  expect(page.text).toContain('policy.host_forbidden')
  expect(page.text).not.toContain(`action="/deployments/${DEPLOYMENT}/approve"`)
  const approved = await host.ask('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { token, body: { version: 1 } })
  expect(approved).toMatchObject({ status: 409, body: { code: 'deployment.forbidden' } })
})

test('code cannot look otherwise than it runs: what is drawn as nothing is written out, and markup is text', async () => {
  const [assignment, code] = await scripted('const { \u3164 } = x; if (isAdmin\u202e) <script>alert(1)</script>\n')
  const [orders, score, warehouse] = assignment.components
  if (!orders || !score || !warehouse) throw new Error('there are three components')
  score.config = { note: '</pre><img src=x onerror=alert(1)>\u202e' }
  await apply(assignment, code)
  const cookie = await host.sessionFor('owner')
  const { text } = await host.ask('GET', `/deployments/${DEPLOYMENT}/approval`, { cookie, headers: HTML })
  expect(text).toContain('\\u{202e}')
  expect(text).toContain('{ \\u{3164} }')
  expect(text).not.toContain('\u202e')
  expect(text).not.toContain('<img src=x')
  expect(text).not.toContain('<script>alert')
})

test('code longer than is shown says so and is downloaded whole; what is no text is not shown', async () => {
  const long = 'x'.repeat(CODE_SHOWN_BYTES_MAX + 1)
  const [assignment, code] = await scripted(long)
  await apply(assignment, code)
  const [found] = (await review()).body.code
  expect([found.isCut, found.text.length]).toEqual([true, CODE_SHOWN_BYTES_MAX])
  const whole = await host.ask('GET', `/v1/deployments/${DEPLOYMENT}/approval/code/${found.sha256}`, { token })
  expect(whole.text).toBe(long)
  expect(whole.headers.get('content-disposition')).toContain('attachment')
  const other = await host.ask('GET', `/v1/deployments/${DEPLOYMENT}/approval/code/${'0'.repeat(64)}`, { token })
  expect(other).toMatchObject({ status: 404, body: { code: 'code.not_there' } })
})

test('code that is no text is named as that, and cut only where it is longer than is looked at', async () => {
  for (const [version, bytes] of [CODE_SHOWN_BYTES_MAX, CODE_SHOWN_BYTES_MAX + 1].entries()) {
    const content = new Uint8Array(bytes).fill(0xff)
    const sha256 = await sha256Hex(content)
    const [assignment] = await scripted('', version + 1)
    const components = assignment.components.map((one) => (one.code ? { ...one, code: { sha256, bytes } } : one))
    await apply({ ...assignment, components }, { [sha256]: content })
    const [found] = (await review()).body.code
    expect(found).toEqual({ sha256, bytes, components: ['score'], isNew: true, isCut: version === 1 })
  }
})

slowTest(
  'more code than a person reads is shown up to 4 MiB, what is new first, and the rest is named as cut',
  async () => {
    const files = await Promise.all(
      Array.from({ length: 20 }, async (_, n) => {
        // Each character is written out as eight.
        const content = utf8(`// ${n}\n${'\u202e'.repeat(80_000)}`)
        return { sha256: await sha256Hex(content), bytes: content.byteLength, content }
      }),
    )
    const [orders, warehouse] = plainAssignment().components
    if (!orders || !warehouse) throw new Error('the sample has two components')
    const scripts = files.map(({ sha256, bytes }, n) => {
      return {
        name: `s${n}`,
        type: 'script',
        from: [n === 0 ? 'orders' : `s${n - 1}`],
        config: {},
        code: { sha256, bytes },
      }
    })
    const contents = Object.fromEntries(files.map(({ sha256, content }) => [sha256, content]))
    await apply(plainAssignment({ components: [orders, ...scripts, { ...warehouse, from: ['s19'] }] }), contents)
    const shown: { sha256: string; text: string; isCut: boolean }[] = (await review()).body.code
    expect(shown).toHaveLength(20)
    expect(shown.reduce((total, { text }) => total + text.length, 0)).toBe(CODE_SHOWN_TOTAL_MAX)
    expect(shown.map(({ isCut }) => isCut)).toEqual(files.map((_, n) => n >= 6))
    const last = shown.at(-1)
    expect(last?.text).toBe('')
    const whole = await host.ask('GET', `/v1/deployments/${DEPLOYMENT}/approval/code/${last?.sha256}`, { token })
    expect(await sha256Hex(utf8(whole.text))).toBe(last?.sha256 ?? '')
    const cookie = await host.sessionFor('owner')
    const page = await host.ask('GET', `/deployments/${DEPLOYMENT}/approval`, { cookie, headers: HTML })
    expect(page.text.split('Nothing of it is shown')).toHaveLength(14)
  },
)

test('a bridge is shown by its peer and its way, never with its secret', async () => {
  const secret = base64url(new Uint8Array(32).fill(9))
  const bridge = {
    ...{
      bridge: 'br_01890000-0000-7000-8000-000000000001' as const,
      label: 'abcdefghijklmnop',
      direction: 'out' as const,
    },
    ...{ from: 'orders', to: ['far'], peer: 'rt_01890000-0000-7000-8000-000000000003' as const, role: 'dial' as const },
    ...{ address: { host: 'cloud.example', port: 32_100 }, generation: 1, secret },
  }
  await host.state.peers.accept({
    ...{ runtime: bridge.peer, name: 'cloud-01', signingKey: 'A', agreementKey: 'B', authority: 'x', bridgeHost: 'h' },
    ...{ bridgePort: 1, fingerprint: 'f', acceptedBy: 'user:owner' },
  })
  await apply(plainAssignment({ bridges: [bridge] }))
  const { body, text } = await review()
  expect(body.changes.map(({ part }: { part: string }) => part)).toContain('orders to cloud-01')
  expect(text).not.toContain(secret)
  expect(text).toContain('cloud.example:32100')
})

test('operators look and owners decide; viewers do neither', async () => {
  await apply(...(await scripted('x')))
  expect((await review(await host.tokenFor('viewer'))).status).toBe(403)
  const operator = await host.tokenFor('operator')
  expect((await review(operator)).status).toBe(200)
  for (const act of ['approve', 'refuse']) {
    const refused = await host.ask('POST', `/v1/deployments/${DEPLOYMENT}/${act}`, { token: operator, body: {} })
    expect(refused.status).toBe(403)
  }
  const cookie = await host.sessionFor('operator')
  const page = await host.ask('GET', `/deployments/${DEPLOYMENT}/approval`, { cookie, headers: HTML })
  expect(page.text).toContain('An owner of this Runtime decides')
})

test('a refusal by the page keeps its reason here; ticked, it is told', async () => {
  await apply(...(await scripted('x')))
  const cookie = await host.sessionFor('owner')
  const form = { version: '1', reason: 'not our table', tell: 'yes' }
  const refused = await host.ask('POST', `/deployments/${DEPLOYMENT}/refuse`, { cookie, form })
  expect(refused.status).toBe(303)
  expect(await host.state.assignments.find(DEPLOYMENT, 1)).toMatchObject({
    ...{ state: 'refused', reasons: [{ code: 'owner.refused', item: 'not our table' }] },
  })
})

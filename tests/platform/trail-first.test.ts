import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { AuditBroken } from '../../src/audit/errors.ts'
import { base64url, codeOf } from '../../src/base/mod.ts'
import { generateStoredKeyPair, loadAgreementKey, loadSigningKey } from '../../src/crypto/mod.ts'
import { makeCode } from '../../src/platform/enrolment/codes.ts'
import { enrol } from '../../src/platform/enrolment/enrol.ts'
import { gateRoutes } from '../../src/server/gate.tsx'
import { decodeEnrolmentCode, sealEnrolmentRequest } from '../../src/wire/mod.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { local } from '../support/platform/blueprints.ts'
import { type TenantHost, tenantHost } from '../support/platform/tenant-host.ts'
import { RUNTIME } from '../support/wire/parties.ts'
import { SHA256_OF_NOTHING } from '../support/wire/samples.ts'

let host: TenantHost
let token: string
let code: { id: string; code: string }
beforeAll(async () => {
  host = await tenantHost()
  const { db } = host.room
  token = await host.tokenFor('owner')
  code = await makeCode({ ...host.room, authority: undefined }, { createdBy: 'user:x' })
  await host.ask(token, 'POST', '/v1/blueprints', { source: local })
  const { publicKey } = await loadAgreementKey(await generateStoredKeyPair('agree'))
  const keys = { signingKid: 'k', signingKey: 'k', agreementKey: base64url(publicKey), authority: '', labels: {} }
  const place = { name: 'factory-01', managementUrl: 'https://192.0.2.1:9000', bridgePort: 32_100, version: '0.1.0' }
  const row = {
    id: RUNTIME,
    state: 'enrolled',
    ...keys,
    ...place,
    enrolledAtMs: 1,
    heartbeats: 1,
    left: false,
  } as const
  await db.insert(db.tables.tenantRuntimes).values(row)
  expect(await host.ask(token, 'POST', '/v1/deployments', { blueprint: 'orders' })).toMatchObject({ status: 201 })
  await db.delete(db.tables.auditHead)
})
afterAll(() => host[Symbol.asyncDispose]())

/** All that acts could have changed; the last use of the token is none of it. */
async function everything(): Promise<string> {
  const { db } = host.room
  const { tenantBlueprints, tenantCode, tenantDeployments, tenantDeploymentVersions } = db.tables
  const { tenantTargets, tenantEnrolmentCodes, tenantRuntimes } = db.tables
  const rows = [
    ...[await db.select().from(tenantBlueprints), await db.select().from(tenantCode)],
    ...[await db.select().from(tenantDeployments), await db.select().from(tenantDeploymentVersions)],
    ...[await db.select({ wanted: tenantTargets.wanted, version: tenantTargets.version }).from(tenantTargets)],
    ...[await db.select().from(tenantEnrolmentCodes), await db.select().from(tenantRuntimes)],
  ]
  return JSON.stringify(rows)
}

describe('where the audit trail is broken', () => {
  test.each([
    ['POST', '/v1/enrolment-codes', {}],
    ['DELETE', '/v1/enrolment-codes/:code', undefined],
    ['POST', '/v1/blueprints', { source: `${local}description: again\n` }],
    ['POST', '/v1/deployments', { blueprint: 'orders' }],
    ['POST', '/v1/deployments/orders/rollback', { version: 1 }],
    ['POST', '/v1/deployments/orders/stop', undefined],
  ] as const)('%s %s does nothing at all', async (method, path, body) => {
    const before = await everything()
    const answer = await host.ask(token, method, path.replace(':code', code.id), body)
    expect(answer).toEqual({ status: 500, code: 'audit.broken' })
    expect(await everything()).toBe(before)
  })

  test('no Runtime is enrolled, and its code stays open', async () => {
    const before = await everything()
    const key = await loadSigningKey(await generateStoredKeyPair('sign'))
    const agreement = await loadAgreementKey(await generateStoredKeyPair('agree'))
    const decoded = decodeEnrolmentCode(code.code)
    const configurationHash = SHA256_OF_NOTHING
    const inventory = { credentials: [], libraries: [], componentTypes: [], bridgePort: 32_100, configurationHash }
    const request = await sealEnrolmentRequest(
      {
        ...{ secret: decoded.secret, name: 'cloud-01', version: '0.1.0', bridgePort: 32_100 },
        ...{ signingKey: base64url(key.publicKey), agreementKey: base64url(agreement.publicKey) },
        ...{ managementUrl: 'https://192.0.2.2:9000', authority: '-----BEGIN CERTIFICATE-----' },
        inventory: { ...inventory, policy: {} },
      },
      { code: decoded, key },
    )
    await expect(enrol(host.room, request)).rejects.toHaveProperty('code', 'audit.broken')
    expect(await everything()).toBe(before)
  })
})

test('a person whose signing in cannot be told of has no session', async () => {
  using made = await testAccounts()
  const { accounts } = made
  const id = await makeMaria(accounts)
  for (const { id: earlier } of await accounts.listSessions(id)) await accounts.endSession(id, earlier)
  const record = () => Promise.reject(new AuditBroken('the signed head is not that of the last line'))
  const place = { shown: { kind: 'platform', name: '' }, base: '/t/ten_1', cookie: 'session' } as const
  const app = gateRoutes({ accounts, place, record, origin: () => 'https://platform.example' })
  const post = (path: string, fields: Record<string, string>) =>
    app
      .onError((error) => new Response(codeOf(error), { status: 500 }))
      .request(path, { method: 'POST', body: new URLSearchParams(fields) }, { peer: { address: '127.0.0.1', port: 1 } })
  const token = await accounts.oneTimeLink(id, 'sign-in')
  for (const answer of [
    await post('/sign-in', { name: 'maria', password: PASSWORD }),
    await post('/link', { token }),
  ]) {
    expect(await answer.text()).toBe('audit.broken')
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(await accounts.listSessions(id)).toEqual([])
  }
})

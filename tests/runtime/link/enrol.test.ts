import { afterEach, beforeEach, expect, test } from 'bun:test'
import { base64url, rfc3339 } from '../../../src/base/mod.ts'
import { HostUnreachable } from '../../../src/host/mod.ts'
import { PlatformRefused } from '../../../src/runtime/errors.ts'
import { type EnrolDeps, enrol, resumeEnrolment } from '../../../src/runtime/link/enrol.ts'
import { platformDoor } from '../../../src/runtime/link/platform-address.ts'
import { EnrolmentRecord } from '../../../src/runtime/state/enrolment.ts'
import { encodeEnrolmentCode, openEnrolmentRequest, sealEnrolmentAnswer } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock, type Party, party, RUNTIME, T0, TENANT } from '../../support/wire/parties.ts'
import { inventory, PEM } from '../../support/wire/samples.ts'

let folder: TemporaryFolder
let record: EnrolmentRecord
let close: () => void
let tenant: Party
let runtime: Party
let clock: FakeClock

beforeEach(async () => {
  folder = memoryFolder()
  clock = new FakeClock()
  const stores = await testStores(folder.path, clock)
  close = () => stores.db.close()
  record = new EnrolmentRecord({ db: stores.db, key: stores.key, clock })
  tenant = await party(TENANT, 'tenant')
  runtime = await party(RUNTIME, 'runtime')
})
afterEach(() => {
  close()
  folder[Symbol.dispose]()
})

function code(changes: { agreementKey?: string; signingKid?: string } = {}): string {
  return encodeEnrolmentCode({
    ...{ v: 1, platform: 'https://platform.example/', tenant: TENANT, signingKid: tenant.signing.kid },
    ...{ agreementKey: base64url(tenant.agreement.publicKey), secret: base64url(new Uint8Array(32)) },
    ...{ expires: rfc3339(T0 + 3_600_000), ...changes },
  })
}

function deps(post: EnrolDeps['post']): EnrolDeps {
  const { challenge: _challenge, ...manifest } = inventory
  return {
    ...{ record, signing: runtime.signing, agreement: runtime.agreement, clock },
    describe: async () => ({
      ...{ managementUrl: 'https://factory.example:8752', bridgePort: 32_100, authority: PEM, version: '0.1.0' },
      inventory: manifest,
    }),
    ...(post && { post }),
  }
}

/** The tenant's answer to a request, by whichever keys. */
async function answered(body: string, by: Party = tenant): Promise<string> {
  const { request, digest } = await openEnrolmentRequest(body, { tenant: TENANT, agreement: tenant.agreement })
  const recipient = Uint8Array.from(Buffer.from(request.agreementKey, 'base64url'))
  return sealEnrolmentAnswer(
    {
      ...{ runtime: RUNTIME, tenant: TENANT, tenantName: 'Example', heartbeatIntervalMs: 10_000 },
      ...{ signingKey: base64url(by.signing.publicKey), agreementKey: base64url(by.agreement.publicKey) },
    },
    { key: by.signing, agreement: by.agreement, recipient, digest },
  )
}

test('the request goes to the tenant’s door, sealed: neither the secret nor the name can be read on the way', async () => {
  const bodies: string[] = []
  const registration = await enrol(
    deps(async (address, door, { body }) => {
      expect(platformDoor(address, door)).toBe(`https://platform.example/t/${TENANT}/c2/v1/enrolment`)
      bodies.push(body)
      return answered(body)
    }),
    code(),
    'factory-01',
  )
  expect(registration).toMatchObject({ runtime: RUNTIME, tenant: TENANT, name: 'factory-01' })
  expect(bodies.join()).not.toContain('factory-01')
  expect(await record.registration()).toEqual(registration)
})

test('an enrolment that broke off is resumed with the same code and the same keys', async () => {
  const seen: string[] = []
  const lost = deps(async (_address, _door, { body }) => {
    const { request } = await openEnrolmentRequest(body, { tenant: TENANT, agreement: tenant.agreement })
    seen.push(`${request.secret} ${request.signingKey} ${request.agreementKey}`)
    throw new HostUnreachable('the answer broke off')
  })
  expect(await refusalOf(() => enrol(lost, code(), 'factory-01'))).toBe('host.unreachable')
  expect(await refusalOf(() => resumeEnrolment(lost))).toBe('host.unreachable')
  expect(new Set(seen).size).toBe(1)
  const registration = await resumeEnrolment(deps(async (_address, _door, { body }) => answered(body)))
  expect(registration?.runtime).toBe(RUNTIME)
  expect(await resumeEnrolment(lost)).toBeUndefined()
})

test('a code that the Platform refuses is forgotten, and its reason is told by its code', async () => {
  const used = deps(async () => {
    throw new PlatformRefused(409, { code: 'enrolment_code.used', detail: 'used by another' })
  })
  expect(await refusalOf(() => enrol(used, code(), 'factory-01'))).toBe('enrolment_code.used')
  const silent = deps(async () => {
    throw new PlatformRefused(400)
  })
  expect(await refusalOf(() => enrol(silent, code(), 'factory-01'))).toBe('enrolment.refused')
  expect(await record.attempt()).toBeUndefined()
})

test('a Platform that is broken does not cost the code', async () => {
  const broken = deps(async () => {
    throw new PlatformRefused(502)
  })
  expect(await refusalOf(() => enrol(broken, code(), 'factory-01'))).toBe('platform.refused')
  expect(await record.attempt()).toBeDefined()
})

test('an answer by other keys than the code pins is refused, and nothing is kept', async () => {
  const other = await party(TENANT, 'impostor')
  const post: EnrolDeps['post'] = async (_address, _door, { body }) => answered(body, other)
  expect(await refusalOf(() => enrol(deps(post), code(), 'factory-01'))).toBe('enrolment.refused')
  expect(await record.registration()).toBeUndefined()
})

test('a code that ran out while its attempt waited is given up', async () => {
  const down = deps(async () => {
    throw new HostUnreachable('down')
  })
  await refusalOf(() => enrol(down, code(), 'factory-01'))
  clock.advance(3_600_001)
  expect(await refusalOf(() => resumeEnrolment(down))).toBe('enrolment.expired')
  expect(await record.attempt()).toBeUndefined()
})

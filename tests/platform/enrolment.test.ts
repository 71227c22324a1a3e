import { afterAll, afterEach, beforeAll, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { systemClock } from '../../src/base/mod.ts'
import { findRuntime, runtimeById } from '../../src/platform/runtimes.ts'
import { decodeEnrolmentCode, encodeEnrolmentCode } from '../../src/wire/mod.ts'
import { PlatformHost, shiftedClock } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'
import { tenantStore } from '../support/platform/tenant-store.ts'
import { RUNTIME, STRANGER } from '../support/wire/parties.ts'

const HOUR_MS = 3_600_000

const clock = shiftedClock(systemClock)
let host: PlatformHost
beforeAll(async () => {
  host = await PlatformHost.start({ clock })
})
afterEach(() => {
  clock.shiftMs = 0
})
afterAll(() => host[Symbol.asyncDispose]())

async function codeView(id: string): Promise<Record<string, unknown> | undefined> {
  const { codes } = (await host.api('GET', '/v1/enrolment-codes')).body as { codes: { id: string }[] }
  return codes.find((code) => code.id === id)
}

async function names(): Promise<string[]> {
  const { runtimes } = (await host.api('GET', '/v1/runtimes')).body as { runtimes: { name: string }[] }
  return runtimes.map(({ name }) => name)
}

describe('an enrolment code', () => {
  test('is shown once, listed without its secret, and pins the tenant’s keys and the Platform’s CA', async () => {
    const { id, code } = await host.enrolmentCode()
    const decoded = decodeEnrolmentCode(code)
    const { url, authority } = host.platform
    expect(decoded).toMatchObject({ platform: url, tenant: host.tenant.id, authority })
    expect(await codeView(id)).toMatchObject({ id, state: 'open' })
    expect((await host.api('GET', '/v1/enrolment-codes')).text).not.toContain(decoded.secret)
  })

  test('gives the same keys the same registration until it expires, also after a restart of the Platform', async () => {
    await using runtime = await ScriptedRuntime.start('crashed')
    const { code } = await host.enrolmentCode()
    await runtime.enrol(code)
    const first = runtime.registration
    await host.restart()
    expect(await runtime.enrol(code)).toEqual({ status: 200 })
    expect(runtime.registration).toEqual(first)
    await runtime.heartbeat()
    expect((await host.api('GET', '/v1/runtimes/crashed')).body).toMatchObject({ id: runtime.id, state: 'running' })
    clock.shiftMs = HOUR_MS + 1
    expect(await runtime.enrol(code)).toEqual({ status: 403, code: 'enrolment_code.expired' })
  })

  test('that was used is refused to other keys', async () => {
    await using one = await ScriptedRuntime.start('used-first')
    await using two = await ScriptedRuntime.start('used-second')
    const { id, code } = await host.enrolmentCode()
    await one.enrol(code)
    expect(await two.enrol(code)).toEqual({ status: 409, code: 'enrolment_code.used' })
    expect(await codeView(id)).toMatchObject({ state: 'used', usedBy: one.id })
    expect(await names()).not.toContain('used-second')
  })

  test('enrols exactly one of two Runtimes that try at the same moment', async () => {
    await using one = await ScriptedRuntime.start('racer-one')
    await using two = await ScriptedRuntime.start('racer-two')
    const { code } = await host.enrolmentCode()
    const answers = await Promise.all([one.enrol(code), two.enrol(code)])
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409])
  })

  test('that expired or was taken back is refused by its name, and nothing is registered', async () => {
    await using runtime = await ScriptedRuntime.start('too-late')
    const [late, revoked] = [await host.enrolmentCode(), await host.enrolmentCode({ expiresInMs: 3 * HOUR_MS })]
    clock.shiftMs = HOUR_MS + 1
    expect(await runtime.enrol(late.code)).toEqual({ status: 403, code: 'enrolment_code.expired' })
    expect((await host.api('DELETE', `/v1/enrolment-codes/${revoked.id}`)).status).toBe(204)
    expect(await runtime.enrol(revoked.code)).toEqual({ status: 403, code: 'enrolment_code.expired' })
    expect(await codeView(late.id)).toMatchObject({ state: 'expired' })
    expect(await codeView(revoked.id)).toMatchObject({ state: 'revoked' })
    expect(await names()).not.toContain('too-late')
  })

  test('with a wrong secret gets the one answer of strangers, and so does every other stranger', async () => {
    await using runtime = await ScriptedRuntime.start('guesser')
    const { code } = await host.enrolmentCode()
    const wrong = encodeEnrolmentCode({ ...decodeEnrolmentCode(code), secret: 'A'.repeat(43) })
    expect(await runtime.enrol(wrong)).toEqual({ status: 400, code: 'enrolment.refused' })
    const path = `/t/${host.tenant.id}/c2/v1/enrolment`
    const nowhere = '/t/ten_01890000-0000-7000-8000-0000000000aa/c2/v1/enrolment'
    const answers = await Promise.all([
      host.send('POST', path, { body: 'nonsense' }),
      host.send('POST', path, { body: '{"enc":"","sealed":""}' }),
      host.send('POST', path, { body: 'x'.repeat(600_000) }),
      host.send('POST', nowhere, { body: 'nonsense' }),
    ])
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
  })
})

test('a name that is taken is refused; a registration that was never confirmed gives its name back', async () => {
  await using first = await ScriptedRuntime.start('wanted')
  await using second = await ScriptedRuntime.start('wanted')
  await first.enrol((await host.enrolmentCode()).code)
  expect(await second.enrol((await host.enrolmentCode()).code)).toEqual({ status: 409, code: 'runtime.name_taken' })
  clock.shiftMs = HOUR_MS + 1
  expect(await second.enrol((await host.enrolmentCode()).code)).toEqual({ status: 200 })
  expect((await host.api('GET', '/v1/runtimes/wanted')).body).toMatchObject({ id: second.id })
  await expect(first.heartbeat()).rejects.toThrow('the Platform answered 400')
})

describe('an id is never taken for a name', () => {
  const forged = 'rt_01890000-0000-7000-8000-00000000000f'

  test('a Runtime whose name has the form of an id is refused, and its code stays open', async () => {
    await using runtime = await ScriptedRuntime.start(forged)
    const { id, code } = await host.enrolmentCode()
    expect(await runtime.enrol(code)).toEqual({ status: 400, code: 'runtime.name_unfit' })
    expect(await codeView(id)).toMatchObject({ state: 'open' })
    expect(await names()).not.toContain(forged)
  })

  test('of two Runtimes, one named as the other’s id, the id leads to the one that has it', async () => {
    await using made = await tenantStore()
    const { tenantRuntimes: table } = made.db.tables
    const row = (id: string, name: string) => ({
      ...{ id, name, state: 'enrolled' as const, signingKid: id, signingKey: id, agreementKey: id, authority: '' },
      ...{ managementUrl: '', bridgePort: 1, labels: {}, version: '1', enrolledAtMs: 1, heartbeats: 0, left: false },
    })
    await made.db.insert(table).values([row(STRANGER, RUNTIME), row(RUNTIME, 'factory-01')])
    for (const find of [findRuntime, runtimeById])
      expect(await find(made.db, RUNTIME)).toMatchObject({ agreementKey: RUNTIME })
    expect(await findRuntime(made.db, 'factory-01')).toMatchObject({ id: RUNTIME })
    await made.db.delete(table).where(eq(table.id, RUNTIME))
    for (const find of [findRuntime, runtimeById])
      await expect(find(made.db, RUNTIME)).rejects.toHaveProperty('code', 'runtime.not_found')
    await expect(runtimeById(made.db, 'factory-01')).rejects.toHaveProperty('code', 'runtime.not_found')
  })
})

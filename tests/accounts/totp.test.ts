import { describe, expect, test } from 'bun:test'
import { ACCOUNT_FORGET_AFTER_MS, FREE_ATTEMPTS_ACCOUNT } from '../../src/accounts/lockout.ts'
import { openAccounts, SECOND_STEP_MS } from '../../src/accounts/mod.ts'
import { FIRST_CODES_MAX, RECOVERY_CODES } from '../../src/accounts/totp.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import { recoveryCodes, totpSecrets } from '../../src/store/mod.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { makeMaria, PASSWORD, type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

const visitor = { address: '192.0.2.7' }
const STEP_MS = 30_000

/** Maria with an authenticator in force, at the beginning of a new time step. */
async function withTotp(host: TestAccounts) {
  const maria = await makeMaria(host.accounts)
  const { secret, uri } = await host.accounts.totp.begin(maria, 'Sluice factory-01')
  const phone = authenticator(secret, host.clock)
  const codes = await host.accounts.totp.confirm(maria, { address: '192.0.2.7', code: phone.code() })
  host.clock.advance(STEP_MS)
  return { maria, phone, codes, secret, uri }
}

async function secondStep(host: TestAccounts, address = visitor.address): Promise<string> {
  const signedIn = await host.accounts.signIn('maria', PASSWORD, { address })
  if (!('secondStep' in signedIn)) throw new RangeError('no code was asked for')
  return signedIn.secondStep
}

describe('an authenticator', () => {
  test('is in force from its first code on, as every application reads it, and ends the other sessions', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const kept = await host.enter('maria', PASSWORD, '192.0.2.7')
    const { secret, uri } = await host.accounts.totp.begin(maria, 'Sluice factory-01')
    expect(uri).toStartWith('otpauth://totp/Sluice%20factory-01:maria?')
    expect(new URL(uri).searchParams.get('secret')).toBe(secret)
    await host.enter('maria', PASSWORD, '192.0.2.7')
    expect(await host.accounts.totp.state(maria)).toEqual({ since: null, recoveryCodesLeft: 0 })
    const phone = authenticator(secret, host.clock)
    expect(await refusalOf(() => host.accounts.totp.confirm(maria, { address: '192.0.2.7', code: '000000' }))).toBe(
      'account.code_refused',
    )
    const codes = await host.accounts.totp.confirm(maria, {
      address: '192.0.2.7',
      code: phone.code(),
      keepSession: kept.session.id,
    })
    expect(new Set(codes).size).toBe(RECOVERY_CODES)
    expect((await host.accounts.listSessions(maria)).map(({ id }) => id)).toEqual([kept.session.id])
    expect(await host.accounts.findUser(maria)).toMatchObject({ hasTotp: true })
    expect(await refusalOf(() => host.accounts.totp.begin(maria, 'x'))).toBe('totp.enrolled')
  })

  test('is given up after five wrong first codes, and who keeps guessing waits, however many secrets they begin', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const begin = async () => authenticator((await host.accounts.totp.begin(maria, 'Sluice')).secret, host.clock)
    const confirm = (code: string, address = visitor.address) =>
      refusalOf(() => host.accounts.totp.confirm(maria, { code, address }))
    const phone = await begin()
    for (let i = 0; i < FIRST_CODES_MAX; i++) expect(await confirm('000000')).toBe('account.code_refused')
    expect(await confirm(phone.code())).toBe('totp.missing')
    const next = await begin()
    expect(await confirm(next.code())).toBe('account.try_later')
    host.clock.advance(ACCOUNT_FORGET_AFTER_MS)
    // At the same time as well: of six, one finds the secret given up before it could be right.
    const again = await begin()
    const guesses = ['000001', '000002', '000003', '000004', '000005']
    await Promise.all(guesses.map((code, i) => confirm(code, `198.51.100.${i}`)))
    host.clock.advance(ACCOUNT_FORGET_AFTER_MS)
    expect(await confirm(again.code())).toBe('totp.missing')
    expect(await confirm((await begin()).code())).toBe('nothing')
  })

  test('is asked for after the password and after a link, and no half opens anything', async () => {
    using host = await testAccounts()
    const { maria, phone } = await withTotp(host)
    const before = (await host.accounts.listSessions(maria)).length
    const step = await secondStep(host)
    const link = await host.accounts.oneTimeLink(maria, 'sign-in')
    expect(await host.accounts.redeemLink(link, visitor)).toEqual({ secondStep: expect.any(String) })
    expect(await host.accounts.listSessions(maria)).toHaveLength(before)
    for (const use of [step, `${step}x`]) expect(await host.accounts.sessionOf(use)).toBeUndefined()
    // The token of a second step is no link.
    expect(await refusalOf(() => host.accounts.viewLink(step))).toBe('account.link_refused')
    expect(await refusalOf(() => host.accounts.redeemLink(step, visitor, PASSWORD))).toBe('account.link_refused')
    const opened = await host.accounts.signInByCode({ secondStep: step, code: phone.code(), visitor })
    expect(await host.accounts.sessionOf(opened.token)).toMatchObject({ user: { name: 'maria' } })
    expect(opened.by).toBe('code')
  })

  test('takes codes of the step before and after, of no other, and each once', async () => {
    using host = await testAccounts()
    const { phone } = await withTotp(host)
    host.clock.advance(10 * STEP_MS)
    const enter = async (code: string) =>
      refusalOf(async () => host.accounts.signInByCode({ secondStep: await secondStep(host), code, visitor }))
    for (const far of [-2, 2]) expect(await enter(phone.code(far))).toBe('account.code_refused')
    const before = phone.code(-1)
    expect(await enter(before)).toBe('nothing')
    expect(await enter(before)).toBe('account.code_used')
    expect(await enter(phone.code(1))).toBe('nothing')
    // The step of the last code that was taken and all before it are gone.
    for (const used of [-1, 0, 1]) expect(await enter(phone.code(used))).toBe('account.code_used')
    host.clock.advance(2 * STEP_MS)
    expect(await enter(phone.code())).toBe('nothing')
  })

  test('says that a code was used already to who has given the password, and to nobody else', async () => {
    using host = await testAccounts()
    const { phone } = await withTotp(host)
    host.clock.advance(10 * STEP_MS)
    const code = phone.code()
    const enter = (step: string) => host.accounts.signInByCode({ secondStep: step, code, visitor })
    const first = await secondStep(host)
    await enter(first)
    await expect((async () => enter(await secondStep(host)))()).rejects.toThrow('was used already')
    // Without the password there is no step, whatever the code: one that is used up and one that never was are answered alike.
    for (const step of [first, 'made-up']) expect(await refusalOf(() => enter(step))).toBe('account.link_refused')
  })

  test('takes a code once of five tries at the same time', async () => {
    using host = await testAccounts()
    const { phone } = await withTotp(host)
    await host.accounts.signInByCode({ secondStep: await secondStep(host), code: phone.code(), visitor })
    host.clock.advance(STEP_MS)
    const steps: string[] = []
    for (let i = 0; i < 5; i++) steps.push(await secondStep(host))
    const code = phone.code()
    const tries = await Promise.allSettled(
      steps.map((step) => host.accounts.signInByCode({ secondStep: step, code, visitor })),
    )
    expect(tries.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  test('makes whoever guesses codes wait, and does not take half a sign-in for a known address', async () => {
    using host = await testAccounts()
    const { phone } = await withTotp(host)
    const stranger = { address: '198.51.100.1' }
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) {
      const step = await secondStep(host, stranger.address)
      const guess = { secondStep: step, code: '000000', visitor: stranger }
      expect(await refusalOf(() => host.accounts.signInByCode(guess))).toBe('account.code_refused')
    }
    const step = await secondStep(host, stranger.address)
    const right = { secondStep: step, code: phone.code(), visitor: stranger }
    expect(await refusalOf(() => host.accounts.signInByCode(right))).toBe('account.try_later')
    // And maria comes in from where she has been before she was attacked.
    host.clock.advance(60 * 60_000)
    const home = { secondStep: await secondStep(host), code: phone.code(), visitor }
    expect(await refusalOf(() => host.accounts.signInByCode(home))).toBe('nothing')
  })

  test('has to come within five minutes of the password', async () => {
    using host = await testAccounts()
    const { phone } = await withTotp(host)
    const step = await secondStep(host)
    host.clock.advance(SECOND_STEP_MS)
    const late = { secondStep: step, code: phone.code(), visitor }
    expect(await refusalOf(() => host.accounts.signInByCode(late))).toBe('account.link_refused')
  })

  test('is taken away with its recovery codes and the other sessions', async () => {
    using host = await testAccounts()
    const { maria, phone, codes } = await withTotp(host)
    await host.accounts.signInByCode({ secondStep: await secondStep(host), code: phone.code(), visitor })
    await host.accounts.totp.remove(maria)
    expect(await host.accounts.listSessions(maria)).toEqual([])
    expect(await host.accounts.totp.state(maria)).toEqual({ since: null, recoveryCodesLeft: 0 })
    expect(await refusalOf(() => host.accounts.totp.remove(maria))).toBe('totp.missing')
    expect(codes).toHaveLength(RECOVERY_CODES)
    await host.enter('maria', PASSWORD, '192.0.2.7')
  })
})

describe('a recovery code', () => {
  test('gets its user in once, however it is typed, and nobody else', async () => {
    using host = await testAccounts()
    const { maria, codes } = await withTotp(host)
    const [first = '', second = ''] = codes
    const enter = async (code: string) =>
      refusalOf(async () => host.accounts.signInByCode({ secondStep: await secondStep(host), code, visitor }))
    expect(await enter(` ${first.toUpperCase().replaceAll('-', '')} `)).toBe('nothing')
    expect(await enter(first)).toBe('account.code_refused')
    expect(await host.accounts.totp.state(maria)).toMatchObject({ recoveryCodesLeft: RECOVERY_CODES - 1 })
    const fresh = await host.accounts.totp.newRecoveryCodes(maria)
    expect(await enter(second)).toBe('account.code_refused')
    expect(await enter(fresh[0] ?? '')).toBe('nothing')
  })
})

test('no secret and no recovery code stands in the database as it is, and another key opens none', async () => {
  using host = await testAccounts()
  const { codes, secret, phone } = await withTotp(host)
  const rows = [await host.db.select().from(totpSecrets), await host.db.select().from(recoveryCodes)]
  const stored = JSON.stringify(rows, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  for (const hidden of [secret, ...codes, ...codes.map((code) => code.replaceAll('-', ''))])
    expect(stored).not.toContain(hidden)
  const key = await importWrappingKey(systemRandom(32))
  const other = openAccounts({ ...host.deps, sealing: async () => key })
  const step = { secondStep: await secondStep(host), code: phone.code(), visitor }
  expect(await refusalOf(() => other.signInByCode(step))).toBe('crypto.not_authentic')
})

describe('an authenticator that is demanded of everyone', () => {
  test('leaves a session without one good for nothing but setting one up', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { token } = await host.enter('maria', PASSWORD, '192.0.2.7')
    await host.accounts.totp.demand(true)
    expect(await host.accounts.totp.demanded()).toBe(true)
    expect(await host.accounts.sessionOf(token)).toMatchObject({ mustEnrolTotp: true })
    const later = await host.enter('maria', PASSWORD, '192.0.2.7')
    expect(later.session.mustEnrolTotp).toBe(true)
    const { secret } = await host.accounts.totp.begin(maria, 'Sluice')
    const code = authenticator(secret, host.clock).code()
    await host.accounts.totp.confirm(maria, { address: '192.0.2.7', code, keepSession: later.session.id })
    expect(await host.accounts.sessionOf(later.token)).toMatchObject({ mustEnrolTotp: false })
    await host.accounts.totp.demand(false)
    expect(await host.accounts.totp.demanded()).toBe(false)
  })
})

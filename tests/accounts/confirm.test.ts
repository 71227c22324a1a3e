import { describe, expect, test } from 'bun:test'
import { FREE_ATTEMPTS_ACCOUNT } from '../../src/accounts/lockout.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

const address = '192.0.2.7'

describe('confirmSession()', () => {
  test('renews the confirmation by the password, and by a wrong one does not', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const { token, session } = await host.enter('maria', PASSWORD, address)
    expect(session.confirmedAtMs).toBe(host.clock.now())
    host.clock.advance(30 * 60_000)
    for (const proof of [{ password: 'wrong' }, { password: '' }, {}])
      expect(await refusalOf(() => host.accounts.confirmSession(session.id, { ...proof, address }))).toBe(
        proof.password === 'wrong' ? 'account.refused' : 'account.confirmation_unfit',
      )
    expect((await host.accounts.sessionOf(token))?.confirmedAtMs).toBe(session.confirmedAtMs)
    await host.accounts.confirmSession(session.id, { password: PASSWORD, address })
    expect((await host.accounts.sessionOf(token))?.confirmedAtMs).toBe(host.clock.now())
  })

  test('asks for a code where there is an authenticator: whoever stole a session may know the password', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { session } = await host.enter('maria', PASSWORD, address)
    const { secret } = await host.accounts.totp.begin(maria, 'Sluice')
    const phone = authenticator(secret, host.clock)
    await host.accounts.totp.confirm(maria, { address: '192.0.2.7', code: phone.code(), keepSession: session.id })
    host.clock.advance(30_000)
    const confirm = (proof: { password?: string; code?: string }) =>
      refusalOf(() => host.accounts.confirmSession(session.id, { ...proof, address }))
    expect(await confirm({ password: PASSWORD })).toBe('account.confirmation_unfit')
    expect(await confirm({ password: 'wrong', code: phone.code() })).toBe('account.refused')
    expect(await confirm({ password: PASSWORD, code: '000000' })).toBe('account.code_refused')
    expect(await confirm({ code: phone.code() })).toBe('nothing')
    expect(await confirm({ code: phone.code() })).toBe('account.code_used')
  })

  test('makes a thief of a session who guesses wait', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const { session } = await host.enter('maria', PASSWORD, address)
    const guess = () =>
      refusalOf(() => host.accounts.confirmSession(session.id, { password: 'a guess', address: '198.51.100.1' }))
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) expect(await guess()).toBe('account.refused')
    expect(await guess()).toBe('account.try_later')
  })

  test('is not for a session that has ended', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { session } = await host.enter('maria', PASSWORD, address)
    await host.accounts.endSession(maria, session.id)
    const proof = { password: PASSWORD, address }
    expect(await refusalOf(() => host.accounts.confirmSession(session.id, proof))).toBe('session.not_found')
  })
})

test('all sessions of a user but one end at once', async () => {
  using host = await testAccounts()
  const maria = await makeMaria(host.accounts)
  const kept = await host.enter('maria', PASSWORD, address)
  const other = await host.enter('maria', PASSWORD, address)
  await host.accounts.endOtherSessions(maria, kept.session.id)
  expect(await host.accounts.sessionOf(other.token)).toBeUndefined()
  expect(await host.accounts.sessionOf(kept.token)).toBeDefined()
  expect((await host.accounts.listSessions()).map(({ user }) => user)).toEqual([maria])
})

import { describe, expect, test } from 'bun:test'
import { browserToken, KNOWN_BROWSER_MS, knownBrowser } from '../../src/accounts/known-browser.ts'
import { FREE_ATTEMPTS_ACCOUNT } from '../../src/accounts/lockout.ts'
import { authenticator } from '../support/accounts/authenticator.ts'
import { makeMaria, PASSWORD, type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

const NEIGHBOURS = '192.0.2.7'

/** From one address on the account, until it has to wait there. */
async function hammer(host: TestAccounts): Promise<void> {
  const guess = () => refusalOf(() => host.accounts.signIn('maria', 'a guess', { address: NEIGHBOURS }))
  for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) await guess()
  expect(await guess()).toBe('account.try_later')
}

describe('in a browser in which somebody has signed in before', () => {
  test('they get in while neighbours behind the same address hammer their account; in another browser they do not', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    await host.enter('maria', PASSWORD, NEIGHBOURS)
    const browser = await host.accounts.browserToken(maria)
    await hammer(host)
    const enter = (visitor: { address: string; browser?: string }) =>
      refusalOf(() => host.accounts.signIn('maria', PASSWORD, visitor))
    expect(await enter({ address: NEIGHBOURS })).toBe('account.try_later')
    expect(await enter({ address: NEIGHBOURS, browser })).toBe('nothing')
    expect(await enter({ address: '203.0.113.9', browser })).toBe('nothing')
  })

  test('a thief of its cookie has the guesses that any address has, and takes none from anybody else', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const [stolen, own] = [await host.accounts.browserToken(maria), await host.accounts.browserToken(maria)]
    const guess = () =>
      refusalOf(() => host.accounts.signIn('maria', 'a guess', { address: '198.51.100.1', browser: stolen }))
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) expect(await guess()).toBe('account.refused')
    expect(await guess()).toBe('account.try_later')
    const visitor = { address: NEIGHBOURS, browser: own }
    expect(await refusalOf(() => host.accounts.signIn('maria', PASSWORD, visitor))).toBe('nothing')
  })

  test('the code of the authenticator is taken, too', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { secret } = await host.accounts.totp.begin(maria, 'Sluice')
    const phone = authenticator(secret, host.clock)
    await host.accounts.totp.confirm(maria, { address: NEIGHBOURS, code: phone.code() })
    host.clock.advance(30_000)
    const visitor = { address: NEIGHBOURS, browser: await host.accounts.browserToken(maria) }
    const half = async (): Promise<string> => {
      const signedIn = await host.accounts.signIn('maria', PASSWORD, visitor)
      return 'secondStep' in signedIn ? signedIn.secondStep : ''
    }
    const stranger = await half()
    for (let i = 0; i < 2 * FREE_ATTEMPTS_ACCOUNT; i++)
      await refusalOf(() =>
        host.accounts.signInByCode({ secondStep: stranger, code: '000000', visitor: { address: NEIGHBOURS } }),
      )
    const secondStep = await half()
    const enter = (by: { address: string; browser?: string }) =>
      refusalOf(() => host.accounts.signInByCode({ secondStep, code: phone.code(), visitor: by }))
    expect(await enter({ address: NEIGHBOURS })).toBe('account.try_later')
    expect(await enter(visitor)).toBe('nothing')
  })
})

test('a cookie that is another user’s, too old, changed or made up makes no browser known', async () => {
  using host = await testAccounts()
  const { deps, clock } = host
  const token = await browserToken(deps, 'usr_1')
  expect(await knownBrowser(deps, 'usr_1', token)).toStartWith('brw_')
  expect(await knownBrowser(deps, 'usr_2', token)).toBeUndefined()
  for (const other of [undefined, '', 'x', '*', `${token.slice(0, -4)}AAAA`, token.slice(4)])
    expect(await knownBrowser(deps, 'usr_1', other)).toBeUndefined()
  clock.advance(KNOWN_BROWSER_MS)
  expect(await knownBrowser(deps, 'usr_1', token)).toBeUndefined()
})

test('a cookie of before a new password makes no browser known, for the password’s owner neither', async () => {
  using host = await testAccounts()
  const maria = await makeMaria(host.accounts)
  const before = await host.accounts.browserToken(maria)
  await hammer(host)
  host.clock.advance(1)
  await host.accounts.setPassword(maria, `${PASSWORD}, new`)
  const enter = (browser: string) =>
    refusalOf(() => host.accounts.signIn('maria', `${PASSWORD}, new`, { address: NEIGHBOURS, browser }))
  expect(await enter(before)).toBe('account.try_later')
  expect(await enter(await host.accounts.browserToken(maria))).toBe('nothing')
})

test('who is signed in confirms that they are there, while neighbours behind the same address hammer their account', async () => {
  using host = await testAccounts()
  await makeMaria(host.accounts)
  const { session } = await host.enter('maria', PASSWORD, NEIGHBOURS)
  await hammer(host)
  const proof = { password: PASSWORD, address: NEIGHBOURS }
  expect(await refusalOf(() => host.accounts.confirmSession(session.id, proof))).toBe('nothing')
})

import { describe, expect, test } from 'bun:test'
import { FREE_ATTEMPTS_ACCOUNT, Lockout } from '../../src/accounts/lockout.ts'
import { CHECKS_AT_ONCE, CHECKS_WAITING_MAX, KNOWN_CHECKS_OF_ONE_MAX, Passwords } from '../../src/accounts/passwords.ts'
import { THROTTLE_KEYS_MAX, WAIT_FIRST_MS } from '../../src/accounts/throttle.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'
import { until } from '../support/until.ts'

const FLOOD = 100_000
/** Strangers who are checked or wait. */
const ROOM = CHECKS_AT_ONCE + CHECKS_WAITING_MAX

slowTest(
  '100,000 failed sign-ins fill no memory, and keep out neither who comes from home nor who comes from anywhere',
  async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const ivo = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    await host.accounts.setPassword(ivo.id, PASSWORD)
    const lockout = new Lockout(host.deps)
    await (await lockout.begin(maria, 'maria', '192.0.2.7')).succeeded()
    let refused = 0
    for (let i = 0; i < FLOOD; i++) {
      // A tenth goes for Maria's account, from ever other networks; the rest for names that nobody has.
      const isMaria = i % 10 === 0
      const address = `2001:db8:${(i >> 16).toString(16)}:${(i & 0xffff).toString(16)}::1`
      await lockout
        .begin(isMaria ? maria : undefined, isMaria ? 'maria' : `nobody-${i}`, address)
        .catch(() => refused++)
    }
    expect(lockout.keys).toBeLessThanOrEqual(4 * THROTTLE_KEYS_MAX)
    expect(refused).toBeGreaterThan(FLOOD / 10 - 20)
    expect(await refusalOf(() => lockout.begin(maria, 'maria', '192.0.2.7'))).toBe('nothing')
    expect(await refusalOf(() => lockout.begin(ivo.id, 'ivo', '203.0.113.9'))).toBe('nothing')
  },
  60_000,
)

describe('while strangers fill the line for passwords', () => {
  test('who is known has one of their own, and so has who sets a password', async () => {
    const passwords = new Passwords(undefined)
    const stored = await passwords.hash(PASSWORD, 'maria')
    const strangers = Array.from({ length: ROOM }, () => passwords.verify(null, 'x'))
    expect(await refusalOf(() => passwords.verify(stored, PASSWORD))).toBe('account.busy')
    expect(await passwords.verify(stored, PASSWORD, 'usr_1')).toBe(true)
    expect(await refusalOf(() => passwords.hash(PASSWORD, 'ivo'))).toBe('nothing')
    await Promise.all(strangers)
  }, 60_000)

  test('an attempt for which there was no room is not held against anybody', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const networks = Array.from({ length: ROOM }, (_, i) => `2001:db8:0:${i.toString(16)}::1`)
    const strangers = networks.map((address, i) =>
      host.accounts.signIn(`name-${i}`, 'x', { address }).catch(() => 'no'),
    )
    const enter = () => refusalOf(() => host.accounts.signIn('maria', PASSWORD, { address: '203.0.113.9' }))
    await until('the line is full', async () => (await enter()) === 'account.busy')
    for (let i = 0; i < 2 * FREE_ATTEMPTS_ACCOUNT; i++) expect(await enter()).toBe('account.busy')
    await Promise.all(strangers)
    expect(await enter()).toBe('nothing')
  }, 60_000)

  test('such an attempt lengthens no wait either', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const address = '203.0.113.9'
    const enter = (password: string) => refusalOf(() => host.accounts.signIn('maria', password, { address }))
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++) expect(await enter('a guess')).toBe('account.refused')
    expect(await enter(PASSWORD)).toBe('account.try_later')
    host.clock.advance(WAIT_FIRST_MS)
    const strangers = Array.from({ length: ROOM }, (_, i) =>
      host.accounts.signIn(`name-${i}`, 'x', { address: `2001:db8:0:${i.toString(16)}::1` }).catch(() => 'no'),
    )
    await until('the line is full', async () => (await enter(PASSWORD)) === 'account.busy')
    expect(await enter(PASSWORD)).toBe('account.busy')
    await Promise.all(strangers)
    expect(await enter(PASSWORD)).toBe('nothing')
  }, 60_000)

  test(`${KNOWN_CHECKS_OF_ONE_MAX} passwords of one user wait in the line of those who are known, and one more with the strangers`, async () => {
    const passwords = new Passwords(undefined)
    const strangers = Array.from({ length: ROOM }, () => passwords.verify(null, 'x'))
    const asked = Array.from({ length: KNOWN_CHECKS_OF_ONE_MAX + 1 }, () => passwords.verify(null, 'x', 'usr_1'))
    const last = asked.at(-1)
    expect(await refusalOf(async () => last)).toBe('account.busy')
    expect(await Promise.allSettled(asked.slice(0, -1))).toEqual(
      Array.from({ length: KNOWN_CHECKS_OF_ONE_MAX }, () => ({ status: 'fulfilled', value: false })),
    )
    // Who has left makes room.
    expect(await passwords.verify(null, 'x', 'usr_1')).toBe(false)
    await Promise.all(strangers)
  }, 60_000)

  test('who holds sixteen browsers of one user keeps no other user out of the line of those who are known', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const ivo = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    await host.accounts.setPassword(ivo.id, PASSWORD)
    const browser = await host.accounts.browserToken(ivo.id)
    const stolen = await Promise.all(Array.from({ length: 16 }, () => host.accounts.browserToken(maria)))
    const guesses = stolen.flatMap((held) =>
      Array.from({ length: FREE_ATTEMPTS_ACCOUNT }, () =>
        refusalOf(() => host.accounts.signIn('maria', 'a guess', { address: '198.51.100.1', browser: held })),
      ),
    )
    const enter = () => refusalOf(() => host.accounts.signIn('ivo', PASSWORD, { address: '203.0.113.9', browser }))
    expect(guesses.length).toBeGreaterThan(ROOM)
    const entering = enter()
    const refused = await Promise.all(guesses)
    expect(await entering).toBe('nothing')
    // Those that found no room among the strangers are told so.
    expect(refused).toContain('account.busy')
  }, 60_000)
})

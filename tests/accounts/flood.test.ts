import { describe, expect, test } from 'bun:test'
import { FREE_ATTEMPTS_ACCOUNT, Lockout } from '../../src/accounts/lockout.ts'
import { CHECKS_AT_ONCE, CHECKS_WAITING_MAX, Passwords } from '../../src/accounts/passwords.ts'
import { THROTTLE_KEYS_MAX } from '../../src/accounts/throttle.ts'
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
    expect(await passwords.verify(stored, PASSWORD, true)).toBe(true)
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
})

import { expect, test } from 'bun:test'
import { Lockout } from '../../src/accounts/lockout.ts'
import { Passwords } from '../../src/accounts/passwords.ts'
import { THROTTLE_KEYS_MAX } from '../../src/accounts/throttle.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

const FLOOD = 100_000

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

test('while strangers fill the line for passwords, who comes from home has one of their own', async () => {
  const passwords = new Passwords(undefined)
  const stored = await passwords.hash(PASSWORD, 'maria')
  const strangers = Array.from({ length: 66 }, () => passwords.verify(null, 'x'))
  expect(await refusalOf(() => passwords.verify(stored, PASSWORD))).toBe('account.busy')
  expect(await passwords.verify(stored, PASSWORD, true)).toBe(true)
  await Promise.all(strangers)
}, 60_000)

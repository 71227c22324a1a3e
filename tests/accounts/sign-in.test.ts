import { describe, expect, test } from 'bun:test'
import { argon2Hash, argon2Verify } from '../../src/accounts/argon2.ts'
import { FREE_ATTEMPTS_ACCOUNT, FREE_ATTEMPTS_ADDRESS, Lockout } from '../../src/accounts/lockout.ts'
import { SignInTooOften } from '../../src/accounts/mod.ts'
import { CHECKS_AT_ONCE, CHECKS_WAITING_MAX, Passwords } from '../../src/accounts/passwords.ts'
import { FORGET_AFTER_MS, Throttle } from '../../src/accounts/throttle.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

async function fail(
  lockout: Lockout,
  user: string | undefined,
  name: string,
  address: string,
  times: number,
): Promise<string> {
  let last = 'nothing'
  for (let i = 0; i < times; i++) last = await refusalOf(() => lockout.begin(user, name, address))
  return last
}

describe('signIn()', () => {
  test('opens a session for the right password, whatever the case of the name', async () => {
    using host = await testAccounts({ pepper: systemRandom(32) })
    await makeMaria(host.accounts)
    const opened = await host.enter(' MARIA ', PASSWORD, '192.0.2.7', 'a'.repeat(1_000))
    expect(await host.accounts.sessionOf(opened.token)).toMatchObject({ id: opened.session.id })
  })

  test('gives one same answer for a wrong password, an unknown name and a user without a password', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    const answers: unknown[] = []
    for (const [name, password] of [
      ['maria', 'wrong'],
      ['nobody', PASSWORD],
      ['ivo', ''],
      ['', ''],
    ] as const) {
      const error: unknown = await host.accounts
        .signIn(name, password, { address: '192.0.2.7' })
        .catch((refusal: unknown) => refusal)
      answers.push(error instanceof Error && { ...error, message: error.message })
    }
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toHaveProperty('size', 1)
    expect(answers[0]).toMatchObject({ code: 'account.refused' })
  })

  slowTest(
    'opens nothing by a password that was changed, or for a user who was disabled, while it was being checked',
    async () => {
      for (const change of ['password', 'disabled'] as const) {
        using host = await testAccounts()
        const maria = await makeMaria(host.accounts)
        const { id: ivo } = await host.accounts.createUser({ name: 'ivo', role: 'owner' })
        await host.accounts.setPassword(ivo, 'a passphrase that ivo has')
        // Strangers ahead of it, so that it waits for its turn.
        const strangers = Array.from({ length: 6 }, (_, i) =>
          refusalOf(() => host.accounts.signIn(`nobody-${i}`, 'wrong', { address: `203.0.113.${i}` })),
        )
        const waiting = refusalOf(() => host.accounts.signIn('maria', PASSWORD, { address: '198.51.100.1' }))
        if (change === 'password') await host.accounts.setPassword(maria, 'another long passphrase of hers')
        else await host.accounts.disableUser(maria)
        await Promise.all(strangers)
        expect(`${change}: ${await waiting}`).toBe(`${change}: account.refused`)
        expect(await host.accounts.listSessions(maria)).toEqual([])
      }
    },
  )

  // Measures, so it needs the full cost.
  slowTest('checks a password for an unknown name as well, so that both take as long', async () => {
    const passwords = new Passwords(undefined)
    await passwords.warm()
    const stored = await passwords.hash(PASSWORD, 'maria')
    const spent = async (hash: string | null): Promise<number> => {
      const started = performance.now()
      await passwords.verify(hash, 'a wrong password')
      return performance.now() - started
    }
    // The quickest of a few runs is little disturbed by whatever else the machine does.
    const quickest = async (hash: string | null) =>
      Math.min(await spent(hash), await spent(hash), await spent(hash), await spent(hash))
    const [known, unknown] = [await quickest(stored), await quickest(null)]
    expect(unknown).toBeGreaterThan(known / 3)
    expect(unknown).toBeLessThan(known * 3)
  })

  test('needs the pepper that the password was set with', async () => {
    const stored = await new Passwords(systemRandom(32)).hash(PASSWORD, 'maria')
    expect(await new Passwords(systemRandom(32)).verify(stored, PASSWORD)).toBe(false)
    expect(await new Passwords(undefined).verify(stored, PASSWORD)).toBe(false)
  })
})

describe('lockout', () => {
  test('makes an account wait after five failures, twice as long after each, with the same answer for unknown names', async () => {
    using host = await testAccounts()
    const lockout = new Lockout(host.deps)
    for (const user of ['usr_1', undefined]) {
      const from = (i: number) => `198.51.100.${i}`
      for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT; i++)
        expect(await fail(lockout, user, 'maria', from(i), 1)).toBe('nothing')
      const waits: number[] = []
      for (let i = 0; i < 4; i++) {
        const refusal: unknown = await lockout.begin(user, 'maria', '203.0.113.1').catch((error: unknown) => error)
        if (!(refusal instanceof SignInTooOften)) throw refusal
        waits.push(refusal.retryAfterMs)
        host.clock.advance(refusal.retryAfterMs)
        expect(await fail(lockout, user, 'maria', '203.0.113.1', 1)).toBe('nothing')
      }
      expect(waits).toEqual([1_000, 2_000, 4_000, 8_000])
    }
  })

  test('lets 109 guesses on one account be made in a day, whatever pauses there are between them', async () => {
    using host = await testAccounts()
    const dayMs = 24 * 60 * 60_000
    for (const pauseAfter of [3, 5, 13, 14, 15, 1_000]) {
      const lockout = new Lockout(host.deps)
      const endMs = host.clock.monotonic() + dayMs
      let guesses = 0
      for (let address = 0; host.clock.monotonic() < endMs; address++) {
        const from = `2001:db8:${address.toString(16)}::1`
        const refusal: unknown = await lockout.begin('usr_1', 'maria', from).catch((error: unknown) => error)
        if (!(refusal instanceof SignInTooOften)) guesses++
        // Somebody who knows for how long an address is remembered waits that long now and then.
        if (refusal instanceof SignInTooOften) host.clock.advance(refusal.retryAfterMs)
        else if (guesses % pauseAfter === 0) host.clock.advance(FORGET_AFTER_MS)
      }
      expect([pauseAfter, guesses <= 109]).toEqual([pauseAfter, true])
    }
  })

  test('lets a user in from where they came by a link, while strangers hammer the account', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const link = await host.accounts.oneTimeLink(maria, 'set-password')
    await host.redeem(link, { address: '192.0.2.9' }, PASSWORD)
    for (let i = 0; i < FREE_ATTEMPTS_ACCOUNT + 1; i++)
      await refusalOf(() => host.accounts.signIn('maria', 'a wrong one', { address: `198.51.100.${i}` }))
    expect(await refusalOf(() => host.enter('maria', PASSWORD, '198.51.100.99'))).toBe('account.try_later')
    expect(await refusalOf(() => host.enter('maria', PASSWORD, '192.0.2.9'))).toBe('nothing')
  })

  test('tells once an hour that an account of somebody is under attack, and nothing of names that nobody has', async () => {
    using host = await testAccounts()
    const told: string[] = []
    const onLocked = async (user: string, address: string): Promise<void> => void told.push(`${user} ${address}`)
    const lockout = new Lockout({ ...host.deps, onLocked })
    for (let i = 0; i < 40; i++) {
      await fail(lockout, 'usr_1', 'maria', `198.51.100.${i}`, 1)
      await fail(lockout, undefined, 'nobody', `203.0.113.${i}`, 1)
    }
    expect(told).toEqual(['usr_1 198.51.100.5'])
    host.clock.advance(60 * 60_000)
    await fail(lockout, 'usr_1', 'maria', '198.51.100.1', 10)
    expect(told).toHaveLength(2)
  })

  test('tells once an hour, too, of an attack from where the user comes from themselves', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    await host.enter('maria', PASSWORD, '192.0.2.9')
    const told: string[] = []
    const onLocked = async (user: string, address: string): Promise<void> => void told.push(`${user} ${address}`)
    const lockout = new Lockout({ ...host.deps, onLocked })
    await fail(lockout, maria, 'maria', '192.0.2.9', FREE_ATTEMPTS_ACCOUNT)
    expect(told).toEqual([])
    await fail(lockout, maria, 'maria', '192.0.2.9', 20)
    expect(told).toEqual([`${maria} 192.0.2.9`])
  })

  test('counts attempts that are made at the same time', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const tries = await Promise.allSettled(
      Array.from({ length: FREE_ATTEMPTS_ACCOUNT + 3 }, () =>
        host.accounts.signIn('maria', 'a wrong one', { address: '192.0.2.7' }),
      ),
    )
    const codes = tries.map((attempt) => (attempt.status === 'rejected' ? attempt.reason.code : 'in'))
    expect(codes.filter((code) => code === 'account.try_later')).toHaveLength(3)
    expect(await refusalOf(() => host.accounts.signIn('maria', PASSWORD, { address: '192.0.2.7' }))).toBe(
      'account.try_later',
    )
    host.clock.advance(60_000)
    expect(await refusalOf(() => host.accounts.signIn('maria', PASSWORD, { address: '192.0.2.7' }))).toBe('nothing')
  })

  test('makes an address wait that tries many names', async () => {
    using host = await testAccounts()
    const lockout = new Lockout(host.deps)
    for (let i = 0; i < FREE_ATTEMPTS_ADDRESS; i++)
      expect(await fail(lockout, undefined, `n${i}`, '192.0.2.7', 1)).toBe('nothing')
    expect(await fail(lockout, undefined, 'another', '192.0.2.7', 1)).toBe('account.try_later')
    expect(await fail(lockout, undefined, 'another', '192.0.2.8', 1)).toBe('nothing')
  })

  test('lets a user in from where he was before, while strangers hammer his account and the address', async () => {
    using host = await testAccounts()
    const user = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    const lockout = new Lockout(host.deps)
    await (await lockout.begin(user.id, 'ivo', '192.0.2.7')).succeeded()
    for (let i = 0; i < 40; i++) await fail(lockout, user.id, 'ivo', `198.51.100.${i}`, 1)
    await fail(lockout, undefined, 'nobody', '192.0.2.7', 40)
    expect(await fail(lockout, user.id, 'ivo', '198.51.100.99', 1)).toBe('account.try_later')
    expect(await fail(lockout, user.id, 'ivo', '192.0.2.7', FREE_ATTEMPTS_ACCOUNT)).toBe('nothing')
    expect(await fail(lockout, user.id, 'ivo', '192.0.2.7', 1)).toBe('account.try_later')
  })
})

test('beyond those that may wait, a password is refused with account.busy, and all goes on afterwards', async () => {
  const passwords = new Passwords(undefined)
  const stored = await passwords.hash(PASSWORD, 'ada')
  const room = CHECKS_AT_ONCE + CHECKS_WAITING_MAX
  const asked = await Promise.allSettled(Array.from({ length: room + 1 }, () => passwords.verify(null, '')))
  expect(asked.filter(({ status }) => status === 'rejected')).toHaveLength(1)
  expect(asked.at(-1)).toMatchObject({ reason: { code: 'account.busy' } })
  expect(await passwords.verify(stored, PASSWORD)).toBe(true)
})

describe('a throttle', () => {
  test('holds at most so many keys and drops the longest untried', () => {
    const throttle = new Throttle(frozenClock(), { free: 1, keysMax: 3 })
    for (const key of ['a', 'b', 'a', 'c', 'd']) throttle.attempt(key)
    expect(throttle.keys).toBe(3)
    expect(throttle.waitMs('b')).toBe(0)
    expect(throttle.waitMs('a')).toBeGreaterThan(0)
  })

  test('takes an attempt back together with the wait that it would have begun, and leaves one that was made later', () => {
    const clock = frozenClock()
    const throttle = new Throttle(clock, { free: 1 })
    throttle.attempt('a')
    clock.advance(600)
    throttle.forgive('a', throttle.attempt('a'))
    expect(throttle.waitMs('a')).toBe(400)
    const earlier = throttle.attempt('a')
    clock.advance(300)
    throttle.attempt('a')
    throttle.forgive('a', earlier)
    expect(throttle.waitMs('a')).toBe(2_000)
  })

  test('never makes anyone wait longer than a quarter of an hour, and forgets after an hour', () => {
    const clock = frozenClock()
    const throttle = new Throttle(clock, { free: 1 })
    for (let i = 0; i < 1_000; i++) throttle.attempt('a')
    expect(throttle.waitMs('a')).toBe(15 * 60_000)
    clock.advance(60 * 60_000)
    throttle.attempt('a')
    expect(throttle.waitMs('a')).toBe(1_000)
  })
})

slowTest('argon2id of both hosts understand each other', async () => {
  const { hash, verify } = await import('@node-rs/argon2')
  expect(await argon2Verify(await hash(PASSWORD, { memoryCost: 8_192, timeCost: 1 }), PASSWORD)).toBe(true)
  const ours = await argon2Hash(PASSWORD)
  expect(ours).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
  expect(await verify(ours, PASSWORD)).toBe(true)
  expect(await verify(ours, `${PASSWORD}!`)).toBe(false)
})

import { describe, expect, test } from 'bun:test'
import { sql } from 'drizzle-orm'
import { LINK_LIFETIME_MS, PASSWORD_LENGTH_MIN } from '../../src/accounts/mod.ts'
import { apiTokens, oneTimeLinks, sessions, users } from '../../src/store/mod.ts'
import { makeMaria, PASSWORD, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

const visitor = { address: '192.0.2.7', userAgent: 'test' }

describe('the first owner', () => {
  test('is made once, even by two calls at the same time', async () => {
    using host = await testAccounts()
    const made = await Promise.allSettled([
      host.accounts.createFirstOwner('maria'),
      host.accounts.createFirstOwner('eve'),
    ])
    expect(made.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await refusalOf(() => host.accounts.createFirstOwner('mallory'))).toBe('account.owner_exists')
    expect(await host.accounts.listUsers()).toHaveLength(1)
  })

  test('sets a password by the link and is signed in', async () => {
    using host = await testAccounts()
    const { user, token } = await host.accounts.createFirstOwner('  Maria ')
    expect(user).toMatchObject({ name: 'maria', role: 'owner' })
    expect(await host.accounts.viewLink(token)).toEqual({ user, purpose: 'set-password' })
    const opened = await host.redeem(token, visitor, PASSWORD)
    expect(await host.accounts.sessionOf(opened.token)).toMatchObject({ user: { name: 'maria' } })
    expect(await host.accounts.listUsers()).toMatchObject([{ name: 'maria', role: 'owner', hasPassword: true }])
  })
})

describe('users', () => {
  test('have names that no two share and that fit their alphabet', async () => {
    using host = await testAccounts()
    await host.accounts.createUser({ name: 'ivo@example.org', role: 'viewer' })
    expect(await refusalOf(() => host.accounts.createUser({ name: 'IVO@example.org', role: 'owner' }))).toBe(
      'account.name_taken',
    )
    for (const name of ['', ' ', 'a b', '<b>', 'ä', '-x', 'a'.repeat(65)]) {
      expect(await refusalOf(() => host.accounts.createUser({ name, role: 'viewer' }))).toBe('account.name_invalid')
    }
    expect((await host.accounts.createUser({ name: 'a'.repeat(64), role: 'viewer' })).name).toHaveLength(64)
  })
})

describe('a one-time link', () => {
  test('works once: of ten uses at the same time one succeeds', async () => {
    using host = await testAccounts()
    const user = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    const token = await host.accounts.oneTimeLink(user.id, 'sign-in')
    const uses = await Promise.allSettled(Array.from({ length: 10 }, () => host.accounts.redeemLink(token, visitor)))
    expect(uses.filter((use) => use.status === 'fulfilled')).toHaveLength(1)
    expect(await host.accounts.listSessions(user.id)).toHaveLength(1)
  })

  test('works for an hour, not a millisecond longer', async () => {
    using host = await testAccounts()
    const user = await host.accounts.createUser({ name: 'ivo', role: 'viewer' })
    const token = await host.accounts.oneTimeLink(user.id, 'sign-in')
    host.clock.advance(LINK_LIFETIME_MS - 1)
    expect(await host.accounts.viewLink(token)).toMatchObject({ purpose: 'sign-in' })
    host.clock.advance(1)
    expect(await refusalOf(() => host.accounts.viewLink(token))).toBe('account.link_refused')
    expect(await refusalOf(() => host.accounts.redeemLink(token, visitor))).toBe('account.link_refused')
    expect(await refusalOf(() => host.accounts.redeemLink('not-a-token', visitor))).toBe('account.link_refused')
  })

  test('survives a password that does not fit', async () => {
    using host = await testAccounts()
    const { token } = await host.accounts.createFirstOwner('maria-of-the-works')
    const unfit = ['x'.repeat(PASSWORD_LENGTH_MIN - 1), 'x'.repeat(257), 'Maria-of-the-Works']
    for (const password of unfit) {
      expect(await refusalOf(() => host.accounts.redeemLink(token, visitor, password))).toBe('account.password_unfit')
    }
    expect(await refusalOf(() => host.accounts.redeemLink(token, visitor))).toBe('account.link_refused')
    expect((await host.redeem(token, visitor, 'kV9#tq2Lw7xP'.slice(0, PASSWORD_LENGTH_MIN))).session.user.role).toBe(
      'owner',
    )
  })

  test.each(['set-password', 'sign-in'] as const)(
    'to %s that fails on the way is as good as before, and has changed nothing',
    async (purpose) => {
      using host = await testAccounts()
      const id = await makeMaria(host.accounts)
      const open = await host.enter('maria', PASSWORD, '192.0.2.7')
      const token = await host.accounts.oneTimeLink(id, purpose)
      const password = 'another long enough one'
      await host.db.run(sql`create trigger broken before insert on sessions begin select raise(abort, 'broken'); end`)
      expect(await refusalOf(() => host.accounts.redeemLink(token, visitor, password))).toStartWith('store.')
      expect(await host.accounts.viewLink(token)).toMatchObject({ purpose })
      expect(await host.accounts.sessionOf(open.token)).toMatchObject({ user: { name: 'maria' } })
      await host.db.run(sql`drop trigger broken`)
      await host.enter('maria', PASSWORD, '192.0.2.7')
      await host.redeem(token, visitor, password)
      expect(await refusalOf(() => host.accounts.viewLink(token))).toBe('account.link_refused')
    },
  )

  test('is refused for a user who does not exist', async () => {
    using host = await testAccounts()
    expect(await refusalOf(() => host.accounts.oneTimeLink('usr_none', 'sign-in'))).toBe('account.not_found')
  })
})

test('a new password ends the other sessions', async () => {
  using host = await testAccounts()
  const id = await makeMaria(host.accounts)
  const kept = await host.enter('maria', PASSWORD, '192.0.2.7')
  await host.accounts.setPassword(id, 'another long enough one', kept.session.id)
  expect((await host.accounts.listSessions(id)).map((session) => session.id)).toEqual([kept.session.id])
})

test('a new password that cannot end the other sessions is not set', async () => {
  using host = await testAccounts()
  const id = await makeMaria(host.accounts)
  await host.db.run(sql`create trigger broken before delete on sessions begin select raise(abort, 'broken'); end`)
  expect(await refusalOf(() => host.accounts.setPassword(id, 'another long enough one'))).toStartWith('store.')
  await host.db.run(sql`drop trigger broken`)
  await host.enter('maria', PASSWORD, '192.0.2.7')
})

test('no password, cookie, link or token stands in the database as it is', async () => {
  using host = await testAccounts()
  const id = await makeMaria(host.accounts)
  const link = await host.accounts.oneTimeLink(id, 'sign-in')
  const opened = await host.enter('maria', PASSWORD, '192.0.2.7')
  const api = await host.accounts.createApiToken({ user: id, name: 'ci', expires: host.clock.now() + 1_000 })
  const rows = await Promise.all(
    [users, sessions, oneTimeLinks, apiTokens].map((table) => host.db.select().from(table)),
  )
  const stored = JSON.stringify(rows, (_, value) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
  )
  for (const secret of [PASSWORD, link, opened.token, api.token, api.token.slice(-49)])
    expect(stored).not.toContain(secret)
  expect(stored).toContain('$argon2id$')
})

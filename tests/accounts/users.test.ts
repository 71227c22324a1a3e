import { describe, expect, test } from 'bun:test'
import { USERS_MAX } from '../../src/accounts/users.ts'
import { users } from '../../src/store/mod.ts'
import { makeMaria, PASSWORD, type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

const visitor = { address: '192.0.2.7' }

/** A user who has come: invited, password set. */
async function come(host: TestAccounts, name: string, role: 'viewer' | 'operator' | 'owner') {
  const { id } = await host.accounts.createUser({ name, role })
  const opened = await host.redeem(await host.accounts.oneTimeLink(id, 'set-password'), visitor, PASSWORD)
  return { id, session: opened.token }
}

describe('the last owner', () => {
  test('cannot be removed, disabled or lowered', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    await come(host, 'ivo', 'operator')
    for (const act of ['removeUser', 'disableUser'] as const)
      expect(await refusalOf(() => host.accounts[act](maria))).toBe('account.last_owner')
    expect(await refusalOf(() => host.accounts.setRole(maria, 'operator'))).toBe('account.last_owner')
    expect(await host.accounts.findUser('maria')).toMatchObject({ role: 'owner', disabledAt: null })
    await host.enter('maria', PASSWORD, '192.0.2.7')
  })

  test('is whoever can get in: an owner who was invited and has not come is none yet', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const eve = await host.accounts.createUser({ name: 'eve', role: 'owner' })
    expect(await refusalOf(() => host.accounts.removeUser(maria))).toBe('account.last_owner')
    await host.redeem(await host.accounts.oneTimeLink(eve.id, 'set-password'), visitor, PASSWORD)
    expect(await refusalOf(() => host.accounts.removeUser(maria))).toBe('nothing')
    expect(await refusalOf(() => host.accounts.removeUser(eve.id))).toBe('account.last_owner')
  })

  test('is kept when two owners lower each other at the same time', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const eve = await come(host, 'eve', 'owner')
    const acts = await Promise.allSettled([
      host.accounts.setRole(maria, 'viewer'),
      host.accounts.setRole(eve.id, 'viewer'),
    ])
    expect(acts.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('a user who is disabled', () => {
  test('loses sessions, links and tokens at once, and is answered as if unknown', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const ivo = await come(host, 'ivo', 'operator')
    const link = await host.accounts.oneTimeLink(ivo.id, 'set-password')
    const { token } = await host.accounts.createApiToken({
      ...{ user: ivo.id, name: 'ci', expires: host.clock.now() + 60_000 },
    })
    await host.accounts.disableUser(ivo.id)
    expect(await host.accounts.sessionOf(ivo.session)).toBeUndefined()
    expect(await host.accounts.userOfToken(token)).toBeUndefined()
    expect(await refusalOf(() => host.accounts.viewLink(link))).toBe('account.link_refused')
    expect(await refusalOf(() => host.enter('ivo', PASSWORD, '192.0.2.7'))).toBe('account.refused')
    const later = await host.accounts.oneTimeLink(ivo.id, 'sign-in')
    expect(await refusalOf(() => host.redeem(later, visitor))).toBe('account.link_refused')
    await host.accounts.enableUser(ivo.id)
    expect(await host.accounts.userOfToken(token)).toMatchObject({ user: { name: 'ivo' } })
    await host.enter('ivo', PASSWORD, '192.0.2.7')
  })
})

describe('a user', () => {
  test('who is removed leaves nothing that speaks for them', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const ivo = await come(host, 'ivo', 'operator')
    const { token } = await host.accounts.createApiToken({
      ...{ user: ivo.id, name: 'ci', expires: host.clock.now() + 60_000 },
    })
    await host.accounts.memberships.grant({ user: ivo.id, dataTenant: 'dt_1', role: 'viewer' })
    await host.accounts.removeUser(ivo.id)
    expect(await host.accounts.sessionOf(ivo.session)).toBeUndefined()
    expect(await host.accounts.userOfToken(token)).toBeUndefined()
    expect(await host.accounts.memberships.list(ivo.id)).toEqual([])
    expect(await refusalOf(() => host.accounts.findUser('ivo'))).toBe('account.not_found')
  })

  test('is found by id and by name, renamed within the rules of names, and keeps what is theirs', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    await come(host, 'ivo', 'viewer')
    expect(await host.accounts.renameUser(maria, ' Maria.Weber ')).toMatchObject({ id: maria, name: 'maria.weber' })
    expect(await host.accounts.findUser(maria)).toEqual(await host.accounts.findUser('MARIA.weber'))
    expect(await refusalOf(() => host.accounts.renameUser(maria, 'ivo'))).toBe('account.name_taken')
    expect(await refusalOf(() => host.accounts.renameUser(maria, 'maria.weber'))).toBe('nothing')
    await host.enter('maria.weber', PASSWORD, '192.0.2.7')
    for (const name of ['', 'a b', 'usr_0199', 'x'.repeat(65), 'System', 'platform', 'runtime', 'key', 'user:maria'])
      expect(await refusalOf(() => host.accounts.renameUser(maria, name))).toBe('account.name_invalid')
  })

  test('changes role for sessions and tokens that are open already', async () => {
    using host = await testAccounts()
    await makeMaria(host.accounts)
    const ivo = await come(host, 'ivo', 'owner')
    await host.accounts.setRole(ivo.id, 'viewer')
    expect(await host.accounts.sessionOf(ivo.session)).toMatchObject({ user: { role: 'viewer' } })
  })

  test('beyond ten thousand is one too many', async () => {
    using host = await testAccounts()
    const rows = Array.from({ length: USERS_MAX - 1 }, (_, i) => ({
      ...{ id: `usr_${i}`, name: `n${i}`, role: 'viewer' as const, createdAtMs: 0 },
    }))
    for (let at = 0; at < rows.length; at += 1_000) await host.db.insert(users).values(rows.slice(at, at + 1_000))
    expect(await refusalOf(() => host.accounts.createUser({ name: 'last', role: 'viewer' }))).toBe('nothing')
    expect(await refusalOf(() => host.accounts.createUser({ name: 'more', role: 'viewer' }))).toBe('account.too_many')
  })
})

test('a link that sets a password is useless once another was made, or a password was set', async () => {
  using host = await testAccounts()
  const maria = await makeMaria(host.accounts)
  const first = await host.accounts.oneTimeLink(maria, 'set-password')
  const second = await host.accounts.oneTimeLink(maria, 'set-password')
  expect(await refusalOf(() => host.redeem(first, visitor, PASSWORD))).toBe('account.link_refused')
  await host.accounts.setPassword(maria, 'another long enough one')
  expect(await refusalOf(() => host.redeem(second, visitor, PASSWORD))).toBe('account.link_refused')
})

describe('a membership of a data tenant', () => {
  test('is granted, replaced, listed and revoked, and reaches its role there and no further', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { memberships } = host.accounts
    expect((await memberships.find(maria, 'dt_1'))?.role).toBeUndefined()
    await memberships.grant({ user: maria, dataTenant: 'dt_1', role: 'viewer' })
    await memberships.grant({ user: maria, dataTenant: 'dt_2', role: 'viewer' })
    await memberships.grant({ user: maria, dataTenant: 'dt_1', role: 'operator' })
    expect((await memberships.list(maria)).map(({ dataTenant, role }) => [dataTenant, role])).toEqual([
      ['dt_1', 'operator'],
      ['dt_2', 'viewer'],
    ])
    expect((await memberships.find(maria, 'dt_1'))?.role).toBe('operator')
    expect((await memberships.find(maria, 'dt_2'))?.role).toBe('viewer')
    await memberships.revoke(maria, 'dt_1')
    expect((await memberships.find(maria, 'dt_1'))?.role).toBeUndefined()
    expect(await refusalOf(() => memberships.revoke(maria, 'dt_1'))).toBe('data_tenant.not_member')
  })

  test('names tenants by opaque ids only, and users who exist', async () => {
    using host = await testAccounts()
    const maria = await makeMaria(host.accounts)
    const { memberships } = host.accounts
    for (const dataTenant of ['', 'acme', 'dt_', 'dt_A', 'dt_../x', `dt_${'a'.repeat(65)}`])
      expect(await refusalOf(() => memberships.grant({ user: maria, dataTenant, role: 'viewer' }))).toBe(
        'data_tenant.invalid',
      )
    expect(await refusalOf(() => memberships.grant({ user: 'usr_x', dataTenant: 'dt_1', role: 'viewer' }))).toBe(
      'account.not_found',
    )
  })
})

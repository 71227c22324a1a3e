import { describe, expect, test } from 'bun:test'
import { API_TOKENS_PER_USER_MAX } from '../../src/accounts/api-tokens.ts'
import {
  API_TOKEN_LIFETIME_MAX_MS,
  SESSION_IDLE_MS,
  SESSION_MAX_MS,
  SESSIONS_PER_USER_MAX,
} from '../../src/accounts/mod.ts'
import { type TestAccounts, testAccounts } from '../support/accounts/open.ts'
import { refusalOf } from '../support/refusal.ts'

async function withUser(host: TestAccounts, name = 'ivo'): Promise<{ id: string; open: () => Promise<string> }> {
  const { id } = await host.accounts.createUser({ name, role: 'operator' })
  return {
    id,
    open: async () => {
      const link = await host.accounts.oneTimeLink(id, 'sign-in')
      return (await host.redeem(link, { address: '192.0.2.7', userAgent: 'browser' })).token
    },
  }
}

describe('a session', () => {
  test('ends after an hour without use', async () => {
    using host = await testAccounts()
    const token = await (await withUser(host)).open()
    host.clock.advance(SESSION_IDLE_MS - 1)
    expect(await host.accounts.sessionOf(token)).toBeDefined()
    host.clock.advance(SESSION_IDLE_MS - 1)
    expect(await host.accounts.sessionOf(token)).toBeDefined()
    host.clock.advance(SESSION_IDLE_MS)
    expect(await host.accounts.sessionOf(token)).toBeUndefined()
  })

  test('ends after an hour although a page of it stays open and looks whether it stands', async () => {
    using host = await testAccounts()
    const token = await (await withUser(host)).open()
    for (let at = 0; at < 3; at++) {
      expect(await host.accounts.roleOfSession(token)).toBeDefined()
      host.clock.advance(SESSION_IDLE_MS / 3)
    }
    expect(await host.accounts.roleOfSession(token)).toBeUndefined()
  })

  test('does not last longer for a clock that was set back, but by a minute', async () => {
    using host = await testAccounts()
    const user = await withUser(host)
    host.clock.advance(SESSION_MAX_MS)
    const token = await user.open()
    host.clock.advance(-60_000)
    expect(await host.accounts.sessionOf(token)).toBeDefined()
    host.clock.advance(-1)
    expect(await host.accounts.sessionOf(token)).toBeUndefined()
    expect(await host.accounts.roleOfSession(token)).toBeUndefined()
    expect(await host.accounts.listSessions()).toEqual([])
  })

  test('shows its open pages the role that its user has by now', async () => {
    using host = await testAccounts()
    await host.accounts.createUser({ name: 'first', role: 'owner' })
    const { id, open } = await withUser(host)
    const token = await open()
    expect(await host.accounts.roleOfSession(token)).toBe('operator')
    await host.accounts.setRole(id, 'viewer')
    expect(await host.accounts.roleOfSession(token)).toBe('viewer')
  })

  test('ends after twelve hours, however much it is used', async () => {
    using host = await testAccounts()
    const token = await (await withUser(host)).open()
    for (let used = 0; used < SESSION_MAX_MS - SESSION_IDLE_MS / 2; used += SESSION_IDLE_MS / 2) {
      host.clock.advance(SESSION_IDLE_MS / 2)
      expect(await host.accounts.sessionOf(token)).toBeDefined()
    }
    host.clock.advance(SESSION_IDLE_MS / 2)
    expect(await host.accounts.sessionOf(token)).toBeUndefined()
  })

  test('is listed, and ended by its user only', async () => {
    using host = await testAccounts()
    const [ivo, eve] = [await withUser(host), await withUser(host, 'eve')]
    const token = await ivo.open()
    const [listed] = await host.accounts.listSessions(ivo.id)
    expect(listed).toMatchObject({ address: '192.0.2.7', userAgent: 'browser' })
    const id = listed?.id ?? ''
    expect(await refusalOf(() => host.accounts.endSession(eve.id, id))).toBe('session.not_found')
    await host.accounts.endSession(ivo.id, id)
    expect(await host.accounts.sessionOf(token)).toBeUndefined()
  })

  test('beyond the bound ends the one that was unused for longest', async () => {
    using host = await testAccounts()
    const ivo = await withUser(host)
    const tokens: string[] = []
    for (let i = 0; i <= SESSIONS_PER_USER_MAX; i++) {
      tokens.push(await ivo.open())
      host.clock.advance(1)
    }
    expect(await host.accounts.sessionOf(tokens[0] ?? '')).toBeUndefined()
    expect(await host.accounts.sessionOf(tokens[1] ?? '')).toBeDefined()
    expect(await host.accounts.listSessions(ivo.id)).toHaveLength(SESSIONS_PER_USER_MAX)
  })

  test('outlives a restart', async () => {
    using host = await testAccounts()
    const token = await (await withUser(host)).open()
    expect(await host.reopened().sessionOf(token)).toMatchObject({ user: { name: 'ivo', role: 'operator' } })
  })
})

describe('an API token', () => {
  test('speaks for its user until it expires', async () => {
    using host = await testAccounts()
    const { id } = await withUser(host)
    const made = await host.accounts.createApiToken({ user: id, name: 'ci', expires: host.clock.now() + 10_000 })
    expect(made.token).toMatch(/^slt_[A-Za-z0-9_-]{59}[0-9a-f]{6}$/)
    expect(await host.accounts.userOfToken(made.token)).toEqual({
      user: { id, name: 'ivo', role: 'operator' },
      id: made.id,
    })
    expect(await host.accounts.listApiTokens(id)).toMatchObject([{ id: made.id, name: 'ci', usedAt: host.clock.now() }])
    host.clock.advance(10_000)
    expect(await host.accounts.userOfToken(made.token)).toBeUndefined()
  })

  test('is refused when one character differs, wherever, and when it is revoked', async () => {
    using host = await testAccounts()
    const { id } = await withUser(host)
    const { token, id: tokenId } = await host.accounts.createApiToken({
      user: id,
      name: 'ci',
      expires: host.clock.now() + 10_000,
    })
    for (const at of [0, 4, 19, 20, 40, token.length - 7, token.length - 1]) {
      const other = token[at] === 'a' ? 'b' : 'a'
      expect(await host.accounts.userOfToken(token.slice(0, at) + other + token.slice(at + 1))).toBeUndefined()
    }
    for (const wrong of ['', 'slt_', `${token}a`, ` ${token}`])
      expect(await host.accounts.userOfToken(wrong)).toBeUndefined()
    await host.accounts.revokeApiToken(tokenId)
    expect(await host.accounts.userOfToken(token)).toBeUndefined()
    expect(await refusalOf(() => host.accounts.revokeApiToken(tokenId))).toBe('api_token.not_found')
  })

  test('needs a name and an expiry ahead, at most a year', async () => {
    using host = await testAccounts()
    const { id } = await withUser(host)
    const now = host.clock.now()
    const make = (name: string, expires: number, user = id) =>
      refusalOf(() => host.accounts.createApiToken({ user, name, expires }))
    expect(await make('', now + 1)).toBe('api_token.unfit')
    expect(await make('x'.repeat(65), now + 1)).toBe('api_token.unfit')
    expect(await make('ci', now)).toBe('api_token.unfit')
    expect(await make('ci', Number.NaN)).toBe('api_token.unfit')
    expect(await make('ci', now + API_TOKEN_LIFETIME_MAX_MS + 1)).toBe('api_token.unfit')
    expect(await make('ci', now + 1, 'usr_none')).toBe('account.not_found')
    expect(await make('ci', now + API_TOKEN_LIFETIME_MAX_MS)).toBe('nothing')
  })

  test(`is one of ${API_TOKENS_PER_USER_MAX} that a user may have; expired ones give way to another`, async () => {
    using host = await testAccounts()
    const { id: user } = await withUser(host)
    const make = (expires: number) => host.accounts.createApiToken({ user, name: 'ci', expires })
    const later = host.clock.now() + 60_000
    for (let i = 1; i < API_TOKENS_PER_USER_MAX; i++) await make(later)
    const lasting = await make(later + 60_000)
    expect(await refusalOf(() => make(later))).toBe('api_token.too_many')
    host.clock.advance(60_000)
    expect(await host.accounts.listApiTokens(user)).toHaveLength(API_TOKENS_PER_USER_MAX)
    const next = await make(later + 120_000)
    expect((await host.accounts.listApiTokens(user)).map(({ id }) => id).sort()).toEqual([lasting.id, next.id].sort())
  })
})

import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { credentials } from '../../src/store/mod.ts'
import { type OpenVault, seen, temporaryVault } from '../support/keys/open-vault.ts'
import { bearer, type TokenEndpoint, tokenEndpoint } from '../support/keys/token-endpoint.ts'
import { refusalOf } from '../support/refusal.ts'

type Setting = OpenVault & { id: string }

async function withClient(
  { url, authority }: TokenEndpoint,
  changes: Record<string, string> = {},
): Promise<Setting & Disposable> {
  const opened = await temporaryVault()
  const client = { tokenUrl: url, authority, clientId: 'me:us', clientSecret: 'marker of the +canary%', ...changes }
  const { id } = await opened.vault.set('api', client, 'oauth2_client')
  return { ...opened, id, [Symbol.dispose]: opened[Symbol.dispose] }
}

const tokenOf = async ({ vault, id }: Setting): Promise<string> => (await vault.use(id, seen))['accessToken'] ?? ''

describe('an OAuth2 client', () => {
  test('gets a token by its own secret and lends it alone', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { scope: 'read write', audience: 'orders' })
    const startedMs = client.clock.now()
    expect(await client.vault.use(client.id, seen)).toEqual({
      accessToken: 'token-1',
      tokenType: 'Bearer',
      expiresAt: new Date(startedMs + 3_600_000).toISOString(),
    })
    const [request] = endpoint.requests
    expect(request?.form).toEqual({ grant_type: 'client_credentials', scope: 'read write', audience: 'orders' })
    // RFC 6749 §2.3.1: form-encoded first, so that a colon in the id is none between the two.
    const decoded = Buffer.from(request?.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    expect(decoded).toBe('me%3Aus:marker+of+the+%2Bcanary%25')
  })

  test('proves itself in the body where the server wants that', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { authentication: 'body' })
    await tokenOf(client)
    const [request] = endpoint.requests
    expect(request?.form).toMatchObject({ client_id: 'me:us', client_secret: 'marker of the +canary%' })
    expect(request?.authorization).toBeUndefined()
  })

  test('uses a token until a minute before its end, then gets another', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint)
    expect(await tokenOf(client)).toBe('token-1')
    client.clock.advance(3_540_000 - 1)
    expect(await tokenOf(client)).toBe('token-1')
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('token-2')
  })

  test('one that lives ten seconds is used for nine, one of unknown life for less than five minutes', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint)
    endpoint.answers.push(() => ({ body: bearer('short', { expires_in: '10' }) }))
    endpoint.answers.push(() => ({ body: { access_token: 'unknown', token_type: 'bearer' } }))
    expect(await tokenOf(client)).toBe('short')
    client.clock.advance(8_999)
    expect(await tokenOf(client)).toBe('short')
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('unknown')
    client.clock.advance(269_999)
    expect(await tokenOf(client)).toBe('unknown')
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('token-3')
  })

  test('a hundred who ask at once make one request', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint)
    const tokens = await Promise.all(Array.from({ length: 100 }, () => tokenOf(client)))
    expect(new Set(tokens)).toEqual(new Set(['token-1']))
    expect(endpoint.requests).toHaveLength(1)
  })

  test('and when that one fails, all hundred know; the next asks again', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint)
    endpoint.answers.push(() => ({ status: 503, body: 'x' }))
    const codes = await Promise.all(Array.from({ length: 100 }, () => refusalOf(() => tokenOf(client))))
    expect(new Set(codes)).toEqual(new Set(['credential.token_refused']))
    expect(endpoint.requests).toHaveLength(1)
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('token-2')
  })

  test('replaced or removed, its former token is not lent any more', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint)
    expect(await tokenOf(client)).toBe('token-1')
    const { url: tokenUrl, authority } = endpoint
    await client.vault.set('api', { tokenUrl, authority, clientId: 'other', clientSecret: 'x' }, 'oauth2_client')
    expect(await tokenOf(client)).toBe('token-2')
    await client.vault.remove('api')
    expect(await refusalOf(() => tokenOf(client))).toBe('credential.not_found')
  })
})

describe('a refresh token', () => {
  test('is used, and the one that the server gives in its place is kept sealed before the access token is lent', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    endpoint.answers.push(() => ({ body: bearer('a', { refresh_token: 'refresh-2' }) }))
    expect(await tokenOf(client)).toBe('a')
    expect(endpoint.requests[0]?.form).toEqual({ grant_type: 'refresh_token', refresh_token: 'refresh-1' })
    // The token that was got with the former refresh token is still good: nothing is asked.
    expect(await tokenOf(client)).toBe('a')
    expect(endpoint.requests).toHaveLength(1)
    client.clock.advance(3_600_000)
    await tokenOf(client)
    expect(endpoint.requests[1]?.form).toMatchObject({ refresh_token: 'refresh-2' })
    // It is no replacement by the owner.
    expect(await client.vault.list()).toMatchObject([{ replacedAt: null }])
  })

  test('is never sent twice by those who ask while it is exchanged', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    endpoint.answers.push(() => ({ body: bearer('a', { refresh_token: 'refresh-2' }) }))
    const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenOf(client)))
    expect(new Set(tokens)).toEqual(new Set(['a']))
    expect(endpoint.requests).toHaveLength(1)
  })

  test('of a credential that was replaced meanwhile does not come back', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    const { url: tokenUrl, authority } = endpoint
    endpoint.answers.push(async () => {
      const next = { tokenUrl, authority, clientId: 'me', clientSecret: 'x', refreshToken: 'of the owner' }
      await client.vault.set('api', next, 'oauth2_client')
      return { body: bearer('a', { refresh_token: 'refresh-2' }) }
    })
    await tokenOf(client)
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('token-2')
    expect(endpoint.requests[1]?.form).toMatchObject({ refresh_token: 'of the owner' })
  })

  test('of a credential that was sealed anew meanwhile, as a rotation of the vault’s key does, is kept', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    const { url: tokenUrl, authority } = endpoint
    const same = {
      tokenUrl,
      authority,
      clientId: 'me:us',
      clientSecret: 'marker of the +canary%',
      refreshToken: 'refresh-1',
    }
    endpoint.answers.push(async () => {
      await client.vault.set('api', same, 'oauth2_client')
      return { body: bearer('a', { refresh_token: 'refresh-2' }) }
    })
    await tokenOf(client)
    client.clock.advance(3_600_000)
    await tokenOf(client)
    expect(endpoint.requests[1]?.form).toMatchObject({ refresh_token: 'refresh-2' })
  })

  test('of a credential that was removed meanwhile comes back nowhere', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    endpoint.answers.push(async () => {
      await client.vault.remove('api')
      return { body: bearer('a', { refresh_token: 'refresh-2' }) }
    })
    await tokenOf(client)
    expect(await client.vault.list()).toEqual([])
    expect(await refusalOf(() => tokenOf(client))).toBe('credential.not_found')
  })

  test('that could not be kept fails the use, and is the one that is used next', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'refresh-1' })
    await client.db.run(
      sql`CREATE TRIGGER full BEFORE UPDATE ON credentials BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    )
    endpoint.answers.push(() => ({ body: bearer('a', { refresh_token: 'refresh-2' }) }))
    expect(await refusalOf(() => tokenOf(client))).not.toBe('nothing')
    await client.db.run(sql`DROP TRIGGER full`)
    client.clock.advance(1)
    expect(await tokenOf(client)).toBe('token-2')
    expect(endpoint.requests[1]?.form).toMatchObject({ refresh_token: 'refresh-2' })
    client.clock.advance(3_600_000)
    await tokenOf(client)
    expect(endpoint.requests[2]?.form).toMatchObject({ refresh_token: 'refresh-2' })
  })

  test('stands in the vault itself and nowhere else', async () => {
    await using endpoint = await tokenEndpoint()
    using opened = await temporaryVault({ environment: () => 'x' })
    const { url: tokenUrl, authority } = endpoint
    const client = { tokenUrl, authority, clientId: 'a', clientSecret: 'b', refreshToken: { environment: 'R' } }
    expect(await refusalOf(() => opened.vault.set('a', client, 'oauth2_client'))).toBe('credential.field_invalid')
  })
})

describe('a token endpoint', () => {
  const secret = 'marker of the +canary%'

  for (const [title, answer, item, kind] of [
    [
      'that refuses the client',
      { status: 401, body: { error: 'invalid_client', error_description: secret } },
      'invalid_client',
      'invalid',
    ],
    ['whose error echoes the secret', { status: 400, body: { error: secret } }, 'status 400', 'invalid'],
    ['whose body is the secret', { status: 400, body: secret }, 'status 400', 'invalid'],
    ['that is too busy', { status: 429, body: {} }, 'status 429', 'unavailable'],
    ['that leads elsewhere', { status: 307, body: {}, location: 'https://elsewhere.example' }, 'status 307', 'invalid'],
    [
      'that gives another type of token',
      { body: { access_token: secret, token_type: 'mac' } },
      'the answer holds no bearer token',
      'invalid',
    ],
    [
      'that gives a token with a line end',
      { body: bearer(`${secret}\r\nx: y`) },
      'the answer holds no bearer token',
      'invalid',
    ],
    ['that answers with 65,537 bytes', { body: 'x'.repeat(65_537) }, 'host.answer_too_large', 'unavailable'],
  ] as const) {
    test(`${title} gives no token, and nothing that it said is repeated`, async () => {
      await using endpoint = await tokenEndpoint()
      using client = await withClient(endpoint)
      endpoint.answers.push(() => answer)
      const error = await tokenOf(client).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'credential.token_refused', item, kind })
      expect(endpoint.requests).toHaveLength(1)
      expect(Bun.inspect(error)).not.toContain('marker')
    })
  }

  test('that another authority vouches for is not asked', async () => {
    await using endpoint = await tokenEndpoint()
    await using other = await tokenEndpoint()
    using client = await withClient(endpoint, { authority: other.authority })
    const error = await tokenOf(client).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'credential.token_refused', item: 'host.tls_untrusted' })
    expect(error.message).not.toContain('127.0.0.1')
    expect(endpoint.requests).toEqual([])
  })

  test('without an authority of its own is held against the public ones', async () => {
    await using endpoint = await tokenEndpoint()
    using opened = await temporaryVault()
    const client = { tokenUrl: endpoint.url, clientId: 'a', clientSecret: 'b' }
    const { id } = await opened.vault.set('a', client, 'oauth2_client')
    const error = await opened.vault.use(id, seen).catch((thrown) => thrown)
    expect(error).toMatchObject({ item: 'host.tls_untrusted' })
    expect(endpoint.requests).toEqual([])
  })

  test('leaves no token and no secret in the database', async () => {
    await using endpoint = await tokenEndpoint()
    using client = await withClient(endpoint, { refreshToken: 'marker-refresh' })
    endpoint.answers.push(() => ({ body: bearer('marker-access', { refresh_token: 'marker-next' }) }))
    await tokenOf(client)
    const row = await client.db.select().from(credentials).where(eq(credentials.id, client.id)).get()
    expect(Buffer.from(row?.sealed ?? []).includes('marker')).toBe(false)
    expect(JSON.stringify({ ...row, sealed: undefined })).not.toContain('marker')
  })
})

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'

const SECRET = 'marker-of-the-canary'
let host: ManagementHost
let owner: string
let operator: string
let viewer: string

beforeAll(async () => {
  const allowed = new Set(['environment', 'file', 'command'] as const)
  const environment = (name: string) => (name === 'NOPE' ? undefined : SECRET)
  const credentialSources = { allowed, environment, commandEnvironment: {} }
  host = await managementHost({ config: { credentialSources } })
  owner = await host.sessionFor('owner')
  operator = await host.sessionFor('operator')
  viewer = await host.sessionFor('viewer')
})
afterAll(() => host[Symbol.asyncDispose]())

/** A credential that a deployment in force uses. */
async function used(name = 'warehouse'): Promise<void> {
  await host.state.vault.set(name, { password: SECRET }, 'password')
  const facts = { state: 'running' as const, reasons: [], signature: 'x', digest: 'digest-of-it' }
  await host.state.assignments.keep(plainAssignment(), { ...facts, place: 'current' })
}

describe('/v1/credentials', () => {
  test('keeps each kind, shows it without values, and tells kind, sources and public part', async () => {
    const token = await host.tokenFor('owner')
    const body = { kind: 'password', fields: { username: SECRET, password: { environment: 'DB_PASSWORD' } } }
    const set = await host.ask('PUT', '/v1/credentials/db', { token, body })
    const told = { kind: 'password', uses: [], restarted: [], unavailable: [], publicFacts: null }
    expect(set).toMatchObject({ status: 200, body: told })
    expect(set.body.sources).toEqual({
      username: { from: 'stored' },
      password: { from: 'environment', name: 'DB_PASSWORD' },
    })
    const made = await host.ask('POST', '/v1/credentials/key/generate', {
      token,
      body: { kind: 'ssh_key', algorithm: 'ed25519' },
    })
    expect(made.body.publicFacts.publicKey).toStartWith('ssh-ed25519 ')
    const again = { kind: 'ssh_key', algorithm: 'ed25519' }
    const refused = await host.ask('POST', '/v1/credentials/key/generate', { token, body: again })
    expect(refused).toMatchObject({ status: 409, body: { code: 'credential.exists' } })
    const still = await host.ask('GET', '/v1/credentials/key', { token })
    expect(still.body.publicFacts).toEqual(made.body.publicFacts)
    const replaced = await host.ask('POST', '/v1/credentials/key/generate', {
      token,
      body: { ...again, replace: true },
    })
    expect(replaced.body.replacedAt).not.toBeNull()
    expect(replaced.body.publicFacts).not.toEqual(made.body.publicFacts)
    for (const path of ['/v1/credentials', '/v1/credentials/db', '/v1/credentials/key']) {
      const { status, text } = await host.ask('GET', path, { token: await host.tokenFor('viewer') })
      expect(status).toBe(200)
      expect(text).not.toContain('marker')
      expect(text).not.toContain('PRIVATE')
    }
    expect((await host.ask('GET', '/v1/credentials/none', { token })).status).toBe(404)
  })

  test('keeps one whose source gives nothing, and says so in the answer and on the page that follows', async () => {
    const token = await host.tokenFor('owner')
    const body = { kind: 'token', fields: { token: { environment: 'NOPE' } } }
    const set = await host.ask('PUT', '/v1/credentials/lacking', { token, body })
    expect(set.body.unavailable).toMatchObject([
      { field: 'token', code: 'credential.source_missing', message: 'the variable NOPE is not set' },
    ])
    const form = {
      ...{ kind: 'token', name: 'lacking', replaces: 'yes' },
      ...{ 'value-token': 'NOPE', 'from-token': 'environment' },
    }
    const kept = await host.ask('POST', '/credentials/~set', { cookie: owner, form })
    expect(kept.headers.get('location')).toBe('/credentials/lacking?restarted=0&unavailable=token')
    const page = await host.ask('GET', '/credentials/lacking?restarted=0&unavailable=token,other', { cookie: owner })
    expect(page.text).toContain('token is not available now from')
    expect(page.text).not.toContain('other is not available')
  })

  test('refuses what is wrong by its field, and repeats no value', async () => {
    const token = await host.tokenFor('owner')
    for (const [body, code] of [
      [{ kind: 'database_url', fields: { url: SECRET } }, 'credential.field_invalid'],
      [{ kind: 'teapot', fields: { a: SECRET } }, 'credential.kind_unknown'],
      [{ fields: {} }, 'credential.malformed'],
      [{ fields: { a: { environment: 'SLUICE_MASTER_KEY' } } }, 'credential.source_forbidden'],
      [{ fields: { a: { environment: SECRET, file: '/x' } } }, 'request.invalid'],
      [{ fields: { a: [SECRET] } }, 'request.invalid'],
      [{ fields: { constructor: SECRET } }, 'credential.malformed'],
      [JSON.parse(`{"fields":{"__proto__":"${SECRET}"}}`), 'request.invalid'],
      [{ fields: { a: SECRET }, more: SECRET }, 'request.invalid'],
    ] as const) {
      const answer = await host.ask('PUT', '/v1/credentials/bad', { token, body })
      expect(answer.body.code).toBe(code)
      expect(answer.text).not.toContain('marker')
    }
  })

  test('is set, made and removed by owners only; operators try, viewers look', async () => {
    await used()
    const acts = [
      ['PUT', '/v1/credentials/a', { fields: { a: 'x' } }],
      ['POST', '/v1/credentials/a/generate', { kind: 'ssh_key', algorithm: 'ed25519' }],
      ['DELETE', '/v1/credentials/warehouse', undefined],
    ] as const
    for (const token of [await host.tokenFor('viewer'), await host.tokenFor('operator')]) {
      for (const [method, path, body] of acts) {
        expect((await host.ask(method, path, { token, ...(body && { body }) })).body.code).toBe('account.role_too_low')
      }
    }
    const check = { token: await host.tokenFor('viewer'), body: {} }
    expect((await host.ask('POST', '/v1/credentials/warehouse/check', check)).status).toBe(403)
  })

  test('goes only with `force` while something uses it, and says what that is', async () => {
    await used()
    const token = await host.tokenFor('owner')
    const refused = await host.ask('DELETE', '/v1/credentials/warehouse', { token })
    expect(refused).toMatchObject({ status: 409, body: { code: 'credential.in_use' } })
    const gone = await host.ask('DELETE', '/v1/credentials/warehouse?force=true', { token })
    expect(gone.body).toMatchObject({ removed: 'warehouse', uses: [{ component: 'warehouse', waits: false }] })
  })

  test('cannot be tried where no component that is in force can', async () => {
    await host.state.vault.set('alone', { a: 'x' })
    const token = await host.tokenFor('operator')
    const answer = await host.ask('POST', '/v1/credentials/alone/check', { token, body: {} })
    expect(answer).toMatchObject({ status: 409, body: { code: 'credential.not_checked' } })
  })
})

describe('the pages of credentials', () => {
  test('keep one by a form, and lead to its page', async () => {
    const form = { kind: 'password', name: 'by-form', 'value-username': 'me', 'value-password': SECRET }
    const kept = await host.ask('POST', '/credentials/~set', { cookie: owner, form })
    expect([kept.status, kept.headers.get('location')]).toEqual([303, '/credentials/by-form?restarted=0'])
    const { id } = await host.state.vault.find('by-form')
    expect(await host.state.vault.use(id, async (secret) => ({ ...secret }))).toEqual({
      username: 'me',
      password: SECRET,
    })
    const page = await host.ask('GET', '/credentials/by-form?restarted=0', { cookie: owner })
    expect(page.status).toBe(200)
    expect(page.text).toContain('It is kept.')
    expect(page.text).not.toContain('marker')
  })

  test('take a variable, a file and a command in place of a value, and fields of any name', async () => {
    for (const [from, typed, source] of [
      ['environment', 'DB', { from: 'environment', name: 'DB' }],
      ['file', '/run/secrets/db', { from: 'file', name: '/run/secrets/db' }],
      ['command', 'vault kv get -field=x db', { from: 'command', name: 'vault' }],
    ] as const) {
      const form = { kind: 'token', name: 'fetched', replaces: 'yes', 'value-token': typed, 'from-token': from }
      expect((await host.ask('POST', '/credentials/~set', { cookie: owner, form })).status).toBe(303)
      expect((await host.state.vault.find('fetched')).sources).toEqual({ token: source })
    }
    const form = { kind: 'fields', name: 'free', 'value-lines': 'a=1=2\r\n\r\nb = x \r\n' }
    expect((await host.ask('POST', '/credentials/~set', { cookie: owner, form })).status).toBe(303)
    const { id } = await host.state.vault.find('free')
    expect(await host.state.vault.use(id, async (secret) => ({ ...secret }))).toEqual({ a: '1=2', b: ' x ' })
  })

  test('show a refused form again with the name and the choices, and without a value', async () => {
    for (const form of [
      { kind: 'database_url', name: 'again', 'value-url': SECRET, 'from-url': 'stored' },
      { kind: 'ssh_key', name: 'again', 'value-privateKey': SECRET, 'value-passphrase': SECRET },
      { kind: 'fields', name: 'again', 'value-lines': `1${SECRET}=${SECRET}` },
      { kind: 'oauth2_client', name: 'again', 'value-tokenUrl': `http://${SECRET}`, 'value-clientSecret': SECRET },
      { kind: 'token', name: 'again', 'value-token': `/${SECRET}\u0007`, 'from-token': 'file' },
    ]) {
      const { status, text } = await host.ask('POST', '/credentials/~set', { cookie: owner, form })
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(text).toContain('value="again"')
      expect(text).not.toContain('marker')
      expect(text).toMatch(/aria-invalid="true"|role="alert"/)
    }
    const bad = { kind: 'token', name: '<script>alert(1)</script>', 'value-token': 'x' }
    expect((await host.ask('POST', '/credentials/~set', { cookie: owner, form: bad })).text).not.toContain(
      '<script>alert',
    )
  })

  test('make a key that nobody sees', async () => {
    const form = { kind: 'ssh_key', name: 'deploy-key', algorithm: 'ed25519', username: 'sluice' }
    const made = await host.ask('POST', '/credentials/~generate', { cookie: owner, form })
    expect(made.headers.get('location')).toBe('/credentials/deploy-key?restarted=0')
    const { text } = await host.ask('GET', '/credentials/deploy-key', { cookie: viewer })
    expect(text).toContain('ssh-ed25519 ')
    expect(text).not.toContain('PRIVATE')
  })

  test('keep what has the name already, unless it is replaced from its own page', async () => {
    const token = await host.tokenFor('owner')
    const body = { kind: 'token', fields: { token: SECRET } }
    await host.ask('PUT', '/v1/credentials/taken', { token, body })
    const before = (await host.ask('GET', '/v1/credentials/taken', { token })).body
    for (const [path, form] of [
      ['~set', { kind: 'token', name: 'taken', 'value-token': 'another' }],
      ['~generate', { kind: 'ssh_key', name: 'taken', algorithm: 'ed25519', username: '' }],
    ] as const) {
      const refused = await host.ask('POST', `/credentials/${path}`, { cookie: owner, form })
      expect(refused.status).toBe(409)
      expect(refused.text).toContain('There is a credential named taken already')
      expect((await host.ask('GET', '/v1/credentials/taken', { token })).body).toEqual(before)
    }
    const page = await host.ask('GET', '/credentials/taken/replace', { cookie: owner })
    expect(page.text).toContain('>Save</button>')
    expect(page.text).not.toContain('Keep it')
    expect((await host.ask('GET', '/credentials/taken/delete', { cookie: owner })).text).not.toContain('Keep it')
    const form = { kind: 'token', name: 'taken', replaces: 'yes', 'value-token': 'another' }
    expect((await host.ask('POST', '/credentials/~set', { cookie: owner, form })).status).toBe(303)
    expect((await host.ask('GET', '/v1/credentials/taken', { token })).body.replacedAt).not.toBeNull()
  })

  test('escape what comes from outside: the name of a source', async () => {
    const token = await host.tokenFor('owner')
    const body = { fields: { a: { file: '/x/<img src=x onerror=alert(1)>' } } }
    expect((await host.ask('PUT', '/v1/credentials/odd', { token, body })).status).toBe(200)
    const { text } = await host.ask('GET', '/credentials/odd', { cookie: viewer })
    expect(text).toContain('&lt;img')
    expect(text).not.toContain('<img src=x')
  })

  test('list them, offer the kinds, and show forms to owners only', async () => {
    await used()
    const { text } = await host.ask('GET', '/credentials', { cookie: viewer })
    expect(text).toContain('href="/credentials/warehouse"')
    expect(text).not.toContain('~new')
    expect((await host.ask('GET', '/credentials/~new', { cookie: owner })).text).toContain('?kind=oauth2_client')
    const own = await host.ask('GET', '/credentials/~new?kind=ssh_key', { cookie: owner })
    expect(own.text).toContain('action="/credentials/~generate"')
    for (const kind of ['password', 'token', 'key_pair', 'oauth2_client', 'database_url', 's3', 'ssh_key', 'fields']) {
      const form = await host.ask('GET', `/credentials/~new?kind=${kind}&way=own`, { cookie: owner })
      expect(form.status).toBe(200)
      expect(form.text).toMatch(/type="password"|<textarea/)
      const ids = [...form.text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
    for (const cookie of [viewer, operator]) {
      for (const path of ['/credentials/~new', '/credentials/warehouse/replace', '/credentials/warehouse/delete']) {
        expect((await host.ask('GET', path, { cookie, headers: { accept: 'text/html' } })).status).toBe(403)
      }
      for (const path of ['~set', '~generate', 'warehouse/delete']) {
        const form = { kind: 'token', name: 'x', 'value-token': 'x', typed: 'warehouse' }
        expect((await host.ask('POST', `/credentials/${path}`, { cookie, form })).status).toBe(403)
      }
    }
    const check = await host.ask('POST', '/credentials/warehouse/check', { cookie: viewer, form: {} })
    expect(check.status).toBe(403)
  })

  test('delete one only when its name was typed, and say before whom it hurts', async () => {
    await used()
    const page = await host.ask('GET', '/credentials/warehouse/delete', { cookie: owner })
    expect(page.text).toContain('One deployment uses it')
    const wrong = await host.ask('POST', '/credentials/warehouse/delete', { cookie: owner, form: { typed: 'ware' } })
    expect(wrong.status).toBeGreaterThanOrEqual(400)
    expect(await host.state.vault.find('warehouse')).toBeDefined()
    const right = await host.ask('POST', '/credentials/warehouse/delete', {
      cookie: owner,
      form: { typed: 'warehouse' },
    })
    expect([right.status, right.headers.get('location')]).toEqual([303, '/credentials'])
    expect(
      (await host.ask('GET', '/credentials/warehouse', { cookie: owner, headers: { accept: 'text/html' } })).status,
    ).toBe(404)
  })

  test('replace one under its name, from a form of its kind', async () => {
    await host.state.vault.set('old', { token: 'x' }, 'token')
    const page = await host.ask('GET', '/credentials/old/replace', { cookie: owner })
    expect(page.text).toContain('name="value-token"')
    const form = { kind: 'token', name: 'old', replaces: 'yes', 'value-token': 'y' }
    expect((await host.ask('POST', '/credentials/~set', { cookie: owner, form })).status).toBe(303)
    const { id, replacedAt } = await host.state.vault.find('old')
    expect(replacedAt).not.toBeNull()
    expect(await host.state.vault.use(id, async ({ token }) => token)).toBe('y')
  })
})

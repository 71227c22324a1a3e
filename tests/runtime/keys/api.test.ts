import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { verifyBackup } from '../../../src/backup/mod.ts'
import { base64url, systemClock, systemRandom } from '../../../src/base/mod.ts'
import { inChunks } from '../../support/backup/data.ts'
import { slowTest } from '../../support/quick.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { until } from '../../support/until.ts'

// Copies are made by processes of their own, on a machine that others use as well.
setDefaultTimeout(60_000)

const NAMES = [
  'database',
  'journals',
  'datasets',
  'dead-letters',
  'credentials',
  'assignments',
  'accounts',
  'alerts',
  'trust',
]

describe('keys over the API', () => {
  let host: ManagementHost
  let owner: string
  let operator: string
  let viewer: string

  beforeAll(async () => {
    host = await managementHost()
    owner = await host.tokenFor('owner')
    operator = await host.tokenFor('operator')
    viewer = await host.tokenFor('viewer')
  })
  afterAll(() => host[Symbol.asyncDispose]())

  const get = (path: string, token = owner) => host.ask('GET', `/v1${path}`, { token })
  const post = (path: string, body: unknown = {}, token = owner) => host.ask('POST', `/v1${path}`, { token, body })
  const trail = async () =>
    (await host.state.trail.list({ limit: 1_000 })).map(({ action, subject }) => `${action} ${subject}`)
  const idle = (name: string) =>
    until(`${name} is rotated`, async () => {
      const { body } = await get('/keys')
      return body.keys.find((key: { name: string; state: string }) => key.name === name)?.state === 'idle'
    })

  test('are seen by an operator, with source and age, and never a key', async () => {
    expect((await get('/keys', viewer)).status).toBe(403)
    const { status, body, text } = await get('/keys', operator)
    expect(status).toBe(200)
    expect(body.master).toMatchObject({ source: 'file', pending: false })
    expect(body.keys.map(({ name }: { name: string }) => name)).toEqual(NAMES)
    // The id of a key is the hash of its public half.
    const { kid } = host.state.signing
    expect(body.signing).toEqual({ id: kid })
    expect(text.replace(kid, '')).not.toMatch(/[A-Za-z0-9_-]{43}/)
  })

  test('each is rotated by the owner alone, while all goes on, and is told to the trail before and after', async () => {
    const { vault, peers, documents } = host.state
    await vault.set('warehouse', { password: 'marker-of-the-canary' })
    await documents.set('test', { kept: true }, 'user:one')
    for (const name of NAMES) {
      for (const token of [operator, viewer]) expect((await post(`/keys/${name}/rotate`, {}, token)).status).toBe(403)
      const before = host.state.keyring.list()
      // What nobody needed yet has no key.
      const unneeded = ['accounts', 'alerts', 'datasets', 'dead-letters'].includes(name)
      expect((await post(`/keys/${name}/rotate`)).status).toBe(unneeded ? 404 : 202)
      if (unneeded) continue
      await idle(name)
      const after = host.state.keyring.list()
      expect(after.filter(({ rotating }) => rotating)).toEqual([])
      expect(after.some(({ madeAtMs }, at) => madeAtMs > (before[at]?.madeAtMs ?? 0))).toBe(true)
    }
    const { id } = await vault.find('warehouse')
    expect(await vault.use(id, async ({ password }) => password)).toBe('marker-of-the-canary')
    expect((await peers.list()).notAuthentic).toEqual([])
    const lines = await trail()
    for (const name of ['database', 'journals', 'credentials', 'trust']) {
      expect(lines).toContain(`key.rotation_begun ${name}`)
      expect(lines).toContain(`key.rotated ${name}`)
    }
  })

  test('the master key is rotated at once; one that is no key, or a name that there is not, is refused', async () => {
    const before = (await get('/keys')).body.master.madeAt
    await systemClock.sleep(2)
    expect((await post('/keys/master/rotate')).body.master).toMatchObject({ pending: false })
    expect((await get('/keys')).body.master.madeAt).not.toBe(before)
    expect((await post('/keys/master/rotate', { newKey: 'short' })).status).toBe(422)
    expect((await post('/keys/master/rotate', { newKey: base64url(systemRandom(32)) })).status).toBe(202)
    expect((await post('/keys/none/rotate')).status).toBe(404)
    expect((await post('/keys/master/rotate', {}, operator)).status).toBe(403)
    expect(await trail()).toContain('master_key.rotated keyring')
  })

  test('a new recovery key is answered once, kept by no cache, and stands in no log of acts', async () => {
    expect((await post('/recovery/renew', {}, operator)).status).toBe(403)
    const { body, headers } = await post('/recovery/renew')
    expect(body.recoveryKey).toStartWith('SLR-')
    expect(headers.get('cache-control')).toBe('no-store')
    expect(JSON.stringify(await host.state.trail.list({ limit: 1_000 }))).not.toContain(body.recoveryKey.slice(4, 13))
    expect((await get('/keys')).body.recovery.shown).toBe(true)
  })
})

describe('a backup over the API', () => {
  async function bytesOf(host: ManagementHost, token: string, body: unknown): Promise<Response> {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const request = new Request(`${ORIGIN}/v1/backup`, { method: 'POST', headers, body: JSON.stringify(body) })
    return host.app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
  }

  slowTest('is the owner’s alone, opens by what was asked for, and stands in the trail', async () => {
    await using host = await managementHost()
    const owner = await host.tokenFor('owner')
    const passphrase = { kind: 'passphrase' as const, passphrase: 'a long and lonely winter coat' }
    for (const role of ['operator', 'viewer'] as const) {
      expect((await bytesOf(host, await host.tokenFor(role), passphrase)).status).toBe(403)
    }
    const answer = await bytesOf(host, owner, passphrase)
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment; filename="sluice-[0-9TZ-]+\.backup"$/)
    const bytes = new Uint8Array(await answer.arrayBuffer())
    expect(await verifyBackup(inChunks(bytes), { opener: passphrase })).toMatchObject({
      role: 'runtime',
      name: 'factory-01',
    })
    const { recoveryKey } = (await host.ask('POST', '/v1/recovery/renew', { token: owner, body: {} })).body
    const sealed = new Uint8Array(await (await bytesOf(host, owner, { kind: 'recovery' })).arrayBuffer())
    await verifyBackup(inChunks(sealed), { opener: { kind: 'recovery', recoveryKey }, maker: host.state.signing.kid })
    const acts = (await host.state.trail.list({ limit: 100 })).filter(({ action }) => action === 'backup.made')
    expect(acts.map(({ detail }) => detail['opened_by'])).toEqual(['passphrase', 'recovery'])
    expect(JSON.stringify(acts)).not.toContain('winter coat')
  })

  test('for a recovery key that nobody has, or with a short passphrase, is refused', async () => {
    await using host = await managementHost()
    const owner = await host.tokenFor('owner')
    const refused = await host.ask('POST', '/v1/backup', { token: owner, body: { kind: 'recovery' } })
    expect([refused.status, refused.body.code]).toEqual([409, 'recovery_key.not_taken'])
    const short = { kind: 'passphrase', passphrase: 'short' }
    expect((await host.ask('POST', '/v1/backup', { token: owner, body: short })).status).toBe(422)
    // Neither keeps a key from being rotated.
    expect((await host.ask('POST', '/v1/keys/trust/rotate', { token: owner, body: {} })).status).toBe(202)
  })

  test('that is under way keeps keys from being rotated, until it ends or is left', async () => {
    await using host = await managementHost()
    const owner = await host.tokenFor('owner')
    const key = { kind: 'key', key: base64url(systemRandom(32)) }
    const answer = await bytesOf(host, owner, key)
    const rotate = () => host.ask('POST', '/v1/keys/trust/rotate', { token: owner, body: {} })
    expect((await rotate()).body.code).toBe('key.busy')
    expect((await bytesOf(host, owner, key)).status).toBe(409)
    await answer.body?.cancel()
    expect((await rotate()).status).toBe(202)
    // What was left is no backup, and the trail says so.
    const lines = (await host.state.trail.list({ limit: 100 })).filter(({ action }) => action.startsWith('backup.'))
    expect(lines.map(({ action, detail }) => `${action} ${detail['code'] ?? ''}`)).toEqual([
      'backup.made_tried ',
      'backup.made_tried ',
      'backup.made_failed key.busy',
      'backup.made_failed internal.cancelled',
    ])
    expect(readdirSync(host.state.folder).filter((name) => name.startsWith('.backup'))).toEqual([])
  })
})

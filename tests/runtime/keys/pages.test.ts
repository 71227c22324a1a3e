import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { verifyBackup } from '../../../src/backup/mod.ts'
import { inChunks } from '../../support/backup/data.ts'
import { slowTest } from '../../support/quick.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { until } from '../../support/until.ts'

// Copies are made by processes of their own, on a machine that others use as well.
setDefaultTimeout(60_000)

const PATH = '/settings/keys'
const PASSPHRASE = 'a long and lonely winter coat'

describe('Settings › Keys and backup', () => {
  let host: ManagementHost
  let owner: string
  let operator: string
  let viewer: string

  beforeAll(async () => {
    host = await managementHost()
    owner = await host.sessionFor('owner')
    operator = await host.sessionFor('operator')
    viewer = await host.sessionFor('viewer')
  })
  afterAll(() => host[Symbol.asyncDispose]())

  const get = (path: string, cookie = owner) =>
    host.ask('GET', `${PATH}${path}`, { cookie, headers: { accept: 'text/html' } })
  const post = (path: string, form: Record<string, string>, cookie = owner) =>
    host.ask('POST', `${PATH}${path}`, { cookie, form })

  test('shows where the master key comes from and how old each key is; an operator sees no act, and may do none, and a viewer sees none of it', async () => {
    const { status, text } = await get('')
    expect(status).toBe(200)
    for (const words of [
      'a file on this machine',
      'Nobody has the recovery key',
      'credentials',
      'Rotate the master key',
    ]) {
      expect(text).toContain(words)
    }
    const seen = (await get('', operator)).text
    expect(seen).toContain('a file on this machine')
    expect(seen).not.toContain(`${PATH}/rotate`)
    for (const path of ['/rotate/master', '/recovery', '/backup']) {
      expect((await get(path, operator)).status).toBe(403)
      expect((await post(path, { typed: 'master' }, operator)).status).toBe(403)
    }
    for (const path of ['', '/live']) expect((await get(path, viewer)).status).toBe(403)
    const people = { cookie: viewer, headers: { accept: 'text/html' } }
    expect((await host.ask('GET', '/settings/people', people)).text).not.toContain(PATH)
    expect((await host.state.trail.list({ limit: 100 })).some(({ action }) => action.includes('rotat'))).toBe(false)
  })

  test('rotates a key once its name was typed, and not otherwise', async () => {
    expect((await get('/rotate/trust')).text).toContain('Rotate trust')
    const { madeAtMs } = host.state.keyring.list().find(({ purpose }) => purpose === 'row-mac') ?? { madeAtMs: 0 }
    expect((await post('/rotate/trust', { typed: 'truss' })).status).toBe(422)
    expect((await post('/rotate/trust', { typed: 'trust' })).status).toBe(303)
    await until('it is rotated', () => {
      const key = host.state.keyring.list().find(({ purpose }) => purpose === 'row-mac')
      return key !== undefined && key.madeAtMs > madeAtMs && !key.rotating
    })
    const before = host.state.keyring.master().madeAtMs
    expect((await post('/rotate/master', { typed: 'master' })).status).toBe(303)
    expect(host.state.keyring.master().madeAtMs).toBeGreaterThan(before)
    // A name from the address stands on the page as text.
    const odd = await get(`/rotate/${encodeURIComponent('<script>alert(1)</script>')}`)
    expect(odd.text).not.toContain('<script>alert')
  })

  test('shows a new recovery key once, to be kept by no cache, and never again', async () => {
    expect((await post('/recovery', { typed: 'recovery' })).status).toBe(422)
    const { text, headers } = await post('/recovery', { typed: 'recovery key' })
    const [key = ''] = /SLR(-[0-9A-Z]{4}){14}/.exec(text) ?? []
    expect(key).not.toBe('')
    expect(headers.get('cache-control')).toBe('no-store')
    for (const path of ['', '/recovery', '/backup']) expect((await get(path)).text).not.toContain(key)
    expect((await get('')).text).not.toContain('Nobody has the recovery key')
  })

  slowTest(
    'gives a backup for download that the passphrase opens; a short one comes back with words beside the field',
    async () => {
      const short = await post('/backup', { passphrase: 'short' })
      expect(short.status).toBe(422)
      expect(short.text).not.toContain('value="short"')
      const request = new Request(`${ORIGIN}${PATH}/backup`, {
        method: 'POST',
        headers: { cookie: owner, origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams({ passphrase: PASSPHRASE }),
      })
      const answer = await host.app.fetch(request, { peer: { address: '192.0.2.1', port: 1 } })
      expect(answer.headers.get('content-disposition')).toStartWith('attachment')
      const bytes = new Uint8Array(await answer.arrayBuffer())
      await verifyBackup(inChunks(bytes), { opener: { kind: 'passphrase', passphrase: PASSPHRASE } })
    },
  )

  test('acts of another site are refused', async () => {
    const headers = { origin: 'https://evil.example' }
    const form = { typed: 'master' }
    expect((await host.ask('POST', `${PATH}/rotate/master`, { cookie: owner, form, headers })).status).toBe(403)
  })
})

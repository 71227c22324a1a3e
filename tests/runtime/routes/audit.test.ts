import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { verifyExport } from '../../../src/audit/mod.ts'
import { auditTrail, users } from '../../../src/store/mod.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let viewer: string
let owner: string
beforeAll(async () => {
  host = await managementHost()
  viewer = await host.tokenFor('viewer')
  owner = await host.tokenFor('owner')
  const { trail } = host.state
  for (let n = 1; n <= 3; n++) {
    await trail.record({ actor: 'user:usr_1', action: 'credential.set', subject: `c${n}`, detail: { fields: n } })
    await trail.record({ actor: 'platform', action: 'deployment.received', subject: `dep_${n}` })
  }
})
afterAll(() => host[Symbol.asyncDispose]())

const HTML = { accept: 'text/html' }

describe('/v1/audit', () => {
  test('finds entries by who, what and when, the newest first, and goes on from where a page ended', async () => {
    const get = async (query: string) => (await host.ask('GET', `/v1/audit?${query}`, { token: viewer })).body
    const first = await get('actor=platform&limit=2')
    expect(first.entries.map(({ subject }: { subject: string }) => subject)).toEqual(['dep_3', 'dep_2'])
    expect((await get(`actor=platform&limit=2&before=${first.next}`)).entries).toMatchObject([{ subject: 'dep_1' }])
    expect((await get('action=credential.*&subject=c2')).entries).toMatchObject([{ detail: { fields: 2 } }])
    const today = new Date().toISOString().slice(0, 10)
    expect((await get(`since=${today}&until=${today}&actor=platform`)).entries).toHaveLength(3)
    expect((await get('until=2020-01-31')).entries).toEqual([])
    expect((await get('since=&actor=platform')).entries).toHaveLength(3)
  })

  test('names the field of a question that makes no sense', async () => {
    for (const query of ['since=yesterday', 'limit=0', 'before=x', `actor=${'x'.repeat(257)}`]) {
      const { status, body } = await host.ask('GET', `/v1/audit?${query}`, { token: viewer })
      expect(`${query} ${status} ${body.code}`).toBe(`${query} 422 request.invalid`)
    }
    expect((await host.ask('GET', '/v1/audit/verify?count=3', { token: viewer })).body.code).toBe('request.invalid')
  })

  test('is exported by an owner only, whole, with the line that says so, and verifies on its own', async () => {
    expect((await host.ask('GET', '/v1/audit/export', { token: viewer })).body.code).toBe('account.role_too_low')
    const { text, headers } = await host.ask('GET', '/v1/audit/export', { token: owner })
    expect(headers.get('content-disposition')).toContain('attachment')
    const lines = text.trimEnd().split('\n')
    expect(lines.at(-2)).toContain('"action":"audit.exported"')
    async function* each() {
      yield* lines
    }
    expect(await verifyExport(each(), { kid: host.state.signing.kid })).toMatchObject({ ok: true })
  })
})

describe('the page of the trail', () => {
  test('shows entries with the names of people, filtered as its address says, and its head to copy', async () => {
    const cookie = await host.sessionFor('owner')
    const { text } = await host.ask('GET', '/audit?action=credential.*', { cookie, headers: HTML })
    expect(text).toContain('credential.set')
    expect(text).not.toContain('deployment.received')
    expect(text).toMatch(/name="action"[^>]*value="credential\.\*"/)
    const { count, hash } = await host.state.trail.head()
    expect(text).toContain(`data-copy="${count}:${hash}"`)
    const mine = await host.ask('GET', '/audit?action=session.*', { cookie, headers: HTML })
    expect(mine.text).toMatch(/title="user:[^"]+">owner-\d+</)
  })

  test('finds what a person did by the name that the person has', async () => {
    const cookie = await host.sessionFor('owner')
    const page = await host.ask('GET', '/audit', { cookie, headers: HTML })
    const name = /<summary>(owner-\d+)/.exec(page.text)?.[1]
    const { text } = await host.ask('GET', `/audit?actor=${name}`, { cookie, headers: HTML })
    expect(text).toContain('session.opened')
    expect(text).not.toContain('deployment.received')
  })

  test('finds what is no person by its own name, and shows it as no person can look, whatever a person was called', async () => {
    await using old = await managementHost()
    const { id } = await old.accounts.createUser({ name: 'somebody', role: 'viewer' })
    // As a database of before may have it: today nobody is given the name.
    await old.state.db.update(users).set({ name: 'platform' }).where(eq(users.id, id))
    const { trail } = old.state
    await trail.record({ actor: 'platform', action: 'deployment.received', subject: 'dep_1' })
    await trail.record({ actor: `user:${id}`, action: 'credential.set', subject: 'c' })
    const cookie = await old.sessionFor('owner')
    const { text } = await old.ask('GET', '/audit?actor=platform', { cookie, headers: HTML })
    expect(text).toContain('deployment.received')
    expect(text).not.toContain('credential.set')
    const all = (await old.ask('GET', '/audit', { cookie, headers: HTML })).text
    expect(all).toContain('<code class="break">platform</code>')
    expect(all).toContain(`<span title="user:${id}">platform</span>`)
  })

  test('checks the trail and says which entry was changed', async () => {
    const cookie = await host.sessionFor('viewer')
    expect((await host.ask('GET', '/audit/verify', { cookie, headers: HTML })).text).toContain('The trail is whole')
    const broken = await managementHost()
    const theirs = await broken.sessionFor('viewer')
    await broken.state.db.update(auditTrail).set({ actor: 'someone else' })
    const { text } = await broken.ask('GET', '/audit/verify', { cookie: theirs, headers: HTML })
    expect(text).toContain('Entry 1 was changed after it was written')
    await broken[Symbol.asyncDispose]()
  })

  test('lets a viewer look, and not take it away', async () => {
    const cookie = await host.sessionFor('viewer')
    expect((await host.ask('GET', '/audit', { cookie, headers: HTML })).text).not.toContain('/audit/export')
    expect((await host.ask('POST', '/audit/export', { cookie, form: {} })).status).toBe(403)
  })

  test('shows what comes from outside as text', async () => {
    const evil = '<script>alert(1)</script>'
    await host.state.trail.record({ actor: evil, action: evil, subject: evil, detail: { a: evil } })
    const cookie = await host.sessionFor('viewer')
    for (const path of ['/audit', `/audit?actor=${encodeURIComponent(`"><script>`)}`]) {
      expect((await host.ask('GET', path, { cookie, headers: HTML })).text).not.toMatch(/<script>/)
    }
  })
})

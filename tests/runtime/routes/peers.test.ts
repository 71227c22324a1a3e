import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { base64url } from '../../../src/base/mod.ts'
import { introduce } from '../../../src/runtime/introductions.ts'
import { introductionDeps } from '../../../src/runtime/routes/peers.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let other: ManagementHost
let theirs: { introduction: string; fingerprint: string }
beforeAll(async () => {
  host = await managementHost()
  other = await managementHost()
  await register(host, 'rt_01890000-0000-7000-8000-000000000001', 'factory-01')
  await register(other, 'rt_01890000-0000-7000-8000-000000000002', 'cloud-01')
  theirs = await introduce(introductionDeps(other.station))
})
afterAll(async () => {
  await host[Symbol.asyncDispose]()
  await other[Symbol.asyncDispose]()
})

/** As an enrolment would have left it. */
async function register({ state }: ManagementHost, runtime: string, name: string): Promise<void> {
  await state.enrolment.complete({
    ...{
      runtime,
      name,
      tenant: 'ten_01890000-0000-7000-8000-000000000009',
      tenantName: 'Test',
      platformAuthority: undefined,
    },
    ...{ platformUrl: 'https://platform.example', heartbeatIntervalMs: 10_000 },
    ...{ signingKey: base64url(state.signing.publicKey), agreementKey: base64url(state.agreement.publicKey) },
  })
}

const HTML = { accept: 'text/html' }

describe('the pages of peers', () => {
  test('show whom an introduction is of before it counts, accept it with its fingerprint, and remove the peer by its name', async () => {
    const cookie = await host.sessionFor('owner')
    const get = (path: string) => host.ask('GET', path, { cookie, headers: HTML })
    const post = (path: string, form: Record<string, string>) => host.ask('POST', path, { cookie, form })
    expect((await get('/peers')).text).toContain('No peers yet')
    const introduction = theirs.introduction.replace(/(.{60})/g, '$1\r\n')
    const shown = await post('/peers/accept', { introduction })
    expect(shown.text).toContain(theirs.fingerprint)
    expect((await host.state.peers.list()).accepted).toEqual([])
    const wrong = await post('/peers/accept', { introduction, fingerprint: 'another' })
    expect(wrong.text).toContain(theirs.fingerprint)
    expect((await host.state.peers.list()).accepted).toEqual([])
    expect((await post('/peers/accept', { introduction, fingerprint: theirs.fingerprint })).status).toBe(303)
    expect((await get('/peers')).text).toContain(theirs.fingerprint)
    const [peer] = (await host.state.peers.list()).accepted
    expect((await get(`/peers/${peer?.runtime}/remove`)).text).toContain('Records for it wait')
    expect((await post(`/peers/${peer?.runtime}/remove`, { typed: 'cloud' })).status).toBe(422)
    expect((await post(`/peers/${peer?.runtime}/remove`, { typed: 'cloud-01' })).status).toBe(303)
    expect((await host.state.peers.list()).accepted).toEqual([])
  })

  test('warn when a peer comes back with other keys', async () => {
    const cookie = await host.sessionFor('owner')
    const form = { introduction: theirs.introduction, fingerprint: theirs.fingerprint }
    await host.ask('POST', '/peers/accept', { cookie, form })
    await using renewed = await managementHost()
    await register(renewed, 'rt_01890000-0000-7000-8000-000000000002', 'cloud-01')
    const { introduction } = await introduce(introductionDeps(renewed.station))
    const { text } = await host.ask('POST', '/peers/accept', { cookie, form: { introduction } })
    expect(text).toContain('with another fingerprint')
    expect(text).toContain(theirs.fingerprint)
  })

  test('introduce this Runtime, and refuse its own introduction and what is none', async () => {
    const cookie = await host.sessionFor('owner')
    const { text } = await host.ask('POST', '/peers/introduce', { cookie, form: {} })
    const { introduction, fingerprint } = await introduce(introductionDeps(host.station))
    expect(text).toContain(fingerprint)
    for (const pasted of [introduction, 'nonsense', '']) {
      const answer = await host.ask('POST', '/peers/accept', { cookie, form: { introduction: pasted } })
      expect(`${answer.status}`).toMatch(/^4/)
    }
  })

  test('are for an owner to change and an operator to introduce', async () => {
    const operator = await host.sessionFor('operator')
    const viewer = await host.sessionFor('viewer')
    expect((await host.ask('POST', '/peers/introduce', { cookie: operator, form: {} })).status).toBe(200)
    expect((await host.ask('POST', '/peers/introduce', { cookie: viewer, form: {} })).status).toBe(403)
    const token = await host.tokenFor('operator')
    const signed = async () => (await host.state.trail.search({ action: 'peer.introduction_made', limit: 100 })).entries
    const before = (await signed()).length
    expect((await host.ask('POST', '/v1/peers/introduction', { token })).status).toBe(200)
    expect(await signed()).toHaveLength(before + 1)
    expect((await signed())[before]?.actor).toStartWith('user:usr_')
    for (const cookie of [operator, viewer]) {
      expect((await host.ask('POST', '/peers/accept', { cookie, form: theirs })).status).toBe(403)
      expect((await host.ask('GET', '/peers', { cookie, headers: HTML })).text).not.toContain('/peers/accept')
    }
  })
})

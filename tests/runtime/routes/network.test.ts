import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let owner: string
beforeAll(async () => {
  host = await managementHost()
  owner = await host.tokenFor('owner')
})
afterAll(() => host[Symbol.asyncDispose]())

// The host's requests come from 192.0.2.1.
const HERE = '192.0.2.0/24'

describe('/v1/network', () => {
  test('is read by everyone and changed by the owner alone, each change in the audit trail', async () => {
    const viewer = await host.tokenFor('viewer')
    expect((await host.ask('GET', '/v1/network', { token: viewer })).body).toEqual({
      management: { everyone: true, entries: [] },
      bridges: { everyone: true, entries: [] },
      leftOut: [],
      ports: { management: 8752, bridges: 32_100 },
      you: '192.0.2.1',
    })
    const body = { network: HERE }
    const refused = await host.ask('POST', '/v1/network/management', { token: await host.tokenFor('operator'), body })
    expect(refused.body.code).toBe('account.role_too_low')
    const listed = await host.ask('POST', '/v1/network/management', { token: owner, body })
    expect([listed.status, listed.body.management.entries[0].network]).toEqual([201, HERE])
    const lockedOut = await host.ask('DELETE', `/v1/network/management?network=${HERE}`, { token: owner })
    expect(lockedOut.body.management.everyone).toBe(true)
    const lines = (await host.state.trail.list({ limit: 1_000 })).filter(({ action }) =>
      /^network\.[a-z]+$/.test(action),
    )
    expect(lines.map(({ action, subject, detail }) => [action, subject, detail['network']])).toEqual([
      ['network.allowed', 'management', HERE],
      ['network.removed', 'management', HERE],
    ])
  })

  test('does not exclude the address that it is asked from unless forced', async () => {
    const body = { network: '10.0.0.0/8' }
    const refused = await host.ask('POST', '/v1/network/management', { token: owner, body })
    expect([refused.status, refused.body.code]).toEqual([409, 'network.excludes_you'])
    const forced = await host.ask('POST', '/v1/network/management', { token: owner, body: { ...body, force: true } })
    expect(forced.status).toBe(201)
    await host.ask('DELETE', '/v1/network/management?network=10.0.0.0/8', { token: owner })
  })
})

describe('Settings › Network', () => {
  test('lists, refuses what would lock out, and does it all the same when that is ticked', async () => {
    const cookie = await host.sessionFor('owner')
    const post = (door: string, form: Record<string, string>, path = '') =>
      host.ask('POST', `/settings/network${path}`, { cookie, form: { door, ...form } })
    expect((await post('bridges', { network: '10.0.0.0/8' })).headers.get('location')).toBe('/settings/network')
    const refused = await post('management', { network: '10.0.0.0/8' })
    expect(refused.status).toBe(409)
    expect(refused.text).toContain('You ask from 192.0.2.1')
    expect(refused.text).toContain('name="force"')
    expect((await post('management', { network: '10.0.0.0/8', force: 'yes' })).status).toBe(303)
    const page = await host.ask('GET', '/settings/network', { cookie })
    expect(page.text.match(/10\.0\.0\.0\/8<\/code>/g)).toHaveLength(2)
    expect((await post('management', { network: '10.0.0.0/8' }, '/remove')).status).toBe(303)
    const wrong = await post('bridges', { network: '<b>x</b>' })
    expect([wrong.status, wrong.text.includes('<b>x</b>')]).toEqual([400, false])
  })

  test('shows a viewer what is listed and nothing to change it with', async () => {
    const cookie = await host.sessionFor('viewer')
    expect((await host.ask('GET', '/settings/network', { cookie })).text).not.toContain('action="/settings/network')
    expect(
      (await host.ask('POST', '/settings/network', { cookie, form: { door: 'bridges', network: HERE } })).status,
    ).toBe(403)
  })
})

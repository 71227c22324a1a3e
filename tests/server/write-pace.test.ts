import { afterAll, beforeAll, expect, test } from 'bun:test'
import { WRITES_AT_ONCE } from '../../src/server/write-pace.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../support/runtime/management-host.ts'

let host: ManagementHost
beforeAll(async () => {
  host = await managementHost({ clock: frozenClock() })
})
afterAll(() => host[Symbol.asyncDispose]())

test('a viewer who asks for changes without end leaves no more entries than the pace allows, and may go on reading', async () => {
  const cookie = await host.sessionFor('viewer')
  const headers = { origin: ORIGIN }
  const write = () => host.ask('PUT', '/v1/account/totp', { cookie, headers, body: { code: '000000' } })
  let allowed = 0
  let refused = await write()
  for (; refused.status !== 429 && allowed < 2 * WRITES_AT_ONCE; allowed++) refused = await write()
  expect(allowed).toBe(WRITES_AT_ONCE)
  const { count } = await host.state.trail.head()
  expect(refused).toMatchObject({ status: 429, body: { code: 'request.too_often' } })
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
  expect((await host.state.trail.head()).count).toBe(count)
  expect((await host.ask('GET', '/v1/status', { cookie })).status).toBe(200)
})

test('holds up nobody else, and no owner', async () => {
  const viewer = await host.tokenFor('viewer')
  const owner = await host.tokenFor('owner')
  expect((await host.ask('PUT', '/v1/account/totp', { token: viewer, body: { code: '000000' } })).status).not.toBe(429)
  for (let n = 0; n <= WRITES_AT_ONCE; n++) {
    expect((await host.ask('DELETE', '/v1/alerts/channels/none', { token: owner })).status).toBe(404)
  }
})

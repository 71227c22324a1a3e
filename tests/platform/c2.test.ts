import { expect, test } from 'bun:test'
import { base64url, systemClock } from '../../src/base/mod.ts'
import { exchanges } from '../../src/wire/mod.ts'
import { PlatformHost, shiftedClock } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

async function enrolled(changes: object = {}) {
  const host = await PlatformHost.start(changes)
  const runtime = await ScriptedRuntime.start('factory-01')
  await runtime.enrol((await host.enrolmentCode()).code)
  const close = async () => {
    await runtime[Symbol.asyncDispose]()
    await host[Symbol.asyncDispose]()
  }
  return { host, runtime, [Symbol.asyncDispose]: close }
}

test('strangers get one same answer from the messages door, whatever they send and whether the tenant exists', async () => {
  await using made = await enrolled()
  const { host } = made
  const path = `/t/${host.tenant.id}/c2/v1/messages`
  const header = base64url(new TextEncoder().encode('{"alg":"none"}'))
  const answers = await Promise.all(
    ['', 'x', `${header}.e30.AAAA`, 'a.b.c.d', 'y'.repeat(1_100_000)].map((body) => host.send('POST', path, { body })),
  )
  answers.push(await host.send('POST', '/t/ten_01890000-0000-7000-8000-0000000000aa/c2/v1/messages', { body: 'x' }))
  answers.push(await host.send('POST', '/t/nonsense/c2/v1/messages', { body: 'x' }))
  expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(new Set([`400 ${answers[0]?.text}`]))
  expect(answers[0]?.body).toMatchObject({ code: 'c2.refused' })
})

test('a Runtime that misses three heartbeats is late, one that said goodbye is stopped, and both can come back', async () => {
  const clock = shiftedClock(systemClock)
  await using made = await enrolled({ clock })
  const { host, runtime } = made
  const state = async () => (await host.api('GET', '/v1/runtimes/factory-01')).body['state']
  await runtime.heartbeat()
  clock.shiftMs = 30_000
  expect(await state()).toBe('running')
  clock.shiftMs = 33_100
  expect(await state()).toBe('late')
  clock.shiftMs = 0
  await runtime.heartbeat()
  expect(await state()).toBe('running')
  await runtime.heartbeat({ leaving: true })
  clock.shiftMs = 600_000
  expect(await state()).toBe('stopped')
  clock.shiftMs = 0
  await runtime.heartbeat()
  expect(await state()).toBe('running')
})

test('a heartbeat with another configuration hash is followed by a ping; one with the same is not', async () => {
  await using made = await enrolled()
  const { runtime } = made
  await runtime.heartbeat()
  await runtime.until(() => runtime.pings.length === 1)
  await runtime.heartbeat()
  runtime.configurationHash = 'a'.repeat(64)
  await runtime.heartbeat()
  await runtime.until(() => runtime.pings.length === 2)
  expect(new Set(runtime.pings).size).toBe(2)
})

test('ping() refuses an address that the configuration forbids, and a Runtime that answers with anything but a signed answer', async () => {
  await using made = await enrolled()
  const { host, runtime } = made
  await runtime.heartbeat()
  await runtime.until(() => runtime.pings.length === 1)
  runtime.broken = () => new Response('<html>')
  expect(await host.api('POST', `/v1/runtimes/${runtime.id}/ping`)).toMatchObject({
    status: 503,
    body: { code: 'c2.answer_refused' },
  })
  runtime.broken = () => new Response('', { status: 500 })
  expect(await host.api('POST', `/v1/runtimes/${runtime.id}/ping`)).toMatchObject({
    status: 503,
    body: { code: 'runtime.refused_message' },
  })
  await host.restart({ allowPrivateAddresses: false })
  expect(await host.api('POST', `/v1/runtimes/${runtime.id}/ping`)).toMatchObject({
    status: 403,
    body: { code: 'platform.address_forbidden' },
  })
})

test('what was told before a gap of positions, or comes again after a restart, is stored once', async () => {
  await using made = await enrolled()
  const { host, runtime } = made
  const line = {
    at: '2026-01-01T00:00:00Z',
    deployment: 'dep_01890000-0000-7000-8000-000000000004',
    level: 'warning',
    template: 'a.b',
    fields: {},
  } as const
  const tell = (first: number, entries: number) =>
    runtime.caller.call(exchanges.auditLogs, { first, entries: Array.from({ length: entries }, () => line) })
  expect(await tell(5, 2)).toEqual({ through: 6 })
  await host.restart()
  expect(await tell(5, 2)).toEqual({ through: 6 })
  expect(await tell(6, 2)).toEqual({ through: 7 })
  const { body } = await host.api('GET', '/v1/logs?level=warning,error')
  expect(body['count']).toBe(3)
  expect((await host.api('GET', '/v1/logs?level=error')).body['entries']).toEqual([])
})

test('a message whose answer was lost has one effect, also when the Platform was started again in between', async () => {
  await using made = await enrolled()
  const { host, runtime } = made
  const id = 'msg_01890000-0000-7000-8000-00000000000a'
  await runtime.heartbeat({}, id)
  await host.restart()
  await runtime.heartbeat({}, id)
  expect((await host.api('GET', '/v1/runtimes/factory-01')).body).toMatchObject({ heartbeats: 1 })
  await expect(runtime.heartbeat({ uptimeMs: 2 }, id)).rejects.toThrow('c2.refused')
  const replayed = await host.send('POST', `/t/${host.tenant.id}/c2/v1/messages`, { body: runtime.posted[0] ?? '' })
  expect(replayed.body).toMatchObject({ code: 'c2.refused' })
})

test('a Runtime’s address, port and CA are those of its last heartbeat', async () => {
  await using made = await enrolled()
  const { host, runtime } = made
  await runtime.heartbeat({ managementUrl: 'https://factory.example:8752', bridgePort: 32_101 })
  const { body } = await host.api('GET', '/v1/runtimes/factory-01')
  expect(body).toMatchObject({ managementUrl: 'https://factory.example:8752', bridgePort: 32_101 })
})

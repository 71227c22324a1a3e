import { expect, test } from 'bun:test'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { rfc3339, systemClock } from '../../src/base/mod.ts'
import { type ComponentStatus, type DeploymentId, exchanges } from '../../src/wire/mod.ts'
import { crossing } from '../support/platform/blueprints.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

const counts = (name: string, type: string, messages: number): ComponentStatus => ({
  ...{ name, type, state: 'running', messagesIn: messages, messagesOut: messages, bytesIn: 10, bytesOut: 10 },
  ...{ errors: 0, retries: 0, executionMs: 1.5, refused: 0 },
})

test('a whole walk: enrol, heartbeat, ping, deploy, wait for approval, apply, tell logs and status, stop', async () => {
  await using host = await PlatformHost.start()
  await using factory = await ScriptedRuntime.start('factory-01')
  await using cloud = await ScriptedRuntime.start('cloud-01')
  const runtimes = [factory, cloud]
  for (const runtime of runtimes) {
    const { code } = await host.enrolmentCode({ labels: { site: 'berlin' } })
    expect(await runtime.enrol(code)).toEqual({ status: 200 })
  }
  const pending = (await host.api('GET', '/v1/runtimes')).body['runtimes']
  expect(pending).toMatchObject([
    { name: 'cloud-01', state: 'pending' },
    { name: 'factory-01', state: 'pending', labels: { site: 'berlin' } },
  ])

  for (const runtime of runtimes) await runtime.heartbeat()
  for (const runtime of runtimes) await runtime.until(() => runtime.pings.length === 1)
  const pinged = await host.api('POST', `/v1/runtimes/${factory.id}/ping`)
  expect(pinged.body).toMatchObject({ credentials: ['warehouse'], componentTypes: ['csv_file'] })
  const running = (await host.api('GET', '/v1/runtimes/factory-01')).body
  expect(running).toMatchObject({
    id: factory.id,
    state: 'running',
    heartbeats: 1,
    inventory: { credentials: ['warehouse'] },
  })

  const waits = { code: 'approval.path', item: 'in/*.csv' }
  factory.answering = () => ({
    outcome: 'awaiting-approval',
    state: 'awaiting-approval',
    reasons: [waits],
    lacking: [],
  })
  const saved = await host.api('POST', '/v1/blueprints', { source: crossing, code: {} })
  expect(saved.body).toMatchObject({ name: 'orders', version: 1 })
  const made = await host.api('POST', '/v1/deployments', { blueprint: 'orders' })
  expect(made.status).toBe(201)
  const deployment = made.body['deployment'] as DeploymentId
  for (const runtime of runtimes) await runtime.until(() => runtime.told.length === 1)
  const view = () => host.api('GET', `/v1/deployments/${deployment}`).then(({ body }) => body)
  await settled(async () => ((await view())['runtimes'] as { told: boolean }[]).every(({ told }) => told))
  expect(await view()).toMatchObject({
    state: 'awaiting-approval',
    runtimes: [
      { name: 'cloud-01', system: 'cloud', state: 'running', outcome: 'applied' },
      { name: 'factory-01', system: 'factory', state: 'awaiting-approval', reasons: [waits] },
    ],
  })
  const [toFactory, toCloud] = [factory.told[0], cloud.told[0]]
  if (toFactory?.action !== 'apply' || toCloud?.action !== 'apply') throw new RangeError('no assignment came')
  const [out, into] = [toFactory.assignment.bridges[0], toCloud.assignment.bridges[0]]
  expect(out).toMatchObject({
    direction: 'out',
    role: 'dial',
    peer: cloud.id,
    address: { host: '127.0.0.1', port: 32_100 },
  })
  expect(into).toMatchObject({
    direction: 'in',
    role: 'listen',
    peer: factory.id,
    bridge: out?.bridge,
    secret: out?.secret,
  })
  expect(toFactory.assignment.components.map(({ name }) => name)).toEqual(['orders', 'tidy'])

  factory.inForce.push({ deployment, version: 1, state: 'running', reasons: [] })
  await factory.heartbeat()
  expect(await view()).toMatchObject({ state: 'running' })

  const at = rfc3339(systemClock.now())
  const line = {
    at,
    deployment,
    component: 'orders',
    level: 'info',
    template: 'source.opened',
    fields: { files: 3 },
  } as const
  expect(await factory.caller.call(exchanges.auditLogs, { first: 1, entries: [line, line] })).toEqual({ through: 2 })
  expect(await factory.caller.call(exchanges.auditLogs, { first: 1, entries: [line, line, line] })).toEqual({
    through: 3,
  })
  const logs = (await host.api('GET', `/v1/logs?deployment=${deployment}&limit=2`)).body
  expect(logs).toMatchObject({
    count: 3,
    entries: [{ sequence: 2 }, { sequence: 3, runtime: factory.id, template: 'source.opened', fields: { files: 3 } }],
  })

  const bridge = {
    bridge: out?.bridge ?? 'br_x',
    peer: cloud.id as `rt_${string}`,
    state: 'up',
    suite: 'S1',
    frames: 4,
    bytes: 900,
    rotations: 0,
  } as const
  const status = {
    at,
    deployment,
    version: 1,
    state: 'running',
    reasons: [],
    components: [counts('orders', 'csv_file', 7)],
    bridges: [bridge],
  } as const
  expect(
    await factory.caller.call(exchanges.status, {
      first: 1,
      entries: [{ ...status, reasons: [], components: [...status.components], bridges: [bridge] }],
    }),
  ).toEqual({ through: 1 })
  expect((await view())['status']).toMatchObject([
    { runtime: factory.id, name: 'factory-01', components: [{ name: 'orders', messagesOut: 7 }] },
  ])

  expect((await host.api('POST', `/v1/deployments/${deployment}/stop`)).status).toBe(200)
  for (const runtime of runtimes) await runtime.until(() => runtime.told.length === 2)
  await settled(async () => (await view())['state'] === 'stopped')
  expect(factory.told[1]).toEqual({ action: 'stop', deployment, version: 1 })

  await factory.heartbeat({ leaving: true })
  expect((await host.api('GET', '/v1/runtimes/factory-01')).body).toMatchObject({ state: 'stopped' })
  const actions = ((await host.api('GET', '/v1/audit')).body['entries'] as { action: string }[]).map(
    ({ action }) => action,
  )
  expect(actions).toContain('runtime.enrolled')
  expect(actions[0]).toBe('deployment.stopped')
  const history = await host.api('GET', `/v1/deployments/${deployment}/history?since=2026-01-01T00:00:00Z&step=hour`)
  expect(history.body).toMatchObject({
    entries: [{ runtime: factory.id, status: { components: [{ messagesOut: 7 }] } }],
  })
  const { count, hash } = (await host.api('GET', '/v1/audit')).body['head'] as { count: number; hash: string }
  const verified = (head: string) => host.api('GET', `/v1/audit/verify?count=${count}&hash=${head}`)
  expect((await verified(hash)).body).toMatchObject({ ok: true, count })
  expect((await verified('0'.repeat(64))).body).toMatchObject({ ok: false })
})

test('recordTo writes every received body and every opened payload, and nothing is written without it', async () => {
  await using quiet = await PlatformHost.start()
  expect(await readdir(quiet.folder)).not.toContain('received')
  await using host = await PlatformHost.start()
  const folder = join(host.folder, 'received')
  await host.restart({ recordTo: folder })
  await using factory = await ScriptedRuntime.start('factory-01')
  await factory.enrol((await host.enrolmentCode()).code)
  await factory.heartbeat({ version: 'canary-1' })
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')))
  expect(files.filter((content) => content.includes('canary-1'))).toHaveLength(1)
  expect(files.some((content) => content.startsWith('POST') && content.includes('/c2/v1/messages'))).toBe(true)
})

/** Asks again until it holds; the test's own time-out ends it otherwise. */
async function settled(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

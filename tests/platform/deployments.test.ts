import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { base64url, rfc3339, systemClock } from '../../src/base/mod.ts'
import { sha256Hex } from '../../src/crypto/mod.ts'
import { CODE_FILES_MAX } from '../../src/platform/blueprints.ts'
import { exchanges } from '../../src/wire/mod.ts'
import { crossing, local, scripted } from '../support/platform/blueprints.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { ScriptedRuntime } from '../support/platform/scripted-runtime.ts'

async function withRuntimes(...names: string[]) {
  const host = await PlatformHost.start()
  const runtimes = await Promise.all(names.map((name) => ScriptedRuntime.start(name)))
  for (const runtime of runtimes) {
    await runtime.enrol((await host.enrolmentCode()).code)
    await runtime.heartbeat()
  }
  const store = (source: string, code: Record<string, string> = {}) =>
    host.api('POST', '/v1/blueprints', { source, code })
  const deploy = async (blueprint: string) => (await host.api('POST', '/v1/deployments', { blueprint })).body
  const view = async (id: string) => (await host.api('GET', `/v1/deployments/${id}`)).body
  const close = async () => {
    await Promise.all(runtimes.map((runtime) => runtime[Symbol.asyncDispose]()))
    await host[Symbol.asyncDispose]()
  }
  return { host, runtimes, store, deploy, view, [Symbol.asyncDispose]: close }
}

function first<T>(items: readonly T[]): T {
  const [item] = items
  if (item === undefined) throw new RangeError('there is none')
  return item
}

async function settled(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setImmediate(resolve))
}

describe('code travels by content', () => {
  test('a Runtime that lacks it gets it in chunks, whole by its hash, and then the deployment again', async () => {
    await using made = await withRuntimes('factory-01')
    const factory = first(made.runtimes)
    const file = new Uint8Array(600_000).map((_, index) => index % 253)
    const sha256 = await sha256Hex(file)
    factory.answering = (_, code) =>
      code.has(sha256)
        ? { outcome: 'applied', state: 'running', reasons: [], lacking: [] }
        : { outcome: 'needs-code', state: 'received', reasons: [], lacking: [sha256, 'f'.repeat(64)] }
    expect(await made.store(scripted, { './score.js': base64url(file) })).toMatchObject({ status: 201 })
    const { deployment } = await made.deploy('scored')
    await factory.until(() => factory.told.length === 2)
    expect(factory.code.get(sha256)).toEqual(file)
    await settled(async () => (await made.view(String(deployment)))['state'] === 'running')
  })

  test('a blueprint whose code did not come with it is refused', async () => {
    await using made = await withRuntimes()
    const refused = await made.store(scripted)
    expect(refused).toMatchObject({ status: 400, body: { code: 'blueprint.invalid' } })
    expect(refused.body['findings']).toMatchObject([{ code: 'blueprint.code_missing', line: 6 }])
  })
})

describe('telling goes on until it is answered', () => {
  test('over a Runtime that is broken, and over a restart of the Platform; the reason is shown meanwhile', async () => {
    await using made = await withRuntimes('factory-01')
    const { host } = made
    const factory = first(made.runtimes)
    factory.broken = () => new Response('', { status: 502 })
    await made.store(local)
    const { deployment, state } = await made.deploy('orders')
    expect(state).toBe('preparing')
    const target = async () =>
      first((await made.view(String(deployment)))['runtimes'] as { told: boolean; reasons: { code: string }[] }[])
    await settled(async () => first((await target()).reasons).code === 'runtime.refused_message')
    await host.restart()
    factory.broken = undefined
    await factory.heartbeat()
    await factory.until(() => factory.told.length === 1)
    await settled(async () => (await target()).told)
  })

  test('a newer version takes the place of one that was not told yet', async () => {
    await using made = await withRuntimes('factory-01')
    const factory = first(made.runtimes)
    factory.broken = () => new Response('', { status: 502 })
    await made.store(local)
    await made.deploy('orders')
    await made.store(`${local}description: again\n`)
    const second = await made.deploy('orders')
    expect(second['version']).toBe(2)
    factory.broken = undefined
    await factory.heartbeat()
    await factory.until(() => factory.told.length === 1)
    expect(factory.told).toMatchObject([{ action: 'apply', assignment: { version: 2 } }])
  })
})

test('a refusal keeps its outcome and reasons, and a later version is asked for anew', async () => {
  await using made = await withRuntimes('factory-01')
  const factory = first(made.runtimes)
  const reasons = [{ code: 'credential.not_found', item: 'warehouse' }]
  factory.answering = () => ({ outcome: 'refused', state: 'refused', reasons, lacking: [] })
  await made.store(local)
  const { deployment } = await made.deploy('orders')
  await settled(async () => (await made.view(String(deployment)))['state'] === 'refused')
  expect(await made.view(String(deployment))).toMatchObject({ runtimes: [{ outcome: 'refused', reasons }] })
  factory.answering = () => ({ outcome: 'applied', state: 'running', reasons: [], lacking: [] })
  await made.deploy('orders')
  await settled(async () => (await made.view(String(deployment)))['state'] === 'running')
})

test('a refusal on one side is shown on it with its reason, and the other side says whose part is not in force', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const [factory, cloud] = made.runtimes
  if (!factory || !cloud) throw new RangeError('a Runtime is missing')
  cloud.answering = () => ({ outcome: 'awaiting-approval', state: 'awaiting-approval', reasons: [], lacking: [] })
  await made.store(crossing)
  const { deployment } = await made.deploy('orders')
  const runtimes = async () =>
    (await made.view(String(deployment)))['runtimes'] as { name: string; state: string; reasons: object[] }[]
  const factoryReasons = async () => (await runtimes()).find(({ name }) => name === 'factory-01')?.reasons
  await settled(async () => (await runtimes()).every(({ state }) => state !== 'preparing'))
  expect(await factoryReasons()).toEqual([{ code: 'peer.awaiting_approval', item: 'cloud-01' }])
  const reasons = [{ code: 'owner.refused', item: 'not our table' }]
  cloud.inForce.push({ deployment: deployment as `dep_${string}`, version: 1, state: 'refused', reasons })
  await cloud.heartbeat()
  expect(await made.view(String(deployment))).toMatchObject({ state: 'refused' })
  expect((await runtimes()).find(({ name }) => name === 'cloud-01')).toMatchObject({ state: 'refused', reasons })
  expect(await factoryReasons()).toEqual([{ code: 'peer.refused', item: 'cloud-01' }])
})

test('after a refusal both sides are told, and shown, which version the other has in force, until they agree again', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const [factory, cloud] = made.runtimes
  if (!factory || !cloud) throw new RangeError('a Runtime is missing')
  await made.store(crossing)
  const { deployment } = await made.deploy('orders')
  const id = deployment as `dep_${string}`
  const runtimes = async () =>
    (await made.view(String(deployment)))['runtimes'] as { name: string; told: boolean; peers: object[] }[]
  const told = () => settled(async () => (await runtimes()).every((one) => one.told))
  const inForce = (version: number) => ({ deployment: id, version, state: 'running' as const, reasons: [] })
  await told()
  for (const runtime of [factory, cloud]) runtime.inForce.push(inForce(1))
  expect([await factory.heartbeat(), await cloud.heartbeat()]).toEqual([[], []])
  cloud.answering = () => ({ outcome: 'awaiting-approval', state: 'awaiting-approval', reasons: [], lacking: [] })
  await made.deploy('orders')
  await told()
  factory.inForce[0] = inForce(2)
  cloud.inForce.unshift({ ...inForce(2), state: 'refused', reasons: [{ code: 'owner.refused' }] })
  const since = expect.any(String)
  const ahead = { version: 2, state: 'running', inForce: 2, since }
  expect<unknown>(await cloud.heartbeat()).toEqual([{ deployment: id, peer: factory.id, ...ahead }])
  const behind = { version: 2, state: 'refused', inForce: 1, since }
  expect<unknown>(await factory.heartbeat()).toEqual([{ deployment: id, peer: cloud.id, ...behind }])
  expect(await runtimes()).toMatchObject([
    { name: 'cloud-01', peers: [{ runtime: factory.id, name: 'factory-01', ...ahead }] },
    { name: 'factory-01', peers: [{ runtime: cloud.id, name: 'cloud-01', ...behind }] },
  ])
  // The third is taken by both.
  cloud.answering = factory.answering
  await made.deploy('orders')
  await told()
  for (const runtime of [factory, cloud]) runtime.inForce.splice(0, 2, inForce(3))
  expect([await factory.heartbeat(), await cloud.heartbeat()]).toEqual([[], []])
  expect((await runtimes()).map(({ peers }) => peers)).toEqual([[], []])
})

test('a side that was stopped, and not one whose flow ended, is told to the other with since when', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const [factory, cloud] = made.runtimes
  if (!factory || !cloud) throw new RangeError('a Runtime is missing')
  await made.store(crossing)
  const id = String((await made.deploy('orders'))['deployment']) as `dep_${string}`
  const view = async () => made.view(id)
  await settled(async () => (await view())['state'] === 'running')
  factory.inForce.push({ deployment: id, version: 1, state: 'running', reasons: [] })
  cloud.inForce.push({ deployment: id, version: 1, state: 'stopped', reasons: [{ code: 'owner.stopped' }] })
  await cloud.heartbeat()
  expect(await factory.heartbeat()).toMatchObject([{ peer: cloud.id, version: 1, state: 'stopped', inForce: 1 }])
  cloud.inForce[0] = { deployment: id, version: 1, state: 'stopped', reasons: [{ code: 'flow.ended' }] }
  await cloud.heartbeat()
  expect(await factory.heartbeat()).toEqual([])
  expect((await view())['finished']).toBeUndefined()
  factory.inForce[0] = { ...cloud.inForce[0] }
  await factory.heartbeat()
  expect(await view()).toMatchObject({ state: 'stopped', finished: { records: 0, sinks: 1, refused: 0 } })
})

test('what crossed a bridge is counted where sinks took it, once, with what was refused beside it', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const [factory, cloud] = made.runtimes
  if (!factory || !cloud) throw new RangeError('a Runtime is missing')
  await made.store(crossing)
  const id = String((await made.deploy('orders'))['deployment']) as `dep_${string}`
  const of = (name: string, type: string, messagesOut: number, refused = 0) => ({
    ...{ name, type, state: 'stopped' as const, messagesIn: 0, messagesOut, bytesIn: 0, bytesOut: 0 },
    ...{ errors: 0, retries: 0, executionMs: 0, refused },
  })
  const ended = { deployment: id, version: 1, state: 'stopped' as const, reasons: [{ code: 'flow.ended' }] }
  const end = async (runtime: ScriptedRuntime, components: ReturnType<typeof of>[]) => {
    runtime.inForce.push(ended)
    const entry = { ...ended, at: rfc3339(systemClock.now()), components, bridges: [] }
    await runtime.caller.call(exchanges.status, { first: 1, entries: [entry] })
    await runtime.heartbeat()
  }
  await settled(async () => (await made.view(id))['state'] === 'running')
  await end(factory, [of('orders', 'csv_file', 100), of('tidy', 'map', 98, 2), of('br_1', 'bridge_out', 98)])
  await end(cloud, [of('tidy', 'bridge_in', 98), of('kept', 'json_lines_file', 97, 1)])
  const { finished, runtimes } = (await made.view(id)) as { finished: object; runtimes: { finished: object }[] }
  expect(finished).toMatchObject({ records: 97, sinks: 1, refused: 3 })
  expect(runtimes.map((one) => one.finished)).toMatchObject([
    { records: 97, sinks: 1, refused: 1 },
    { records: 98, sinks: 0, refused: 2 },
  ])
})

test('rolling back deploys an old blueprint as the next version, and a Runtime that left is told to stop', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const { host, runtimes } = made
  const [factory, cloud] = runtimes
  if (!factory || !cloud) throw new RangeError('a Runtime is missing')
  await made.store(local)
  const { deployment } = await made.deploy('orders')
  await factory.until(() => factory.told.length === 1)
  await made.store(crossing)
  await made.deploy('orders')
  await cloud.until(() => cloud.told.length === 1)
  const back = await host.api('POST', `/v1/deployments/${deployment}/rollback`, { version: 1 })
  expect(back.body).toMatchObject({ deployment, version: 3 })
  await cloud.until(() => cloud.told.length === 2)
  await factory.until(() => factory.told.length === 3)
  expect(cloud.told[1]).toMatchObject({ action: 'stop', version: 3 })
  const told = factory.told[2]
  expect(told?.action === 'apply' && told.assignment.components.map(({ name }) => name)).toEqual(['orders', 'kept'])
  expect((await made.view(String(deployment)))['versions']).toMatchObject([
    { version: 3, blueprintVersion: 1 },
    { version: 2, blueprintVersion: 2 },
    { version: 1, blueprintVersion: 1 },
  ])
})

test('each version of a deployment has fresh bridge secrets', async () => {
  await using made = await withRuntimes('factory-01', 'cloud-01')
  const factory = first(made.runtimes)
  await made.store(crossing)
  await made.deploy('orders')
  await made.deploy('orders')
  await factory.until(() => factory.told.some((told) => told.action === 'apply' && told.assignment.version === 2))
  const secrets = factory.told.flatMap((told) =>
    told.action === 'apply' ? told.assignment.bridges.map(({ secret }) => secret) : [],
  )
  expect(new Set(secrets).size).toBe(secrets.length)
})

describe('bad input', () => {
  let made: Awaited<ReturnType<typeof withRuntimes>>
  beforeAll(async () => {
    made = await withRuntimes()
  })
  afterAll(() => made[Symbol.asyncDispose]())

  test('a blueprint with a typo is refused with line, column and suggestion, and nothing is stored', async () => {
    const refused = await made.store(local.replace('csv_file', 'csv_fil'))
    expect(refused.status).toBe(400)
    expect(refused.body).toMatchObject({
      code: 'blueprint.invalid',
      findings: [{ code: 'blueprint.unknown_type', line: 5, suggestion: 'csv_file' }],
    })
    expect((await made.host.api('GET', '/v1/blueprints')).body).toEqual({ blueprints: [] })
    const linted = await made.host.api('POST', '/v1/blueprints/lint', { source: 'blueprint: [' })
    expect(linted.body['findings']).not.toEqual([])
  })

  test('what does not exist is not found, and a Runtime that is not enrolled is named', async () => {
    await made.store(local)
    const cases: [string, string, object | undefined, number, string][] = [
      ['POST', '/v1/deployments', { blueprint: 'nothing' }, 404, 'blueprint.not_found'],
      ['POST', '/v1/deployments', { blueprint: 'orders', version: 9 }, 404, 'blueprint.not_found'],
      ['POST', '/v1/deployments', { blueprint: 'orders' }, 409, 'blueprint.target_missing'],
      ['POST', '/v1/deployments', { blueprint: 1 }, 422, 'request.invalid'],
      ['POST', '/v1/deployments/dep_x/stop', undefined, 404, 'deployment.unknown'],
      ['POST', '/v1/deployments/dep_x/rollback', { version: 1 }, 404, 'deployment.unknown'],
      ['GET', '/v1/deployments/dep_x', undefined, 404, 'deployment.unknown'],
      ['GET', '/v1/blueprints/orders/0', undefined, 422, 'request.invalid'],
      ['GET', '/v1/runtimes/rt_x', undefined, 404, 'runtime.not_found'],
      ['DELETE', '/v1/enrolment-codes/enc_x', undefined, 404, 'enrolment_code.not_found'],
      ['POST', '/v1/enrolment-codes', { expiresInMs: 1 }, 422, 'request.invalid'],
      ['GET', '/v1/logs?limit=0', undefined, 422, 'request.invalid'],
      ['GET', '/v1/nothing', undefined, 404, 'page.not_found'],
    ]
    for (const [method, path, body, status, code] of cases)
      expect({ path, ...(await made.host.api(method, path, body)) }).toMatchObject({ path, status, body: { code } })
  })

  test('more files of code than a blueprint may have are refused, and nothing is stored', async () => {
    const code = Object.fromEntries(Array.from({ length: CODE_FILES_MAX + 1 }, (_, index) => [`./f${index}.js`, 'AA']))
    const other = local.replace('blueprint: orders', 'blueprint: many')
    expect(await made.store(other, code)).toMatchObject({ status: 400, body: { code: 'blueprint.code_refused' } })
    expect((await made.host.api('GET', '/v1/blueprints/many/1')).status).toBe(404)
  })

  test('the same blueprint stored twice is one version', async () => {
    await made.store(local)
    expect((await made.store(local)).body).toMatchObject({ version: 1 })
    expect((await made.host.api('GET', '/v1/blueprints/orders/1')).body).toMatchObject({ source: local })
  })
})

import { afterEach, beforeEach, expect, setDefaultTimeout, test } from 'bun:test'
import { once } from 'node:events'
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { connect } from 'node:tls'
import { createClient } from '@libsql/client/sqlite3'
import { base64url, rfc3339, systemRandom } from '../../src/base/mod.ts'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import type { AssignedBridge, Assignment } from '../../src/wire/mod.ts'
import { chainOf } from '../support/certificates/chain.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { type Api, runningRuntime } from '../support/runtime/running.ts'
import { ScriptedPlatform } from '../support/runtime/scripted-platform.ts'
import { until } from '../support/until.ts'
import { BRIDGE, DEPLOYMENT, RUNTIME, STRANGER, T0, TENANT } from '../support/wire/parties.ts'

// Real processes on a machine that others use as well.
setDefaultTimeout(60_000)

type Site = { folder: TemporaryFolder; runtime: RunningRuntime; api: Api }
let platform: ScriptedPlatform
let factory: Site
let cloud: Site
const secret = base64url(systemRandom(32))

beforeEach(async () => {
  platform = await ScriptedPlatform.start()
  factory = await site('factory-01')
  cloud = await site('cloud-01')
})
afterEach(async () => {
  for (const { runtime, folder } of [factory, cloud]) {
    await runtime.close()
    folder[Symbol.dispose]()
  }
  await platform[Symbol.asyncDispose]()
})

async function site(name: string): Promise<Site> {
  const folder = temporaryFolder()
  const started = await runningRuntime(folder.path, { name })
  expect((await started.api.send('POST', '/v1/enrolment', { code: platform.code() })).status).toBe(201)
  return { folder, ...started }
}

async function introduce(from: Site, to: Site): Promise<void> {
  const { introduction, fingerprint } = (await from.api.send('POST', '/v1/peers/introduction')).body
  const accepted = await to.api.send('POST', '/v1/peers', { introduction })
  expect(accepted).toMatchObject({ status: 201, body: { fingerprint } })
}

/** Both halves of one flow; the factory dials. */
function halves(): { factoryHalf: Assignment; cloudHalf: Assignment } {
  const common = {
    ...{ format: 1 as const, tenant: TENANT, deployment: DEPLOYMENT, version: 1, blueprint: 'orders' },
    ...{ issuedAt: rfc3339(T0), classification: {} },
  }
  const bridge = {
    ...{ bridge: BRIDGE, label: 'abcdefghijklmnop', from: 'orders', to: ['warehouse'], generation: 1, secret },
  }
  const out: AssignedBridge = {
    ...{ ...bridge, direction: 'out', peer: STRANGER, role: 'dial' },
    address: { host: '127.0.0.1', port: cloud.runtime.bridgePort },
  }
  const orders = { name: 'orders', type: 'csv_file', from: [], config: { paths: ['in/*.csv'], columns: { id: 'int' } } }
  const warehouse = {
    ...{ name: 'warehouse', type: 'libsql_table', from: ['orders'] },
    config: { path: 'out.db', table: 'orders', create: true },
  }
  return {
    factoryHalf: { ...common, runtime: RUNTIME, system: 'factory', components: [orders], bridges: [out] },
    cloudHalf: {
      ...{ ...common, runtime: STRANGER, system: 'cloud', components: [warehouse] },
      bridges: [{ ...bridge, direction: 'in', peer: RUNTIME, role: 'listen' }],
    },
  }
}

async function deployBoth(): Promise<void> {
  const { factoryHalf, cloudHalf } = halves()
  // Who listens first, so that the first dial finds someone.
  for (const [half, { api }] of [
    [cloudHalf, cloud],
    [factoryHalf, factory],
  ] as const) {
    expect((await platform.deploy(half)).outcome).toBe('awaiting-approval')
    expect((await api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })).status).toBe(200)
  }
}

const detail = async ({ api }: Site) => (await api.get(`/v1/deployments/${DEPLOYMENT}`)).body

async function rowsAtCloud(): Promise<{ rows: number; ids: number }> {
  const client = createClient({ url: `file:${cloud.folder.file('out.db')}`, timeout: 10_000 })
  const found = await client.execute('SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM orders')
  client.close()
  return { rows: Number(found.rows[0]?.['rows']), ids: Number(found.rows[0]?.['ids']) }
}

slowTest(
  'peers that accepted each other join a flow by a Secure Bridge, through real processes and sockets',
  async () => {
    await introduce(factory, cloud)
    await introduce(cloud, factory)
    mkdirSync(factory.folder.file('in'))
    const lines = Array.from({ length: 3_000 }, (_, row) => `${row},part ${row}`)
    writeFileSync(factory.folder.file('in/orders.csv'), `id,name\n${lines.join('\n')}\n`)
    await deployBoth()
    await until('both have ended', async () => {
      const states = await Promise.all([detail(factory), detail(cloud)])
      return states.every(({ state }) => state === 'stopped')
    })
    expect(await rowsAtCloud()).toEqual({ rows: 3_000, ids: 3_000 })
    expect((await detail(cloud)).bridges[0]).toMatchObject({
      state: 'closed',
      suite: expect.stringContaining('KKpsk0'),
    })
    expect((await detail(cloud)).bridges[0].frames).toBeGreaterThan(0)
    // Neither the records nor the session's secret came by the Platform after the assignment.
    expect(platform.received.join('\n')).not.toContain('part 17')
  },
)

test('a peer that one side did not accept gets no bridge: the deployment is refused with its id', async () => {
  await introduce(factory, cloud)
  const { factoryHalf, cloudHalf } = halves()
  expect(await platform.deploy(factoryHalf)).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'peer.unknown', item: STRANGER }],
  })
  expect((await platform.deploy(cloudHalf)).outcome).toBe('awaiting-approval')
})

slowTest('a peer that the owner takes back brings its running deployment down, with the reason', async () => {
  await introduce(factory, cloud)
  expect((await platform.deploy(halves().cloudHalf)).outcome).toBe('awaiting-approval')
  await cloud.api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, {})
  await until('it waits for its peer', async () => (await detail(cloud)).state === 'running')
  expect((await cloud.api.send('DELETE', `/v1/peers/${RUNTIME}`)).status).toBe(200)
  await until('it is down', async () => (await detail(cloud)).reasons[0]?.code === 'peer.not_found')
})

slowTest(
  'a side whose peer refused its part says that the bridge is not in force there, to its owner and the Platform',
  async () => {
    await introduce(factory, cloud)
    await introduce(cloud, factory)
    mkdirSync(factory.folder.file('in'))
    writeFileSync(factory.folder.file('in/orders.csv'), 'id,name\n1,part\n')
    const { factoryHalf, cloudHalf } = halves()
    await platform.deploy(cloudHalf)
    const refusal = await cloud.api.send('POST', `/v1/deployments/${DEPLOYMENT}/refuse`, {
      version: 1,
      reason: 'not ours',
    })
    expect(refusal.status).toBe(200)
    await platform.deploy(factoryHalf)
    await factory.api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
    await until(
      'the bridge says why',
      async () => (await detail(factory)).bridges[0]?.reason?.code === 'bridge.not_in_force',
    )
    await until('the Platform was told', () =>
      platform.status.some(({ entry }) => entry.bridges[0]?.reason?.code === 'bridge.not_in_force'),
    )
    expect(platform.received.join('\n')).not.toContain('not ours')
    // What cannot cross would hold the end of this test for as long as a drain may take.
    process.kill((await detail(factory)).worker.pid, 'SIGKILL')
  },
)

slowTest(
  'a side whose peer is stopped, or started anew, says which, why and since when, and is up again with it',
  async () => {
    await introduce(factory, cloud)
    await introduce(cloud, factory)
    mkdirSync(factory.folder.file('in'))
    // So many that some are left whenever it is looked.
    writeFileSync(factory.folder.file('in/orders.csv'), 'id,name\n')
    const lines = Array.from({ length: 100_000 }, (_, row) => `${row},part ${row}\n`).join('')
    for (let part = 0; part < 40; part++) appendFileSync(factory.folder.file('in/orders.csv'), lines)
    await deployBoth()
    await until('records cross the bridge', async () => ((await rowsAtCloud().catch(() => undefined))?.rows ?? 0) > 0)
    const act = (site: Site, what: string) => site.api.send('POST', `/v1/deployments/${DEPLOYMENT}/${what}`, {})
    const before = Date.now()
    expect((await act(cloud, 'stop')).status).toBe(200)
    const bridge = await until('the factory says why', async () => {
      const [one] = (await detail(factory)).bridges
      return one?.state === 'down' ? one : undefined
    })
    expect(bridge).toMatchObject({ peerName: 'cloud-01', reason: { code: 'bridge.peer_stopped' } })
    expect(Date.parse(bridge.since)).toBeGreaterThanOrEqual(before)
    const { attention } = (await factory.api.get('/v1/status')).body
    expect(attention[0]).toMatchObject({
      what: 'The bridge of orders to cloud-01 is not up: cloud-01 has stopped its part',
      sinceMs: Date.parse(bridge.since),
    })
    expect((await act(cloud, 'restart')).status).toBe(200)
    await until('it is up again', async () => (await detail(factory)).bridges[0]?.state === 'up')
    // The other way round, by the side that sends.
    expect((await act(factory, 'stop')).status).toBe(200)
    const far = await until('the cloud says why', async () => {
      const [one] = (await detail(cloud)).bridges
      return one?.state === 'down' ? one : undefined
    })
    expect(far.reason).toEqual({ code: 'bridge.peer_stopped' })
  },
)

slowTest(
  'a side is told by the Platform which version the other has in force, for as long as nothing crosses',
  async () => {
    await introduce(factory, cloud)
    await introduce(cloud, factory)
    mkdirSync(factory.folder.file('in'))
    writeFileSync(factory.folder.file('in/orders.csv'), 'id,name\n1,part\n')
    await platform.deploy(halves().factoryHalf)
    await factory.api.send('POST', `/v1/deployments/${DEPLOYMENT}/approve`, { version: 1 })
    const since = rfc3339(T0)
    const stands = { version: 2, state: 'refused' as const, inForce: 1, since }
    platform.farSides.set(RUNTIME, [{ deployment: DEPLOYMENT, peer: STRANGER, ...stands }])
    await until('it is told', async () => (await detail(factory)).peers.length > 0)
    expect((await detail(factory)).peers).toEqual([{ runtime: STRANGER, name: 'cloud-01', ...stands }])
    await until('the bridge is tried', async () => (await detail(factory)).bridges[0]?.reason !== undefined)
    const { attention } = (await factory.api.get('/v1/status')).body
    expect(attention[0]).toMatchObject({
      what: 'The bridge of orders to cloud-01 is not up: cloud-01 refused version 2',
      sinceMs: T0,
    })
    platform.farSides.clear()
    await until('it is told that all is well', async () => (await detail(factory)).peers.length === 0)
    process.kill((await detail(factory)).worker.pid, 'SIGKILL')
  },
)

/** Local ports of the established connections to a port of this machine (proc(5), net/tcp). */
function connectionsTo(port: number): string[] {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .flatMap((line) => {
      const [, local = '', far = '', state] = line.trim().split(/\s+/)
      return far.endsWith(remote) && state === '01' ? [local] : []
    })
}

slowTest(
  'a bridge that runs goes on over its connection while the owner puts another certificate on its port',
  async () => {
    await introduce(factory, cloud)
    await introduce(cloud, factory)
    mkdirSync(factory.folder.file('in'))
    const rows = 400_000
    const lines = Array.from({ length: rows }, (_, row) => `${row},part ${row}`)
    writeFileSync(factory.folder.file('in/orders.csv'), `id,name\n${lines.join('\n')}\n`)
    await deployBoth()
    const port = cloud.runtime.bridgePort
    const [bridge] = await until('records cross the bridge', async () => {
      const arrived = await rowsAtCloud().catch(() => undefined)
      return (arrived?.rows ?? 0) > 0 ? connectionsTo(port) : undefined
    })
    const chain = await chainOf()
    const { pem, keyPem } = await chain.server({ dns: ['cloud.example'], ip: ['127.0.0.1'] })
    const certificate = { certificate: pem + chain.authority, key: keyPem }
    expect((await cloud.api.send('PUT', '/v1/certificate', certificate)).status).toBe(200)
    const stranger = connect({ port, host: '127.0.0.1', servername: 'cloud.example', ca: chain.root })
    await once(stranger, 'secureConnect')
    stranger.destroy()
    const atSwap = (await rowsAtCloud()).rows
    expect(atSwap).toBeLessThan(rows)
    expect(connectionsTo(port)).toContain(bridge ?? 'none')
    await until('more has crossed on the same connection', async () => (await rowsAtCloud()).rows > atSwap)
    await until('both have ended', async () => {
      const states = await Promise.all([detail(factory), detail(cloud)])
      return states.every(({ state }) => state === 'stopped')
    })
    expect(await rowsAtCloud()).toEqual({ rows, ids: rows })
  },
)

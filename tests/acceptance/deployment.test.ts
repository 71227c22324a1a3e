import { expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { catalogue } from '../../src/catalogue.ts'
import { temporaryFolder } from '../support/folder.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { arrived } from '../support/runtime/copy-flow.ts'
import { runningRuntime } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

const BLUEPRINT = `blueprint: orders
systems:
  factory: { runtime: factory-01 }
  cloud: { runtime: cloud-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: [in/*.csv], columns: { id: int } } }
  warehouse: { type: libsql_table, on: cloud, from: orders, config: { path: out.db, table: orders, create: true } }
`
const ROWS = 2_000

async function site(platform: PlatformHost, name: string) {
  const folder = temporaryFolder()
  const { runtime, api } = await runningRuntime(folder.path, { name })
  const { code } = await platform.enrolmentCode()
  expect((await api.send('POST', '/v1/enrolment', { code })).status).toBe(201)
  const close = async (): Promise<void> => {
    await runtime.close()
    folder[Symbol.dispose]()
  }
  return { folder, api, [Symbol.asyncDispose]: close }
}

test('what a Platform deploys runs on two Runtimes whose owners approve it, and its records cross their bridge', async () => {
  await using platform = await PlatformHost.start({ catalogue })
  await using factory = await site(platform, 'factory-01')
  await using cloud = await site(platform, 'cloud-01')
  for (const [from, to] of [
    [factory, cloud],
    [cloud, factory],
  ] as const) {
    const { introduction } = (await from.api.send('POST', '/v1/peers/introduction')).body
    expect((await to.api.send('POST', '/v1/peers', { introduction })).status).toBe(201)
  }
  mkdirSync(factory.folder.file('in'))
  const lines = Array.from({ length: ROWS }, (_, row) => `${row},part ${row}`)
  writeFileSync(factory.folder.file('in/orders.csv'), `id,name\n${lines.join('\n')}\n`)
  await until('the Platform hears both', async () => {
    const { runtimes } = (await platform.api('GET', '/v1/runtimes')).body as { runtimes: { state: string }[] }
    return runtimes.filter(({ state }) => state === 'running').length === 2
  })
  expect((await platform.api('POST', '/v1/blueprints', { source: BLUEPRINT, code: {} })).status).toBe(201)
  const made = await platform.api('POST', '/v1/deployments', { blueprint: 'orders' })
  expect(made.status).toBe(201)
  const path = `/v1/deployments/${made.body['deployment']}`
  for (const { api } of [cloud, factory]) {
    await until('it waits for its owner', async () => (await api.get(path)).body.waiting)
    expect((await api.send('POST', `${path}/approve`, { version: 1 })).status).toBe(200)
  }
  await until('it has ended', async () => (await platform.api('GET', path)).body['state'] === 'stopped')
  expect(await arrived(cloud.folder)).toEqual({ rows: ROWS, distinct: ROWS })
  expect((await cloud.api.get(path)).body.bridges).toMatchObject([{ suite: expect.stringContaining('KKpsk0') }])
}, 60_000)

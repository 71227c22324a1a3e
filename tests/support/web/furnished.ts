/** A Platform and two Runtimes in which something of everything has happened: what pages are looked at in. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fromUtf8, utf8 } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import { copyBlueprint, type RuntimeServer, World } from '../acceptance/world.ts'
import { npmTarball } from '../runtime/tarball.ts'
import { until } from '../until.ts'
import type { Visited } from './walk.ts'

/** One server as a browser reaches it: each request carries the token of its owner. */
export type FurnishedSite = {
  name: 'platform' | 'runtime'
  url: string
  /** Where its pages begin. */
  home: string
  token: string
  visit(path: string): Promise<Visited>
}
export type Furnished = AsyncDisposable & { sites: FurnishedSite[] }

const CROSSING = `blueprint: orders-to-warehouse
systems:
  factory: { runtime: factory-01 }
  cloud: { runtime: cloud-01 }
components:
  orders: { type: csv_file, on: factory, config: { paths: [in/orders.csv] } }
  tidy: { type: map, on: factory, from: orders, config: { set: { seen: "true" } } }
  warehouse: { type: json_lines_file, on: cloud, from: tidy, config: { path: out/orders.jsonl } }
`

const JUNIT = `<testsuite name="checkout">${[
  ...Array.from({ length: 6 }, (_, at) => `<testcase classname="CartTest" name="adds item ${at}" time="0.${at}"/>`),
  '<testcase classname="PaymentTest" name="is declined" time="1.25"><skipped message="no sandbox today"/></testcase>',
  '<testcase classname="PaymentTest" name="pays once" time="2.5" file="src/payment.test.ts">',
  '<failure message="expected 1 payment, got 2 after the connection to the bank was lost and came back in the middle">',
  `at pay (src/payment.ts:41)\nat retry (src/payment.ts:88)\nat Test.run (src/payment.test.ts:12)</failure></testcase>`,
].join('')}</testsuite>`

/**
 * Of the Runtime's deployments one runs and waits for its bridge, one has ended and refused records, one was stopped by its owner, one
 * fails, and one waits for approval.
 */
export async function furnish(): Promise<Furnished> {
  const world = new World()
  try {
    await world.startPlatform()
    const factory = await world.enrolled('factory-01')
    const cloud = await world.enrolled('cloud-01')
    await world.introduce(factory, cloud)
    writeFileSync(join(factory.files, 'in/orders.csv'), 'id,price\n1,10\n2,20\n')
    writeFileSync(join(factory.files, 'in/odd.csv'), 'id,size\n1,10\n2,many\n3\n4,40\n')
    const copy = (name: string, paths: string, types = '{}') =>
      world.deploy(copyBlueprint({ name, runtime: 'factory-01', paths, types }))
    const odd = await copy('nightly-results', 'in/odd.csv', '{ size: int }')
    await world.approve(factory, odd)
    await world.local(factory, odd, ({ state }) => state === 'stopped')
    const late = await copy('invoices', 'in/late.csv')
    await world.approve(factory, late)
    const stopped = await copy('sensor-archive', 'in/late.csv')
    await world.approve(factory, stopped)
    await factory.client.request('POST', `/v1/deployments/${stopped}/stop`)
    await copy('parcels', 'in/parcels.csv')
    const crossing = await world.deploy(CROSSING)
    await world.local(cloud, crossing, ({ waiting }) => Boolean(waiting))
    await world.approve(factory, crossing)
    await world.local(factory, crossing, ({ state }) => state === 'running')
    await world.central(late, ({ state }) => state === 'failed')
    await furnishVault(factory)
    await furnishData(factory)
    return {
      sites: [siteAt('platform', world.platform.data), siteAt('runtime', factory.data)],
      [Symbol.asyncDispose]: () => world[Symbol.asyncDispose](),
    }
  } catch (error) {
    await world[Symbol.asyncDispose]()
    throw error
  }
}

/** A credential, a key that was made in the vault, and a library. */
async function furnishVault({ client }: RuntimeServer): Promise<void> {
  const fields = { username: 'writer', password: { environment: 'WAREHOUSE_PASSWORD' } }
  await client.request('PUT', '/v1/credentials/warehouse', { kind: 'password', fields })
  await client.request('POST', '/v1/credentials/deploy-key/generate', { kind: 'ssh_key', algorithm: 'ed25519' })
  await client.request('POST', '/v1/libraries?file=left-pad-1.3.0.tgz', npmTarball())
}

/** A data tenant with a dataset of test results and an upload token, a table that a bad line was refused for, and an empty one. */
async function furnishData({ client }: RuntimeServer): Promise<void> {
  const made = (path: string, body: object) => client.request('POST', path, body) as Promise<{ id: string }>
  const { id: tenant } = await made('/v1/data-tenants', { name: 'Acme' })
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const [tests, sizes] = [
    await made(datasets, { name: 'nightly-tests', shape: 'test-results' }),
    await made(datasets, { name: 'sizes', shape: 'table' }),
    await made(datasets, { name: 'tickets', shape: 'issues' }),
  ]
  await made(`${datasets}/${tests.id}/tokens`, { name: 'nightly' })
  const sent = [
    [`${datasets}/${tests.id}`, 'results.xml', JUNIT],
    [`${datasets}/${sizes.id}`, 'sizes.csv', 'part,size,note\n1,10,\n2,12,fits,twice\n3,11,late\n'],
  ] as const
  for (const [dataset, name, text] of sent) {
    await client.request('POST', `${dataset}/uploads?name=${name}&attribute.branch=main&attribute.run=17`, utf8(text))
    await until(`${name} is imported`, async () => {
      const { lastImport } = (await client.get(dataset)) as { lastImport: { state: string } | null }
      return /done|partly/.test(lastImport?.state ?? '') || undefined
    })
  }
}

/** By the access file that a server writes for the command of its own machine. */
function siteAt(name: FurnishedSite['name'], data: string): FurnishedSite {
  const access = JSON.parse(readFileSync(join(data, 'access.json'), 'utf8')) as {
    url: string
    ca: string
    token: string
  }
  const { origin, pathname } = new URL(access.url)
  return {
    ...{ name, url: origin, home: `${pathname.replace(/\/$/, '')}/`, token: access.token },
    async visit(path) {
      const headers = { accept: 'text/html', authorization: `Bearer ${access.token}` }
      const options = { method: 'GET' as const, headers, ca: [access.ca], timeoutMs: 20_000, bytesMax: 16_777_216 }
      const { status, headers: answered, body } = await requestHttps(`${origin}${path}`, options)
      const type = answered['content-type'] ?? ''
      // Downloads may be no text.
      const text = /^text\/|json/.test(type) ? fromUtf8(body) : ''
      return { status, type, text, location: answered['location'] }
    },
  }
}

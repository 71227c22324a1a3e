import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { base64url, Turns } from '../../src/base/mod.ts'
import { generateStoredKeyPair, loadAgreementKey } from '../../src/crypto/mod.ts'
import { saveBlueprint } from '../../src/platform/blueprints.ts'
import { deploy } from '../../src/platform/deployments/deploy.ts'
import { findDeployment, stopDeployment } from '../../src/platform/deployments/deployments.ts'
import { targetsOf } from '../../src/platform/deployments/targets.ts'
import { local } from '../support/platform/blueprints.ts'
import { type TenantHost, tenantHost } from '../support/platform/tenant-host.ts'
import { RUNTIME, STRANGER } from '../support/wire/parties.ts'

const author = 'user:ada'
let host: TenantHost
beforeEach(async () => {
  host = await tenantHost()
  await enrolled(RUNTIME, 'factory-01')
})
afterEach(() => host[Symbol.asyncDispose]())

/** Nobody answers there, so whatever is due stays due. */
async function enrolled(id: string, name: string): Promise<void> {
  const { publicKey } = await loadAgreementKey(await generateStoredKeyPair('agree'))
  const keys = { signingKid: name, signingKey: 'k', agreementKey: base64url(publicKey), authority: '', labels: {} }
  const place = { managementUrl: 'https://192.0.2.1:9000', bridgePort: 32_100, version: '0.1.0' }
  const row = { id, name, state: 'enrolled', ...keys, ...place, enrolledAtMs: 1, heartbeats: 1, left: false } as const
  await host.room.db.insert(host.room.db.tables.tenantRuntimes).values(row)
}

const store = (text: string, room = host.room) => saveBlueprint(room, { text, code: new Map(), author, message: '' })
const codesOf = (settled: PromiseSettledResult<unknown>[]) =>
  settled.map((each) => (each.status === 'fulfilled' ? 'done' : each.reason.code)).sort()

describe('at the same moment', () => {
  test('two deploys of one blueprint are two versions', async () => {
    await store(local)
    const both = await Promise.all([1, 2].map(() => deploy(host.room, { blueprint: 'orders', author })))
    expect(both.map(({ version }) => version).sort()).toEqual([1, 2])
    expect(new Set(both.map(({ deployment }) => deployment)).size).toBe(1)
    expect((await findDeployment(host.room.db, 'orders')).version).toBe(2)
  })

  test('two blueprints of one name are two versions', async () => {
    const both = await Promise.all([store(local), store(`${local}description: again\n`)])
    expect(both.map(({ version }) => version)).toEqual([1, 2])
  })

  test('a deploy and a stop go one after the other: the deployment and its Runtimes want the same', async () => {
    await store(local)
    const { deployment } = await deploy(host.room, { blueprint: 'orders', author })
    await Promise.all([
      deploy(host.room, { blueprint: 'orders', author }),
      stopDeployment(host.room, deployment, author),
    ])
    const row = await findDeployment(host.room.db, deployment)
    const targets = await targetsOf(host.room.db, deployment, row.version)
    expect(targets.map(({ wanted }) => wanted)).toEqual([row.wanted])
  })

  test('another process that was faster is a conflict with a name, and nothing is stored of the slower', async () => {
    await store(local)
    const elsewhere = () => ({ ...host.room, turns: new Turns() })
    const deploys = [1, 2].map(() => deploy(elsewhere(), { blueprint: 'orders', author }))
    expect(codesOf(await Promise.allSettled(deploys))).toEqual(['deployment.changed_meanwhile', 'done'])
    expect((await findDeployment(host.room.db, 'orders')).version).toBe(1)
    const stores = [1, 2].map((at) => store(`${local}description: number ${at}\n`, elsewhere()))
    expect(codesOf(await Promise.allSettled(stores))).toEqual(['blueprint.changed', 'done'])
  })
})

test('a Runtime that left and has not heard of it yet is still told to stop by every later version', async () => {
  await enrolled(STRANGER, 'cloud-01')
  await store(local.replaceAll('factory-01', 'cloud-01'))
  await deploy(host.room, { blueprint: 'orders', author })
  await store(local)
  for (const version of [2, 3]) {
    expect(await deploy(host.room, { blueprint: 'orders', author })).toMatchObject({ version })
    const { id } = await findDeployment(host.room.db, 'orders')
    const targets = await targetsOf(host.room.db, id, version)
    expect(targets.map(({ runtime, wanted }) => `${runtime} ${wanted}`).sort()).toEqual(
      [`${RUNTIME} run`, `${STRANGER} stop`].sort(),
    )
  }
})

describe('what would not fit into a message', () => {
  /** Of sources with 256 paths of 122 characters each. */
  const wide = (sources: number) => {
    const paths = Array.from({ length: 256 }, (_, index) => `"in/${String(index).padStart(119, '0')}"`)
    const names = Array.from({ length: sources }, (_, index) => `source${index}`)
    const lines = names.map(
      (name) => `  ${name}: { type: csv_file, on: factory, config: { paths: [${paths.join(',')}] } }`,
    )
    const head = local.slice(0, local.indexOf('  orders:'))
    const sink = `  kept: { type: json_lines_file, on: factory, from: [${names.join(', ')}], config: { path: out/x.jsonl } }`
    return [head.trimEnd(), ...lines, sink, ''].join('\n')
  }

  test('is refused before anything is stored, and does not stand before what fits', async () => {
    await store(wide(22))
    const refused = deploy(host.room, { blueprint: 'orders', author })
    await expect(refused).rejects.toMatchObject({ code: 'deployment.too_large', kind: 'invalid' })
    await expect(findDeployment(host.room.db, 'orders')).rejects.toHaveProperty('code', 'deployment.unknown')
    expect(await host.room.db.$count(host.room.db.tables.tenantTargets)).toBe(0)
    const actions = (await host.room.trail.list({ limit: 10 })).map(({ action }) => action)
    expect(actions).toEqual(['blueprint.stored'])
    await store(wide(16))
    expect(await deploy(host.room, { blueprint: 'orders', author })).toMatchObject({ version: 1 })
  })
})

import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { type DetailDeps, deploymentDetails } from '../../src/runtime/deployment-detail.ts'
import { KeptDeployments } from '../../src/runtime/kept-deployments.ts'
import { CountsMemory } from '../../src/runtime/state/counts.ts'
import { Peers } from '../../src/runtime/state/peers.ts'
import { Settings } from '../../src/runtime/state/settings.ts'
import type { Assignment } from '../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'
import { type DeploymentsHost, deploymentId, deploymentsHost } from '../support/runtime/deployments.ts'
import { plainAssignment } from '../support/runtime/offers.ts'
import { STRANGER } from '../support/wire/parties.ts'
import { PEM, assignment as sample } from '../support/wire/samples.ts'

const [ID, OTHER] = [deploymentId(1), deploymentId(2)]
let folder: TemporaryFolder
let host: DeploymentsHost
let peers: Peers
let kept: KeptDeployments
let view: DetailDeps

beforeEach(async () => {
  folder = memoryFolder()
  host = await deploymentsHost(folder.path)
  const { stores, clock, deployments, around } = host
  peers = new Peers({ ...stores, clock })
  kept = new KeptDeployments({ ...stores, peers, rules: around, deployments })
  view = {
    ...{ keptDeployments: kept, farSides: () => [], workers: { list: () => [] } as never },
    state: { counts: new CountsMemory(new Settings({ db: stores.db, clock })) },
  }
})
afterEach(() => {
  host[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const of = (deployment: `dep_${string}`, changes: Partial<Assignment> = {}): Assignment =>
  plainAssignment({ deployment, ...changes })
const seen = async (deployment = ID) => (await deploymentDetails(view)).find((one) => one.deployment === deployment)
const adds = async (kind: 'paths' | 'peers' | 'flows') => (await seen())?.waiting?.adds[kind]

function reads(path: string): Pick<Assignment, 'components'> {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  return { components: [{ ...orders, config: { paths: [path] } }, warehouse] }
}

/** Its records leave over a bridge. */
function bridged(): Assignment {
  const [orders] = plainAssignment().components
  const [bridge] = sample.bridges
  if (!orders || !bridge) throw new Error('the samples have a component and a bridge')
  return of(ID, { components: [orders], bridges: [{ ...bridge, from: 'orders' }] })
}

test('a look at what nobody changed reads nothing, opens nothing and weighs nothing', async () => {
  await host.run(of(ID))
  await host.apply(of(OTHER))
  const before = await deploymentDetails(view)
  using list = spyOn(host.stores.assignments, 'list')
  using opener = spyOn(host.stores.assignments, 'opener')
  using weighing = spyOn(host.deployments, 'waiting')
  for (let i = 0; i < 3; i++) expect(await deploymentDetails(view)).toEqual(before)
  expect([list, opener, weighing].map(({ mock }) => mock.calls.length)).toEqual([0, 0, 0])
})

test('every change is seen at the very next look', async () => {
  await host.apply(of(ID))
  expect(await seen()).toMatchObject({ state: 'awaiting-approval', waiting: { version: 1 } })
  await host.deployments.approve(ID, 1, 'user:owner')
  expect([(await seen())?.state, (await seen())?.waiting]).toEqual(['preparing', undefined])
  await host.stores.assignments.setState(ID, 1, 'failed', [{ code: 'worker.crashed' }])
  expect(await seen()).toMatchObject({ state: 'failed', reasons: [{ code: 'worker.crashed' }] })
  await host.apply(of(ID, { version: 2, ...reads('/etc/*') }))
  expect(await adds('paths')).toEqual(['read /etc/*'])
  await host.stores.approvals.add(ID, [{ kind: 'read-path', item: '/etc/*' }], 'user:owner')
  expect(await adds('paths')).toEqual([])
  await host.stores.approvals.forget(ID)
  expect(await adds('paths')).toEqual(['read /etc/*'])
  await host.deployments.refuse(ID, 2, { actor: 'user:owner' })
  expect((await seen())?.waiting).toBeUndefined()
  await host.deployments.stop(ID, 'user:owner')
  expect((await seen())?.state).toMatch(/draining|stopped/)
  await host.stores.assignments.forget(ID)
  expect(await seen()).toBeUndefined()
})

test('rules that came into force, and a name that the owner gave a peer, are seen at the very next look', async () => {
  host.around.peers.add(STRANGER)
  await host.apply(bridged())
  expect(await adds('peers')).toEqual([`send to ${STRANGER}`])
  const facts = { signingKey: 'A', agreementKey: 'B', authority: PEM, bridgeHost: 'cloud.example', bridgePort: 1 }
  await peers.accept({ ...facts, runtime: STRANGER, name: 'cloud-01', fingerprint: 'f', acceptedBy: 'user:u1' })
  expect(await adds('peers')).toEqual([`send to cloud-01 (${STRANGER})`])
  expect((await seen())?.bridges[0]?.peerName).toBe('cloud-01')
  const { policy } = host.around
  expect((await adds('flows'))?.length).toBeGreaterThan(0)
  // In memory only, as they are in the moment after they were written.
  host.around.policy = { ...policy, expressions: 'free' }
  expect(await adds('flows')).toEqual([])
})

test('what failed for a reason that may pass is asked again', async () => {
  await host.run(of(ID))
  using opener = spyOn(host.stores.assignments, 'opener').mockRejectedValueOnce(new Error('the disk is away'))
  expect(await refusalOf(() => seen())).not.toBe('nothing')
  expect((await seen())?.wiring.map(({ name }) => name)).toEqual(['orders', 'warehouse'])
  expect(opener).toHaveBeenCalledTimes(2)
  await host.apply(of(ID, { version: 2, ...reads('/etc/*') }))
  using weighing = spyOn(host.deployments, 'waiting').mockRejectedValueOnce(new Error('the disk is away'))
  expect(await refusalOf(() => seen())).not.toBe('nothing')
  expect(await adds('paths')).toEqual(['read /etc/*'])
  expect(weighing).toHaveBeenCalledTimes(2)
})

test('of an assignment no configuration and no secret of a bridge is kept', async () => {
  host.around.peers.add(STRANGER)
  await host.apply(bridged())
  const look = await kept.look()
  const [version] = look.rows.get(ID) ?? []
  const flow = version && (await look.flow(version))
  expect(flow?.bridges).toHaveLength(1)
  const words = JSON.stringify(flow)
  for (const secret of [sample.bridges[0]?.secret ?? 'none', 'config', 'address']) expect(words).not.toContain(secret)
})

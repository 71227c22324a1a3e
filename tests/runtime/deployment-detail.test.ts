import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { logOf } from '../../src/base/mod.ts'
import { type DetailDeps, deploymentDetail, deploymentDetails } from '../../src/runtime/deployment-detail.ts'
import { Deployments } from '../../src/runtime/deployments/deployments.ts'
import { configurationHash } from '../../src/runtime/inventory.ts'
import { KeptDeployments } from '../../src/runtime/kept-deployments.ts'
import { DEFAULT_POLICY, type Policy } from '../../src/runtime/policy/policy.ts'
import { CountsMemory } from '../../src/runtime/state/counts.ts'
import { Peers } from '../../src/runtime/state/peers.ts'
import { Settings } from '../../src/runtime/state/settings.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { refusalOf } from '../support/refusal.ts'
import { component } from '../support/runtime/fake-worker.ts'
import { DEPLOYMENT, offer, plainAssignment, registrationAt } from '../support/runtime/offers.ts'
import { testStores } from '../support/runtime/store.ts'
import { testTypes } from '../support/runtime/types.ts'
import { FakeClock, type Party, party, RUNTIME, STRANGER, TENANT } from '../support/wire/parties.ts'
import { PEM } from '../support/wire/samples.ts'

const OTHER = 'dep_01890000-0000-7000-8000-00000000000f'
const clock = new FakeClock()
let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let tenant: Party
let view: DetailDeps
let deployments: Deployments
let rules: { policy: Policy }

beforeEach(async () => {
  folder = memoryFolder()
  stores = await testStores(folder.path, clock)
  tenant = await party(TENANT, 'tenant')
  deployments = new Deployments({
    ...{ clock, log: logOf('test'), types: testTypes },
    ...{ assignments: stores.assignments, approvals: stores.approvals, code: stores.code },
    refusals: stores.refusals,
    surroundings: async () => ({
      ...{ types: testTypes, credentials: new Set(['warehouse']), peers: new Set<string>() },
      folders: { data: '/var/lib/sluice/runtime', files: '/srv/files' },
      policy: rules.policy,
    }),
    registration: async () => registrationAt(tenant),
    crew: { replace: () => undefined, stop: async () => undefined, forget: async () => undefined },
    record: async () => undefined,
    onChange: () => undefined,
  })
  rules = { policy: DEFAULT_POLICY }
  const peers = new Peers({ db: stores.db, mac: stores.mac, clock })
  view = {
    keptDeployments: new KeptDeployments({ ...stores, peers, rules, deployments }),
    farSides: () => [],
    workers: { list: () => [] } as never,
    state: { counts: new CountsMemory(new Settings({ db: stores.db, clock })) },
  }
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

async function apply(changes: Parameters<typeof plainAssignment>[0] = {}): Promise<void> {
  await deployments.apply(await offer(tenant, plainAssignment(changes)), registrationAt(tenant))
}

const shortly = async () =>
  (await deploymentDetails(view)).map(({ deployment, state, reasons: [first], waiting }) => ({
    ...{ deployment, state, reason: first?.code, waits: waiting !== undefined },
  }))

test('an approval that something else wrote makes its deployment failed, by name, and leaves the others as they are', async () => {
  await apply()
  await apply({ deployment: OTHER })
  const row = { deployment: OTHER, kind: 'host', item: 'x:1', approvedBy: 'user:u1', approvedAtMs: 0 }
  await stores.db.insert(stores.db.tables.runtimeApprovals).values({ ...row, mac: new Uint8Array(32) })
  expect(await shortly()).toEqual([
    { deployment: OTHER, state: 'failed', reason: 'runtime.row_not_authentic', waits: false },
    { deployment: DEPLOYMENT, state: 'awaiting-approval', reason: expect.any(String), waits: true },
  ])
  expect(await refusalOf(() => deployments.approve(OTHER, 1, 'user:u1'))).toBe('runtime.row_not_authentic')
})

test('what runs is not called failed because the version beside it cannot be decided on', async () => {
  await apply()
  await deployments.approve(DEPLOYMENT, 1, 'user:u1')
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  await apply({ version: 2, components: [{ ...orders, config: { paths: ['/etc/*'] } }, warehouse] })
  const table = stores.db.tables.runtimeApprovals
  await stores.db.update(table).set({ item: '/etc/*' }).where(eq(table.kind, 'read-path'))
  expect(await shortly()).toEqual([
    { deployment: DEPLOYMENT, state: 'preparing', reason: 'runtime.row_not_authentic', waits: false },
  ])
})

test('an assignment that something else wrote makes its deployment failed, with nothing said of its components', async () => {
  await apply()
  await deployments.approve(DEPLOYMENT, 1, 'user:u1')
  const table = stores.db.tables.runtimeAssignments
  await stores.db.update(table).set({ sealed: new Uint8Array(64) })
  const detail = await deploymentDetail(view, DEPLOYMENT)
  expect(detail).toMatchObject({ state: 'failed', reasons: [{ code: 'runtime.row_not_authentic' }], wiring: [] })
})

test('of what runs nothing is read or opened: only of the others', async () => {
  await apply()
  await apply({ deployment: OTHER })
  await deployments.approve(DEPLOYMENT, 1, 'user:u1')
  const counts = { components: [], bridges: [], deadLetters: 0, rssBytes: 1, rates: new Map(), reasonsSince: new Map() }
  const running = { assignment: plainAssignment(), state: 'running', reasons: [], counts, pid: 1, restarts: 0 }
  using opener = spyOn(stores.assignments, 'opener')
  await deploymentDetails({ ...view, workers: { list: () => [running] } as never })
  expect(opener.mock.calls.map(([wanted]) => wanted.map(({ deployment }) => deployment))).toEqual([[OTHER]])
})

test('the number of refused records comes from what its worker told, and no worker is asked', async () => {
  await apply()
  await view.state.counts.save(DEPLOYMENT, 1, { components: [], bridges: [], deadLetters: 5 })
  expect((await deploymentDetail(view, DEPLOYMENT)).deadLetters).toBe(5)
  await view.state.counts.lettersLeft(DEPLOYMENT, 2)
  expect((await deploymentDetail(view, DEPLOYMENT)).deadLetters).toBe(2)
  const counts = { components: [], bridges: [], deadLetters: 3, rssBytes: 1, rates: new Map(), reasonsSince: new Map() }
  const running = { assignment: plainAssignment(), state: 'running', counts, pid: 1, restarts: 0 }
  const live = { ...view, workers: { list: () => [running] } as never }
  expect((await deploymentDetail(live, DEPLOYMENT)).deadLetters).toBe(3)
})

test('a component of a live worker says since when it has its reason; one of a worker before says none', async () => {
  await apply()
  const retried = { ...component(1), reason: { code: 'host.unreachable' } }
  const counts = { components: [retried], bridges: [], deadLetters: 0, rssBytes: 1, rates: new Map() }
  const running = (reasonsSince: Map<string, number>) =>
    ({
      list: () => [{ assignment: plainAssignment(), state: 'running', counts: { ...counts, reasonsSince } }],
    }) as never
  const since = async (reasonsSince: Map<string, number>) =>
    (await deploymentDetail({ ...view, workers: running(reasonsSince) }, DEPLOYMENT)).components[0]?.reasonSince
  expect(await since(new Map([['orders', clock.now()]]))).toBe(new Date(clock.now()).toISOString())
  expect(await since(new Map())).toBeUndefined()
})

test('the configuration’s hash is told with a peer whose row something else wrote, and shows that as drift', async () => {
  const peers = new Peers({ db: stores.db, mac: stores.mac, clock })
  const peer = { name: 'cloud-01', signingKey: 'A', agreementKey: 'B', authority: PEM, bridgeHost: 'cloud.example' }
  const facts = { ...peer, bridgePort: 1, fingerprint: 'f', acceptedBy: 'user:u1' }
  for (const runtime of [RUNTIME, STRANGER]) await peers.accept({ ...facts, runtime })
  const deps = { peers, assignments: stores.assignments, vault: { list: async () => [] }, types: testTypes }
  const hash = () =>
    configurationHash({
      ...deps,
      libraries: { list: async () => ({ installed: [], notAuthentic: [] }) },
      bridgePort: () => 1,
      rules: { policy: DEFAULT_POLICY },
      drift: { told: () => undefined },
    })
  const before = await hash()
  const table = stores.db.tables.runtimePeers
  await stores.db.update(table).set({ agreementKey: 'E' }).where(eq(table.runtime, STRANGER))
  expect(await hash()).not.toBe(before)
})

import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { logOf } from '../../../src/base/mod.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { Deployments } from '../../../src/runtime/deployments/deployments.ts'
import { DEFAULT_POLICY, type Policy } from '../../../src/runtime/policy/policy.ts'
import { type Assignment, manifestOf } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { DEPLOYMENT, offer, plainAssignment, registrationAt } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { FakeClock, type Party, party, STRANGER, TENANT } from '../../support/wire/parties.ts'
import { assignment as bridged } from '../../support/wire/samples.ts'

type Stores = Awaited<ReturnType<typeof testStores>>
let folder: TemporaryFolder
let stores: Stores
let tenant: Party
let stranger: Party
let credentials: Set<string>
let peers: Set<string>
let policy: Policy
/** What the crew was asked to do, in order. */
let crew: string[]
let trail: string[]
const clock = new FakeClock()

beforeEach(async () => {
  folder = memoryFolder()
  stores = await testStores(folder.path, clock)
  tenant = await party(TENANT, 'tenant')
  stranger = await party(STRANGER, 'stranger')
  credentials = new Set(['warehouse'])
  peers = new Set()
  policy = DEFAULT_POLICY
  crew = []
  trail = []
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

function open(signedBy: Party = tenant): Deployments {
  return new Deployments({
    ...{ clock, log: logOf('test'), types: testTypes },
    ...{ assignments: stores.assignments, approvals: stores.approvals, code: stores.code },
    refusals: stores.refusals,
    surroundings: async () => ({
      types: testTypes,
      credentials,
      peers,
      folders: { data: '/var/lib/sluice/runtime', files: '/srv/files' },
      policy,
    }),
    registration: async () => registrationAt(signedBy),
    crew: {
      replace: ({ version }) => void crew.push(`run ${version}`),
      stop: async () => void crew.push('stop'),
      forget: async () => void crew.push('forget'),
    },
    record: async (_actor, action, _deployment, detail) => void trail.push(`${action} ${detail['code'] ?? ''}`.trim()),
    onChange: () => undefined,
  })
}

async function apply(assignment: Assignment, changes = {}, deployments = open()) {
  return deployments.apply(await offer(tenant, assignment, changes), registrationAt(tenant))
}

test('apply() keeps a first version for the owner and names what it adds', async () => {
  const result = await apply(plainAssignment())
  expect(result.outcome).toBe('awaiting-approval')
  expect(result.reasons).toContainEqual({ code: 'approval.read_path', item: '/data/in/*.csv' })
  expect(crew).toEqual([])
  expect(trail).toEqual(['deployment.received'])
})

test('approve() puts the waiting version into force; the next within it starts at once', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  expect(crew).toEqual(['run 1'])
  expect((await apply(plainAssignment({ version: 2 }), {}, deployments)).outcome).toBe('applied')
  expect(crew).toEqual(['run 1', 'run 2'])
  expect(await stores.assignments.placed(DEPLOYMENT, 'current')).toMatchObject({ version: 2, state: 'preparing' })
})

test('a version that adds something waits, and the one in force is untouched until the owner decides', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, undefined, 'user:owner')
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const wider = plainAssignment({ version: 2, components: [{ ...orders, config: { paths: ['/etc/*'] } }, warehouse] })
  const result = await apply(wider, {}, deployments)
  expect(result).toMatchObject({
    outcome: 'awaiting-approval',
    reasons: [
      { code: 'approval.flow', item: 'warehouse' },
      { code: 'approval.read_path', item: '/etc/*' },
    ],
  })
  expect((await deployments.waiting(DEPLOYMENT)).adds).toContainEqual({ kind: 'read-path', item: '/etc/*' })
  expect(crew).toEqual(['run 1'])
  await deployments.refuse(DEPLOYMENT, 2, { actor: 'user:owner' })
  expect(await stores.assignments.placed(DEPLOYMENT, 'current')).toMatchObject({ version: 1 })
  expect(await stores.assignments.find(DEPLOYMENT, 2)).toMatchObject({ state: 'refused', place: 'past' })
  expect(crew).toEqual(['run 1'])
})

test('the owner decides on the version that was looked at, or not at all', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await apply(plainAssignment({ version: 2 }), {}, deployments)
  expect(await refusalOf(() => deployments.approve(DEPLOYMENT, 1, 'user:owner'))).toBe('deployment.changed')
  expect(await refusalOf(() => deployments.refuse(DEPLOYMENT, 1, { actor: 'user:owner' }))).toBe('deployment.changed')
  expect(crew).toEqual([])
})

test('approve() and refuse() know a deployment that does not wait from one that does not exist', async () => {
  const deployments = open()
  expect(await refusalOf(() => deployments.approve(DEPLOYMENT, 1, 'user:owner'))).toBe('deployment.not_found')
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  expect(await refusalOf(() => deployments.approve(DEPLOYMENT, 1, 'user:owner'))).toBe('deployment.not_waiting')
})

test('apply() refuses a type that this program does not have, naming it', async () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const result = await apply(plainAssignment({ components: [{ ...orders, type: 'kafka_topic' }, warehouse] }))
  expect(result).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'component.type_unknown', item: 'kafka_topic' }],
  })
  expect(trail).toEqual(['deployment.refused component.type_unknown'])
})

test('apply() refuses a component that would reach the Runtime’s own files, naming the path', async () => {
  const assignment = plainAssignment()
  const [orders] = assignment.components
  if (orders) orders.config = { ...orders.config, paths: ['/var/lib/sluice/runtime/master.key'] }
  const result = await apply(assignment)
  const item = '/var/lib/sluice/runtime/master.key'
  expect(result).toMatchObject({ outcome: 'refused', reasons: [{ code: 'policy.path_forbidden', item }] })
})

test('apply() refuses a credential that is not in the vault, naming it', async () => {
  credentials.clear()
  const result = await apply(plainAssignment())
  expect(result).toMatchObject({ outcome: 'refused', reasons: [{ code: 'credential.missing', item: 'warehouse' }] })
})

test('a refused version is told until one is taken or the Platform stops it, over a restart too, and review says why', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  credentials.clear()
  await apply(plainAssignment({ version: 2 }), {}, deployments)
  const why = [{ code: 'credential.missing', item: 'warehouse' }]
  const told = [{ deployment: DEPLOYMENT, version: 2, blueprint: plainAssignment().blueprint, reasons: why }]
  expect(await open().refused()).toMatchObject(told)
  expect(await refusalOf(() => deployments.waiting(DEPLOYMENT))).toBe('deployment.not_waiting')
  await expect(deployments.waiting(DEPLOYMENT)).rejects.toThrow(
    /was refused here: credential.missing \(warehouse\). Set it with .+ Then deploy it again from the Platform./,
  )
  credentials.add('warehouse')
  expect((await apply(plainAssignment({ version: 3 }), {}, deployments)).outcome).toBe('applied')
  expect(await deployments.refused()).toEqual([])
  credentials.clear()
  await apply(plainAssignment({ version: 4 }), {}, deployments)
  await deployments.stop(DEPLOYMENT, 'user:owner')
  expect(await deployments.refused()).toHaveLength(1)
  await deployments.stop(DEPLOYMENT, 'platform')
  expect(await deployments.refused()).toEqual([])
})

test('an older version that comes again is refused, and nobody is asked to mend that', async () => {
  const deployments = open()
  await apply(plainAssignment({ version: 2 }), {}, deployments)
  expect(await apply(plainAssignment({ version: 1 }), {}, deployments)).toMatchObject({
    reasons: [{ code: 'deployment.version_old' }],
  })
  expect(await deployments.refused()).toEqual([])
})

test('apply() refuses a peer that the owner did not accept, naming it', async () => {
  const assignment = {
    ...bridged,
    components: plainAssignment().components.slice(0, 1),
    bridges: bridged.bridges.map((bridge) => ({ ...bridge, from: 'orders' })),
  }
  expect(await apply(assignment)).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'peer.unknown', item: bridged.bridges[0]?.peer }],
  })
  peers.add(bridged.bridges[0]?.peer ?? '')
  expect((await apply(assignment)).outcome).toBe('awaiting-approval')
})

test('apply() refuses a config that its type does not take, naming the component', async () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const result = await apply(plainAssignment({ components: [{ ...orders, config: { path: 'x' } }, warehouse] }))
  expect(result.reasons).toEqual([{ code: 'component.config_invalid', item: 'orders' }])
})

test('apply() refuses records that come from nowhere', async () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const result = await apply(plainAssignment({ components: [orders, { ...warehouse, from: ['nobody'] }] }))
  expect(result.reasons).toContainEqual({ code: 'assignment.wiring', item: 'warehouse' })
})

test('apply() refuses what the tenant did not sign, and a signature of another key', async () => {
  const assignment = plainAssignment()
  const other = await offer(stranger, assignment)
  expect((await apply(assignment, { signature: other.signature })).reasons).toEqual([
    { code: 'assignment.signature_refused' },
  ])
  const changed = structuredClone(assignment)
  changed.classification = { name: 'public' }
  expect((await apply(assignment, { document: changed })).reasons).toEqual([{ code: 'assignment.signature_refused' }])
  expect(await stores.assignments.list()).toEqual([])
})

test('apply() refuses a manifest that does not match, naming the item, and leaves the version in force untouched', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  const next = plainAssignment({ version: 2 })
  const manifest = await manifestOf(next)
  const tampered = { ...manifest, components: { ...manifest.components, orders: '0'.repeat(64) } }
  const result = await apply(next, { manifest: tampered }, deployments)
  expect(result).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'manifest.mismatch', item: 'component orders' }],
  })
  expect(await stores.assignments.placed(DEPLOYMENT, 'current')).toMatchObject({ version: 1 })
  expect(crew).toEqual(['run 1'])
})

test('apply() refuses an assignment for another Runtime, tenant, deployment or version', async () => {
  expect((await apply(plainAssignment({ runtime: STRANGER }))).reasons[0]?.code).toBe('assignment.misdirected')
  expect((await apply(plainAssignment(), { version: 2 })).reasons[0]?.code).toBe('assignment.misdirected')
})

test('apply() does not understand a document of another form, and says where', async () => {
  const document = { ...plainAssignment(), format: 2 }
  const result = await apply(plainAssignment(), { document })
  expect(result).toMatchObject({
    outcome: 'not-understood',
    reasons: [{ code: 'assignment.not_understood', item: 'format' }],
  })
})

test('apply() refuses an older version, and another content under a version that it has', async () => {
  const deployments = open()
  await apply(plainAssignment({ version: 3 }), {}, deployments)
  await deployments.approve(DEPLOYMENT, 3, 'user:owner')
  expect((await apply(plainAssignment({ version: 2 }), {}, deployments)).reasons).toEqual([
    { code: 'deployment.version_old' },
  ])
  const other = plainAssignment({ version: 3, classification: { name: 'restricted' } })
  expect((await apply(other, {}, deployments)).reasons).toEqual([{ code: 'deployment.version_reused' }])
})

test('the same version again is answered as before and has no second effect', async () => {
  const deployments = open()
  const first = await apply(plainAssignment(), {}, deployments)
  expect(await apply(plainAssignment(), {}, deployments)).toEqual(first)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  expect((await apply(plainAssignment(), {}, deployments)).outcome).toBe('applied')
  expect(crew).toEqual(['run 1'])
})

test('apply() asks for code by its content, and goes on once it has it', async () => {
  const content = new TextEncoder().encode('export const score = 1\n')
  const sha256 = await sha256Hex(content)
  const code = { sha256, bytes: content.byteLength }
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const score = { name: 'score', type: 'script', from: ['orders'], config: {}, code }
  const assignment = plainAssignment({ components: [orders, score, { ...warehouse, from: ['score'] }] })
  expect(await apply(assignment)).toMatchObject({ outcome: 'needs-code', lacking: [sha256] })
  await stores.code.receive({ sha256, bytes: content.byteLength, offset: 0, content })
  const result = await apply(assignment)
  expect(result.outcome).toBe('awaiting-approval')
  expect(result.reasons).toContainEqual({ code: 'approval.script', item: sha256 })
})

test('stop() drops what waits and drains what runs; a stopped deployment is not resumed', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  expect(await deployments.stop(DEPLOYMENT, 'platform')).toBe('draining')
  expect(await deployments.stop(DEPLOYMENT, 'platform')).not.toBe('running')
  await open().resume()
  expect(crew.filter((act) => act.startsWith('run'))).toEqual(['run 1'])
})

test('a version that comes again after it was stopped is not started again, and its answer says how it stands', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  await deployments.stop(DEPLOYMENT, 'user:owner')
  await deployments.stop(DEPLOYMENT, 'user:owner')
  expect(await apply(plainAssignment(), {}, deployments)).toMatchObject({ outcome: 'applied', state: 'stopped' })
  expect(crew).toEqual(['run 1', 'stop'])
  expect(await stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({ place: 'current', state: 'stopped' })
  expect((await stores.assignments.find(DEPLOYMENT, 1))?.reasons).toEqual([{ code: 'owner.stopped' }])
})

test('a waiting version that was dropped by a stop does not wait again when it comes again', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  expect(await deployments.stop(DEPLOYMENT, 'user:owner')).toBe('stopped')
  expect(await apply(plainAssignment(), {}, deployments)).toMatchObject({ outcome: 'applied', state: 'stopped' })
  expect(await stores.assignments.placed(DEPLOYMENT, 'waiting')).toBeUndefined()
})

test('resume() goes on with the others when one row was changed by something else, and names that one as failed', async () => {
  const other = 'dep_01890000-0000-7000-8000-00000000000f'
  const deployments = open()
  for (const assignment of [plainAssignment(), plainAssignment({ deployment: other, version: 7 })]) {
    await apply(assignment, {}, deployments)
    await deployments.approve(assignment.deployment, undefined, 'user:owner')
  }
  const table = stores.db.tables.runtimeAssignments
  await stores.db
    .update(table)
    .set({ sealed: new Uint8Array(40), reasons: 'x' })
    .where(eq(table.deployment, other))
  crew.length = 0
  await open().resume()
  expect(crew).toEqual(['run 1'])
  expect(await stores.assignments.find(other, 7)).toMatchObject({
    state: 'failed',
    reasons: [{ code: 'runtime.row_not_authentic' }],
  })
})

test('forget() keeps nothing of a deployment that ended, and what comes of it again waits for the owner', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  await deployments.forget(DEPLOYMENT, async () => void crew.push('others'))
  expect(crew).toEqual(['run 1'])
  await deployments.stop(DEPLOYMENT, 'user:owner')
  await deployments.stop(DEPLOYMENT, 'user:owner')
  await deployments.forget(DEPLOYMENT, async () => void crew.push('others'))
  expect(crew).toEqual(['run 1', 'stop', 'forget', 'others'])
  expect(await stores.assignments.list()).toEqual([])
  expect(await apply(plainAssignment(), {}, deployments)).toMatchObject({ outcome: 'awaiting-approval' })
})

test('resume() goes on with what was in force, if the tenant’s signature still holds', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  await open().resume()
  expect(crew).toEqual(['run 1', 'run 1'])
})

test('resume() refuses an assignment whose signature was tampered with on the disk, and says so in the trail', async () => {
  const deployments = open()
  await apply(plainAssignment(), {}, deployments)
  await deployments.approve(DEPLOYMENT, 1, 'user:owner')
  const table = stores.db.tables.runtimeAssignments
  const { signature } = await offer(stranger, plainAssignment())
  await stores.db.update(table).set({ signature }).where(eq(table.deployment, DEPLOYMENT))
  await open().resume()
  expect(crew).toEqual(['run 1'])
  expect(await stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({
    state: 'refused',
    reasons: [{ code: 'assignment.signature_refused' }],
  })
  expect(trail.at(-1)).toBe('deployment.refused assignment.signature_refused')
})

test('an approval that something else wrote into the database is found, not believed', async () => {
  const approvals = stores.db.tables.runtimeApprovals
  await stores.db.insert(approvals).values({
    ...{ deployment: DEPLOYMENT, kind: 'read-path', item: '/etc/*', approvedBy: 'user:owner', approvedAtMs: 0 },
    mac: new Uint8Array(32),
  })
  expect(await refusalOf(() => apply(plainAssignment()))).toBe('runtime.row_not_authentic')
})

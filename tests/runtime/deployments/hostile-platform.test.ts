import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { libsqlTableSink } from '../../../src/pipeline/components/sinks/libsql_table.ts'
import type { AnyDefinition } from '../../../src/pipeline/mod.ts'
import { RESTRICTED_FIELDS_MAX } from '../../../src/runtime/deployments/agreement.ts'
import { ASSIGNMENTS_PER_HOUR_MAX } from '../../../src/runtime/deployments/pace.ts'
import { CODE_BYTES_MAX } from '../../../src/runtime/state/code-files.ts'
import type { Assignment } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'
import { refusalOf } from '../../support/refusal.ts'
import { type DeploymentsHost, deploymentId, deploymentsHost } from '../../support/runtime/deployments.ts'
import { DEPLOYMENT, plainAssignment } from '../../support/runtime/offers.ts'
import { testTypes } from '../../support/runtime/types.ts'
import { STRANGER as RUNTIME_ELSEWHERE } from '../../support/wire/parties.ts'

let folder: TemporaryFolder
let host: DeploymentsHost
beforeEach(async () => {
  folder = memoryFolder()
  host = await deploymentsHost(folder.path)
})
afterEach(() => {
  host[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const numbered = (n: number, version = 1): Assignment => plainAssignment({ deployment: deploymentId(n), version })

test('as many versions wait as the rules allow, and the next is refused and not kept', async () => {
  host.around.policy = { ...host.around.policy, waitingMax: 3 }
  for (let n = 1; n <= 3; n++) expect((await host.apply(numbered(n))).outcome).toBe('awaiting-approval')
  expect(await host.apply(numbered(4))).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'policy.waiting_max', item: '3' }],
  })
  expect(await host.stores.assignments.list()).toHaveLength(3)
  // A newer version of one that waits takes its place and no other.
  expect((await host.apply(numbered(3, 2))).outcome).toBe('awaiting-approval')
})

test('versions that come together do not share the last place', async () => {
  host.around.policy = { ...host.around.policy, waitingMax: 1 }
  const outcomes = await Promise.all([1, 2, 3].map(async (n) => (await host.apply(numbered(n))).outcome))
  expect(outcomes.sort()).toEqual(['awaiting-approval', 'refused', 'refused'])
})

test('as many deployments run as the rules allow; the next does not start, not even with its owner’s approval', async () => {
  host.around.policy = { ...host.around.policy, workersMax: 2 }
  for (let n = 1; n <= 2; n++) await host.run(numbered(n))
  await host.apply(numbered(3))
  expect(await refusalOf(() => host.deployments.approve(deploymentId(3), 1, 'user:owner'))).toBe('deployment.forbidden')
  expect(host.crew).toEqual(['run 1', 'run 1'])
  // A new version of one that runs takes its place and no other.
  expect((await host.apply(numbered(2, 2))).outcome).toBe('applied')
  await host.deployments.stop(deploymentId(1), 'user:owner')
  await host.deployments.stop(deploymentId(1), 'user:owner')
  await host.deployments.approve(deploymentId(3), 1, 'user:owner')
  expect(host.crew).toContain('stop')
})

test('what was approved for one deployment is not approved for another, and a first version always waits', async () => {
  await host.run(numbered(1))
  const twin = await host.apply(numbered(2))
  expect(twin.outcome).toBe('awaiting-approval')
  expect(twin.reasons).toContainEqual({ code: 'approval.deployment', item: 'orders-to-warehouse' })
  const script = (name: string, from: string[]) => ({ name, type: 'script', from, config: {} })
  const nothing = plainAssignment({ deployment: deploymentId(3), components: [script('a', ['b']), script('b', ['a'])] })
  host.around.policy = { ...host.around.policy, expressions: 'free' }
  // It touches nothing at all and is refused for its wiring; with a sound one the first version waits all the same.
  expect((await host.apply(nothing)).outcome).toBe('refused')
})

test('code is taken only where it was named as lacking, and in the size that its deployment gives', async () => {
  const content = new TextEncoder().encode('export const score = 1\n')
  const sha256 = await sha256Hex(content)
  const bytes = content.byteLength
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const score = { name: 'score', type: 'script', from: ['orders'], config: {}, code: { sha256, bytes } }
  const assignment = plainAssignment({ components: [orders, score, { ...warehouse, from: ['score'] }] })
  const chunk = { sha256, bytes, offset: 0, content }
  expect(await refusalOf(() => host.stores.code.receive(chunk))).toBe('code.unexpected')
  expect((await host.apply(assignment)).outcome).toBe('needs-code')
  const longer = { ...chunk, bytes: bytes + 1 }
  expect(await refusalOf(() => host.stores.code.receive(longer))).toBe('code.unexpected')
  expect(await host.stores.code.receive(chunk)).toBe(bytes)
  expect((await host.apply(assignment)).outcome).toBe('awaiting-approval')
})

test('code that is longer than a script may be refuses its deployment, and code of one that may not run is not asked for', async () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const code = { sha256: '0'.repeat(64), bytes: CODE_BYTES_MAX + 1 }
  const score = { name: 'score', type: 'script', from: ['orders'], config: {}, code }
  const components = [orders, score, { ...warehouse, from: ['score'] }]
  expect(await host.apply(plainAssignment({ components }))).toMatchObject({
    outcome: 'refused',
    reasons: [{ code: 'component.code_too_large', item: 'score' }],
  })
  host.around.credentials.clear()
  score.code.bytes = 8
  expect((await host.apply(plainAssignment({ components }))).outcome).toBe('refused')
})

test('what its owner stopped does not start again by the same version or by a new one, until its owner approves', async () => {
  await host.run(plainAssignment())
  await host.deployments.stop(DEPLOYMENT, 'user:owner')
  await host.deployments.stop(DEPLOYMENT, 'user:owner')
  expect(await host.apply(plainAssignment())).toMatchObject({ state: 'stopped', reasons: [{ code: 'owner.stopped' }] })
  expect(await host.apply(plainAssignment({ version: 2 }))).toMatchObject({
    outcome: 'awaiting-approval',
    reasons: [{ code: 'approval.restart', item: 'orders-to-warehouse' }],
  })
  await host.open().resume()
  expect(host.crew).toEqual(['run 1', 'stop'])
  await host.deployments.approve(DEPLOYMENT, 2, 'user:owner')
  expect((await host.apply(plainAssignment({ version: 3 }))).outcome).toBe('applied')
  expect(host.crew).toEqual(['run 1', 'stop', 'run 2', 'run 3'])
})

test('a stop of its owner holds after the process ended in the middle of it; one of the Platform holds nothing', async () => {
  await host.run(plainAssignment())
  await host.deployments.stop(DEPLOYMENT, 'user:owner')
  await host.stores.assignments.setState(DEPLOYMENT, 1, 'draining', [])
  const next = host.open()
  await next.resume()
  expect(await host.stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({
    ...{ state: 'stopped', reasons: [{ code: 'owner.stopped' }] },
  })
  await host.run(numbered(2))
  await host.deployments.stop(deploymentId(2), 'platform')
  expect((await host.apply(numbered(2, 2))).outcome).toBe('applied')
})

test('restart() lets the version that its owner stopped run again, and the next version starts as before', async () => {
  await host.run(plainAssignment())
  await host.deployments.stop(DEPLOYMENT, 'user:owner')
  await host.deployments.restart(DEPLOYMENT, 'user:owner', 'owner')
  expect(host.crew).toEqual(['run 1', 'stop', 'run 1'])
  await new Promise((resolve) => setImmediate(resolve))
  // The drain that was under way does not say afterwards that it is stopped.
  expect(await host.stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({ state: 'preparing' })
  expect((await host.apply(plainAssignment({ version: 2 }))).outcome).toBe('applied')
  host.around.credentials.clear()
  expect(await refusalOf(() => host.deployments.restart(DEPLOYMENT, 'user:owner', 'owner'))).toBe(
    'deployment.forbidden',
  )
})

test('restart() is refused to an operator once its owner stopped it: at its end, while it drains, and while both wait for their turn', async () => {
  const byOperator = () => refusalOf(() => host.deployments.restart(DEPLOYMENT, 'user:operator', 'operator'))
  await host.run(plainAssignment())
  expect(await byOperator()).toBe('nothing')
  const stopping = host.deployments.stop(DEPLOYMENT, 'user:owner')
  expect(await byOperator()).toBe('account.role_too_low')
  await stopping
  for (const state of ['draining', 'failed', 'stopped'] as const) {
    await host.stores.assignments.setState(DEPLOYMENT, 1, state, [])
    expect(await byOperator()).toBe('account.role_too_low')
  }
  // A version that waits does not hide that the one in force was stopped.
  expect((await host.apply(plainAssignment({ version: 2 }))).outcome).toBe('awaiting-approval')
  expect(await byOperator()).toBe('account.role_too_low')
  expect(host.crew).toEqual(['run 1', 'run 1', 'stop'])
})

test('an operator lets run again what came to its end by itself, and not what the Platform stopped', async () => {
  const byOperator = () => refusalOf(() => host.deployments.restart(DEPLOYMENT, 'user:operator', 'operator'))
  await host.run(plainAssignment())
  await host.stores.assignments.setState(DEPLOYMENT, 1, 'stopped', [{ code: 'flow.ended' }])
  expect(await byOperator()).toBe('nothing')
  await host.stores.assignments.setState(DEPLOYMENT, 1, 'stopped', [])
  expect(await byOperator()).toBe('account.role_too_low')
})

test('a sink that would write in another way waits: over rows, by other keys, or into a table that it makes', async () => {
  const types = new Map([...testTypes, ['libsql_table', libsqlTableSink as AnyDefinition]])
  using place = memoryFolder()
  using host = await deploymentsHost(place.path, types)
  const [orders] = plainAssignment().components
  if (!orders) throw new Error('the sample has a source')
  const writing = (version: number, config: object): Assignment => {
    const whole = { credential: 'warehouse', table: 'ledger', ...config }
    return plainAssignment({
      version,
      components: [orders, { name: 'ledger', type: 'libsql_table', from: ['orders'], config: whole }],
    })
  }
  await host.run(writing(1, { mode: 'insert' }))
  expect((await host.apply(writing(2, { mode: 'insert' }))).outcome).toBe('applied')
  const others = [
    { mode: 'upsert', key: ['account'] },
    { mode: 'insert', create: true },
  ]
  for (const [at, config] of others.entries()) {
    expect(await host.apply(writing(3 + at, config))).toMatchObject({
      outcome: 'awaiting-approval',
      reasons: [{ code: 'approval.flow', item: 'ledger' }],
    })
  }
})

test('another library under the name and version that was approved waits, and is not restarted into either', async () => {
  const reading = testTypes.get('csv_file') as AnyDefinition
  const importing = { ...reading, touches: () => ({ libraries: ['left-pad@1.3.0'] }) } as AnyDefinition
  using place = memoryFolder()
  using host = await deploymentsHost(place.path, new Map([...testTypes, ['csv_file', importing]]))
  host.around.libraries.set('left-pad@1.3.0', 'a'.repeat(64))
  await host.run(plainAssignment())
  expect((await host.apply(plainAssignment({ version: 2 }))).outcome).toBe('applied')
  await host.deployments.restart(DEPLOYMENT, 'user:operator', 'operator')
  host.around.libraries.set('left-pad@1.3.0', 'b'.repeat(64))
  for (const role of ['operator', 'owner'] as const) {
    const restarted = await refusalOf(() => host.deployments.restart(DEPLOYMENT, 'user:one', role))
    expect(restarted).toBe('deployment.forbidden')
  }
  expect(await host.apply(plainAssignment({ version: 3 }))).toMatchObject({
    outcome: 'awaiting-approval',
    reasons: [{ code: 'approval.library', item: 'left-pad@1.3.0' }],
  })
  await host.deployments.approve(DEPLOYMENT, 3, 'user:owner')
  expect((await host.apply(plainAssignment({ version: 4 }))).outcome).toBe('applied')
})

test('the words of a refusal stay here, unless its owner has them told', async () => {
  for (const version of [1, 2]) {
    await host.apply(plainAssignment({ version }))
    const by = { actor: 'user:owner', reason: ' not our table ', tell: version === 2 }
    await host.deployments.refuse(DEPLOYMENT, version, by)
  }
  expect(host.told.filter(({ state }) => state === 'refused').map(({ reasons }) => reasons)).toEqual([
    [{ code: 'owner.refused' }],
    [{ code: 'owner.refused', item: 'not our table' }],
  ])
  expect(host.trail.filter((line) => line.includes('not our table'))).toHaveLength(2)
})

test('a changed expression waits, and starts at once where the rules leave expressions free', async () => {
  const [orders, warehouse] = plainAssignment().components
  if (!orders || !warehouse) throw new Error('the sample has two components')
  const filtered = (where: string, version: number): Assignment => {
    const filter = { name: 'only', type: 'script', from: ['orders'], config: { where } }
    return plainAssignment({ version, components: [orders, filter, { ...warehouse, from: ['only'] }] })
  }
  await host.run(filtered('true', 1))
  expect(await host.apply(filtered('name.startsWith("A")', 2))).toMatchObject({
    outcome: 'awaiting-approval',
    reasons: [{ code: 'approval.flow', item: 'warehouse' }],
  })
  host.around.policy = { ...host.around.policy, expressions: 'free' }
  expect((await host.apply(filtered('name.startsWith("B")', 3))).outcome).toBe('applied')
  host.around.policy = { ...host.around.policy, expressions: 'approve' }
  // What started unasked was not agreed to.
  expect((await host.apply(filtered('name.startsWith("B")', 4))).outcome).toBe('awaiting-approval')
})

slowTest(
  'a Platform that floods makes so many lines of the trail in an hour and no more; the next hour says how many it left out',
  async () => {
    await host.run(plainAssignment())
    const before = host.trail.length
    const refused = () => host.apply(plainAssignment({ version: 2, runtime: RUNTIME_ELSEWHERE }))
    for (let n = 0; n < ASSIGNMENTS_PER_HOUR_MAX + 5; n++) expect((await refused()).outcome).toBe('refused')
    // One of the hour's was the version that runs.
    expect(host.trail.length - before).toBe(ASSIGNMENTS_PER_HOUR_MAX - 1)
    expect((await host.apply(plainAssignment({ version: 3 }))).reasons).toEqual([
      { code: 'policy.too_many_assignments' },
    ])
    host.clock.advance(3_600_000)
    await refused()
    expect(host.trail.at(-1)).toContain('"unrecorded":7')
    expect((await host.apply(plainAssignment({ version: 3 }))).outcome).toBe('applied')
  },
)

test('a version with more restricted fields than are remembered is refused: none is forgotten instead', async () => {
  const restricted = (from: number, count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${from + n}`, 'restricted' as const]))
  expect(
    (await host.apply(plainAssignment({ classification: restricted(0, RESTRICTED_FIELDS_MAX + 1) }))).reasons,
  ).toEqual([{ code: 'assignment.too_many_restricted' }])
  const full = restricted(0, RESTRICTED_FIELDS_MAX)
  expect((await host.apply(plainAssignment({ classification: full }))).outcome).toBe('awaiting-approval')
})

test('a field whose name is not seen as it is, or ends at a NUL in the database, refuses its assignment', async () => {
  for (const field of ['a\u0000b', 'a\u202eb', '\u3164']) {
    const { reasons } = await host.apply(plainAssignment({ classification: { [field]: 'restricted' } }))
    expect(reasons).toEqual([{ code: 'policy.name_unprintable', item: 'classification' }])
  }
})

test('resume() does not start what may not run any more, says why, and takes it up when it may again', async () => {
  await host.run(plainAssignment())
  await host.run(numbered(2))
  host.crew.length = 0
  host.around.credentials.clear()
  await host.open().resume()
  expect(host.crew).toEqual([])
  expect(await host.stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({
    ...{ state: 'failed', reasons: [{ code: 'credential.missing', item: 'warehouse' }] },
  })
  expect(host.trail.at(-1)).toContain('deployment.not_resumed')
  host.around.credentials.add('warehouse')
  host.around.policy = { ...host.around.policy, hosts: ['other.example'] }
  await host.open().resume()
  expect((await host.stores.assignments.find(DEPLOYMENT, 1))?.reasons).toEqual([
    { code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' },
  ])
  host.around.policy = { ...host.around.policy, hosts: 'any', workersMax: 1 }
  await host.open().resume()
  expect(host.crew).toEqual(['run 1'])
})

test('what could not even be read at the start keeps nothing else from going on, and goes on once it can be read', async () => {
  for (const n of [1, 2, 3]) await host.run(numbered(n, n))
  host.crew.length = 0
  host.around.credentials.clear()
  const { db } = host.stores
  const table = db.tables.runtimeAssignments
  const [sound] = await db
    .select()
    .from(table)
    .where(eq(table.deployment, deploymentId(1)))
  const write = (sealed: Uint8Array<ArrayBuffer>) =>
    db
      .update(table)
      .set({ sealed })
      .where(eq(table.deployment, deploymentId(1)))
  await write(new Uint8Array(64))
  const next = host.open()
  await next.resume()
  host.around.credentials.add('warehouse')
  await next.resumeHeldBack()
  expect([...host.crew].sort()).toEqual(['run 2', 'run 3'])
  await write(sound?.sealed ?? new Uint8Array())
  await next.resumeHeldBack()
  expect(host.crew.at(-1)).toBe('run 1')
})

test('what could not go on at the start goes on as soon as it may, once, and not after its owner has stopped it', async () => {
  for (const n of [1, 2]) await host.run(numbered(n))
  host.crew.length = 0
  host.around.credentials.clear()
  const next = host.open()
  await next.resume()
  await next.resumeHeldBack()
  expect(host.crew).toEqual([])
  await next.stop(deploymentId(2), 'user:owner')
  host.around.credentials.add('warehouse')
  await next.resumeHeldBack()
  await next.resumeHeldBack()
  expect(host.crew.filter((act) => act.startsWith('run'))).toEqual(['run 1'])
  expect(host.trail.at(-1)).toContain('deployment.resumed')
  expect(await host.stores.assignments.find(deploymentId(1), 1)).toMatchObject({ state: 'preparing' })
})

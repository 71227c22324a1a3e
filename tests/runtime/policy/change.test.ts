import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { changePolicy, nameOf } from '../../../src/runtime/policy/change.ts'
import { OwnerRules } from '../../../src/runtime/policy/owner-rules.ts'
import { CLOSED_POLICY, DEFAULT_POLICY, type Policy } from '../../../src/runtime/policy/policy.ts'
import { OwnerDocuments } from '../../../src/runtime/state/owner-documents.ts'
import type { Assignment } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { type DeploymentsHost, deploymentId, deploymentsHost } from '../../support/runtime/deployments.ts'
import { DEPLOYMENT, plainAssignment } from '../../support/runtime/offers.ts'

let folder: TemporaryFolder
let host: DeploymentsHost
let documents: OwnerDocuments
let rules: OwnerRules
const acts: string[] = []

beforeEach(async () => {
  folder = memoryFolder()
  host = await deploymentsHost(folder.path)
  documents = new OwnerDocuments({ db: host.stores.db, mac: host.stores.mac, clock: host.clock })
  rules = await OwnerRules.open(documents)
  Object.defineProperty(host.around, 'policy', { get: () => rules.policy })
  acts.length = 0
})
afterEach(() => {
  host[Symbol.dispose]()
  folder[Symbol.dispose]()
})

const change = (policy: Policy, ending: string[] = []) =>
  changePolicy(
    {
      ...{ rules, deployments: host.deployments, changed: () => void acts.push('changed') },
      trail: { record: async ({ action }: { action: string }) => void acts.push(action) } as never,
    },
    { policy, ending },
    'user:owner',
  )
const numbered = (n: number, version = 1): Assignment => plainAssignment({ deployment: deploymentId(n), version })

test('rules that end nothing come into force at once, last over a restart, and are in the trail before', async () => {
  const policy = { ...DEFAULT_POLICY, hosts: ['db.example'] }
  await change(policy)
  expect(acts).toEqual(['policy.changed_tried', 'policy.changed', 'changed'])
  expect((await OwnerRules.open(documents)).inForce).toMatchObject({
    ...{ policy, authentic: true, changed: { by: 'user:owner' } },
  })
})

test('rules that end something say what, and change nothing until the owner confirms exactly that', async () => {
  await host.run(plainAssignment())
  await host.apply(numbered(2))
  const policy = { ...DEFAULT_POLICY, hosts: ['other.example'] }
  expect(await refusalOf(() => change(policy))).toBe('policy.ends_more')
  expect(await refusalOf(() => change(policy, [nameOf({ deployment: DEPLOYMENT, version: 1 })]))).toBe(
    'policy.ends_more',
  )
  expect([rules.policy.hosts, acts, host.crew]).toEqual(['any', [], ['run 1']])
  const affected = await host.deployments.affectedBy(policy)
  expect(affected.map(({ place, reasons }) => [place, reasons])).toEqual([
    ['current', [{ code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' }]],
    ['waiting', [{ code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' }]],
  ])
  await change(policy, affected.map(nameOf))
  expect(host.crew).toEqual(['run 1', 'stop'])
  await new Promise((resolve) => setImmediate(resolve))
  expect(await host.stores.assignments.find(DEPLOYMENT, 1)).toMatchObject({
    ...{
      state: 'stopped',
      reasons: [{ code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' }],
    },
  })
  expect(await host.stores.assignments.find(deploymentId(2), 1)).toMatchObject({
    ...{
      state: 'refused',
      place: 'past',
      reasons: [{ code: 'policy.host_forbidden', component: 'warehouse', item: 'db.example:5432' }],
    },
  })
})

test('what the rules ended waits for its owner when they are loosened again', async () => {
  await host.run(plainAssignment())
  await change({ ...DEFAULT_POLICY, componentTypes: [] }, [nameOf({ deployment: DEPLOYMENT, version: 1 })])
  await change(DEFAULT_POLICY)
  expect((await host.apply(plainAssignment({ version: 2 }))).outcome).toBe('awaiting-approval')
})

test('what has ended and the rules forbid is told and ended as well: no operator starts it again', async () => {
  await host.run(plainAssignment())
  await host.run(numbered(2))
  await host.stores.assignments.setState(DEPLOYMENT, 1, 'stopped', [{ code: 'flow.ended' }])
  // It takes no place: one worker is enough for the other.
  expect(await host.deployments.affectedBy({ ...DEFAULT_POLICY, workersMax: 1 })).toEqual([])
  const policy = { ...DEFAULT_POLICY, hosts: [] }
  const affected = await host.deployments.affectedBy(policy)
  expect(affected.map(({ deployment, ended }) => [deployment, ended])).toEqual(
    expect.arrayContaining([
      [DEPLOYMENT, true],
      [deploymentId(2), false],
    ]),
  )
  await change(policy, affected.map(nameOf))
  await change(DEFAULT_POLICY)
  expect(await refusalOf(() => host.deployments.restart(DEPLOYMENT, 'user:u2', 'operator'))).toBe(
    'account.role_too_low',
  )
  expect((await host.apply(plainAssignment({ version: 2 }))).outcome).toBe('awaiting-approval')
})

test('fewer workers than run end those that changed last', async () => {
  for (let n = 1; n <= 3; n++) {
    host.clock.advance(1_000)
    await host.run(numbered(n))
  }
  const affected = await host.deployments.affectedBy({ ...DEFAULT_POLICY, workersMax: 2 })
  expect(affected).toMatchObject([
    { deployment: deploymentId(3), reasons: [{ code: 'policy.workers_max', item: '2' }] },
  ])
})

test('rules that something else wrote close everything, until the owner sets them again', async () => {
  await change({ ...DEFAULT_POLICY, hosts: ['db.example'] })
  const table = host.stores.db.tables.runtimeOwnerDocuments
  await host.stores.db
    .update(table)
    .set({ document: JSON.stringify(DEFAULT_POLICY) })
    .where(eq(table.key, 'policy'))
  rules = await OwnerRules.open(documents)
  expect(rules.inForce).toEqual({ policy: CLOSED_POLICY, authentic: false })
  expect((await host.apply(plainAssignment())).outcome).toBe('refused')
  await change(DEFAULT_POLICY)
  expect((await host.apply(plainAssignment())).outcome).toBe('awaiting-approval')
})

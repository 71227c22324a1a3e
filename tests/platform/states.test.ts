import { afterAll, beforeAll, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { systemClock } from '../../src/base/mod.ts'
import { olderInForce } from '../../src/platform/deployments/far-sides.ts'
import {
  dueFor,
  recordRefusal,
  supersedeOlder,
  type Target,
  takeStates,
  targetsOf,
} from '../../src/platform/deployments/targets.ts'
import { tenantStore } from '../support/platform/tenant-store.ts'
import { DEPLOYMENT, RUNTIME, STRANGER } from '../support/wire/parties.ts'

let made: Awaited<ReturnType<typeof tenantStore>>
beforeAll(async () => {
  made = await tenantStore()
})
afterAll(() => made[Symbol.asyncDispose]())

async function put(changes: Partial<Target>): Promise<void> {
  const { tenantTargets: table } = made.db.tables
  const row = {
    ...{ deployment: DEPLOYMENT, version: 1, runtime: RUNTIME, system: 'factory', wanted: 'run' as const, attempts: 1 },
    ...{
      shape: { components: [], bridges: [] },
      delivery: 'told' as const,
      state: 'awaiting-approval',
      reasons: [],
      changedAtMs: 1,
    },
    ...changes,
  }
  const { tenantDeployments: deployments } = made.db.tables
  const deployment = { id: DEPLOYMENT, blueprint: 'orders', version: 1, wanted: 'run', createdAtMs: 1 } as const
  await made.db
    .insert(deployments)
    .values({ ...deployment, changedAtMs: 1 })
    .onConflictDoNothing()
  await made.db.delete(table)
  await made.db.insert(table).values(row)
}

async function heard(runtime: string, version: number): Promise<string | null | undefined> {
  const inForce = [{ deployment: DEPLOYMENT, version, state: 'running' as const, reasons: [] }]
  await takeStates({ db: made.db, clock: systemClock }, runtime, inForce)
  const [target] = await targetsOf(made.db, DEPLOYMENT, 1)
  return target?.state
}

test('a heartbeat’s state counts for the version that its Runtime was told', async () => {
  await put({})
  expect(await heard(RUNTIME, 1)).toBe('running')
})

test('a heartbeat’s state counts for no other version, no other Runtime, and nothing that is still to be told', async () => {
  await put({})
  expect(await heard(RUNTIME, 2)).toBe('awaiting-approval')
  expect(await heard(STRANGER, 1)).toBe('awaiting-approval')
  await put({ delivery: 'due' })
  expect(await heard(RUNTIME, 1)).toBe('awaiting-approval')
})

test('a heartbeat that says nothing new writes nothing', async () => {
  await put({ state: 'running' })
  await heard(RUNTIME, 1)
  expect((await targetsOf(made.db, DEPLOYMENT, 1))[0]?.changedAtMs).toBe(1)
})

test('a newer version supersedes what was due for older ones, and leaves what was told', async () => {
  await put({ delivery: 'due' })
  await supersedeOlder(made.db, made.db, DEPLOYMENT, 1)
  expect((await targetsOf(made.db, DEPLOYMENT, 1))[0]?.delivery).toBe('due')
  await supersedeOlder(made.db, made.db, DEPLOYMENT, 2)
  expect((await targetsOf(made.db, DEPLOYMENT, 1))[0]?.delivery).toBe('superseded')
  await put({})
  await supersedeOlder(made.db, made.db, DEPLOYMENT, 2)
  expect((await targetsOf(made.db, DEPLOYMENT, 1))[0]?.delivery).toBe('told')
})

test('a heartbeat’s state of a version before the newest is kept with it: that is in force where the newest was turned down', async () => {
  await put({ state: 'preparing' })
  const { tenantDeployments: deployments, tenantTargets: table } = made.db.tables
  const [older] = await made.db.select().from(table)
  if (!older) throw new RangeError('nothing was put')
  const newest = { ...older, version: 2, state: 'refused' }
  await made.db.insert(table).values(newest)
  await made.db.update(deployments).set({ version: 2 })
  const targets = () => targetsOf(made.db, DEPLOYMENT, 2)
  expect(await olderInForce(made.db, await targets())).toEqual(new Map([[RUNTIME, 1]]))
  expect(await heard(RUNTIME, 1)).toBe('running')
  await made.db.update(table).set({ state: 'stopped' }).where(eq(table.version, 1))
  expect(await olderInForce(made.db, await targets())).toEqual(new Map())
  await made.db.update(table).set({ state: 'running' }).where(eq(table.version, 2))
  expect(await olderInForce(made.db, await targets())).toEqual(new Map())
  await made.db.update(deployments).set({ version: 1 })
})

test('an assignment, with the secrets in it, goes when a newer version takes its place, told or not', async () => {
  const { tenantTargets: table } = made.db.tables
  const stored = async () =>
    (await made.db.select().from(table)).map(({ assignment, signature }) => [assignment, signature])
  for (const delivery of ['due', 'told'] as const) {
    await put({ delivery, assignment: new Uint8Array([1]), signature: 'signed' })
    await supersedeOlder(made.db, made.db, DEPLOYMENT, 1)
    expect(await stored()).toEqual([[new Uint8Array([1]), 'signed']])
    await supersedeOlder(made.db, made.db, DEPLOYMENT, 2)
    expect(await stored()).toEqual([[null, null]])
  }
})

test('what pages read of a target is without its assignment', async () => {
  await put({ assignment: new Uint8Array([1]), signature: 'signed' })
  const [target] = await targetsOf(made.db, DEPLOYMENT, 1)
  expect(target).toMatchObject({ state: 'awaiting-approval', runtime: RUNTIME })
  expect(Object.keys(target ?? {})).not.toContain('assignment')
})

test('a Runtime is told first what was tried least, so that one failing target holds up no other', async () => {
  await put({ delivery: 'due', attempts: 3 })
  const { tenantTargets: table } = made.db.tables
  const [poisoned] = await made.db.select().from(table)
  if (!poisoned) throw new RangeError('nothing was put')
  const other = { ...poisoned, deployment: 'dep_other', attempts: 0, changedAtMs: 9 }
  await made.db.insert(table).values(other)
  expect(await dueFor(made.db, RUNTIME)).toMatchObject({ deployment: 'dep_other' })
  await recordRefusal({ db: made.db, clock: systemClock }, other, 'c2.message_too_large')
  expect(await dueFor(made.db, RUNTIME)).toMatchObject({ deployment: DEPLOYMENT })
  const [refused] = await targetsOf(made.db, 'dep_other', 1)
  const reasons = [{ code: 'c2.message_too_large' }]
  expect(refused).toMatchObject({ delivery: 'told', outcome: 'refused', state: 'refused', reasons, attempts: 1 })
})

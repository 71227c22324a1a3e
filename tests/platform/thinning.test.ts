import { afterEach, beforeEach, expect, test } from 'bun:test'
import { rfc3339 } from '../../src/base/mod.ts'
import { countLogs, queryLogs, takeLogs } from '../../src/platform/reports/logs.ts'
import {
  BLUEPRINT_VERSIONS_KEPT,
  CODE_KEPT_MS,
  DEPLOYMENT_VERSIONS_KEPT,
  LOG_AGE_MAX_MS,
  LOG_LINES_KEPT,
  TARGET_VERSIONS_KEPT,
  thinTenant,
} from '../../src/platform/thinning.ts'
import { type AuditLog, ENTRIES_MAX } from '../../src/wire/mod.ts'
import { tenantStore } from '../support/platform/tenant-store.ts'
import { DEPLOYMENT, FakeClock, RUNTIME, T0 } from '../support/wire/parties.ts'

let made: Awaited<ReturnType<typeof tenantStore>>
let clock: FakeClock
beforeEach(async () => {
  made = await tenantStore()
  clock = new FakeClock(T0)
})
afterEach(() => made[Symbol.asyncDispose]())

const thin = () => thinTenant({ db: made.db, clock, signal: new AbortController().signal })
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1)

async function tell(first: number, count: number, atMs: number): Promise<void> {
  const entries = Array.from(
    { length: count },
    (): AuditLog => ({
      ...{ at: rfc3339(atMs), deployment: DEPLOYMENT, level: 'info', template: 'a.b', fields: {} },
    }),
  )
  await takeLogs(made.db, RUNTIME, { first, entries })
}

async function deployedUpTo(version: number): Promise<void> {
  const { tenantDeployments, tenantDeploymentVersions, tenantTargets } = made.db.tables
  const deployment = { id: DEPLOYMENT, blueprint: 'orders', version, wanted: 'run', createdAtMs: T0 } as const
  await made.db.insert(tenantDeployments).values({ ...deployment, changedAtMs: T0 })
  const versions = upTo(version).map((each) => ({ deployment: DEPLOYMENT, version: each, blueprintVersion: 1 }))
  await made.db
    .insert(tenantDeploymentVersions)
    .values(versions.map((row) => ({ ...row, author: 'user:x', createdAtMs: T0 })))
  const about = {
    deployment: DEPLOYMENT,
    runtime: RUNTIME,
    system: 'factory',
    wanted: 'run',
    delivery: 'told',
  } as const
  const shape = { components: [], bridges: [] }
  await made.db
    .insert(tenantTargets)
    .values(
      upTo(version).map((each) => ({ ...about, version: each, shape, attempts: 1, reasons: [], changedAtMs: T0 })),
    )
}

async function storedUpTo(version: number): Promise<void> {
  const { tenantBlueprints, tenantCode } = made.db.tables
  for (const each of upTo(version)) {
    const sha256 = `code of ${each}`
    await made.db.insert(tenantCode).values({ sha256, content: new Uint8Array([1]) })
    const row = { name: 'orders', version: each, text: 'x', code: { './a.js': { sha256, bytes: 1 } }, createdAtMs: T0 }
    await made.db.insert(tenantBlueprints).values({ ...row, author: 'user:x', message: '' })
  }
}

test('audit logs go when they are too old, the oldest first, and no sooner', async () => {
  for (let first = 1; first <= 1_025; first += ENTRIES_MAX) await tell(first, ENTRIES_MAX, T0)
  await tell(1_281, 3, T0 + 1)
  clock.advance(LOG_AGE_MAX_MS)
  await thin()
  expect(await countLogs(made.db)).toBe(1_283)
  clock.advance(1)
  await thin()
  expect(await countLogs(made.db)).toBe(3)
  expect((await queryLogs(made.db, { limit: 10 })).map(({ sequence }) => sequence)).toEqual([1_281, 1_282, 1_283])
})

test('audit logs beyond the bound go however young they are', async () => {
  await tell(1, 2, T0)
  const { tenantLogs: table } = made.db.tables
  // As if all lines in between had come: the bound counts by the numbers of the lines.
  const [line] = await made.db.select().from(table)
  if (!line) throw new RangeError('no line was stored')
  await made.db.insert(table).values({ ...line, sequence: LOG_LINES_KEPT + 1, position: 9 })
  await thin()
  expect((await queryLogs(made.db, { limit: 10 })).map(({ sequence }) => sequence)).toEqual([2, LOG_LINES_KEPT + 1])
})

test('the count of all audit logs is that of the rows, before and after thinning', async () => {
  const { tenantLogs: table } = made.db.tables
  const agree = async () => expect(await countLogs(made.db)).toBe(await made.db.$count(table))
  await agree()
  await tell(1, 5, T0)
  // A batch that comes again, or fails as a whole, leaves no gap in the numbers.
  await tell(1, 5, T0)
  const [line] = await made.db.select().from(table)
  if (!line) throw new RangeError('no line was stored')
  const again = { ...line, sequence: undefined }
  await expect(
    made.db.transaction((tx) => tx.insert(table).values([{ ...again, position: 99 }, again])),
  ).rejects.toThrow()
  await tell(6, 2, T0 + 1)
  await agree()
  clock.advance(LOG_AGE_MAX_MS + 1)
  await thin()
  await agree()
  expect(await countLogs(made.db)).toBe(2)
})

test('of a deployment its newest versions are kept, and of fewer of them what each Runtime made of it', async () => {
  await deployedUpTo(DEPLOYMENT_VERSIONS_KEPT + 2)
  await thin()
  const { tenantDeploymentVersions, tenantTargets } = made.db.tables
  const oldest = async (table: typeof tenantDeploymentVersions | typeof tenantTargets) =>
    Math.min(...(await made.db.select({ version: table.version }).from(table)).map(({ version }) => version))
  expect(await oldest(tenantDeploymentVersions)).toBe(3)
  expect(await oldest(tenantTargets)).toBe(DEPLOYMENT_VERSIONS_KEPT + 2 - TARGET_VERSIONS_KEPT + 1)
})

test('of a blueprint its newest versions are kept and the one in force, and code goes with the last version that names it', async () => {
  await storedUpTo(BLUEPRINT_VERSIONS_KEPT + 2)
  await deployedUpTo(1)
  await thin()
  const { tenantBlueprints, tenantCode } = made.db.tables
  const versions = (await made.db.select().from(tenantBlueprints)).map(({ version }) => version)
  const kept = upTo(BLUEPRINT_VERSIONS_KEPT + 2).filter((version) => version !== 2)
  expect(versions.sort((a, b) => a - b)).toEqual(kept)
  const code = (await made.db.select().from(tenantCode)).map(({ sha256 }) => sha256)
  expect(code.sort()).toEqual(kept.map((version) => `code of ${version}`).sort())
})

test('an enrolment code is kept for its time and 90 days, and a registration that it never confirmed goes before it', async () => {
  const { tenantEnrolmentCodes, tenantRuntimes } = made.db.tables
  const code = { id: 'enc_1', secretHash: 'x', labels: {}, createdBy: 'user:x', createdAtMs: T0, usedBy: RUNTIME }
  await made.db.insert(tenantEnrolmentCodes).values({ ...code, expiresAtMs: T0 })
  const keys = { signingKid: 'k', signingKey: 'k', agreementKey: 'k', authority: '', labels: {}, version: '1' }
  const row = { id: RUNTIME, name: 'factory-01', state: 'pending', ...keys, managementUrl: '', bridgePort: 1 } as const
  await made.db.insert(tenantRuntimes).values({ ...row, enrolledAtMs: T0, heartbeats: 0, left: false })
  const left = async () => [await made.db.$count(tenantEnrolmentCodes), await made.db.$count(tenantRuntimes)]
  await thin()
  expect(await left()).toEqual([1, 1])
  clock.advance(CODE_KEPT_MS)
  await thin()
  expect(await left()).toEqual([1, 0])
  clock.advance(1)
  await thin()
  expect(await left()).toEqual([0, 0])
})

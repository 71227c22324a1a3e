import { afterEach, beforeEach, expect, test } from 'bun:test'
import * as v from 'valibot'
import { base64url, canonicalJson, utf8 } from '../../../src/base/mod.ts'
import { composeHeartbeat, DEPLOYMENTS_BYTES_MAX, type HeartbeatDeps } from '../../../src/runtime/link/heartbeat.ts'
import { DEFAULT_POLICY } from '../../../src/runtime/policy/policy.ts'
import { Heartbeat, MESSAGE_BYTES_MAX } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { deploymentId } from '../../support/runtime/deployments.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock } from '../../support/wire/parties.ts'
import { heartbeat as sample } from '../../support/wire/samples.ts'

const clock = new FakeClock()
let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let deps: HeartbeatDeps
beforeEach(async () => {
  folder = memoryFolder()
  stores = await testStores(folder.path, clock)
  const { assignments } = stores
  deps = {
    assignments,
    authority: { certificatePem: `${sample.authority}${'A'.repeat(8_000)}` } as never,
    trail: { head: async () => sample.trail } as never,
    inventory: {
      ...{
        assignments,
        types: new Map(),
        libraries: { list: async () => ({ installed: [], notAuthentic: [] }) },
        bridgePort: () => 32_100,
        rules: { policy: DEFAULT_POLICY },
      },
      drift: { told: () => undefined },
      vault: { list: async () => [] },
      peers: { list: async () => ({ accepted: [], notAuthentic: [] }) },
    },
    uptimeMs: () => 1,
    addresses: () => ({ managementUrl: sample.managementUrl, bridgePort: 32_100 }),
  }
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

const facts = { place: 'waiting', state: 'awaiting-approval', digest: 'd', signature: 's' } as const

test('a heartbeat of more deployments than fit stays within a message, has what changed last, and says how many it leaves out', async () => {
  const reasons = Array.from({ length: 32 }, () => ({ code: 'approval.read_path', item: 'ö'.repeat(256) }))
  const deployments = 120
  for (let n = 1; n <= deployments; n++) {
    clock.advance(1_000)
    await stores.assignments.keep(plainAssignment({ deployment: deploymentId(n) }), { ...facts, reasons })
  }
  const heartbeat = await composeHeartbeat(deps, false)
  expect(v.safeParse(Heartbeat, heartbeat).success).toBe(true)
  const payload = base64url(utf8(canonicalJson(heartbeat)))
  expect(payload.length + 2_048 + 2 + 86).toBeLessThan(MESSAGE_BYTES_MAX)
  expect(utf8(canonicalJson(heartbeat.deployments)).byteLength).toBeGreaterThan(DEPLOYMENTS_BYTES_MAX * 0.9)
  expect(heartbeat.deployments[0]?.deployment).toBe(deploymentId(deployments))
  expect(heartbeat.deployments.length + (heartbeat.deploymentsLeftOut ?? 0)).toBe(deployments)
})

test('a heartbeat that has room for all says nothing of any left out', async () => {
  await stores.assignments.keep(plainAssignment(), { ...facts, reasons: [] })
  const heartbeat = await composeHeartbeat(deps, false)
  expect(heartbeat.deployments).toHaveLength(1)
  expect('deploymentsLeftOut' in heartbeat).toBe(false)
})

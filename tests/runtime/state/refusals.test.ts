import { afterEach, beforeEach, expect, test } from 'bun:test'
import { refusalLines } from '../../../src/runtime/attention/refusals.ts'
import { REFUSALS_MAX } from '../../../src/runtime/state/refusals.ts'
import { Settings } from '../../../src/runtime/state/settings.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { deploymentId } from '../../support/runtime/deployments.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock } from '../../support/wire/parties.ts'

let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let clock: FakeClock

beforeEach(async () => {
  folder = memoryFolder()
  clock = new FakeClock()
  stores = await testStores(folder.path, clock)
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

const reasons = [{ code: 'credential.missing', component: 'kept', item: 'warehouse' }]
const version = (n: number, of = 1) => ({ deployment: deploymentId(of), version: n, blueprint: 'cells', reasons })

test('of each deployment the newest refusal is kept, of at most so many deployments', async () => {
  const { refusals } = stores
  for (let of = 1; of <= REFUSALS_MAX + 1; of++) await refusals.add(version(1, of))
  await refusals.add(version(2, REFUSALS_MAX))
  const kept = await refusals.list()
  expect(kept).toHaveLength(REFUSALS_MAX)
  expect(kept[0]).toMatchObject({ deployment: deploymentId(REFUSALS_MAX), version: 2 })
  expect(await refusals.find(deploymentId(1))).toBeUndefined()
})

test('the same version refused again is refused since it first was', async () => {
  const { refusals } = stores
  const firstMs = clock.now()
  await refusals.add(version(1))
  clock.advance(60_000)
  await refusals.add(version(1))
  expect(await refusals.list()).toMatchObject([{ refusedAtMs: firstMs }])
  await refusals.add(version(2))
  expect(await refusals.list()).toMatchObject([{ version: 2, refusedAtMs: clock.now() }])
})

test('refusals that come together are all kept, and what something else wrote is none', async () => {
  const { refusals } = stores
  await Promise.all([1, 2, 3].map((of) => refusals.add(version(1, of))))
  expect(await refusals.list()).toHaveLength(3)
  await new Settings({ db: stores.db, clock }).set('deployments.refused', [{ deployment: 7 }])
  expect(await refusals.list()).toEqual([])
})

test('its owner reads what was refused, why, that what runs goes on, and the way to the cure', async () => {
  await stores.refusals.add(version(2))
  expect(await refusalLines(stores)).toEqual([
    {
      id: `deployment.refused ${deploymentId(1)} 2`,
      ...{ state: 'failed', word: 'refused', sinceMs: clock.now() },
      what: 'Version 2 of cells was refused here: credential.missing (kept, warehouse)',
      effect:
        'What runs goes on. Set it with `sluice credential set`, or name another one in the Blueprint. Then deploy it again from the Platform.',
      cure: { label: 'Credentials', href: '/credentials' },
    },
  ])
})

test('each kind of refusal leads to the page where it is mended', async () => {
  const pages: string[] = []
  for (const code of ['library.missing', 'policy.host_forbidden', 'peer.unknown', 'assignment.misdirected']) {
    await stores.refusals.add({ ...version(1), reasons: [{ code }] })
    const [line] = await refusalLines(stores)
    pages.push(line?.cure.href ?? '')
  }
  expect(pages).toEqual(['/settings/libraries', '/settings/policy', '/peers', '/audit'])
})

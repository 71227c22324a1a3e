import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { CountsMemory } from '../../../src/runtime/state/counts.ts'
import { Settings } from '../../../src/runtime/state/settings.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock } from '../../support/wire/parties.ts'

const DEPLOYMENTS = Array.from({ length: 12 }, (_, i) => `dep_${i}`)
const lettersOf = (deadLetters: number) => ({ components: [], bridges: [], deadLetters })

let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let settings: Settings

beforeEach(async () => {
  folder = memoryFolder()
  const clock = new FakeClock()
  stores = await testStores(folder.path, clock)
  settings = new Settings({ db: stores.db, clock })
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

test('the counts of all deployments are read at once, and no other setting with them', async () => {
  const before = new CountsMemory(settings)
  for (const [i, deployment] of DEPLOYMENTS.entries()) await before.save(deployment, 1, lettersOf(i))
  await settings.set('countsx.dep_1', { version: 1, ...lettersOf(7) })
  await settings.set('counts.damaged', 'no counts')
  using reading = spyOn(settings, 'below')
  const counts = new CountsMemory(settings)
  const loaded = await Promise.all(DEPLOYMENTS.map((deployment) => counts.load(deployment, 1)))
  expect(loaded.map(({ deadLetters }) => deadLetters)).toEqual(DEPLOYMENTS.map((_, i) => i))
  expect(await counts.load('damaged', 1)).toEqual(lettersOf(0))
  expect(reading).toHaveBeenCalledTimes(1)
})

test('after a write that failed the next look tells what is kept, and what others wrote meanwhile', async () => {
  const counts = new CountsMemory(settings)
  await counts.save('dep_1', 1, lettersOf(1))
  const write = settings.set.bind(settings)
  using failing = spyOn(settings, 'set').mockImplementation(async (key, value) => {
    if (key.endsWith('dep_1')) throw new Error('the disk is full')
    await write(key, value)
  })
  const [refused] = await Promise.all([
    refusalOf(() => counts.save('dep_1', 1, lettersOf(2))),
    counts.save('dep_2', 1, lettersOf(3)),
  ])
  expect([refused, failing.mock.calls.length]).toEqual([expect.any(String), 2])
  expect((await counts.load('dep_1', 1)).deadLetters).toBe(1)
  expect((await counts.load('dep_2', 1)).deadLetters).toBe(3)
})

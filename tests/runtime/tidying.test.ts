import { afterEach, beforeEach, expect, test } from 'bun:test'
import { existsSync, mkdirSync } from 'node:fs'
import { logOf, systemRandom, utf8 } from '../../src/base/mod.ts'
import { importWrappingKey } from '../../src/crypto/mod.ts'
import { type Keyring, openKeyring } from '../../src/keys/mod.ts'
import { Libraries } from '../../src/runtime/libraries/libraries.ts'
import { readPackage } from '../../src/runtime/libraries/package.ts'
import { CheckpointStore } from '../../src/runtime/state/checkpoints.ts'
import { CountsMemory } from '../../src/runtime/state/counts.ts'
import { Settings } from '../../src/runtime/state/settings.ts'
import { DEPLOYMENTS_KEPT_MAX, Tidying } from '../../src/runtime/tidying.ts'
import { memoryFolder, type TemporaryFolder } from '../support/folder.ts'
import { plainAssignment } from '../support/runtime/offers.ts'
import { testStores } from '../support/runtime/store.ts'
import { FakeClock } from '../support/wire/parties.ts'

const clock = new FakeClock()
let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
let checkpoints: CheckpointStore
let counts: CountsMemory
/** Deployments with refused records that wait. */
let letters: Set<string>
let forgotten: string[]
let keyring: Keyring

beforeEach(async () => {
  folder = memoryFolder()
  const master = await importWrappingKey(systemRandom(32))
  keyring = await openKeyring({ path: folder.file('keyring.json'), master, clock, random: systemRandom })
  stores = await testStores(folder.path, clock)
  checkpoints = new CheckpointStore(stores.db)
  counts = new CountsMemory(new Settings({ db: stores.db, clock }))
  letters = new Set()
  forgotten = []
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

function tidying(): Tidying {
  const { assignments, code } = stores
  const libraries = new Libraries({ ...stores, clock })
  return new Tidying({
    state: { folder: folder.path, assignments, checkpoints, counts, code, libraries, keyring },
    history: { forget: () => undefined },
    keptHistory: { forget: async () => undefined },
    deployments: {
      async forget(deployment, others) {
        await others()
        await assignments.forget(deployment)
        forgotten.push(deployment)
      },
    },
    deadLetters: {
      list: async (deployment) => ({ letters: [], first: 1, next: letters.has(deployment) ? 2 : 1 }),
      exclusively: (_deployment, work) => work(),
    },
    changes: { forget: () => undefined },
    log: logOf('test'),
  })
}

const idOf = (at: number): `dep_${string}` => `dep_01890000-0000-7000-8000-${String(at).padStart(12, '0')}`

async function keep(at: number, state: 'running' | 'stopped', place: 'current' | 'waiting' = 'current') {
  clock.advance(1)
  const facts = { place, state, reasons: [], digest: 'd', signature: 's' }
  await stores.assignments.keep(plainAssignment({ deployment: idOf(at) }), facts)
}

/** More rows than are kept, written at once: only their number matters. */
async function fill(count: number): Promise<void> {
  const [row] = await stores.db.select().from(stores.db.tables.runtimeAssignments)
  if (!row) throw new Error('there is no row to copy')
  const rows = Array.from({ length: count }, (_, at) => ({
    ...{ ...row, deployment: idOf(1_000 + at), place: 'past' as const, state: 'refused' },
    changedAtMs: clock.now() + 1_000 + at,
  }))
  for (let from = 0; from < count; from += 100) {
    await stores.db.insert(stores.db.tables.runtimeAssignments).values(rows.slice(from, from + 100))
  }
}

test('of more deployments than are kept the ones that ended first are forgotten whole, and none that lives or has letters', async () => {
  await keep(1, 'running')
  await keep(2, 'stopped', 'waiting')
  await keep(3, 'stopped')
  await keep(4, 'stopped')
  await keep(5, 'stopped')
  letters.add(idOf(3))
  await fill(DEPLOYMENTS_KEPT_MAX - 3)
  await checkpoints.save(idOf(4), 'orders', new Map([['a', 1]]))
  for (const at of [3, 4]) await keyring.secretFor('dead-letters', idOf(at))
  await counts.save(idOf(4), 1, { components: [], bridges: [], deadLetters: 9 })
  mkdirSync(folder.file(`deployments/${idOf(4)}/dead-letters`), { recursive: true })
  await tidying().tidy()
  expect(forgotten).toEqual([idOf(4)])
  expect(await checkpoints.load(idOf(4), 'orders')).toEqual(new Map())
  expect((await counts.load(idOf(4), 1)).deadLetters).toBe(0)
  expect(existsSync(folder.file(`deployments/${idOf(4)}`))).toBe(false)
  expect(keyring.list().flatMap(({ purpose, id }) => (purpose === 'dead-letters' ? [id] : []))).toEqual([idOf(3)])
  letters.clear()
  await tidying().tidy()
  expect(forgotten).toEqual([idOf(4), idOf(3)])
})

test('as many deployments as are kept stay, however old they are', async () => {
  await keep(1, 'stopped')
  await fill(DEPLOYMENTS_KEPT_MAX - 1)
  await tidying().tidy()
  expect(forgotten).toEqual([])
})

test('the content of a version goes when it is past, and what is known of it stays', async () => {
  await keep(1, 'stopped')
  const facts = { state: 'running' as const, reasons: [], digest: 'e', signature: 's' }
  await stores.assignments.keep(plainAssignment({ deployment: idOf(1), version: 2 }), { ...facts, place: 'current' })
  const rows = await stores.db.select().from(stores.db.tables.runtimeAssignments)
  const bytes = rows.map(({ version, sealed }) => [version, sealed.byteLength > 0])
  expect(bytes).toEqual([
    [1, false],
    [2, true],
  ])
  expect(await stores.assignments.find(idOf(1), 1)).toMatchObject({ place: 'past', digest: 'd' })
})

test('contents of libraries that nothing names go, though an assignment cannot be read; those of what is installed stay', async () => {
  const { runtimeLibraryParts: parts } = stores.db.tables
  const content = utf8('export {}\n')
  const libraries = new Libraries({ ...stores, clock })
  await libraries.install(
    await readPackage({ file: 'a.js', content, name: 'a', version: '1.0.0' }),
    content,
    'user:owner',
  )
  await stores.db.insert(parts).values({ sha256: 'of nothing', offset: 0, content })
  await keep(1, 'running')
  await stores.db.update(stores.db.tables.runtimeAssignments).set({ sealed: new Uint8Array(40) })
  await tidying()
    .tidy()
    .catch(() => undefined)
  expect(await stores.db.$count(parts)).toBe(1)
  expect(await libraries.content('a', '1.0.0')).toEqual(content)
})

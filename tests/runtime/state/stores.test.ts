import { afterEach, beforeEach, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { answerMemory } from '../../../src/runtime/state/answers.ts'
import { PAST_VERSIONS_MAX } from '../../../src/runtime/state/assignments.ts'
import { CheckpointStore } from '../../../src/runtime/state/checkpoints.ts'
import { CODE_BYTES_MAX, CodeFiles } from '../../../src/runtime/state/code-files.ts'
import { EnrolmentRecord } from '../../../src/runtime/state/enrolment.ts'
import { Peers } from '../../../src/runtime/state/peers.ts'
import { acknowledgedIn, Settings } from '../../../src/runtime/state/settings.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { DEPLOYMENT, plainAssignment, registrationAt } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock, party, RUNTIME, STRANGER, TENANT } from '../../support/wire/parties.ts'
import { PEM } from '../../support/wire/samples.ts'

let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
const clock = new FakeClock()

beforeEach(async () => {
  folder = temporaryFolder()
  stores = await testStores(folder.path, clock)
})
afterEach(() => {
  stores.db.close()
  folder[Symbol.dispose]()
})

const keep = { place: 'current', state: 'running', reasons: [], digest: 'd', signature: 's' } as const
const peer = {
  ...{ runtime: STRANGER, name: 'cloud-01', signingKey: 'A', agreementKey: 'B', authority: PEM },
  ...{ bridgeHost: 'cloud.example', bridgePort: 32_100, fingerprint: 'f', acceptedBy: 'user:owner' },
}

test('an assignment is kept under the Runtime’s own key: nothing of it is readable in the row', async () => {
  await stores.assignments.keep(plainAssignment(), keep)
  const [row] = await stores.db.select().from(stores.db.tables.runtimeAssignments)
  expect(Buffer.from(row?.sealed ?? []).includes('/data/in')).toBe(false)
  expect(await stores.assignments.open(DEPLOYMENT, 1)).toEqual(plainAssignment())
})

test('a sealed assignment that was moved to another version does not open', async () => {
  await stores.assignments.keep(plainAssignment(), keep)
  const table = stores.db.tables.runtimeAssignments
  await stores.db.update(table).set({ version: 2 }).where(eq(table.version, 1))
  expect(await refusalOf(() => stores.assignments.open(DEPLOYMENT, 2))).toBe('runtime.row_not_authentic')
})

test('one version of a deployment is current and one may wait; the others are past, and the oldest are forgotten', async () => {
  const versions = PAST_VERSIONS_MAX + 3
  for (let version = 1; version <= versions; version++)
    await stores.assignments.keep(plainAssignment({ version }), keep)
  await stores.assignments.keep(plainAssignment({ version: 90 }), { ...keep, place: 'waiting' })
  await stores.assignments.keep(plainAssignment({ version: 91 }), { ...keep, place: 'waiting' })
  const list = await stores.assignments.list()
  expect(list.filter(({ place }) => place === 'current').map(({ version }) => version)).toEqual([versions])
  expect(list.filter(({ place }) => place === 'waiting').map(({ version }) => version)).toEqual([91])
  expect(list.filter(({ place }) => place === 'past')).toHaveLength(PAST_VERSIONS_MAX)
  expect(await stores.assignments.find(DEPLOYMENT, 1)).toBeUndefined()
})

test('a peer whose row was changed by something else is found, not believed', async () => {
  const peers = new Peers({ db: stores.db, mac: stores.mac, clock })
  await peers.accept(peer)
  expect(await peers.find(STRANGER)).toMatchObject({ name: 'cloud-01', agreementKey: 'B' })
  const table = stores.db.tables.runtimePeers
  await stores.db.update(table).set({ agreementKey: 'E' })
  expect(await refusalOf(() => peers.find(STRANGER))).toBe('runtime.row_not_authentic')
  await peers.accept({ ...peer, runtime: RUNTIME, name: 'edge-01' })
  const { accepted, notAuthentic } = await peers.list()
  expect([accepted.map(({ name }) => name), notAuthentic]).toEqual([['edge-01'], [STRANGER]])
  await peers.remove(STRANGER)
  expect((await peers.list()).notAuthentic).toEqual([])
})

test('a peer can be accepted anew with other keys, and removed once', async () => {
  const peers = new Peers({ db: stores.db, mac: stores.mac, clock })
  await peers.accept(peer)
  await peers.accept({ ...peer, agreementKey: 'C' })
  expect((await peers.list()).accepted.map(({ agreementKey }) => agreementKey)).toEqual(['C'])
  await peers.remove(STRANGER)
  expect(await peers.find(STRANGER)).toBeUndefined()
  expect(await refusalOf(() => peers.remove(STRANGER))).toBe('peer.not_found')
})

test('checkpoints that are saved together share transactions, and the last position of each partition wins', async () => {
  let transactions = 0
  const counted = Object.assign(Object.create(stores.db), {
    transaction: (work: never) => {
      transactions++
      return stores.db.transaction(work)
    },
  })
  const checkpoints = new CheckpointStore(counted)
  const saves = Array.from({ length: 100 }, (_, at) =>
    checkpoints.save(DEPLOYMENT, 'orders', { [`file-${at % 3}`]: at }),
  )
  await Promise.all(saves)
  expect(transactions).toBeLessThanOrEqual(2)
  expect(await checkpoints.load(DEPLOYMENT, 'orders')).toEqual({ 'file-0': 99, 'file-1': 97, 'file-2': 98 })
  expect(await checkpoints.load(DEPLOYMENT, 'other')).toEqual({})
})

test('a checkpoint that could not be written is told to whoever waits for it, and the next one is written', async () => {
  let full = true
  const faulty = Object.assign(Object.create(stores.db), {
    transaction: (work: never) => (full ? Promise.reject(new Error('full')) : stores.db.transaction(work)),
  })
  const checkpoints = new CheckpointStore(faulty)
  await expect(checkpoints.save(DEPLOYMENT, 'orders', { a: 1 })).rejects.toThrow('full')
  full = false
  await checkpoints.save(DEPLOYMENT, 'orders', { a: 2 })
  expect(await checkpoints.load(DEPLOYMENT, 'orders')).toEqual({ a: 2 })
})

test('code is taken in chunks without a gap, and believed only when the whole matches its hash', async () => {
  const content = new TextEncoder().encode('export const a = 1\n'.repeat(10))
  const sha256 = await sha256Hex(content)
  const chunk = (from: number, to: number) => ({
    sha256,
    bytes: content.byteLength,
    offset: from,
    content: content.slice(from, to),
  })
  expect(await stores.code.receive(chunk(0, 50))).toBe(50)
  expect(await stores.code.receive(chunk(80, 100))).toBe(50)
  expect(await stores.code.receive(chunk(0, 50))).toBe(50)
  expect(await stores.code.lacking([sha256])).toEqual([sha256])
  expect(await stores.code.receive(chunk(50, content.byteLength))).toBe(content.byteLength)
  expect(await stores.code.lacking([sha256])).toEqual([])
  expect(await stores.code.find(sha256)).toEqual(content)
  expect(await stores.code.receive(chunk(0, 50))).toBe(content.byteLength)
})

test('code that does not match its hash, or is longer than a script may be, is dropped whole', async () => {
  const content = new TextEncoder().encode('evil')
  const sha256 = await sha256Hex(new TextEncoder().encode('good'))
  expect(await refusalOf(() => stores.code.receive({ sha256, bytes: 4, offset: 0, content }))).toBe('code.mismatch')
  expect(await stores.code.find(sha256)).toBeUndefined()
  const large = { sha256, bytes: CODE_BYTES_MAX + 1, offset: 0, content }
  expect(await refusalOf(() => stores.code.receive(large))).toBe('code.mismatch')
  expect(await refusalOf(() => stores.code.receive({ sha256, bytes: 3, offset: 0, content }))).toBe('code.mismatch')
})

test('answers are found under their sender and id until they expire', async () => {
  const answers = answerMemory(stores.db, clock)
  await answers.keep('a', '1', 'digest', { done: true }, clock.now() + 1_000)
  expect(await answers.find('a', '1')).toEqual({ digest: 'digest', answer: { done: true } })
  expect(await answers.find('b', '1')).toBeUndefined()
  clock.advance(2_000)
  await answers.keep('a', '2', 'digest', {}, clock.now() + 1_000)
  expect(await answers.find('a', '1')).toBeUndefined()
})

test('an enrolment’s code is kept wrapped, and only until it is complete', async () => {
  const record = new EnrolmentRecord({ db: stores.db, key: stores.key, clock })
  const attempt = { name: 'factory-01', code: 'slx_secret', platformUrl: 'https://platform.example', tenant: TENANT }
  await record.begin(attempt)
  expect(await record.attempt()).toEqual(attempt)
  expect(await record.registration()).toBeUndefined()
  const [row] = await stores.db.select().from(stores.db.tables.runtimeEnrolment)
  expect(Buffer.from(row?.wrappedCode ?? []).includes('slx_secret')).toBe(false)
  const registration = registrationAt(await party(TENANT, 'tenant'))
  await record.complete(registration)
  expect(await record.registration()).toEqual(registration)
  expect(await record.attempt()).toBeUndefined()
  expect((await stores.db.select().from(stores.db.tables.runtimeEnrolment))[0]?.wrappedCode).toBeNull()
})

test('the last acknowledged position survives a restart, each journal’s its own', async () => {
  const settings = new Settings({ db: stores.db, clock })
  await acknowledgedIn(settings, 'owed-logs').save(41)
  await acknowledgedIn(settings, 'owed-logs').save(42)
  expect(await acknowledgedIn(new Settings({ db: stores.db, clock }), 'owed-logs').load()).toBe(42)
  expect(await acknowledgedIn(settings, 'owed-status').load()).toBe(0)
})

test('code that no deployment names is forgotten after two looks, unless it grew, was asked for or is named', async () => {
  const file = async (text: string) => {
    const content = new TextEncoder().encode(text)
    const sha256 = await sha256Hex(content)
    await stores.code.receive({ sha256, bytes: content.byteLength, offset: 0, content })
    return sha256
  }
  const [unnamed, named, asked] = [await file('a'), await file('b'), await file('c')]
  const part = { sha256: '0'.repeat(64), bytes: 4, content: new Uint8Array(1) }
  await stores.code.receive({ ...part, offset: 0 })
  await stores.code.forgetAllBut(new Set([named]))
  expect(await stores.code.find(unnamed)).toBeDefined()
  expect(await stores.code.lacking([asked])).toEqual([])
  await stores.code.receive({ ...part, offset: 1 })
  await stores.code.forgetAllBut(new Set([named]))
  const left = async (sha256: string) => (await stores.code.find(sha256)) !== undefined
  expect([await left(unnamed), await left(named), await left(asked)]).toEqual([false, true, true])
  expect(await stores.code.receive({ ...part, offset: 2 })).toBe(3)
  for (let looks = 0; looks < 2; looks++) await stores.code.forgetAllBut(new Set())
  expect(await stores.code.receive({ ...part, offset: 2 })).toBe(0)
  expect(await left(named)).toBe(false)
})

test('code is taken up to the bound on all of it, and not a byte beyond', async () => {
  const code = new CodeFiles(stores.db, 10)
  const part = (sha256: string, bytes: number) => ({ sha256, bytes: 100, offset: 0, content: new Uint8Array(bytes) })
  expect(await code.receive(part('a'.repeat(64), 6))).toBe(6)
  expect(await refusalOf(() => code.receive(part('b'.repeat(64), 5)))).toBe('code.no_room')
  expect(await code.receive(part('b'.repeat(64), 4))).toBe(4)
})

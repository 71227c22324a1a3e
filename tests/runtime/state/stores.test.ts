import { afterEach, beforeEach, expect, spyOn, test } from 'bun:test'
import { eq, inArray, sql } from 'drizzle-orm'
import * as v from 'valibot'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { Assignments, PAST_VERSIONS_MAX } from '../../../src/runtime/state/assignments.ts'
import { CheckpointStore } from '../../../src/runtime/state/checkpoints.ts'
import { CODE_BYTES_MAX, CODE_EXPECTED_MAX, CodeFiles } from '../../../src/runtime/state/code-files.ts'
import { EnrolmentRecord } from '../../../src/runtime/state/enrolment.ts'
import { OwnerDocuments } from '../../../src/runtime/state/owner-documents.ts'
import { Peers } from '../../../src/runtime/state/peers.ts'
import { acknowledgedIn, Settings } from '../../../src/runtime/state/settings.ts'
import { deskFor } from '../../../src/runtime/supervision/desk.ts'
import { checkpointsByMain } from '../../../src/runtime/worker/parent-desk.ts'
import { answerMemory } from '../../../src/server/mod.ts'
import { workerAsks } from '../../../src/wire/mod.ts'
import { memoryFolder, type TemporaryFolder } from '../../support/folder.ts'
import { refusalOf } from '../../support/refusal.ts'
import { DEPLOYMENT, plainAssignment, registrationAt } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { FakeClock, party, RUNTIME, STRANGER, TENANT } from '../../support/wire/parties.ts'
import { PEM } from '../../support/wire/samples.ts'

let folder: TemporaryFolder
let stores: Awaited<ReturnType<typeof testStores>>
const clock = new FakeClock()

beforeEach(async () => {
  folder = memoryFolder()
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

test('those in force and those that wait are found without a look at what is past', async () => {
  const { runtimeAssignments: table } = stores.db.tables
  const query = stores.db
    .select()
    .from(table)
    .where(inArray(table.place, ['current', 'waiting']))
  const text = query.toSQL().sql.replaceAll('?', "'current'")
  const plan = await stores.db.all<{ detail: string }>(sql.raw(`EXPLAIN QUERY PLAN ${text}`))
  expect(plan.map(({ detail }) => detail).join()).toContain('USING INDEX runtime_assignments_place')
})

test('an assignment that was opened is not opened again while it fits, and is once its bytes are others', async () => {
  const ids = ([1, 2, 3] as const).map((at) => `dep_01890000-0000-7000-8000-00000000000${at}` as const)
  for (const deployment of ids) await stores.assignments.keep(plainAssignment({ deployment }), keep)
  const table = stores.db.tables.runtimeAssignments
  const [row] = await stores.db.select().from(table)
  const bytes = row?.sealed.byteLength ?? 0
  for (const { openedBytesMax, opened } of [
    { openedBytesMax: 3 * bytes, opened: 3 },
    { openedBytesMax: 3 * bytes - 1, opened: 6 },
  ]) {
    const assignments = new Assignments({ db: stores.db, key: stores.key, clock, openedBytesMax })
    using decrypt = spyOn(stores.key, 'decrypt')
    for (let look = 0; look < 2; look++) {
      const open = await assignments.opener(ids.map((deployment) => ({ deployment, version: 1 })))
      for (const deployment of ids) expect(await open(deployment, 1)).toEqual(plainAssignment({ deployment }))
    }
    expect(decrypt).toHaveBeenCalledTimes(opened)
  }
  const of = row?.deployment ?? ''
  expect((await stores.assignments.open(of, 1)).deployment as string).toBe(of)
  const changed = row?.sealed.slice() ?? new Uint8Array()
  changed[bytes - 1] = (changed[bytes - 1] ?? 0) ^ 1
  await stores.db.update(table).set({ sealed: changed }).where(eq(table.deployment, of))
  expect(await refusalOf(() => stores.assignments.open(of, 1))).toBe('runtime.row_not_authentic')
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
    checkpoints.save(DEPLOYMENT, 'orders', new Map([[`file-${at % 3}`, at]])),
  )
  await Promise.all(saves)
  expect(transactions).toBeLessThanOrEqual(2)
  expect(await checkpoints.load(DEPLOYMENT, 'orders')).toEqual(
    new Map(Object.entries({ 'file-0': 99, 'file-1': 97, 'file-2': 98 })),
  )
  expect(await checkpoints.load(DEPLOYMENT, 'other')).toEqual(new Map())
})

test('checkpoints of files called like members of an object are loaded again over the worker’s channel, and forgotten by name', async () => {
  const store = new CheckpointStore(stores.db)
  const desk = deskFor(plainAssignment(), { checkpoints: store } as never)
  type Ask = keyof typeof workerAsks
  // As the channel does it: JSON both ways, each end parsed.
  const ask = async (what: Ask, body: unknown): Promise<unknown> => {
    const asked = v.parse(workerAsks[what].ask as v.GenericSchema, JSON.parse(JSON.stringify(body)))
    const reply = await (desk[what] as (asked: unknown) => Promise<unknown>)(asked)
    return v.parse(workerAsks[what].reply as v.GenericSchema, JSON.parse(JSON.stringify(reply)))
  }
  const checkpoints = checkpointsByMain({ ask: ask as never })
  const positions = new Map(
    ['constructor', '__proto__', 'prototype', 'toString', '7', 'a'].map((name, at) => [name, at]),
  )
  await checkpoints.save('orders', positions)
  expect([...(await checkpoints.load('orders'))]).toEqual([...positions])
  await checkpoints.forget('orders', ['__proto__', 'a'])
  expect([...(await checkpoints.load('orders')).keys()]).toEqual(['constructor', 'prototype', 'toString', '7'])
})

test('a checkpoint that could not be written is told to whoever waits for it, and the next one is written', async () => {
  let full = true
  const faulty = Object.assign(Object.create(stores.db), {
    transaction: (work: never) => (full ? Promise.reject(new Error('full')) : stores.db.transaction(work)),
  })
  const checkpoints = new CheckpointStore(faulty)
  await expect(checkpoints.save(DEPLOYMENT, 'orders', new Map([['a', 1]]))).rejects.toThrow('full')
  full = false
  await checkpoints.save(DEPLOYMENT, 'orders', new Map([['a', 2]]))
  expect(await checkpoints.load(DEPLOYMENT, 'orders')).toEqual(new Map([['a', 2]]))
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
  const file = { sha256, bytes: content.byteLength }
  expect(await stores.code.lacking([file])).toEqual([sha256])
  expect(await stores.code.receive(chunk(0, 50))).toBe(50)
  expect(await stores.code.receive(chunk(80, 100))).toBe(50)
  expect(await stores.code.receive(chunk(0, 50))).toBe(50)
  expect(await stores.code.lacking([file])).toEqual([sha256])
  expect(await stores.code.receive(chunk(50, content.byteLength))).toBe(content.byteLength)
  expect(await stores.code.lacking([file])).toEqual([])
  expect(await stores.code.find(sha256)).toEqual(content)
  expect(await stores.code.receive(chunk(0, 50))).toBe(content.byteLength)
})

test('code that does not match its hash, or is longer than a script may be, is dropped whole', async () => {
  const content = new TextEncoder().encode('evil')
  const sha256 = await sha256Hex(new TextEncoder().encode('good'))
  await stores.code.lacking([{ sha256, bytes: 4 }])
  expect(await refusalOf(() => stores.code.receive({ sha256, bytes: 4, offset: 0, content }))).toBe('code.mismatch')
  expect(await stores.code.find(sha256)).toBeUndefined()
  const large = { sha256, bytes: CODE_BYTES_MAX + 1, offset: 0, content }
  expect(await refusalOf(() => stores.code.receive(large))).toBe('code.mismatch')
  expect(await refusalOf(() => stores.code.receive({ sha256, bytes: 3, offset: 0, content }))).toBe('code.mismatch')
})

test('answers are found under their sender and id until they expire', async () => {
  const answers = answerMemory(stores.db, stores.db.tables.runtimeAnswers, clock)
  await answers.keep('a', '1', 'digest', { done: true }, clock.now() + 1_000)
  expect(await answers.find('a', '1')).toEqual({ digest: 'digest', answer: { done: true } })
  expect(await answers.find('b', '1')).toBeUndefined()
  clock.advance(12_000)
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
    await stores.code.lacking([{ sha256, bytes: content.byteLength }])
    await stores.code.receive({ sha256, bytes: content.byteLength, offset: 0, content })
    return sha256
  }
  const [unnamed, named, asked] = [await file('a'), await file('b'), await file('c')]
  const part = { sha256: '0'.repeat(64), bytes: 4, content: new Uint8Array(1) }
  await stores.code.lacking([part])
  await stores.code.receive({ ...part, offset: 0 })
  const all = new Set([unnamed, named, asked, part.sha256])
  await stores.code.forgetAllBut(all)
  await stores.code.forgetAllBut(new Set([named]))
  expect(await stores.code.find(unnamed)).toBeDefined()
  expect(await stores.code.lacking([{ sha256: asked, bytes: 1 }])).toEqual([])
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
  await code.lacking(['a', 'b'].map((digit) => ({ sha256: digit.repeat(64), bytes: 100 })))
  expect(await code.receive(part('a'.repeat(64), 6))).toBe(6)
  expect(await refusalOf(() => code.receive(part('b'.repeat(64), 5)))).toBe('code.no_room')
  expect(await code.receive(part('b'.repeat(64), 4))).toBe(4)
})

test('code that was asked for before as many others as may be expected is not taken any more, until it is asked for again', async () => {
  const hash = (n: number): string => n.toString(16).padStart(64, '0')
  const first = { sha256: hash(0), bytes: 2 }
  await stores.code.lacking(Array.from({ length: CODE_EXPECTED_MAX + 1 }, (_, n) => ({ sha256: hash(n), bytes: 2 })))
  const chunk = { ...first, offset: 0, content: new Uint8Array(1) }
  expect(await refusalOf(() => stores.code.receive(chunk))).toBe('code.unexpected')
  await stores.code.lacking([first])
  expect(await stores.code.receive(chunk)).toBe(1)
})

test('versions are listed without the sealed content, which only opening one reads', async () => {
  await stores.assignments.keep(plainAssignment(), keep)
  const [listed] = await stores.assignments.list()
  const found = await stores.assignments.find(DEPLOYMENT, 1)
  for (const kept of [listed, found, await stores.assignments.placed(DEPLOYMENT, 'current')])
    expect(Object.keys(kept ?? {})).not.toContain('sealed')
  expect(listed).toMatchObject({ deployment: DEPLOYMENT, version: 1, state: 'running' })
})

test('a document of the owner that something else wrote, or moved to another key, is refused', async () => {
  const documents = new OwnerDocuments({ db: stores.db, mac: stores.mac, clock })
  const Schema = v.object({ a: v.number() })
  expect(await documents.get('policy', Schema)).toBeUndefined()
  await documents.set('policy', { a: 1 }, 'user:owner')
  expect(await documents.get('policy', Schema)).toMatchObject({ document: { a: 1 }, changedBy: 'user:owner' })
  const table = stores.db.tables.runtimeOwnerDocuments
  await stores.db.update(table).set({ key: 'drift' })
  expect(await refusalOf(() => documents.get('drift', Schema))).toBe('runtime.row_not_authentic')
  await documents.set('policy', { a: 1 }, 'user:owner')
  await stores.db.update(table).set({ document: '{"a":2}' }).where(eq(table.key, 'policy'))
  expect(await refusalOf(() => documents.get('policy', Schema))).toBe('runtime.row_not_authentic')
})

import { describe, expect, test } from 'bun:test'
import { eq, sql } from 'drizzle-orm'
import { type Bytes, deferred } from '../../../src/base/mod.ts'
import type { AnyDefinition } from '../../../src/pipeline/mod.ts'
import { LIBRARIES_MAX, Libraries } from '../../../src/runtime/libraries/libraries.ts'
import { LISTS_MAX, LibraryContents } from '../../../src/runtime/libraries/library-contents.ts'
import { LibraryDesk } from '../../../src/runtime/libraries/library-desk.ts'
import { readPackage } from '../../../src/runtime/libraries/package.ts'
import type { Assignment } from '../../../src/wire/mod.ts'
import { memoryFolder } from '../../support/folder.ts'
import { frozenClock } from '../../support/frozen-clock.ts'
import { refusalOf } from '../../support/refusal.ts'
import { DEPLOYMENT, plainAssignment } from '../../support/runtime/offers.ts'
import { testStores } from '../../support/runtime/store.ts'
import { npmTarball } from '../../support/runtime/tarball.ts'
import { testTypes } from '../../support/runtime/types.ts'

const OWNER = 'user:owner'
/** A type that imports libraries, as scripts will. */
const types = new Map(testTypes).set('csv_file', {
  ...(testTypes.get('csv_file') as AnyDefinition),
  touches: () => ({ libraries: ['left-pad@1.3.0'] }),
} as AnyDefinition)

async function open(totalBytesMax?: number) {
  const folder = memoryFolder()
  const clock = frozenClock()
  const stores = await testStores(folder.path, clock)
  const libraries = new Libraries({ ...stores, clock, ...(totalBytesMax !== undefined && { totalBytesMax }) })
  const trail: { action: string; subject?: string; detail?: unknown }[] = []
  let changes = 0
  const desk = new LibraryDesk({
    ...{ libraries, types, assignments: stores.assignments, parse: async () => undefined },
    trail: {
      async record(act) {
        await opened.beforeRecord()
        trail.push(act)
      },
    },
    onChange: () => {
      changes++
    },
  })
  const opened = {
    ...{ desk, stores, trail, clock, changes: () => changes },
    beforeRecord: (): Promise<void> => Promise.resolve(),
    install: (content = npmTarball()) => desk.install({ file: 'left-pad.tgz', content }, OWNER),
    [Symbol.dispose]: () => {
      stores.db.close()
      folder[Symbol.dispose]()
    },
  }
  return opened
}

describe('a library', () => {
  test('is listed with its hash once it is installed, and given back byte for byte', async () => {
    using opened = await open()
    const content = npmTarball({}, [{ path: 'package/big.js', content: Buffer.from(random(600_000)) }])
    const installed = await opened.install(content)
    expect(installed).toMatchObject({ name: 'left-pad', version: '1.3.0', bytes: content.byteLength })
    expect(await opened.desk.list()).toEqual({ libraries: [{ ...installed, uses: [] }], notAuthentic: [] })
    expect(await opened.desk.content('left-pad', '1.3.0')).toEqual(content)
    const contents = await opened.desk.contents('left-pad', '1.3.0')
    expect(contents.map(({ path }) => path)).toEqual(['package.json', 'index.js', 'big.js'])
    const bytes = contents.reduce((total, file) => total + file.bytes, 0)
    expect((await opened.desk.find('left-pad', '1.3.0')).files).toEqual({ count: 3, bytes })
    expect(opened.trail).toMatchObject([
      { action: 'library.installed_tried', subject: 'left-pad@1.3.0' },
      { action: 'library.installed', subject: 'left-pad@1.3.0', detail: { sha256: installed.sha256 } },
    ])
    expect(opened.changes()).toBe(1)
  })

  test('has its versions side by side; one version never has two contents', async () => {
    using opened = await open()
    const first = await opened.install()
    opened.clock.advance(1)
    await opened.install(npmTarball({ version: '2.0.0' }))
    expect((await opened.desk.list()).libraries.map(({ version }) => version)).toEqual(['1.3.0', '2.0.0'])
    expect(await refusalOf(() => opened.install(npmTarball({ description: 'another' })))).toBe('library.exists')
    expect(opened.trail.at(-1)).toMatchObject({ action: 'library.installed_failed' })
    // The same once more is no second one.
    expect(await opened.install()).toEqual(first)
    expect((await opened.desk.list()).libraries).toHaveLength(2)
  })

  test('is unpacked once, however many look at its files, and one at a time', async () => {
    const content = npmTarball()
    const [reads, atOnce] = [[] as string[], [] as number[]]
    let reading = 0
    const contents = new LibraryContents(async (name) => {
      reads.push(name)
      atOnce.push(++reading)
      await Promise.resolve()
      reading--
      return content
    })
    const library = (n: number) => ({
      name: `lib-${n}`,
      version: '1.0.0',
      entry: 'index.js',
      sha256: `${n}`.repeat(64),
    })
    const { sha256 } = await readPackage({ file: 'a.tgz', content })
    const same = { ...library(0), sha256 }
    const found = await Promise.all(Array.from({ length: 60 }, () => contents.of(same)))
    expect(new Set(found).size).toBe(1)
    expect(reads).toEqual(['lib-0'])
    // What is under another hash than asked for is not remembered as that.
    await Promise.all([1, 2, 1].map((n) => contents.of(library(n))))
    expect(reads).toEqual(['lib-0', 'lib-1', 'lib-2', 'lib-1'])
    expect(Math.max(...atOnce)).toBe(1)
  })

  test('as many file lists as are remembered, and the one looked at longest ago is unpacked again', async () => {
    const reads: string[] = []
    const packed = new Map<string, Bytes>(
      Array.from({ length: LISTS_MAX + 1 }, (_, n) => [`lib-${n}`, npmTarball({ name: `lib-${n}` })]),
    )
    const contents = new LibraryContents(async (name) => {
      reads.push(name)
      return packed.get(name) ?? new Uint8Array()
    })
    const look = async (n: number): Promise<void> => {
      const content = packed.get(`lib-${n}`) ?? new Uint8Array()
      const { sha256, entry } = await readPackage({ file: 'a.tgz', content })
      await contents.of({ name: `lib-${n}`, version: '1.3.0', entry, sha256 })
    }
    for (let n = 0; n < LISTS_MAX; n++) await look(n)
    await look(0)
    expect(reads).toHaveLength(LISTS_MAX)
    await look(LISTS_MAX)
    await look(0)
    expect(reads).toHaveLength(LISTS_MAX + 1)
    await look(1)
    expect(reads.at(-1)).toBe('lib-1')
  })

  test('that is refused leaves nothing', async () => {
    using opened = await open()
    expect(await refusalOf(() => opened.install(new Uint8Array([0x1f, 0x8b, 1])))).toBe('library.malformed')
    expect((await opened.desk.list()).libraries).toEqual([])
    expect(opened.trail).toEqual([])
  })

  test('goes with its content, unless another version has the same', async () => {
    using opened = await open()
    const { desk, stores } = opened
    const content = new TextEncoder().encode('export {}\n')
    await desk.install({ file: 'a.js', content, version: '1.0.0' }, OWNER)
    await desk.install({ file: 'a.js', content, version: '2.0.0' }, OWNER)
    await desk.remove('a', '1.0.0', OWNER)
    expect(await desk.content('a', '2.0.0')).toEqual(content)
    expect(await desk.contents('a', '2.0.0')).toEqual([{ path: 'index.js', bytes: 10 }])
    await desk.remove('a', '2.0.0', OWNER)
    expect(await stores.db.select().from(stores.db.tables.runtimeLibraryParts)).toEqual([])
    expect(await refusalOf(() => desk.remove('a', '2.0.0', OWNER))).toBe('library.not_found')
    expect(await refusalOf(() => desk.content('a', '2.0.0'))).toBe('library.not_found')
  })

  test('stays for as long as what is in force, or what waits, names it', async () => {
    using opened = await open()
    const { desk, stores } = opened
    await opened.install()
    const facts = { state: 'awaiting-approval' as const, reasons: [], signature: 'x', digest: 'd' }
    await stores.assignments.keep(plainAssignment() as Assignment, { ...facts, place: 'waiting' })
    expect((await desk.find('left-pad', '1.3.0')).uses).toMatchObject([{ deployment: DEPLOYMENT, waits: true }])
    expect(await refusalOf(() => desk.remove('left-pad', '1.3.0', OWNER))).toBe('library.in_use')
    await stores.assignments.retire(DEPLOYMENT as never, 1, 'refused', [])
    expect(await refusalOf(() => desk.remove('left-pad', '1.3.0', OWNER))).toBe('nothing')
  })

  test('stays while what uses it has ended and can start again, until that is stopped', async () => {
    using opened = await open()
    const { desk, stores } = opened
    await opened.install()
    const facts = { state: 'stopped' as const, reasons: [{ code: 'flow.ended' }], signature: 'x', digest: 'd' }
    await stores.assignments.keep(plainAssignment() as Assignment, { ...facts, place: 'current' })
    expect((await desk.find('left-pad', '1.3.0')).uses).toMatchObject([{ deployment: DEPLOYMENT, ended: true }])
    expect(await refusalOf(() => desk.remove('left-pad', '1.3.0', OWNER))).toBe('library.in_use')
    await stores.assignments.setState(DEPLOYMENT as never, 1, 'stopped', [{ code: 'owner.stopped' }])
    expect(await refusalOf(() => desk.remove('left-pad', '1.3.0', OWNER))).toBe('nothing')
  })

  test('that is installed while one of the same content is removed is whole, whichever comes first', async () => {
    const content = new TextEncoder().encode(`export const text = '${'x'.repeat(600_000)}'\n`)
    using opened = await open()
    const { desk } = opened
    for (let turns = 0; turns < 20; turns++) {
      await desk.install({ file: 'a.js', content, version: '1.0.0' }, OWNER)
      const removing = desk.remove('a', '1.0.0', OWNER)
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await Promise.all([removing, desk.install({ file: 'a.js', content, version: '2.0.0' }, OWNER)])
      expect(await desk.content('a', '2.0.0')).toEqual(content)
      await desk.remove('a', '2.0.0', OWNER)
    }
  })

  test('is read whole, or not found, while it is removed', async () => {
    const content = new TextEncoder().encode(`export const text = '${'x'.repeat(600_000)}'\n`)
    using opened = await open()
    const { desk } = opened
    for (let turns = 0; turns < 20; turns++) {
      await desk.install({ file: 'a.js', content, version: '1.0.0' }, OWNER)
      const reading = refusalOf(() => desk.content('a', '1.0.0'))
      for (let turn = 0; turn < turns; turn++) await Promise.resolve()
      await desk.remove('a', '1.0.0', OWNER)
      expect(['nothing', 'library.not_found']).toContain(await reading)
    }
  })

  test('that could not be kept to its end leaves no part of it', async () => {
    using opened = await open()
    const { db } = opened.stores
    await db.run(
      sql`CREATE TRIGGER full BEFORE INSERT ON runtime_libraries BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    )
    expect(await refusalOf(() => opened.install())).not.toBe('nothing')
    expect(await db.$count(db.tables.runtimeLibraryParts)).toBe(0)
    await db.run(sql`DROP TRIGGER full`)
    await opened.install()
    await db.run(
      sql`CREATE TRIGGER full BEFORE DELETE ON runtime_library_parts BEGIN SELECT RAISE(ABORT, 'disk full'); END`,
    )
    expect(await refusalOf(() => opened.desk.remove('left-pad', '1.3.0', OWNER))).not.toBe('nothing')
    expect(await opened.desk.content('left-pad', '1.3.0')).toEqual(npmTarball())
  })

  test('whose removal waits for another act is looked at when its turn comes: it may be in use by then', async () => {
    using opened = await open()
    const { desk, stores } = opened
    await opened.install()
    const begun = deferred<void>()
    const release = deferred<void>()
    opened.beforeRecord = () => {
      begun.resolve()
      return release.promise
    }
    const installing = opened.install(npmTarball({ version: '2.0.0' }))
    await begun.promise
    const removing = refusalOf(() => desk.remove('left-pad', '1.3.0', OWNER))
    const facts = { state: 'awaiting-approval' as const, reasons: [], signature: 'x', digest: 'd' }
    await stores.assignments.keep(plainAssignment() as Assignment, { ...facts, place: 'waiting' })
    release.resolve()
    await installing
    expect(await removing).toBe('library.in_use')
  })

  test('whose content or row was changed by something else is refused', async () => {
    using opened = await open()
    const { desk, stores } = opened
    await opened.install()
    const { runtimeLibraryParts: parts, runtimeLibraries: rows } = stores.db.tables
    await stores.db
      .update(parts)
      .set({ content: new Uint8Array([1]) })
      .where(eq(parts.offset, 0))
    expect(await refusalOf(() => desk.content('left-pad', '1.3.0'))).toBe('library.damaged')
    await stores.db.update(rows).set({ entry: 'evil.js' })
    expect(await refusalOf(() => desk.find('left-pad', '1.3.0'))).toBe('runtime.row_not_authentic')
    expect(await desk.list()).toEqual({ libraries: [], notAuthentic: ['left-pad@1.3.0'] })
    await desk.remove('left-pad', '1.3.0', OWNER)
    expect(await desk.list()).toEqual({ libraries: [], notAuthentic: [] })
  })

  test('beyond the bytes that are kept is refused, one that fills them is not', async () => {
    const content = npmTarball()
    using opened = await open(2 * content.byteLength - 1)
    await opened.install(content)
    const next = npmTarball({ version: '1.4.0' })
    const left = 2 * content.byteLength - 1 - content.byteLength
    expect(await refusalOf(() => opened.install(next))).toBe(next.byteLength > left ? 'library.no_room' : 'nothing')
    expect(await refusalOf(() => opened.install(npmTarball({ version: '1.5.0' })))).toBe('library.no_room')
  })

  test('installed together with others passes the bound no more than one after the other', async () => {
    const one = npmTarball({ version: '1.0.0' })
    using opened = await open(3 * one.byteLength)
    const ends = await Promise.all(
      Array.from({ length: 8 }, (_, at) => refusalOf(() => opened.install(npmTarball({ version: `1.0.${at}` })))),
    )
    const { libraries } = await opened.desk.list()
    expect(libraries.length).toBe(ends.filter((end) => end === 'nothing').length)
    expect(ends).toContain('library.no_room')
    expect(libraries.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(3 * one.byteLength)
  })

  test(`after ${LIBRARIES_MAX} is refused`, async () => {
    using opened = await open()
    const { stores } = opened
    const rows = Array.from({ length: LIBRARIES_MAX }, (_, at) => ({
      ...{
        name: `l${at}`,
        version: '1.0.0',
        sha256: 'x',
        bytes: 0,
        entry: 'index.js',
        dependencies: '[]',
        files: '[]',
      },
      ...{ installedBy: OWNER, installedAtMs: 1, mac: new Uint8Array(32) },
    }))
    await stores.db.insert(stores.db.tables.runtimeLibraries).values(rows)
    expect(await refusalOf(() => opened.install())).toBe('library.no_room')
  })
})

/** Bytes that gzip cannot make smaller. */
function random(bytes: number): Uint8Array {
  const made = new Uint8Array(bytes)
  for (let at = 0; at < bytes; at += 65_536) crypto.getRandomValues(made.subarray(at, at + 65_536))
  return made
}

import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { systemRandom } from '../../src/base/mod.ts'
import { checkerBy, copierBy, type Database, type RuntimeSchema, runtimeDatabase } from '../../src/store/mod.ts'
import { memoryFolder } from '../support/folder.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

// Copies are made by processes of their own, on a machine that others use as well.
setDefaultTimeout(60_000)

const entry = fileURLToPath(new URL('../support/copier-entry.ts', import.meta.url))
const copy = copierBy({ entry })

async function set(db: Database<RuntimeSchema>, key: string, value: string): Promise<void> {
  await db.insert(db.tables.runtimeSettings).values({ key, value, changedAtMs: 1 })
}

const keysOf = async (db: Database<RuntimeSchema>): Promise<string[]> =>
  (await db.select().from(db.tables.runtimeSettings)).map(({ key }) => key).sort()

describe('a check of a database', () => {
  const check = checkerBy({ entry })

  test('reads all of it while it is open, and refuses what is damaged or under another key', async () => {
    using folder = memoryFolder()
    const path = folder.file('a.db')
    const key = systemRandom(32)
    const db = await runtimeDatabase(path, key)
    await set(db, 'one', '1')
    await check({ path, key })
    expect(await refusalOf(() => check({ path, key: systemRandom(32) }))).toBe('store.wrong_key')
    db.close()
    // What it wrote last is beside it.
    for (const name of readdirSync(folder.path)) {
      if (!name.endsWith('-shm')) writeFileSync(folder.file(name), readFileSync(folder.file(name)).fill(7, 4_096))
    }
    expect(['store.damaged', 'store.wrong_key']).toContain(await refusalOf(() => check({ path, key })))
  })
})

describe('a copy of a database', () => {
  test('holds what was committed, opens by the same key, and only its owner may read it', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const db = await runtimeDatabase(folder.file('a.db'), key)
    await set(db, 'one', 'marker-of-the-canary')
    const bytes = await copy({ path: folder.file('a.db'), key, to: folder.file('b.db') })
    await set(db, 'later', '2')
    const made = statSync(folder.file('b.db'))
    expect([made.size, made.mode & 0o777]).toEqual([bytes, 0o600])
    expect(readFileSync(folder.file('b.db'), 'latin1')).not.toContain('canary')
    const copied = await runtimeDatabase(folder.file('b.db'), key)
    expect(await keysOf(copied)).toEqual(['one'])
    copied.close()
    db.close()
  })

  test('may have a key of its own, whatever bytes it is of; the key of the database does not open it', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    // NUL, quotes, and what is more than seven bits.
    const newKey = new Uint8Array([0, 39, 34, 59, 255, 128, ...systemRandom(26)])
    const db = await runtimeDatabase(folder.file('a.db'), key)
    await set(db, 'one', '1')
    await copy({ path: folder.file('a.db'), key, to: folder.file('b.db'), newKey })
    expect(await refusalOf(() => runtimeDatabase(folder.file('b.db'), key))).toBe('store.wrong_key')
    const copied = await runtimeDatabase(folder.file('b.db'), newKey)
    expect(await keysOf(copied)).toEqual(['one'])
    copied.close()
    db.close()
  })

  test('is of one moment while writers go on, and holds none of them up', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const db = await runtimeDatabase(folder.file('a.db'), key)
    for (let n = 0; n < 200; n++) await set(db, `before-${n}`, 'x'.repeat(1_000))
    let copying = true
    const made = copy({ path: folder.file('a.db'), key, to: folder.file('b.db') }).finally(() => (copying = false))
    let written = 0
    while (copying) {
      // Both in one transaction: a copy has both or neither.
      await db.transaction(async (tx) => {
        for (const side of ['left', 'right']) {
          const row = { key: `${side}-${written}`, value: '', changedAtMs: 1 }
          await tx.insert(db.tables.runtimeSettings).values(row)
        }
      })
      written++
      await new Promise((resolve) => setImmediate(resolve))
    }
    await made
    expect(written).toBeGreaterThan(0)
    const copied = await runtimeDatabase(folder.file('b.db'), key)
    const keys = await keysOf(copied)
    expect(keys.filter((name) => name.startsWith('before'))).toHaveLength(200)
    const left = keys.filter((name) => name.startsWith('left')).length
    expect(keys.filter((name) => name.startsWith('right'))).toHaveLength(left)
    copied.close()
    db.close()
  })

  slowTest('is refused by its name: another key, a damaged database, a name that is taken', async () => {
    using folder = memoryFolder()
    const key = systemRandom(32)
    const db = await runtimeDatabase(folder.file('a.db'), key)
    for (let n = 0; n < 200; n++) await set(db, `row-${n}`, 'x'.repeat(1_000))
    db.close()
    const path = folder.file('a.db')
    await copy({ path, key, to: folder.file('c.db') })
    const wrong = { path, key: systemRandom(32), to: folder.file('b.db') }
    expect(await refusalOf(() => copy(wrong))).toBe('store.wrong_key')
    expect(await refusalOf(() => copy({ path, key, to: path }))).toBe('store.copy_failed')
    const file = readFileSync(folder.file('c.db'))
    file.fill(0x55, 3 * 4_096, 12 * 4_096)
    writeFileSync(folder.file('c.db'), file)
    const broken = await refusalOf(() => copy({ path: folder.file('c.db'), key, to: folder.file('d.db') }))
    expect(['store.damaged', 'store.wrong_key']).toContain(broken)
  })

  test('of a process that cannot be started is refused', async () => {
    using folder = memoryFolder()
    const none = copierBy({ entry: folder.file('none.ts') })
    const key = systemRandom(32)
    ;(await runtimeDatabase(folder.file('a.db'), key)).close()
    const refused = await refusalOf(() => none({ path: folder.file('a.db'), key, to: folder.file('b.db') }))
    expect(['store.copy_failed', 'host.process_gone']).toContain(refused)
    expect(readdirSync(folder.path)).not.toContain('b.db')
  })
})

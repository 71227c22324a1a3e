import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { systemRandom } from '../../src/base/mod.ts'
import { openVault, type Vault } from '../../src/keys/mod.ts'
import { credentials, type Database, type RuntimeSchema, runtimeDatabase } from '../../src/store/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../support/folder.ts'
import { frozenClock } from '../support/frozen-clock.ts'
import { refusalOf } from '../support/refusal.ts'

type Opened = {
  vault: Vault
  db: Database<RuntimeSchema>
  clock: ReturnType<typeof frozenClock>
  folder: TemporaryFolder
} & Disposable

async function open(): Promise<Opened> {
  const folder = temporaryFolder()
  const db = await runtimeDatabase(folder.file('runtime.db'), systemRandom(32))
  const clock = frozenClock()
  const key = systemRandom(32)
  const vault = openVault({ db, key, clock, random: systemRandom })
  key.fill(0)
  const close = (): void => {
    db.close()
    folder[Symbol.dispose]()
  }
  return { vault, db, clock, folder, [Symbol.dispose]: close }
}

const seen = (secret: Record<string, string>): Promise<Record<string, string>> => Promise.resolve({ ...secret })

describe('the vault', () => {
  test('lends a secret to use() and shows names only', async () => {
    using opened = await open()
    const { vault, clock } = opened
    const summary = await vault.set('warehouse', { user: 'writer', password: 'marker-of-the-canary' })
    expect(summary).toEqual({
      id: summary.id,
      name: 'warehouse',
      fields: ['user', 'password'],
      createdAt: clock.now(),
      replacedAt: null,
    })
    expect(summary.id).toStartWith('cred_')
    expect(await vault.use(summary.id, seen)).toEqual({ user: 'writer', password: 'marker-of-the-canary' })
    expect(await vault.list()).toEqual([summary])
    expect(JSON.stringify(await vault.list())).not.toContain('marker')
  })

  test('has no way to read a secret back', async () => {
    using opened = await open()
    expect(Object.keys(opened.vault).sort()).toEqual(['list', 'remove', 'set', 'use'])
  })

  test('set() under a name that is taken replaces the secret and keeps the id', async () => {
    using opened = await open()
    const { vault, clock } = opened
    const before = await vault.set('warehouse', { password: 'old' })
    clock.advance(1_000)
    const after = await vault.set('warehouse', { token: 'new' })
    expect(after).toEqual({ ...before, fields: ['token'], replacedAt: clock.now() })
    expect(await vault.use(before.id, seen)).toEqual({ token: 'new' })
    expect(await vault.list()).toHaveLength(1)
  })

  test('remove() ends the use of a credential; unknown ones are refused', async () => {
    using opened = await open()
    const { vault } = opened
    const { id } = await vault.set('warehouse', { password: 'x' })
    await vault.remove('warehouse')
    expect(await refusalOf(() => vault.use(id, seen))).toBe('credential.not_found')
    expect(await refusalOf(() => vault.remove('warehouse'))).toBe('credential.not_found')
    expect(await vault.list()).toEqual([])
  })

  test('a sealed secret that is put under another id is not opened', async () => {
    using opened = await open()
    const { vault, db } = opened
    const a = await vault.set('a', { password: 'of a' })
    const b = await vault.set('b', { password: 'of b' })
    const row = await db.select().from(credentials).where(eq(credentials.id, a.id)).get()
    await db
      .update(credentials)
      .set({ sealed: row?.sealed ?? new Uint8Array() })
      .where(eq(credentials.id, b.id))
    expect(await refusalOf(() => vault.use(b.id, seen))).toBe('crypto.not_authentic')
    expect(await vault.use(a.id, seen)).toEqual({ password: 'of a' })
  })

  test('another key opens nothing', async () => {
    using opened = await open()
    const { id } = await opened.vault.set('a', { password: 'x' })
    const other = openVault({ ...opened, key: systemRandom(32), random: systemRandom })
    expect(await refusalOf(() => other.use(id, seen))).toBe('crypto.not_authentic')
  })

  test('names, fields and sizes are bounded', async () => {
    using opened = await open()
    const { vault } = opened
    const many = (count: number): Record<string, string> =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`f${at}`, 'v']))
    const overhead = JSON.stringify({ v: '' }).length
    for (const [name, secret, refusal] of [
      ['a'.repeat(64), { v: 'x' }, 'nothing'],
      ['a'.repeat(65), { v: 'x' }, 'credential.malformed'],
      ['', { v: 'x' }, 'credential.malformed'],
      ['a b', { v: 'x' }, 'credential.malformed'],
      ['b', {}, 'credential.malformed'],
      ['b', many(32), 'nothing'],
      ['b', many(33), 'credential.malformed'],
      ['c', { v: 'x'.repeat(65_536 - overhead) }, 'nothing'],
      ['c', { v: 'x'.repeat(65_537 - overhead) }, 'credential.malformed'],
    ] as const) {
      expect(await refusalOf(() => vault.set(name, secret))).toBe(refusal)
    }
  })

  test('no file of the database holds a value, whole or in base64', async () => {
    using opened = await open()
    await opened.vault.set('warehouse', { password: 'marker-of-the-canary' })
    const encoded = Buffer.from('marker-of-the-canary').toString('base64').slice(0, 20)
    for (const name of readdirSync(opened.folder.path)) {
      const file = readFileSync(opened.folder.file(name))
      expect(file.includes('marker-of') || file.includes(encoded)).toBe(false)
    }
  })

  test('a failure of the user of a secret rises unchanged', async () => {
    using opened = await open()
    const { id } = await opened.vault.set('a', { password: 'x' })
    const failing = opened.vault.use(id, () => Promise.reject(new RangeError('of the caller')))
    expect(failing).rejects.toBeInstanceOf(RangeError)
    await failing.catch(() => undefined)
  })

  test('two who set one name at once leave one credential', async () => {
    using opened = await open()
    const { vault } = opened
    const both = await Promise.all([vault.set('a', { v: '1' }), vault.set('a', { v: '2' })])
    expect(both[0].id).toBe(both[1].id)
    expect(await vault.use(both[0].id, seen)).toEqual({ v: '2' })
  })
})

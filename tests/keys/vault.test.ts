import { describe, expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { eq } from 'drizzle-orm'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import { importWrappingKey, wrap } from '../../src/crypto/mod.ts'
import { openVault } from '../../src/keys/mod.ts'
import { CREDENTIALS_MAX } from '../../src/keys/vault.ts'
import { credentials } from '../../src/store/mod.ts'
import { type OpenVault, seen, temporaryVault } from '../support/keys/open-vault.ts'
import { sshVectors } from '../support/keys/ssh-vectors.ts'
import { refusalOf } from '../support/refusal.ts'

const open = (): Promise<OpenVault> => temporaryVault()

describe('the vault', () => {
  test('lends a secret to use() and shows names only', async () => {
    using opened = await open()
    const { vault, clock } = opened
    const summary = await vault.set('warehouse', { user: 'writer', password: 'marker-of-the-canary' })
    expect(summary).toEqual({
      id: summary.id,
      name: 'warehouse',
      kind: 'fields',
      fields: ['user', 'password'],
      sources: { user: { from: 'stored' }, password: { from: 'stored' } },
      publicFacts: null,
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
    expect(Object.keys(opened.vault).sort()).toEqual('find generate list remove set sources unavailable use'.split(' '))
  })

  test('set() under a name that is taken replaces the secret and keeps the id', async () => {
    using opened = await open()
    const { vault, clock } = opened
    const before = await vault.set('warehouse', { password: 'old' })
    clock.advance(1_000)
    const after = await vault.set('warehouse', { token: 'new' })
    expect(after).toEqual({
      ...{ ...before, fields: ['token'], sources: { token: { from: 'stored' } } },
      replacedAt: clock.now(),
    })
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

  test('find() gives one by its name, and refuses an unknown one', async () => {
    using opened = await open()
    const set = await opened.vault.set('a', { v: 'x' })
    expect(await opened.vault.find('a')).toEqual(set)
    expect(await refusalOf(() => opened.vault.find('b'))).toBe('credential.not_found')
  })

  test('a credential that an earlier version sealed is used as before, and is of the kind `fields`', async () => {
    using opened = await open()
    const bytes = systemRandom(32)
    const key = await importWrappingKey(bytes)
    const vault = openVault({ ...opened, key: bytes, random: systemRandom })
    const sealed = await wrap(key, { purpose: 'credential', id: 'cred_1' }, utf8('{"format":"2","password":"old"}'))
    const row = { id: 'cred_1', name: 'old', fields: ['format', 'password'], sealed, createdAtMs: 1 }
    await opened.db.insert(credentials).values(row)
    expect(await vault.use('cred_1', seen)).toEqual({ format: '2', password: 'old' })
    const stored = { format: { from: 'stored' }, password: { from: 'stored' } }
    expect(await vault.list()).toMatchObject([{ kind: 'fields', sources: stored, publicFacts: null }])
  })

  test('what a kind shows is decided by its seal, not by the row: another kind in the row changes no use', async () => {
    using opened = await open()
    const { vault, db } = opened
    const client = { tokenUrl: 'https://127.0.0.1:1/token', clientId: 'me', clientSecret: 'marker-of-the-canary' }
    const { id } = await vault.set('client', client, 'oauth2_client')
    await db.update(credentials).set({ kind: 'fields' }).where(eq(credentials.id, id))
    expect(await refusalOf(() => vault.use(id, seen))).toBe('credential.token_refused')
  })

  test('set() says which field does not fit its kind, and never with what', async () => {
    using opened = await open()
    for (const [kind, fields, item] of [
      ['password', { username: 'me' }, 'password'],
      ['password', { password: '' }, 'password'],
      ['password', { password: 'marker', extra: 'marker' }, 'extra'],
      ['token', { token: 'marker\nmarker' }, 'token'],
      ['key_pair', { privateKey: 'marker' }, 'privateKey'],
      ['ssh_key', { privateKey: sshVectors[1]?.privateKey ?? '' }, 'privateKey'],
      ['database_url', { url: 'marker' }, 'url'],
      ['database_url', { url: 'postgres://' }, 'url'],
      ['database_url', { url: 'gopher://marker@host/' }, 'url'],
      ['s3', { accessKeyId: 'marker' }, 'secretAccessKey'],
      ['s3', { accessKeyId: 'a', secretAccessKey: 'b', endpoint: 'http://marker.example' }, 'endpoint'],
      ['oauth2_client', { tokenUrl: 'http://marker.example', clientId: 'a', clientSecret: 'b' }, 'tokenUrl'],
      ['oauth2_client', { tokenUrl: 'https://marker:x@a.example', clientId: 'a', clientSecret: 'b' }, 'tokenUrl'],
    ] as const) {
      const error = await opened.vault.set('a', fields, kind).catch((thrown) => thrown)
      expect(error).toMatchObject({ code: 'credential.field_invalid', item })
      expect(`${error.message} ${error.stack} ${JSON.stringify(error)}`.replace(import.meta.dir, '')).not.toContain(
        'marker',
      )
    }
    expect(await opened.vault.list()).toEqual([])
    expect(await refusalOf(() => opened.vault.set('a', { v: 'x' }, 'teapot'))).toBe('credential.kind_unknown')
  })

  test('set() takes each kind whole', async () => {
    using opened = await open()
    const { vault } = opened
    const privateKey = sshVectors[2]?.privateKey ?? ''
    for (const [kind, fields] of [
      ['password', { username: 'me', password: 'x' }],
      ['token', { token: 'x' }],
      ['key_pair', { privateKey }],
      ['ssh_key', { privateKey, username: 'me' }],
      ['database_url', { url: 'postgres://me:pass@db.example:5432/orders?sslmode=verify-full' }],
      ['database_url', { url: 'file:orders.db', encryptionKey: 'x' }],
      ['s3', { accessKeyId: 'a', secretAccessKey: 'b', endpoint: 'http://127.0.0.1:9000', bucket: 'c' }],
    ] as const) {
      const { id } = await vault.set('a', fields, kind)
      expect(await vault.use(id, seen)).toEqual(fields)
    }
  })

  test('of a key the public part and its fingerprint are shown, and replacing it shows the new ones', async () => {
    using opened = await open()
    const { privateKey = '', publicKey, fingerprint } = sshVectors[0] ?? {}
    const set = await opened.vault.set('key', { privateKey }, 'ssh_key')
    expect(set.publicFacts).toEqual({ publicKey: publicKey ?? '', fingerprint: fingerprint ?? '' })
    const after = await opened.vault.set('key', { v: 'x' })
    expect(after.publicFacts).toBeNull()
  })

  test('generate() keeps a key that nobody has seen, and shows its public part', async () => {
    using opened = await open()
    const { vault } = opened
    const ssh = await vault.generate('ssh', { kind: 'ssh_key', algorithm: 'ed25519', username: 'sluice' })
    expect(ssh).toMatchObject({ kind: 'ssh_key', fields: ['privateKey', 'username'] })
    expect(ssh.publicFacts?.publicKey).toStartWith('ssh-ed25519 ')
    expect(await vault.use(ssh.id, seen)).toMatchObject({ username: 'sluice' })
    const pair = await vault.generate('pair', { kind: 'key_pair', algorithm: 'p-256' })
    expect(pair.publicFacts?.publicKey).toStartWith('-----BEGIN PUBLIC KEY-----')
    const named = () => vault.generate('pair', { kind: 'key_pair', algorithm: 'p-256', username: 'me' })
    expect(await refusalOf(named)).toBe('credential.field_invalid')
  })

  test(`the credential after ${CREDENTIALS_MAX} is refused; replacing one is not`, async () => {
    using opened = await open()
    const { vault, db } = opened
    const rows = Array.from({ length: CREDENTIALS_MAX }, (_, at) => ({
      ...{ id: `cred_${at}`, name: `c${at}`, fields: [], sealed: new Uint8Array(), createdAtMs: 1 },
    }))
    await db.insert(credentials).values(rows)
    expect(await refusalOf(() => vault.set('one-more', { v: 'x' }))).toBe('credential.no_room')
    expect(await refusalOf(() => vault.set('c0', { v: 'x' }))).toBe('nothing')
  })

  test('a field called like a part of every object is a field or refused, never a change of one', async () => {
    using opened = await open()
    const { vault } = opened
    const { id } = await vault.set('a', { toString: 'y' } as unknown as Record<string, string>)
    expect(await vault.use(id, seen)).toEqual({ toString: 'y' } as unknown as Record<string, string>)
    for (const name of ['__proto__', 'constructor', 'prototype', '1st', 'a b', '', 'a'.repeat(65)]) {
      const fields = Object.fromEntries([[name, 'x']])
      expect(await refusalOf(() => vault.set('a', fields))).toBe('credential.malformed')
    }
    const fields = { toString: 'x' } as never
    expect(await refusalOf(() => vault.set('a', fields, 'password'))).toBe('credential.field_invalid')
  })
})

import { describe, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { eq, gt, sql } from 'drizzle-orm'
import { verifyHead } from '../../src/audit/mod.ts'
import { canonicalJson, systemRandom, utf8 } from '../../src/base/mod.ts'
import { generateStoredKeyPair, sign } from '../../src/crypto/mod.ts'
import { auditHead, auditTrail, runtimeDatabase, tenantDatabase } from '../../src/store/mod.ts'
import { act, openedTrail, signer, type TrailTables } from '../support/audit/trail.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

/** Puts the content of one line, hash and all, in the place of another and back. */
async function swap(db: TrailTables, a: number, b: number): Promise<void> {
  for (const [from, to] of [
    [a, -1],
    [b, a],
    [-1, b],
  ] as const) {
    await db.update(auditTrail).set({ count: to }).where(eq(auditTrail.count, from))
  }
}

describe('record, list and head', () => {
  test('lines come back in order with what was said, on a Runtime and in a Platform Tenant', async () => {
    for (const database of [runtimeDatabase, tenantDatabase]) {
      using opened = await openedTrail(3, database)
      const { trail, clock } = opened
      clock.advance(500)
      await trail.record({ actor: 'key:abc', action: 'deployment.approve', subject: 'dep_1' })
      const lines = await trail.list({ limit: 10 })
      expect(lines.map(({ count }) => count)).toEqual([1, 2, 3, 4])
      expect(lines[1]).toMatchObject(act(2))
      expect(lines[3]).toMatchObject({ actor: 'key:abc', detail: {}, atMs: clock.now() })
      expect((await trail.list({ afterCount: 1, limit: 2 })).map(({ count }) => count)).toEqual([2, 3])
      expect(await trail.verify()).toEqual({ ok: true, count: 4 })
    }
  })

  test('the head names the last line and verifies under the signer, and under nobody else', async () => {
    using opened = await openedTrail(2)
    const head = await opened.trail.head()
    expect(head).toMatchObject({ count: 2, hash: (await opened.trail.list({ limit: 2 }))[1]?.hash })
    expect(await verifyHead(signer.publicKey, head)).toBe(true)
    expect(await verifyHead(signer.publicKey, { ...head, count: 3 })).toBe(false)
    expect(await verifyHead(signer.publicKey, { ...head, signature: 'no signature' })).toBe(false)
    const stranger = await generateStoredKeyPair('sign')
    expect(await verifyHead(stranger.publicKey, head)).toBe(false)
  })

  test('a trail without lines has a signed head too', async () => {
    using opened = await openedTrail()
    const head = await opened.trail.head()
    expect(head.count).toBe(0)
    expect(await verifyHead(signer.publicKey, head)).toBe(true)
    expect(await opened.trail.verify(head)).toEqual({ ok: true, count: 0 })
  })

  test('acts recorded at once all get their own place', async () => {
    using opened = await openedTrail()
    await Promise.all(Array.from({ length: 20 }, (_, n) => opened.trail.record(act(n))))
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 20 })
  })

  test('a line of 4,096 characters is kept, a longer one refused', async () => {
    using opened = await openedTrail()
    const line = { actor: 'a', action: 'b', detail: {} }
    const most = 4_096 - 'ab{}'.length
    expect(await refusalOf(() => opened.trail.record({ ...line, subject: 'x'.repeat(most + 1) }))).toBe(
      'audit.entry_too_large',
    )
    await opened.trail.record({ ...line, subject: 'x'.repeat(most) })
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 1 })
  })

  test('half a character, which has no hash, becomes a replacement character', async () => {
    using opened = await openedTrail()
    await opened.trail.record({
      actor: 'a\ud83d',
      action: 'b',
      subject: '\ude00c',
      detail: { 'd\ud83d': 'e\ud83d', whole: '😀' },
    })
    expect(await opened.trail.list({ limit: 1 })).toMatchObject([
      { actor: 'a\ufffd', subject: '\ufffdc', detail: { 'd\ufffd': 'e\ufffd', whole: '😀' } },
    ])
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 1 })
  })

  test('a name with a NUL or half a character in it is kept without, and the chain holds', async () => {
    using opened = await openedTrail(1)
    const [nul, half] = ['a\0b', 'a\ud800b']
    for (const subject of [nul, half]) {
      await opened.trail.record({ actor: subject, action: 'user.invited', subject, detail: { from: subject } })
    }
    const lines = await opened.trail.list({ afterCount: 1, limit: 10 })
    expect(lines.map(({ subject, actor }) => [subject, actor])).toEqual([
      ['a\ufffdb', 'a\ufffdb'],
      ['a\ufffdb', 'a\ufffdb'],
    ])
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 3 })
  })

  test('list() gives no more than 1,000 lines', async () => {
    using opened = await openedTrail()
    const row = { atMs: 1, actor: 'a', action: 'b', subject: 'c', detail: '{}', hash: '' }
    await opened.db.insert(auditTrail).values(Array.from({ length: 1_001 }, (_, at) => ({ ...row, count: at + 1 })))
    expect(await opened.trail.list({ limit: 5_000 })).toHaveLength(1_000)
  })
})

describe('tampering is found and named', () => {
  test('a changed line, whichever of its columns was changed', async () => {
    for (const change of [
      { subject: 'other' },
      { actor: 'other' },
      { action: 'other' },
      { detail: '{"fields":9,"replaced":false}' },
      { atMs: 1 },
      { hash: 'f'.repeat(64) },
    ]) {
      using opened = await openedTrail(5)
      await opened.db.update(auditTrail).set(change).where(eq(auditTrail.count, 3))
      expect(await opened.trail.verify()).toEqual({ ok: false, firstBad: 3, reason: 'changed' })
    }
  })

  test('a removed line', async () => {
    using opened = await openedTrail(5)
    await opened.db.delete(auditTrail).where(eq(auditTrail.count, 3))
    expect(await opened.trail.verify()).toEqual({ ok: false, firstBad: 3, reason: 'removed' })
  })

  test('a removed line behind which the others moved up', async () => {
    using opened = await openedTrail(5)
    await opened.db.delete(auditTrail).where(eq(auditTrail.count, 3))
    await opened.db.run(sql`UPDATE audit_trail SET count = count - 1 WHERE count > 3`)
    expect(await opened.trail.verify()).toMatchObject({ ok: false, firstBad: 3 })
  })

  test('reordered lines, neighbours or far apart', async () => {
    for (const [a, b] of [
      [3, 4],
      [1, 2],
      [2, 5],
      [1, 5],
    ] as const) {
      using opened = await openedTrail(5)
      await swap(opened.db, a, b)
      expect(await opened.trail.verify()).toEqual({ ok: false, firstBad: a, reason: 'reordered' })
    }
  })

  test('a cut tail, against the head in the database', async () => {
    using opened = await openedTrail(5)
    await opened.db.delete(auditTrail).where(gt(auditTrail.count, 3))
    expect(await opened.trail.verify()).toEqual({ ok: false, firstBad: 4, reason: 'cut' })
  })

  test('a whole database put back to an earlier state, against a head that was kept elsewhere', async () => {
    using opened = await openedTrail(3)
    const earlier = await opened.db.select().from(auditHead)
    for (const n of [4, 5]) await opened.trail.record(act(n))
    const kept = await opened.trail.head()
    await opened.db.delete(auditTrail).where(gt(auditTrail.count, 3))
    await opened.db.update(auditHead).set(earlier[0] ?? {})
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 3 })
    expect(await opened.trail.verify(kept)).toEqual({ ok: false, firstBad: 4, reason: 'cut' })
    for (const n of [6, 7, 8]) await opened.trail.record(act(n))
    expect(await opened.trail.verify(kept)).toEqual({ ok: false, firstBad: 5, reason: 'another_history' })
  })

  test('an earlier head that was kept elsewhere is still part of an honest trail', async () => {
    using opened = await openedTrail(3)
    const kept = await opened.trail.head()
    await opened.trail.record(act(4))
    expect(await opened.trail.verify(kept)).toEqual({ ok: true, count: 4 })
  })

  test('a head that is missing or signed by another key', async () => {
    using missing = await openedTrail(3)
    await missing.db.delete(auditHead)
    expect(await missing.trail.verify()).toEqual({ ok: false, firstBad: 3, reason: 'head' })
    using forged = await openedTrail(3)
    await forged.db.update(auditHead).set({ signature: systemRandom(64) })
    expect(await forged.trail.verify()).toEqual({ ok: false, firstBad: 3, reason: 'head' })
  })

  test('record() and head() refuse to sign over a trail that was cut', async () => {
    using opened = await openedTrail(5)
    await opened.db.delete(auditTrail).where(eq(auditTrail.count, 5))
    expect(await refusalOf(() => opened.trail.record(act(6)))).toBe('audit.broken')
    expect(await refusalOf(() => opened.trail.head())).toBe('audit.broken')
    expect(await opened.db.$count(auditTrail)).toBe(4)
  })

  test('tampering beyond the first page of 1,000 lines, in a trail that was written from its description alone', async () => {
    using opened = await openedTrail()
    await writeByDescription(opened.db, 1_100)
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 1_100 })
    await opened.trail.record(act(1_101))
    expect(await opened.trail.verify()).toEqual({ ok: true, count: 1_101 })
    await opened.db.update(auditTrail).set({ subject: 'other' }).where(eq(auditTrail.count, 1_050))
    expect(await opened.trail.verify()).toEqual({ ok: false, firstBad: 1_050, reason: 'changed' })
  })
})

/** The chain as its head comment describes it, written without the code under test: what has been signed must stay verifiable. */
async function writeByDescription(db: TrailTables, lines: number): Promise<void> {
  const rows: (typeof auditTrail.$inferInsert)[] = []
  let hash = '0'.repeat(64)
  for (let count = 1; count <= lines; count++) {
    const said = { atMs: count, actor: 'user:a', action: 'b.c', subject: `s${count}`, detail: '{"n":1}' }
    hash = createHash('sha256')
      .update(`sluice audit line v1\n${hash}\n${canonicalJson(said)}`)
      .digest('hex')
    rows.push({ ...said, count, hash })
  }
  const signature = await sign(signer.privateKey, utf8(`sluice audit head v1\n${lines}\n${hash}`))
  await db.insert(auditTrail).values(rows)
  await db.insert(auditHead).values({ id: 1, count: lines, hash, signature, kid: signer.kid })
}

test('who asks for a verification that is under way gets that one, and afterwards another', async () => {
  using opened = await openedTrail(3)
  const [first, same] = [opened.trail.verify(), opened.trail.verify()]
  const other = opened.trail.verify({ count: 1, hash: '0'.repeat(64) })
  expect(same).toBe(first)
  expect(await first).toEqual({ ok: true, count: 3 })
  expect((await other).ok).toBe(false)
  const next = opened.trail.verify()
  expect(next).not.toBe(first)
  await next
})

slowTest('many verifications at once take their turns, and others theirs in between', async () => {
  using opened = await openedTrail(600)
  const heads = await opened.trail.list({ limit: 20 })
  let done = false
  const all = Promise.all(heads.map(({ count, hash }) => opened.trail.verify({ count, hash }))).finally(() => {
    done = true
  })
  let turns = 0
  for (; !done; turns++) await new Promise((resolve) => setImmediate(resolve))
  for (const verdict of await all) expect(verdict).toEqual({ ok: true, count: 600 })
  // Three pages each; all at the same time would leave others three turns.
  expect(turns).toBeGreaterThanOrEqual(20 * 2)
})

import { describe, expect, test } from 'bun:test'
import { eq } from 'drizzle-orm'
import { type Trail, verifyExport } from '../../src/audit/mod.ts'
import { systemRandom } from '../../src/base/mod.ts'
import { generateStoredKeyPair, loadSigningKey } from '../../src/crypto/mod.ts'
import { auditHead, auditTrail } from '../../src/store/mod.ts'
import { act, openedTrail, signer } from '../support/audit/trail.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

async function exported(trail: Trail): Promise<string[]> {
  let text = ''
  for await (const part of await trail.export()) text += part
  expect(text.endsWith('\n')).toBe(true)
  return text.trimEnd().split('\n')
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

function verified(lines: readonly string[], expected: Parameters<typeof verifyExport>[1] = {}) {
  return verifyExport(each(lines), expected)
}

function edited(line: string, change: Record<string, unknown>): string {
  return JSON.stringify({ ...JSON.parse(line), ...change })
}

describe('an exported trail', () => {
  test('is verified from its own lines, under the key that it names and that was expected', async () => {
    using opened = await openedTrail(3)
    const lines = await exported(opened.trail)
    expect(lines).toHaveLength(5)
    expect(await verified(lines)).toEqual({ ok: true, count: 3, kid: signer.kid })
    expect(await verified(lines, { kid: signer.kid })).toMatchObject({ ok: true })
    expect(await refusalOf(() => verified(lines, { kid: 'another' }))).toBe('audit.export_invalid')
  })

  test('of no lines is whole', async () => {
    using opened = await openedTrail()
    expect(await verified(await exported(opened.trail))).toEqual({ ok: true, count: 0, kid: signer.kid })
  })

  slowTest('spans the pages in which it is read, and leaves out what is recorded while it is', async () => {
    using opened = await openedTrail(1_002)
    const parts = await opened.trail.export()
    let text = ''
    for await (const part of parts) {
      if (text === '') await opened.trail.record(act(0))
      text += part
    }
    expect(await verified(text.trimEnd().split('\n'))).toMatchObject({ ok: true, count: 1_002 })
  })

  test('whose line was changed, removed, moved or cut off names the line and what happened to it', async () => {
    using opened = await openedTrail(4)
    const lines = await exported(opened.trail)
    const [first = '', one = '', two = '', three = '', four = '', last = ''] = lines
    const bad = async (changed: readonly string[]) => await verified(changed)
    for (const change of [{ actor: 'x' }, { subject: 'x' }, { atMs: 1 }, { detail: {} }, { hash: 'f'.repeat(64) }]) {
      expect(await bad([first, one, edited(two, change), three, four, last])).toMatchObject({
        ...{ ok: false, firstBad: 2, reason: 'changed' },
      })
    }
    expect(await bad([first, one, three, four, last])).toMatchObject({ firstBad: 2, reason: 'removed' })
    expect(await bad([first, one, two, one, three, four, last])).toMatchObject({ firstBad: 3, reason: 'reordered' })
    expect(await bad([first, one, two, last])).toMatchObject({ firstBad: 3, reason: 'cut' })
    expect(await bad([first, one, two, three, four])).toMatchObject({ firstBad: 5, reason: 'cut' })
  })

  test('whose head another key signed, or that names another key, is not taken', async () => {
    using opened = await openedTrail(2)
    const lines = await exported(opened.trail)
    const stranger = await loadSigningKey(await generateStoredKeyPair('sign'))
    const theirs = { key: Buffer.from(stranger.publicKey).toString('base64url'), kid: stranger.kid }
    expect(await verified([edited(lines[0] ?? '', theirs), ...lines.slice(1)])).toMatchObject({ reason: 'head' })
    const mixed = edited(lines[0] ?? '', { key: theirs.key })
    expect(await refusalOf(() => verified([mixed, ...lines.slice(1)]))).toBe('audit.export_invalid')
  })

  test('is held against a head that was seen before', async () => {
    using opened = await openedTrail(3)
    const seen = await opened.trail.head()
    await opened.trail.record(act(4))
    const lines = await exported(opened.trail)
    expect(await verified(lines, { head: seen })).toMatchObject({ ok: true, count: 4 })
    expect(await verified(lines, { head: { ...seen, hash: '0'.repeat(64) } })).toMatchObject({
      ...{ firstBad: 3, reason: 'another_history' },
    })
    expect(await verified(lines, { head: { count: 9, hash: seen.hash } })).toMatchObject({ firstBad: 5, reason: 'cut' })
  })

  test('is not written over a trail whose head does not fit', async () => {
    using opened = await openedTrail(2)
    await opened.db.update(auditHead).set({ signature: systemRandom(64) })
    expect(await refusalOf(() => opened.trail.export())).toBe('audit.broken')
  })

  test('shows a line that was changed in the database as changed', async () => {
    using opened = await openedTrail(3)
    await opened.db.update(auditTrail).set({ actor: 'someone' }).where(eq(auditTrail.count, 2))
    expect(await verified(await exported(opened.trail))).toMatchObject({ firstBad: 2, reason: 'changed' })
  })

  test('has one text for what its hashes cover: no member twice or unseen, nothing in another order or behind the head', async () => {
    using opened = await openedTrail(2)
    const [first = '', one = '', two = '', last = ''] = await exported(opened.trail)
    const twice = one.replace('"actor":', '"actor":"user:somebody-else","actor":')
    const unseen = one.replace('"detail":{', '"detail":{"__proto__":"x",')
    const spaced = one.replace('"actor":', '"actor": ')
    for (const changed of [
      [first, twice, two, last],
      [first, unseen, two, last],
      [first, spaced, two, last],
      [first, one, two, last.replace('"count":', '"count":9,"count":')],
      [first, one, two, last, one],
      [first, one, two, last, ''],
    ]) {
      expect(await refusalOf(() => verified(changed))).toBe('audit.export_invalid')
    }
  })

  test('that is none is refused by name, never taken for whole', async () => {
    using opened = await openedTrail(1)
    const [first = '', one = '', last = ''] = await exported(opened.trail)
    for (const lines of [
      [],
      ['no JSON'],
      ['{}'],
      [edited(first, { trail: 'something else' }), one, last],
      [edited(first, { key: '***' }), one, last],
      [first, 'null', last],
      [first, edited(one, { more: 1 }), last],
      [first, one, '{"head":{}}'],
    ]) {
      expect(await refusalOf(() => verified(lines))).toBe('audit.export_invalid')
    }
  })
})

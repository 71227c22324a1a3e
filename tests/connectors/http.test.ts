import { describe, expect, test } from 'bun:test'
import { utf8 } from '../../src/base/mod.ts'
import { cutText } from '../../src/connectors/http/documents.ts'
import { instantMs } from '../../src/connectors/http/instants.ts'
import { JSON_DEPTH_MAX, parsedJson } from '../../src/connectors/http/json.ts'
import { atPointer } from '../../src/connectors/http/json-pointer.ts'
import { nextLink } from '../../src/connectors/http/links.ts'
import { SEEN_MAX, SeenRecords } from '../../src/connectors/http/seen.ts'
import { isThrottled, throttledMs } from '../../src/connectors/http/throttling.ts'
import { pagesOfWindow } from '../../src/connectors/http/window.ts'
import { filled, hasPlace } from '../../src/connectors/rest/rest-places.ts'

test('nextLink() finds the relation next among others, however it is written, and nothing that looks like it', () => {
  const next = (link: string) => nextLink({ link })
  expect(next('<https://a/?page=2>; rel="next", <https://a/?page=9>; rel="last"')).toBe('https://a/?page=2')
  expect(next('<https://a/?page=1>; rel="prev",<https://a/?a=1,2>; title="x"; rel="last next"')).toBe(
    'https://a/?a=1,2',
  )
  expect(next('</b>; REL=next')).toBe('/b')
  for (const other of [
    '',
    '<https://a>',
    '<https://a>; rel="nextish"',
    '<https://a>; rel="prev"',
    'https://a; rel="next"',
  ])
    expect([other, next(other)]).toEqual([other, undefined])
  expect(nextLink({})).toBeUndefined()
  expect(next(`<https://a>; rel="next"; title="${'x'.repeat(16_384)}"`)).toBeUndefined()
})

describe('throttling', () => {
  const now = Date.UTC(2026, 0, 2)
  const reset = (seconds: number) => ({ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(seconds) })

  test('403 is one where a limit is met, and a permission that lacks else', () => {
    expect(isThrottled(429, {}, '')).toBe(true)
    expect(isThrottled(403, {}, ': Resource not accessible')).toBe(false)
    expect(isThrottled(403, { 'x-ratelimit-remaining': '17' }, '')).toBe(false)
    expect(isThrottled(403, reset(1), '')).toBe(true)
    expect(isThrottled(403, { 'retry-after': '1' }, '')).toBe(true)
    expect(isThrottled(403, {}, ': You have exceeded a secondary rate limit')).toBe(true)
    expect(isThrottled(401, reset(1), 'rate limit')).toBe(false)
  })

  test('waits until a limit begins anew, by the clock of the site, and a minute where nobody says', () => {
    const theirs = now + 3_600_000
    expect(throttledMs(429, { 'retry-after': '7', ...reset(1) }, now)).toBe(7_000)
    expect(throttledMs(403, { ...reset(theirs / 1_000 + 9), date: new Date(theirs).toUTCString() }, now)).toBe(9_000)
    expect(throttledMs(403, reset(now / 1_000 + 9), now)).toBe(9_000)
    expect(throttledMs(429, { 'ratelimit-reset': '30' }, now)).toBe(30_000)
    expect(throttledMs(403, {}, now)).toBe(60_000)
    expect(throttledMs(429, { 'x-ratelimit-reset': 'soon' }, now)).toBeUndefined()
    expect(throttledMs(503, reset(now / 1_000 - 9), now)).toBe(0)
  })
})

test('parsedJson() takes what is nested to its bound and no deeper; brackets in texts do not count', () => {
  const nested = (depth: number) => utf8('['.repeat(depth) + ']'.repeat(depth))
  expect(parsedJson(nested(JSON_DEPTH_MAX))).toBeDefined()
  expect(parsedJson(nested(JSON_DEPTH_MAX + 1))).toBeUndefined()
  expect(parsedJson(nested(5_000_000))).toBeUndefined()
  const text = `"\\"${'['.repeat(1_000)}\\\\"`
  expect(parsedJson(utf8(`{"a":${text},"b":[1]}`))?.value).toEqual({ a: JSON.parse(text), b: [1] })
  expect(() => parsedJson(utf8('{"a":1'))).toThrow()
})

test('parsedJson() mends halves of characters, and neither whole ones nor what only looks like an escape', () => {
  const json = String.raw`{"cut \ud83d":["\uD83D\uDE00 \uD83D","\ude00\ud83d\n","\\ud83d","\\\uD83D\"","é"]}`
  expect(parsedJson(utf8(json))?.value).toEqual({ 'cut �': ['😀 �', '��\n', '\\ud83d', '\\�"', 'é'] })
})

test('cutText() leaves no half of a character', () => {
  expect([cutText('ab😀', 3), cutText('ab😀', 4), cutText('😀c', 2)]).toEqual(['ab', 'ab😀', '😀'])
})

test('atPointer() follows own names alone, through slashes and tildes in them', () => {
  const value = { 'a/b': { 'c~d': [10, { e: 1 }] }, '': 5 }
  expect(atPointer(value, '')).toBe(value)
  expect(atPointer(value, '/a~1b/c~0d/1/e')).toBe(1)
  expect(atPointer(value, '/')).toBe(5)
  for (const nowhere of ['/x', '/a~1b/c~0d/2', '/a~1b/c~0d/length', '/__proto__', '/constructor/name', '/a~1b/c~0d/01'])
    expect([nowhere, atPointer(value, nowhere)]).toEqual([nowhere, undefined])
})

test('instantMs() reads times as APIs write them, and nothing else', () => {
  const ms = Date.UTC(2026, 0, 2, 3, 4, 5)
  for (const text of [
    '2026-01-02T03:04:05Z',
    '2026-01-02T04:04:05+0100',
    '2026-01-02 03:04:05',
    ms,
    ms / 1_000,
    String(ms),
  ])
    expect([text, instantMs(text)]).toEqual([text, ms])
  for (const none of ['', 'yesterday', '02/01/2026', -5, Number.NaN, null, {}, '2026-13-01T00:00:00Z'])
    expect([none, instantMs(none)]).toEqual([none, undefined])
})

test('places are filled in as what they are, and what has one without a value is left out', () => {
  const body = { a: '{page}', b: 'from {since} on', c: ['{token}', 'x'], d: { e: '{after}' }, f: '{other}', g: 3 }
  expect(filled(body, { page: 2, since: 'T' })).toEqual({ a: 2, b: 'from T on', c: ['x'], d: {}, f: '{other}', g: 3 })
  expect([hasPlace(body, 'after'), hasPlace(body, 'size')]).toEqual([true, false])
})

test('what is remembered around a cursor is bounded, and what it knows is told by its time and its mark', () => {
  const seen = new SeenRecords(null, { keepMs: 100, latestMs: 10_000 })
  const one = { id: '1', atMs: 1_000, mark: 'a' }
  expect(seen.take([one])).toEqual([one])
  expect(seen.take([one, { ...one, mark: 'b' }]).map(({ mark }) => mark)).toEqual(['b'])
  const again = new SeenRecords(seen.cursor(), { keepMs: 100 })
  expect(again.take([{ ...one, mark: 'b' }])).toEqual([])
  expect(seen.take([{ id: '9', atMs: 99_999 }]).length).toBe(1)
  expect(seen.beginsMs(0)).toBe(1_000)
  seen.take(Array.from({ length: SEEN_MAX + 1 }, (_, n) => ({ id: `n${n}`, atMs: 1_001 })))
  expect(seen.cursor().seen.length).toBe(SEEN_MAX)
})

test('pagesOfWindow() ends by name where pages do not go on', async () => {
  const walk = (fetch: (n: number) => { ids: string[]; reachedMs: number | undefined; next: string | undefined }) => {
    let asked = 0
    const endless = (how: string) => new Error(how)
    return Array.fromAsync(pagesOfWindow({ stepMs: 1, endless, fetch: async () => fetch(++asked) }, 0))
  }
  await expect(walk(() => ({ ids: ['1'], reachedMs: 0, next: 'x' }))).rejects.toThrow('do not go on')
  await expect(walk((n) => ({ ids: [`${n}`], reachedMs: 0, next: 'x' }))).rejects.toThrow('do not go on')
  await expect(walk(() => ({ ids: [], reachedMs: undefined, next: 'x' }))).rejects.toThrow('do not go on')
  await expect(walk((n) => ({ ids: [`${n}`], reachedMs: 0, next: `${n}` }))).rejects.toThrow('do not come to an end')
  expect((await walk((n) => ({ ids: [`${n}`], reachedMs: n, next: n < 5 ? 'x' : undefined }))).length).toBe(5)
})

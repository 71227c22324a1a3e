import { describe, expect, test } from 'bun:test'
import * as v from 'valibot'
import { issueWords, naming } from '../../src/base/mod.ts'

const Form = v.strictObject({
  role: v.optional(v.picklist(['viewer', 'operator', 'owner'])),
  days: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(366))),
  share: v.optional(v.pipe(v.number(), v.minValue(0.5))),
  hosts: v.optional(
    v.union(
      [v.literal('any'), v.array(v.pipe(v.string(), v.regex(/^[a-z.]+$/, naming('expected a host as db.example'))))],
      naming('expected `any` or a list'),
    ),
  ),
  passphrase: v.optional(v.pipe(v.string(), v.minLength(12), v.maxLength(64))),
  tags: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  at: v.optional(v.pipe(v.string(), v.isoTimestamp())),
  url: v.optional(v.pipe(v.string(), v.url())),
  begins: v.optional(v.pipe(v.string(), v.startsWith('https://'))),
  form: v.optional(v.pipe(v.string(), v.regex(/^x$/))),
  on: v.optional(v.boolean()),
  limits: v.optional(v.record(v.string(), v.strictObject({ bytesMax: v.number() }))),
  source: v.optional(
    v.union(
      [v.string(), v.strictObject({ file: v.string() }), v.strictObject({ command: v.array(v.string()) })],
      'must be a text, or one of `file` and `command`',
    ),
  ),
  choice: v.optional(v.variant('kind', [v.object({ kind: v.literal('a') }), v.object({ kind: v.literal('b') })])),
})

function words(value: unknown, schema: v.GenericSchema = Form): string[] {
  return (v.safeParse(schema, value).issues ?? []).map((issue) => {
    const { path, message } = issueWords(schema, issue)
    return `${path}: ${message}`
  })
}

test('issueWords() says what is allowed, and what came where words or numbers are expected', () => {
  expect(words({ role: 'boss' })).toEqual(['role: must be `viewer`, `operator` or `owner`, got `boss`'])
  expect(words({ role: 5 })).toEqual(['role: must be `viewer`, `operator` or `owner`, got 5'])
  for (const days of [0, 999, 1.5])
    expect(words({ days })).toEqual([`days: must be a whole number from 1 to 366, got ${days}`])
  expect(words({ days: 'many' })).toEqual(['days: must be a whole number from 1 to 366, got a text'])
  expect(words({ share: 0 })).toEqual(['share: must be a number of at least 0.5, got 0'])
  expect(words({ passphrase: 'short' })).toEqual(['passphrase: must have 12 to 64 characters, got 5'])
  expect(words({ tags: [] })).toEqual(['tags: must not be empty'])
  expect(words({ at: 'yesterday' })).toEqual(['at: must be a time, such as 2026-01-31T12:00:00Z, got `yesterday`'])
  expect(words({ url: 'x' })).toEqual(['url: must be a URL, such as https://host.example/path'])
  expect(words({ begins: 'x' })).toEqual(['begins: must begin with `https://`'])
  expect(words({ form: 'y' })).toEqual(['form: has not the form that it must have'])
  expect(words({ on: 'yes' })).toEqual(['on: must be true or false, got a text'])
  expect(words({ choice: { kind: 'c' } })).toEqual(['choice.kind: must be `a` or `b`, got `c`'])
  expect(words('x')).toEqual([': must be an object, got a text'])
})

describe('a key that no schema knows', () => {
  test('is told with the one that was meant, or with those that there are', () => {
    expect(words({ host: 'any' })).toEqual(['host: is not known here; did you mean `hosts`?'])
    expect(words({ limits: { a: { bytes: 1, bytesMax: 1 } } })).toEqual([
      'limits.a.bytes: is not known here; known are bytesMax',
    ])
    expect(words({ __proto__x: 1 })[0]).toStartWith('__proto__x: is not known here; known are role, days')
  })
})

test('of alternatives the fault within the one that was meant is told', () => {
  expect(words({ hosts: ['db.example', 'http://x'] })).toEqual([
    'hosts.1: expected a host as db.example, got `http://x`',
  ])
  expect(words({ hosts: 'db.example' })).toEqual(['hosts: expected `any` or a list, got `db.example`'])
  expect(words({ hosts: 5 })).toEqual(['hosts: expected `any` or a list, got a number'])
  expect(words({ source: { file: 5 } })).toEqual(['source.file: must be a text, got a number'])
  const nested = v.strictObject({ field: v.union([v.number(), Form.entries.source], 'own') })
  expect(words({ field: { file: 5 } }, nested)).toEqual(['field.file: must be a text, got a number'])
  expect(words({ field: [] }, nested)).toEqual(['field: own'])
  expect(words({ source: { nope: 5 } })).toEqual(['source: must be a text, or one of `file` and `command`'])
  expect(words(5, v.union([v.literal('any'), v.array(v.string())]))).toEqual([
    ': must be `any` or a list, got a number',
  ])
})

test('nothing that could be a secret is repeated', () => {
  const secret = 'correct horse, battery'
  const all = [
    ...words({ passphrase: 'hunter2' }),
    ...words({ passphrase: 123456 }),
    ...words({ source: { file: 123456 } }),
    ...words({ role: `${secret}!` }),
    ...words({ form: secret, url: secret, begins: secret, days: secret, on: secret }),
  ].join(' ')
  for (const text of ['hunter2', '123456', 'horse']) expect(all).not.toContain(text)
})

test('naming() cuts what came, and lets nothing in it steer a terminal', () => {
  const schema = v.pipe(v.string(), v.regex(/^x$/, naming('expected x')))
  expect(words('\u001b[2J', schema)[0]).not.toContain('\u001b')
  expect(words('y'.repeat(500), schema)[0]).toHaveLength(': expected x, got ``…'.length + 64)
})

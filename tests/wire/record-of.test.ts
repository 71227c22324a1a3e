import { expect, test } from 'bun:test'
import * as v from 'valibot'
import { AssignedComponent, Assignment, recordOf } from '../../src/wire/mod.ts'
import { assignment } from '../support/wire/samples.ts'

const Numbers = recordOf(v.pipe(v.string(), v.maxLength(16)), v.number())

test('every key of an object from outside is kept, those that objects inherit among them', () => {
  const input = JSON.parse('{"constructor":1,"prototype":2,"toString":3,"a":4}') as unknown
  expect(v.parse(Numbers, input)).toEqual(input as never)
  expect(v.parse(v.strictObject({ inner: Numbers }), { inner: input })).toEqual({ inner: input } as never)
})

test('such a key is checked like any other, with the path to it; `__proto__` is refused', () => {
  const pathOf = (input: unknown): (string | null)[] | undefined => {
    const parsed = v.safeParse(v.strictObject({ inner: Numbers }), { inner: input })
    return parsed.issues?.map((issue) => v.getDotPath(issue))
  }
  expect(pathOf({ a: 1, constructor: 'x' })).toEqual(['inner.constructor'])
  expect(pathOf({ b: 'x', prototype: 'x' })).toEqual(['inner.b', 'inner.prototype'])
  expect(pathOf(JSON.parse('{"__proto__":1}'))).toEqual(['inner.__proto__'])
  expect(pathOf(null)).toEqual(['inner'])
  expect(({} as Record<string, unknown>)['a']).toBeUndefined()
})

test('a restricted column called constructor stays restricted, and a config keeps its field of that name', () => {
  const classification = { constructor: 'restricted', price: 'public' }
  expect(v.parse(Assignment, { ...assignment, classification }).classification).toEqual(classification as never)
  const [component] = assignment.components
  const parsed = v.parse(AssignedComponent, { ...component, config: { constructor: 1 } })
  expect(Object.entries(parsed.config)).toEqual([['constructor', 1]])
})

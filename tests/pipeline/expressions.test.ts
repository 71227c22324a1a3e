import { expect, test } from 'bun:test'
import {
  checkExpression,
  compileExpression,
  EvaluationFailed,
  ExpressionInvalid,
  type FieldTypes,
  type Row,
} from '../../src/pipeline/mod.ts'

const ORDER: FieldTypes = {
  types: { name: 'string', price: 'double', quantity: 'double', count: 'int', paid: 'bool', tags: 'json' },
  complete: true,
}

function refused(text: string, fields?: FieldTypes): ExpressionInvalid | undefined {
  try {
    checkExpression(text, fields)
  } catch (error) {
    if (error instanceof ExpressionInvalid) return error
    throw error
  }
  return undefined
}

function failure(text: string, row: Row, fields?: FieldTypes): string {
  try {
    return JSON.stringify(compileExpression(text, fields).evaluate(row))
  } catch (error) {
    if (error instanceof EvaluationFailed) return error.reason
    throw error
  }
}

test('checkExpression() tells the type of an expression over typed fields', () => {
  expect(checkExpression('price * quantity', ORDER)).toBe('double')
  expect(checkExpression('count + 1', ORDER)).toBe('int')
  expect(checkExpression('name + "!"', ORDER)).toBe('string')
  expect(checkExpression('price > 2.0 && !paid', ORDER)).toBe('bool')
  expect(checkExpression('tags', ORDER)).toBe('json')
  expect(checkExpression('anything')).toBe('json')
  expect(checkExpression('timestamp("2026-01-02T03:04:05Z")')).toBe('string')
})

test('checkExpression() says what is wrong and where', () => {
  const cases: [string, string, number, number][] = [
    ['price * 2', 'no such overload: double * int', 1, 1],
    ['price *\n  quantiti', 'Unknown variable: quantiti', 2, 3],
    ['price +', 'Unexpected token: EOF', 1, 8],
    ['count + price', 'no such overload: int + double', 1, 1],
    ['b"raw"', 'a value of type bytes cannot be a field', 1, 1],
  ]
  for (const [text, message, line, column] of cases) {
    const error = refused(text, ORDER)
    expect(error?.message).toContain(message)
    expect(error?.place).toMatchObject({ line, column })
    expect(error?.code).toBe('expression.invalid')
  }
})

test('checkExpression() refuses what has no bound: matches, nested comprehensions, cel.bind, and too much of anything', () => {
  const cases: [string, string, number][] = [
    ['name.matches("(a+)+$")', 'matches()', 0],
    ['tags.all(x, tags.exists(y, x == y))', 'inside another comprehension', 12],
    ['cel.bind(x, name + name, x + x)', 'cel.bind()', 0],
    ['x'.repeat(4_097), 'longer than 4096 characters', 4_096],
    ['1.0 + '.repeat(600).concat('1.0'), 'axAstNodes', 0],
    ['('.repeat(40).concat('1', ')'.repeat(40)), 'axDepth', 0],
    ['constructor', 'cannot be used as a field', 0],
    ['"a" + toString', 'cannot be used as a field', 6],
  ]
  for (const [text, message, offset] of cases) {
    expect(refused(text)?.message).toContain(message)
    if (!message.startsWith('ax')) expect(refused(text)?.place.offset).toBe(offset)
  }
  // One after the other is fine.
  expect(refused('tags.filter(x, x > 1.0).map(x, x * 2.0)')).toBeUndefined()
})

test('a comprehension walks at most so many elements, wherever its list comes from', () => {
  const list = (length: number): Row => ({ tags: Array.from({ length }, (_, i) => i) })
  expect(failure('tags.exists(x, x < 0.0)', list(1_000))).toBe('false')
  expect(failure('tags.exists(x, x < 0.0)', list(1_001))).toBe('list_too_long')
  expect(failure('tags.map(x, x * 2.0).all(x, x >= 0.0) && tags.exists(y, y == 999.0)', list(1_000))).toBe('true')
  expect(failure('name.split(",").map(x, x + "!")', { name: ','.repeat(1_000) })).toBe('list_too_long')
  expect(failure('name.split(",").map(x, x + "!")', { name: 'a,b' })).toBe('["a!","b!"]')
})

test('integers of a typed field are CEL integers, and come back as numbers', () => {
  expect(failure('count / 2', { ...{ count: 7 } }, ORDER)).toBe('3')
  expect(failure('{"n": count, "l": [count, 1]}', { count: 7 }, ORDER)).toBe('{"n":7,"l":[7,1]}')
  expect(failure('count * 9007199254740991', { count: 7 }, ORDER)).toBe('int_too_large')
})

test('an expression that fails on a record says how in a code, and never with what the record held', () => {
  const secret = 'canary-4711'
  const cases: [string, Row, FieldTypes?][] = [
    ['int(name)', { name: secret }, ORDER],
    ['double(name)', { name: secret }, ORDER],
    ['timestamp(name)', { name: secret }],
    ['name[secret]', { name: {}, secret }],
    ['name * 2.0', { name: secret }],
    ['missing + 1.0', { name: secret }],
    ['price / 0.0', { price: 1 }, ORDER],
    ['price * quantity', { price: null, quantity: 1 }, ORDER],
  ]
  for (const [text, row, fields] of cases) {
    const expression = compileExpression(text, fields)
    let error: unknown
    try {
      expression.evaluate(row)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(EvaluationFailed)
    expect(error instanceof EvaluationFailed ? error.reason : '').toMatch(/^[a-z0-9_]+$/)
    expect(error instanceof EvaluationFailed ? error.message : secret).not.toContain(secret)
  }
})

test('an empty text is no integer, wherever it comes from', () => {
  expect(failure('int(name)', { name: '' }, ORDER)).toBe('empty_text')
  expect(failure('int(name)', { name: '' })).toBe('empty_text')
  expect(failure('int(name) / 2', { name: '7' }, ORDER)).toBe('3')
  expect(failure('int(int(name) + int("1"))', { name: '7' }, ORDER)).toBe('8')
  expect(failure('int(price)', { price: 7.9 }, ORDER)).toBe('7')
  expect(failure('name.split(",").map(x, int(x))', { name: '1,2' }, ORDER)).toBe('[1,2]')
  expect(failure('int(name.split(",").filter(x, int(x) > 1)[0])', { name: '1,2' }, ORDER)).toBe('2')
  expect(failure('name.split(",").exists(x, int(x) > 1)', { name: '1,' }, ORDER)).toBe('empty_text')
})

test('who asks for null may: then a typed field may lack its value', () => {
  expect(failure('price == null ? 0.0 : price', { price: null }, ORDER)).toBe('0')
  expect(failure('price == null ? 0.0 : price', { price: 1.5 }, ORDER)).toBe('1.5')
  expect(failure('price', { price: null }, ORDER)).toBe('variable_type_mismatch')
})

test('an expression reaches nothing of JavaScript', () => {
  expect(failure('tags.constructor', { tags: {} })).toBe('no_such_key')
  expect(failure('tags["__proto__"]', { tags: {} })).toBe('no_such_key')
  expect(failure('tags.length', { tags: [1] })).not.toBe('1')
})

test('columns whose names CEL knows for something else do no harm', () => {
  const fields: FieldTypes = {
    types: { int: 'string', size: 'double', 'two words': 'string', n: 'double' },
    complete: true,
  }
  expect(checkExpression('n + size', fields)).toBe('double')
  expect(refused('int + "a"', fields)?.message).toContain('no such overload')
})

import { expect, test } from 'bun:test'
import { SET_FIELDS_MAX } from '../../src/pipeline/components/transforms/map.ts'
import { csvFileSource, type FieldTypes, filterTransform, mapTransform, positionOf } from '../../src/pipeline/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { batchOfRows, openTransform, readAll } from '../support/pipeline/opened.ts'
import { refusalOf } from '../support/refusal.ts'

const ORDERS: FieldTypes = { types: { id: 'string', price: 'double', quantity: 'double' }, complete: true }
const orders = () =>
  batchOfRows(
    [
      { id: 'a', price: 2, quantity: 3 },
      { id: 'b', price: null, quantity: 1 },
      { id: 'c', price: 0.5, quantity: 4 },
    ],
    ORDERS,
  )

test('map sets fields from the record as it came in, drops others, and knows the types of what goes out', async () => {
  const config = { set: { price: 'price * 2.0', total: 'price * quantity', label: 'id + "!"' }, drop: ['quantity'] }
  const { transform, refused } = await openTransform(mapTransform, config)
  const input = orders()
  const mapped = await transform.apply(input)
  expect(mapped.records.rows()).toEqual([
    { id: 'a', price: 4, total: 6, label: 'a!' },
    { id: 'c', price: 1, total: 2, label: 'c!' },
  ])
  expect(mapped.records.fields).toEqual({
    types: { id: 'string', price: 'double', total: 'double', label: 'string' },
    complete: true,
  })
  expect([mapped.from, mapped.to, positionOf(mapped, 1)]).toEqual([0, 3, 2])
  expect(refused.map(({ position, reason }) => [position, reason.code])).toEqual([[1, 'map.variable_type_mismatch']])
  // Other branches have the same rows: they are as they were.
  expect(input.records.rows()[0]).toEqual({ id: 'a', price: 2, quantity: 3 })
})

test('map keeps only the fields that `keep` names, beside those that it sets', async () => {
  const { transform } = await openTransform(mapTransform, { set: { x: 'id' }, keep: ['quantity', 'absent'] })
  expect((await transform.apply(orders())).records.rows()[0]).toEqual({ quantity: 3, x: 'a' })
})

test('a refused record carries its own bytes and line, as it stood in the file', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.csv')
  await Bun.write(path, 'id,price\n1,2\n"x ""y""",abc\n3,4,5\n4,zero\n5,6\n')
  const { batches } = await readAll(csvFileSource, { paths: [path], columns: { price: 'double' } })
  const { transform, refused } = await openTransform(mapTransform, { set: { n: 'int(id)' } })
  const [batch = orders()] = batches
  const mapped = await transform.apply(batch)
  expect(mapped.records.rows()).toEqual([
    { id: '1', price: 2, n: 1 },
    { id: '5', price: 6, n: 5 },
  ])
  expect(refused.map(({ position, reason }) => [position, reason.code, reason.item])).toEqual([
    [1, 'csv.not_double', 'line 3, column price'],
    [2, 'csv.row_ragged', 'line 4'],
    [3, 'csv.not_double', 'line 5, column price'],
  ])
  expect(new TextDecoder().decode(refused[0]?.record)).toBe('"x ""y""",abc\n')
})

test('filter lets through what its condition is true for, as the bytes that it was', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.csv')
  await Bun.write(path, 'id,price\n1,2.50\n2,0.10\n"3",9\n')
  const { batches } = await readAll(csvFileSource, { paths: [path], columns: { price: 'double' } })
  const { transform } = await openTransform(filterTransform, { where: 'price > 1.0' })
  const filtered = await transform.apply(batches[0] ?? orders())
  expect(new TextDecoder().decode(filtered.records.encoded().bytes)).toBe('1,2.50\n"3",9\n')
  expect([filtered.from, filtered.to, positionOf(filtered, 0), positionOf(filtered, 1)]).toEqual([0, 3, 0, 2])
})

test('filter takes its condition from a code file, and needs exactly one', async () => {
  const code = new TextEncoder().encode('quantity >= 3.0')
  const { transform } = await openTransform(filterTransform, {}, { code })
  expect((await transform.apply(orders())).records.rows().map(({ id }) => id)).toEqual(['a', 'c'])
  expect(await refusalOf(() => openTransform(filterTransform, {}))).toBe('filter.condition_invalid')
  expect(await refusalOf(() => openTransform(filterTransform, { where: 'true' }, { code }))).toBe(
    'filter.condition_invalid',
  )
  expect(await refusalOf(() => openTransform(filterTransform, { where: '"text"' }))).toBe('filter.condition_invalid')
})

test('a condition that gives no truth value for a record refuses that record', async () => {
  const { transform, refused } = await openTransform(filterTransform, { where: 'ok' })
  const passed = await transform.apply(batchOfRows([{ ok: true }, { ok: 'yes' }, { ok: false }, {}]))
  expect(passed.records.rows()).toEqual([{ ok: true }])
  expect(refused.map(({ position, reason }) => [position, reason.code])).toEqual([
    [1, 'filter.not_a_bool'],
    [3, 'filter.unknown_variable'],
  ])
})

test('what is wrong with an expression whatever the fields are is found when the component opens', async () => {
  expect(await refusalOf(() => openTransform(mapTransform, { set: { a: 'b +' } }))).toBe('expression.invalid')
  expect(await refusalOf(() => openTransform(mapTransform, { set: { a: 's.matches("x")' } }))).toBe(
    'expression.invalid',
  )
  expect(await refusalOf(() => openTransform(mapTransform, { set: { __proto__x: '1.0', 'not a name': '1.0' } }))).toBe(
    'pipeline.config_invalid',
  )
})

test('a map sets so many fields, and one more is refused', async () => {
  const setting = (count: number): Record<string, string> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`f${i}`, '1.0']))
  await openTransform(mapTransform, { set: setting(SET_FIELDS_MAX) })
  expect(await refusalOf(() => openTransform(mapTransform, { set: setting(SET_FIELDS_MAX + 1) }))).toBe(
    'pipeline.config_invalid',
  )
})

test('what is wrong with the fields that then come fails the component, not each record', async () => {
  const { transform, refused } = await openTransform(mapTransform, { set: { total: 'price * 2' } })
  expect(await refusalOf(() => transform.apply(orders()))).toBe('expression.invalid')
  expect(refused).toEqual([])
})

test('fields() types expressions along the flow for lint', () => {
  const source = csvFileSource.fields({ paths: ['a'], columns: { price: 'double' }, header: true, delimiter: ',' })
  expect(source).toEqual({ types: { price: 'double' }, complete: false })
  const mapped = mapTransform.fields({ set: { twice: 'price * 2.0' }, drop: ['price'] }, source)
  expect(mapped).toEqual({ types: { twice: 'double' }, complete: false })
  expect(filterTransform.fields({ where: 'twice > 1.0' }, mapped)).toBe(mapped)
  expect(() => filterTransform.fields({ where: 'twice + 1 > 0.0' }, mapped)).toThrow('double + int')
})

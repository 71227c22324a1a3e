/** Numbers that JSON writes and a double does not keep. */
import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { read, recordsOf, told } from '../../support/datasets/documents.ts'

/** What both readers of JSON make of one record. */
async function valuesOf(record: string): Promise<{ said: string[]; records: unknown[] }> {
  const [json, ndjson] = [await read('json', `[${record}]`), await read('ndjson', record)]
  expect(ndjson).toEqual(json)
  const records = json.items.flatMap((item) => (item.kind === 'record' ? [item.record] : []))
  return { said: told(json.items), records }
}

const WARNED = 'more than a number keeps; read as text, digit by digit'

test('digits that a number does not keep are read as text with a warning, nested ones too', async () => {
  const { said, records } = await valuesOf('{"key":9007199254740993,"in":[{"deep":-12345678901234567890}],"big":1e400}')
  expect(said).toEqual([`1 warning: \`9007199254740993\` and 2 more: ${WARNED}`, '1 record'])
  expect(records).toEqual([{ key: '9007199254740993', in: [{ deep: '-12345678901234567890' }], big: '1e400' }])
  for (const number of ['1e-400', '1.00000000000000000001', '123456789.123456789', '1000000000000000000000', '1E999'])
    expect((await valuesOf(`{"a" : ${number}}`)).records).toEqual([{ a: number }])
  const long = `0.${'0'.repeat(500_000)}1${'0'.repeat(500_000)}1`
  expect((await valuesOf(`{"a":${long}}`)).records).toEqual([{ a: long }])
})

test('a number that comes back as it was written stays a number, and texts stay as they are', async () => {
  const kept = [
    '9007199254740992',
    '0.30000000000000004',
    '0.10000000000000001',
    '1.50000000000000000',
    '5e-324',
    '1e3',
  ]
  const { said, records } = await valuesOf(`{"kept":[${kept}],"text":"a\\\\\\": 9007199254740993","\\\\":"1e400"}`)
  expect(said).toEqual(['1 record'])
  expect(records).toEqual([{ kept: kept.map(Number), text: 'a\\": 9007199254740993', '\\': '1e400' }])
})

test('whatever whole numbers a document has, no two of them become one', async () => {
  const record = fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
    fc.bigInt(),
    {
      minKeys: 1,
    },
  )
  await fc.assert(
    fc.asyncProperty(record, async (numbers) => {
      const fields = Object.entries(numbers).map(([name, number]) => `${JSON.stringify(name)}:${number}`)
      const { records } = await valuesOf(`{${fields}}`)
      const written = Object.entries(numbers).map(([name, number]) => [name, String(number)])
      expect(Object.entries(records[0] ?? {}).map(([name, value]) => [name, String(value)])).toEqual(written)
    }),
    { numRuns: 60 },
  )
})

test('numbers within results of CTRF and issues of Jira keep their digits; what a result took is a figure', async () => {
  const ctrf =
    '{"results":{"tests":[{"name":"a","status":"passed","duration":12.34567890123456789,"id":9007199254740993}]}}'
  const issues = '{"issues":[{"key":"A-1","fields":{"customfield_1":{"id":9007199254740993}}}]}'
  const recordOf = async (format: 'ctrf' | 'jira', document: string) => (await read(format, document)).items[1]
  expect(await recordOf('ctrf', ctrf)).toMatchObject({
    record: { duration_ms: 12.345678901234567, properties: { id: '9007199254740993' } },
  })
  expect(await recordOf('jira', issues)).toMatchObject({
    record: { fields: { customfield_1: { id: '9007199254740993' } } },
  })
})

test('an object without a field is no record', async () => {
  const reason = 'refused: an object without a field; expected one at least'
  expect(told((await read('ndjson', '{}\n{"a":1}\n{ }')).items)).toEqual([`1 ${reason}`, '2 record', `3 ${reason}`])
  expect(told((await read('json', '[{},\n{"a":null}]')).items)).toEqual([`1 ${reason}`, '2 record'])
  expect(await recordsOf('csv', 'a\n1\n')).toEqual([{ a: '1' }])
})

import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DATASETS, type InputRow, type PlantedRow, writeDataset } from '../../../src/cli/demo/dataset.ts'
import { createRowHash, expectedRow } from '../../../src/cli/demo/expected.ts'
import { RowIds } from '../../../src/cli/demo/row-ids.ts'
import { sha256Hex } from '../../../src/crypto/mod.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { slowTest } from '../../support/quick.ts'

const planted: PlantedRow[] = [
  { dataset: 'airports', fields: { iata: 'ZZ9', name: 'A "quoted", place', latitude: '1' }, fate: 'delivered' },
  { dataset: 'zip_codes', fields: { zip_code: 'none' }, fate: 'refused' },
]

async function written(records: number | undefined, rows: readonly PlantedRow[] = planted) {
  using folder = temporaryFolder()
  const seen: { row: InputRow; planted: PlantedRow | undefined }[] = []
  const count = await writeDataset(folder.path, { records, planted: rows }, (row, from) =>
    seen.push({ row, planted: from }),
  )
  const files = DATASETS.flatMap(({ name }) =>
    readdirSync(folder.file(`in/${name}`))
      .sort()
      .map((file) => ({ name, file, text: readFileSync(join(folder.path, 'in', name, file), 'utf8') })),
  )
  return { count, seen, files }
}

slowTest(
  'writeDataset() writes exactly as many rows as asked for, planted ones among them, each id once and in order',
  async () => {
    for (const records of [10, 50_000]) {
      const { count, seen, files } = await written(records)
      expect(count).toBe(records)
      const ids = seen.map(({ row }) => row.rowId)
      expect(ids).toEqual([...new Set(ids)].sort())
      const lines = files.flatMap(({ text }) => text.split('\n').slice(1, -1))
      expect(lines).toHaveLength(records)
      expect(lines.map((line) => line.split(',')[0]).sort()).toEqual(ids)
    }
  },
)

test('without a number each row of the package is written once, and the planted ones beside them', async () => {
  const { count, seen } = await written(undefined)
  expect(count).toBe(45_425 + planted.length)
  expect(seen.filter((one) => one.planted)).toHaveLength(planted.length)
})

test('a row id names copy, file and line: the line of that file holds that row', async () => {
  const { files, seen } = await written(50_000)
  expect(files.map(({ name, file }) => `${name}/${file}`)).toEqual([
    ...['airports/0001.csv', 'airports/0002.csv', 'airports/9999.csv'],
    ...['zip_codes/0001.csv', 'zip_codes/0002.csv', 'zip_codes/9999.csv'],
  ])
  const row = seen.find(({ row: { rowId } }) => rowId === '0002-airports-000003')?.row
  const line = files[1]?.text.split('\n')[2] ?? ''
  expect(line).toStartWith('0002-airports-000003,')
  expect(line).toContain(String(row?.fields['city']))
})

test('planted rows come last, under a copy of their own, quoted where they must be', async () => {
  const { files, seen } = await written(10)
  const text = files.find(({ name, file }) => name === 'airports' && file === '9999.csv')?.text
  expect(text?.split('\n')[1]).toStartWith('9999-airports-000002,ZZ9,"A ""quoted"", place",')
  expect(seen.slice(-2).map(({ row, planted: from }) => [row.rowId, from?.fate])).toEqual([
    ['9999-airports-000002', 'delivered'],
    ['9999-zip_codes-000002', 'refused'],
  ])
})

test('expectedRow() makes of both kinds of rows what the blueprint says', () => {
  const place = { state: 'NY', latitude: '40.5', longitude: '-73' }
  const airport = { ...place, iata: 'JFK', name: 'Kennedy', city: 'New York', country: 'USA' }
  expect(expectedRow({ rowId: 'r1', dataset: 'airports', fields: airport })).toEqual({
    ...{ row_id: 'r1', kind: 'airport', code: 'JFK', name: 'Kennedy, New York' },
    ...{ state: 'NY', latitude: 40.5, longitude: -73 },
  })
  const zip = { ...place, zip_code: '06390', city: 'Fishers Island', county: 'Suffolk' }
  expect(expectedRow({ rowId: 'r2', dataset: 'zip_codes', fields: zip })).toEqual({
    ...{ row_id: 'r2', kind: 'post code', code: '06390', name: 'Fishers Island', region: 0 },
    ...{ state: 'NY', latitude: 40.5, longitude: -73 },
  })
})

test('a row hash is over JCS lines: order of members and absent values make no difference, values do', async () => {
  const hashOf = (...rows: Record<string, unknown>[]): string => {
    const hash = createRowHash()
    for (const row of rows) hash.add(row)
    return hash.digestHex()
  }
  expect(hashOf({ b: 1, a: 'x', c: null })).toBe(await sha256Hex(new TextEncoder().encode('{"a":"x","b":1}\n')))
  expect(hashOf({ a: 1 }, { a: 2 })).not.toBe(hashOf({ a: 2 }, { a: 1 }))
})

test('RowIds counts each id once, over many copies and lines', () => {
  const ids = new RowIds()
  for (const id of ['0001-airports-000002', '0001-airports-000003', '0001-airports-000002', '0001-zip_codes-042052'])
    ids.add(id)
  expect(ids.size).toBe(3)
  expect(ids.has('0001-zip_codes-042052')).toBe(true)
  expect(ids.has('0001-zip_codes-042051')).toBe(false)
  expect(ids.has('0002-airports-000002')).toBe(false)
  for (let line = 0; line < 1_000; line++) ids.add(`0003-airports-${String(line).padStart(6, '0')}`)
  expect(ids.size).toBe(1_003)
})

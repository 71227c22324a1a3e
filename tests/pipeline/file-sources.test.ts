import { expect, test } from 'bun:test'
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import * as v from 'valibot'
import { catalogue } from '../../src/catalogue.ts'
import { COLUMNS_MAX } from '../../src/pipeline/components/sources/csv_file.ts'
import { VANISHED_KEPT_MAX } from '../../src/pipeline/file-source.ts'
import {
  type AnyDefinition,
  BATCH_RECORDS_MAX,
  chooseDefinition,
  csvFileSource,
  positionOf,
  RECORD_BYTES_MAX,
} from '../../src/pipeline/mod.ts'
import { pathGate } from '../../src/runtime/deployments/own-files.ts'
import { PARTITIONS_MAX, workerAsks } from '../../src/wire/mod.ts'
import { temporaryFolder } from '../support/folder.ts'
import { context, readAll } from '../support/pipeline/opened.ts'
import { slowTest } from '../support/quick.ts'
import { refusalOf } from '../support/refusal.ts'

function jsonLinesSource(): AnyDefinition {
  const definition = chooseDefinition(catalogue, 'json_lines_file', false)
  if (!definition) throw new Error('no such type')
  return definition
}

test('csv_file gives the rows of a file at their ordinals, with the columns of its header', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), '\ufeffid,price\n1,2.5\n2,\n"3","4"\n')
  const { batches } = await readAll(csvFileSource, { paths: [folder.file('a.csv')], columns: { price: 'double' } })
  expect(batches).toHaveLength(1)
  expect(batches[0]).toMatchObject({ partition: folder.file('a.csv'), from: 0, to: 3 })
  expect(batches[0]?.records.rows()).toEqual([
    { id: '1', price: 2.5 },
    { id: '2', price: null },
    { id: '3', price: 4 },
  ])
  expect(batches[0]?.records.fields).toEqual({ types: { id: 'string', price: 'double' }, complete: true })
})

/** The batches of these paths, read with the folder as working directory. */
async function readWithin(folder: string, paths: string[]) {
  const before = process.cwd()
  process.chdir(folder)
  try {
    return (await readAll(csvFileSource, { paths })).batches
  } finally {
    process.chdir(before)
  }
}

test('a file in the working directory is a partition by its relative name, which tells a far side nothing of this host', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('in'))
  writeFileSync(folder.file('in/a.csv'), 'id\n1\n')
  const batches = await readWithin(folder.path, ['in/*.csv'])
  expect(batches.map(({ partition }) => partition)).toEqual(['in/a.csv'])
})

test('files called like members of an object are read from their beginning', async () => {
  using folder = temporaryFolder()
  const names = ['toString', 'constructor', 'valueOf']
  for (const name of names) writeFileSync(folder.file(name), 'id\n1\n2\n')
  const batches = await readWithin(folder.path, names)
  expect(batches.map(({ partition, from, to }) => [partition, from, to])).toEqual(names.map((name) => [name, 0, 2]))
})

test('csv_file reads files without a header by the names it is given', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), '1;x\n2;y\n')
  const config = { paths: [folder.file('a.csv')], header: false, names: ['id', 'what'], delimiter: ';' }
  const { batches } = await readAll(csvFileSource, config)
  expect(batches[0]?.records.rows()).toEqual([
    { id: '1', what: 'x' },
    { id: '2', what: 'y' },
  ])
})

test('many files, by path and glob: each a partition, in order, none twice', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('deep/er'), { recursive: true })
  for (const name of ['b.csv', 'a.csv', 'c.txt', '.hidden.csv', 'deep/er/d.csv', 'deep/e+.csv']) {
    writeFileSync(folder.file(name), `name\n${name}\n`)
  }
  symlinkSync(folder.path, folder.file('deep/up'))
  const read = async (...paths: string[]): Promise<string[]> => {
    const { batches } = await readAll(csvFileSource, { paths: paths.map((path) => folder.file(path)) })
    return batches.flatMap(({ records }) => records.rows().map(({ name }) => String(name)))
  }
  expect(await read('*.csv')).toEqual(['a.csv', 'b.csv'])
  expect(await read('c.txt', '?.csv')).toEqual(['c.txt', 'a.csv', 'b.csv'])
  expect(await read('**/*.csv')).toEqual(['a.csv', 'b.csv', 'deep/e+.csv', 'deep/er/d.csv'])
  expect(await read('deep/e+.csv', '.*.csv')).toEqual(['deep/e+.csv', '.hidden.csv'])
})

test('a file that is not there, or a glob that matches none, is csv_file.file_missing', async () => {
  using folder = temporaryFolder()
  for (const path of ['none.csv', '*.csv', 'none/deep.csv']) {
    expect(await refusalOf(() => readAll(csvFileSource, { paths: [folder.file(path)] }))).toBe('csv_file.file_missing')
    expect(await refusalOf(() => readAll(jsonLinesSource(), { paths: [folder.file(path)] }))).toBe(
      'json_lines_file.file_missing',
    )
  }
})

slowTest(
  'a source reads as many files as a worker can load positions of, over all its paths, and one more is refused',
  async () => {
    using folder = temporaryFolder()
    // 65,536 names of 256 files: the folder of files is there under 256 names.
    mkdirSync(folder.file('a0'))
    for (let i = 0; i < 256; i++) writeFileSync(folder.file(`a0/${i}`), '')
    for (let i = 1; i < 256; i++) symlinkSync(folder.file('a0'), folder.file(`${i < 128 ? 'a' : 'b'}${i}`))
    const paths = ['a*/*', 'b*/*'].map((path) => folder.file(path))
    const definition = jsonLinesSource()
    const open = async (): Promise<void> => {
      if (definition.kind === 'source') await (await definition.open({ paths }, context())).close()
    }
    expect(await refusalOf(open)).toBe('nothing')
    mkdirSync(folder.file('b'))
    writeFileSync(folder.file('b/more'), '')
    expect(await refusalOf(open)).toBe('json_lines_file.too_many_files')
    const positions = Array.from({ length: PARTITIONS_MAX + VANISHED_KEPT_MAX }, (_, i) => [`in/${i}`, i])
    expect(v.is(workerAsks['checkpoints-load'].reply, { positions })).toBe(true)
  },
  20_000,
)

test('a header that does not name each column once, or lacks a typed one, is refused before a row is read', async () => {
  using folder = temporaryFolder()
  for (const header of ['a,a', 'a,', 'a,__proto__', 'a,"b', 'a', 'x'.repeat(RECORD_BYTES_MAX + 10)]) {
    writeFileSync(folder.file('a.csv'), `${header}\n1,2\n`)
    const config = { paths: [folder.file('a.csv')], columns: { b: 'double' } }
    expect(await refusalOf(() => readAll(csvFileSource, config))).toBe('csv_file.header_invalid')
  }
})

test('a header may name so many columns, and one more is refused', async () => {
  using folder = temporaryFolder()
  const headerOf = (count: number): string => Array.from({ length: count }, (_, i) => `c${i}`).join(',')
  const read = () => readAll(csvFileSource, { paths: [folder.file('a.csv')] })
  writeFileSync(folder.file('a.csv'), `${headerOf(COLUMNS_MAX)}\n`)
  expect((await read()).batches).toEqual([])
  writeFileSync(folder.file('a.csv'), `${headerOf(COLUMNS_MAX + 1)}\n`)
  expect(await refusalOf(read)).toBe('csv_file.header_invalid')
})

test('an empty file, and one with a header only, give nothing', async () => {
  using folder = temporaryFolder()
  for (const content of ['', 'a,b\n', 'a,b']) {
    writeFileSync(folder.file('a.csv'), content)
    expect((await readAll(csvFileSource, { paths: [folder.file('a.csv')], columns: { b: 'int' } })).batches).toEqual([])
  }
})

test('a source continues at its checkpoints, in the middle of a file too', async () => {
  using folder = temporaryFolder()
  const [first, second] = [folder.file('1.csv'), folder.file('2.csv')]
  const rows = Array.from({ length: 10_000 }, (_, i) => `${i},"line\n${i}"`)
  writeFileSync(first, `n,text\n${rows.join('\n')}\n`)
  writeFileSync(second, 'n,text\n1,x\n')
  for (const position of [0, 1, BATCH_RECORDS_MAX, BATCH_RECORDS_MAX + 1, 9_999, 10_000]) {
    const { batches } = await readAll(csvFileSource, { paths: [first, second] }, { [first]: position, [second]: 1 })
    const numbers = batches.flatMap((batch) => batch.records.rows().map(({ n }) => Number(n)))
    expect(numbers).toEqual(Array.from({ length: 10_000 - position }, (_, i) => position + i))
    expect(batches[0]?.from ?? 10_000).toBe(position)
  }
})

test('the line of a row is that of the file, after a header, lines in quotes and a restart', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'n,text\n0,"two\nlines"\n\n1,x,y\n2,x,y\n')
  for (const position of [0, 1, 2]) {
    const path = folder.file('a.csv')
    const { batches } = await readAll(csvFileSource, { paths: [path] }, { [path]: position })
    const places = batches.flatMap(({ records }) => Array.from(records.decode().faults.keys(), (i) => records.place(i)))
    expect(places).toEqual(['line 5', 'line 6'].slice(Math.max(0, position - 1)))
  }
})

test('batches are bounded by records and by bytes, and contiguous', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('short.csv'), `n\n${'1\n'.repeat(10_000)}`)
  writeFileSync(folder.file('long.csv'), `n\n${`${'x'.repeat(1_000)}\n`.repeat(2_000)}`)
  const short = await readAll(csvFileSource, { paths: [folder.file('short.csv')] })
  expect(Math.max(...short.batches.map(({ records }) => records.count))).toBe(BATCH_RECORDS_MAX)
  const long = await readAll(csvFileSource, { paths: [folder.file('long.csv')] })
  expect(Math.max(...long.batches.map(({ records }) => records.sizeBytes))).toBeLessThanOrEqual(262_144)
  for (const { batches } of [short, long]) {
    for (const [i, batch] of batches.entries()) expect(batch.from).toBe(batches[i - 1]?.to ?? 0)
  }
})

test('a record at the bound is read; one byte more and it is refused by its line, and the records around it are read', async () => {
  using folder = temporaryFolder()
  const path = folder.file('a.jsonl')
  const line = (bytes: number): string => `{"x":"${'y'.repeat(bytes - '{"x":""}\n'.length)}"}\n`
  const content = `{"x":"first"}\n${line(RECORD_BYTES_MAX)}{"x":"second"}\n${line(2 * RECORD_BYTES_MAX)}{"x":"third"}\n`
  writeFileSync(path, content)
  const { batches, refused } = await readAll(jsonLinesSource(), { paths: [path] })
  const read = batches.flatMap((batch) =>
    batch.records.rows().map(({ x }, i) => [positionOf(batch, i), String(x).length]),
  )
  expect(read).toEqual([
    [0, 5],
    [1, RECORD_BYTES_MAX - 9],
    [2, 6],
    [4, 5],
  ])
  expect(refused.map(({ position, reason }) => [position, reason])).toEqual([
    [3, { code: 'json_lines_file.line_too_long', item: 'line 4' }],
  ])
  expect(refused[0]?.record.length).toBe(4_096)
  expect(batches.at(-1)?.to).toBe(5)
  expect(batches.every((batch, i) => batch.from === (batches[i - 1]?.to ?? 0))).toBe(true)
  // After it was passed, a restart does not refuse it again.
  expect((await readAll(jsonLinesSource(), { paths: [path] }, { [path]: 4 })).refused).toEqual([])
})

test('a quote that never closes in a file larger than a record may be damages only its own line', async () => {
  using folder = temporaryFolder()
  const rest = Array.from({ length: 200_000 }, (_, i) => `${i},somewhat longer`)
  writeFileSync(folder.file('a.csv'), `n,text\nbad,"open\n${rest.join('\n')}\n`)
  const { batches } = await readAll(csvFileSource, { paths: [folder.file('a.csv')] })
  expect(batches.reduce((sum, { records }) => sum + records.count, 0)).toBe(200_001)
  expect(batches.flatMap(({ records }) => [...records.decode().faults.values()])).toEqual([
    { code: 'csv.quote_unterminated' },
  ])
})

test('what a source touches are its paths', () => {
  const config = { paths: ['/data/*.csv'], columns: {}, header: true, delimiter: ',', names: undefined }
  expect(csvFileSource.touches(config)).toEqual({ paths: ['/data/*.csv'] })
})

test('a file that is a link to a closed place by the time it is opened is not read', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('in'))
  mkdirSync(folder.file('data'))
  writeFileSync(folder.file('data/master.key'), '{"key":"own"}\n')
  writeFileSync(folder.file('in/1.jsonl'), '{"n":1}\n')
  writeFileSync(folder.file('in/2.jsonl'), '{"n":2}\n')
  const definition = jsonLinesSource()
  if (definition.kind !== 'source') throw new Error('no source')
  const admitPath = pathGate({ data: folder.file('data'), files: folder.file('in') })
  const source = await definition.open({ paths: [folder.file('in/*.jsonl')] }, context({ admitPath }))
  expect(await source.read()).not.toBe('end')
  // Approved as a file, looked for as a file, and swapped before its turn.
  rmSync(folder.file('in/2.jsonl'))
  symlinkSync(folder.file('data/master.key'), folder.file('in/2.jsonl'))
  expect(await refusalOf(() => source.read())).toBe('policy.path_forbidden')
  await source.close()
  expect(() => admitPath('/proc/1/environ')).toThrow('the own files of the Runtime')
})

test('positions of vanished files are kept for when they come back, but not of more than so many, the oldest forgotten', async () => {
  using folder = temporaryFolder()
  const path = folder.file('in.jsonl')
  writeFileSync(path, '{"n":1}\n')
  const open = async (vanished: number): Promise<string[]> => {
    const names = Array.from({ length: vanished }, (_, i) => `gone/${i}`)
    const positions = new Map([[path, 1], ...names.map((name): [string, number] => [name, 1])])
    const forgotten: string[] = []
    const forget = async (_component: string, partitions: readonly string[]) => void forgotten.push(...partitions)
    const checkpoints = { load: async () => positions, save: async () => undefined, forget }
    const definition = jsonLinesSource()
    if (definition.kind !== 'source') throw new Error('no source')
    await (await definition.open({ paths: [path] }, context({ checkpoints }))).close()
    return forgotten
  }
  expect(await open(VANISHED_KEPT_MAX)).toEqual([])
  expect(await open(VANISHED_KEPT_MAX + 2)).toEqual(['gone/0', 'gone/1'])
})

test('a column called constructor is a string like any other that has no type, and has the type that it is given', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('a.csv'), 'constructor,points\nLotus,3\n')
  const untyped = await readAll(csvFileSource, { paths: [folder.file('a.csv')] })
  expect(untyped.batches[0]?.records.rows()).toEqual([{ constructor: 'Lotus', points: '3' }] as never)
  writeFileSync(folder.file('a.csv'), 'constructor,points\n7,3\n')
  const typed = await readAll(csvFileSource, { paths: [folder.file('a.csv')], columns: { constructor: 'int' } })
  expect(typed.batches[0]?.records.rows()).toEqual([{ constructor: 7, points: '3' }] as never)
})

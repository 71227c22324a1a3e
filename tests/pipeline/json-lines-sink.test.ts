import { expect, test } from 'bun:test'
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { catalogue } from '../../src/catalogue.ts'
import {
  type Batch,
  chooseDefinition,
  csvFileSource,
  type GroupingSink,
  keepRecords,
  parseConfig,
  Records,
  runFlow,
} from '../../src/pipeline/mod.ts'
import { pathGate } from '../../src/runtime/deployments/own-files.ts'
import { temporaryFolder } from '../support/folder.ts'
import { numbered } from '../support/pipeline/components.ts'
import { memory } from '../support/pipeline/memory.ts'
import { batchOfRows, context, readAll } from '../support/pipeline/opened.ts'
import { refusalOf } from '../support/refusal.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'

const definition = chooseDefinition(catalogue, 'json_lines_file', true)

async function openSink(path: string, more: Parameters<typeof context>[0] = {}): Promise<GroupingSink> {
  if (definition?.kind !== 'sink') throw new Error('no such sink')
  const sink = await definition.open(parseConfig(definition, { path }), context(more))
  return sink as GroupingSink
}

function numbers(from: number, to: number, partition = 'p'): Batch {
  const rows = Array.from({ length: to - from }, (_, i) => ({ n: from + i }))
  return batchOfRows(rows, undefined, partition, from)
}

function written(path: string): number[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => Number(JSON.parse(line).n))
}

const upTo = (length: number): number[] => Array.from({ length }, (_, n) => n)

test('json_lines_file writes each record as a line, and a file that was there is continued', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  writeFileSync(path, '{"n":-1}\n')
  const sink = await openSink(path)
  await sink.writeTogether([numbers(0, 2), numbers(2, 3)])
  await sink.write(keepRecords(numbers(3, 6), [1]))
  await sink.close()
  expect(written(path)).toEqual([-1, 0, 1, 2, 4])
})

test('what is sent again after a crash, in batches cut elsewhere, is written once', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  const first = await openSink(path)
  await first.writeTogether([numbers(0, 4), numbers(4, 7)])
  await first.close()
  const second = await openSink(path)
  await second.writeTogether([numbers(0, 2), numbers(2, 9)])
  await second.write(numbers(9, 10, 'another'))
  await second.close()
  expect(written(path)).toEqual([...upTo(9), 9])
})

test('what was appended and never answered for is cut off: any part of a write, and before the first one too', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  for (const tail of ['{"n":0}\n', '{"n":', '{"n":0}\n{"n":1}\n{"n":2}']) {
    const sink = await openSink(path)
    await sink.close()
    appendFileSync(path, tail)
  }
  const sink = await openSink(path)
  await sink.write(numbers(0, 3))
  appendFileSync(path, '{"n":3}\n{"n":')
  await sink.close()
  const again = await openSink(path)
  await again.write(numbers(3, 5))
  await again.close()
  expect(written(path)).toEqual(upTo(5))
})

test('two components, and two deployments, keep positions of their own', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  for (const more of [{}, { component: 'other' }, { deployment: 'dep_2' }, {}]) {
    const sink = await openSink(path, more)
    await sink.write(numbers(0, 2))
    await sink.close()
  }
  expect(written(path)).toEqual([0, 1, 0, 1, 0, 1])
})

test('a file has one sink at a time: a second one is refused by whatever name, and what the first wrote stands', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  const first = await openSink(path)
  await first.write(numbers(0, 3))
  symlinkSync(path, folder.file('alias.jsonl'))
  symlinkSync(folder.path, folder.file('again'))
  for (const name of ['out.jsonl', 'alias.jsonl', 'again/out.jsonl', 'again/alias.jsonl'])
    expect(await refusalOf(() => openSink(folder.file(name), { component: 'other' }))).toBe('json_lines_file.in_use')
  await first.write(numbers(3, 5))
  await first.close()
  expect(written(path)).toEqual(upTo(5))
  const second = await openSink(folder.file('again/alias.jsonl'))
  await second.write(numbers(0, 6))
  await second.close()
  expect(written(path)).toEqual(upTo(6))
})

test('a flow with two sinks on one file fails by name, and an opening that failed leaves the file free', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  if (!definition) throw new Error('no such sink')
  const sinks = ['a', 'b'].map((name) => ({
    ...{ name, type: 'json_lines_file', from: ['in'], definition },
    config: { path },
  }))
  const flow = runFlow(memory().options([numbered('in', { rows: 10 }), ...sinks]))
  expect(await refusalOf(() => flow.finished)).toBe('pipeline.component_failed')
  expect(flow.metrics()[2]?.reason).toEqual({ code: 'json_lines_file.in_use', item: path })
  const sink = await openSink(path)
  await sink.write(numbers(0, 2))
  await sink.close()
  truncateSync(path, 1)
  for (let tried = 0; tried < 2; tried++) expect(await refusalOf(() => openSink(path))).toBe('json_lines_file.damaged')
})

test('a sink that is closed in the middle of a write ends it before the file is free, and writes no more', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  const sink = await openSink(path)
  const writing = sink.writeTogether(Array.from({ length: 16 }, (_, i) => numbers(i * 100, i * 100 + 100)))
  await sink.close()
  expect(existsSync(`${path}.sluice-lock`)).toBe(false)
  await writing
  expect(written(path)).toEqual(upTo(1_600))
  expect(await refusalOf(() => sink.write(numbers(1_600, 1_601)))).toBe('internal.cancelled')
})

test('a file shorter than what was written to it, or positions that cannot be read, are refused', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  const sink = await openSink(path)
  await sink.write(numbers(0, 3))
  await sink.close()
  truncateSync(path, 5)
  expect(await refusalOf(() => openSink(path))).toBe('json_lines_file.damaged')
  expect(readFileSync(path).length).toBe(5)
  writeFileSync(`${path}.sluice-positions`, '{"format":1,')
  expect(await refusalOf(() => openSink(path))).toBe('json_lines_file.damaged')
})

test('the folder of the file is made with it; where that cannot be, the failure says so in the host’s own word', async () => {
  using folder = temporaryFolder()
  const sink = await openSink(folder.file('new/deep/out.jsonl'))
  await sink.write(numbers(0, 3))
  await sink.close()
  expect(written(folder.file('new/deep/out.jsonl'))).toEqual(upTo(3))
  writeFileSync(folder.file('file'), '')
  expect(await refusalOf(() => openSink(folder.file('file/out.jsonl')))).toBe('host.path_unfit')
})

test('nothing is made, locked or written where the path leads to a closed place, by whatever link', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('closed'))
  mkdirSync(folder.file('open'))
  writeFileSync(folder.file('closed/there.jsonl'), 'kept')
  symlinkSync(folder.file('closed'), folder.file('open/folder'))
  symlinkSync(folder.file('closed/there.jsonl'), folder.file('open/there.jsonl'))
  const admitPath = pathGate({ data: folder.file('closed'), files: folder.file('open') })
  for (const path of ['closed/a.jsonl', 'open/folder/a.jsonl', 'open/folder/new/a.jsonl', 'open/there.jsonl']) {
    expect(await refusalOf(() => openSink(folder.file(path), { admitPath }))).toBe('policy.path_forbidden')
  }
  expect(readdirSync(folder.file('closed'))).toEqual(['there.jsonl'])
  expect(readFileSync(folder.file('closed/there.jsonl'), 'utf8')).toBe('kept')
  await (await openSink(folder.file('open/a.jsonl'), { admitPath })).close()
})

test('records that nobody decoded are appended as the bytes that they are; CSV becomes JSON, and what does not parse is refused', async () => {
  using folder = temporaryFolder()
  const [input, path] = [folder.file('in.csv'), folder.file('out.jsonl')]
  writeFileSync(input, 'n,text\n1,"two\nlines, ""quoted"""\nx,y\n3,é\n')
  const { batches } = await readAll(csvFileSource, { paths: [input], columns: { n: 'int' } })
  const refused: unknown[] = []
  const sink = await openSink(path, { refuse: async (refusals) => void refused.push(...refusals) })
  const spaced = new TextEncoder().encode('{ "n" : 4 }\n')
  const raw = Records.fromEncoded({
    format: 'json_lines',
    bytes: spaced,
    offsets: new Uint32Array([0, spaced.length]),
    line: 0,
  })
  await sink.writeTogether([...batches, { ...numbers(0, 1, 'raw'), records: raw }])
  await sink.close()
  expect(readFileSync(path, 'utf8')).toBe(
    '{"n":1,"text":"two\\nlines, \\"quoted\\""}\n{"n":3,"text":"é"}\n{ "n" : 4 }\n',
  )
  expect(refused).toMatchObject([{ position: 1, reason: { code: 'csv.not_int', item: 'line 4, column n' } }])
})

test('a flow into a file, stopped and started again and again, writes every record once', async () => {
  using folder = temporaryFolder()
  const path = folder.file('out.jsonl')
  const state = memory()
  // Checkpoints that are never saved make each run start from the beginning.
  const forgetful = { ...state.checkpoints, save: async () => undefined }
  for (let run = 0; run < 5; run++) {
    if (!definition) throw new Error('no such sink')
    const stop = new AbortController()
    const sink = { name: 'out', type: 'json_lines_file', from: ['in'], definition, config: { path } }
    const source = numbered('in', { rows: 2_000, size: () => 7 + run })
    const flow = runFlow(state.options([source, sink], { signal: stop.signal, checkpoints: forgetful }))
    if (run < 4) {
      const due = 300 * (run + 1)
      await until(`${due} rows are written`, () => (flow.metrics()[1]?.messagesOut ?? 0) >= due, BRIEFLY_MS)
      stop.abort()
    }
    await flow.finished.catch(() => undefined)
  }
  expect(written(path)).toEqual(upTo(2_000))
})

test('a folder where the file should be is refused as what it is', async () => {
  using folder = temporaryFolder()
  mkdirSync(folder.file('out.jsonl'))
  expect(await refusalOf(() => openSink(folder.file('out.jsonl')))).toBe('host.path_unfit')
  expect(existsSync(`${folder.file('out.jsonl')}.sluice-positions`)).toBe(false)
})

import { afterAll, beforeAll, expect, setDefaultTimeout } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { startTcpProxy } from '../../support/bridge/tcp-proxy.ts'
import { type DatasetsWorld, datasetsWorld, junit } from '../../support/cli/datasets.ts'
import { sluice } from '../../support/cli/terminal.ts'
import { isQuick, slowTest as test } from '../../support/quick.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

let world: DatasetsWorld
beforeAll(async () => {
  if (!isQuick) world = await datasetsWorld()
})
afterAll(async () => {
  await world?.[Symbol.asyncDispose]()
})

const names = async (build: string): Promise<string[]> => {
  const { rows } = await world.json('dataset', 'query', 'nightly', '--where', `build = ${build}`, '--fields', 'name')
  return rows.flat().sort()
}

test('a pattern finds files at any depth, compressed ones too; their records bear the attributes, and again doubles nothing', async () => {
  world.file('a/one.xml', junit('one'))
  world.file('a/deep/er/two.xml', junit('two', 'three'))
  world.file('a/four.xml.gz', gzipSync(junit('four')))
  const words = [`${world.folder}/a/**/*.xml*`, '--attribute', 'build=17', '--attribute', 'branch=feat/ü #1']
  const first = await world.upload([...words, '--json'])
  expect([first.exit, first.err]).toEqual([0, ''])
  const files = JSON.parse(first.out)
  expect(files.map(({ report }: { report: { state: string } }) => report.state)).toEqual(['done', 'done', 'done'])
  expect(files[1].report).toMatchObject({ fileName: 'four.xml', attributes: { build: '17', branch: 'feat/ü #1' } })
  const second = await world.upload(words)
  expect(second.out.match(/done, as before/g)).toHaveLength(3)
  expect(await names('17')).toEqual(['four', 'one', 'three', 'two'])
})

test('what is refused is told with its line, leaves with 8, and is annotated where GitHub runs it', async () => {
  const rows = ['a,b', '1,2', '1,2,3,4', '5,6', '"x'].join('\n')
  const good = world.file('b/good.xml', junit('good'))
  const bad = world.file('b/bad.xml', '<testsuite name="s"><testcase name="cut"/><testcase')
  const part = world.file('b/part.csv', rows)
  await world.json('dataset', 'create', 'mixed', '--data-tenant', 'acme', '--shape', 'table')
  const environment = { GITHUB_ACTIONS: 'true', GITHUB_WORKSPACE: world.folder }
  const { exit, out, err } = await world.upload([good, bad], environment)
  expect(exit).toBe(8)
  expect(out).toMatch(/good\.xml +done +1 +0/)
  expect(err).toMatch(/^::error file=b\/bad\.xml,line=1,title=Sluice::\S+: .+$/m)
  expect(err).toContain('upload.rows_refused: 1 of 2 documents was not read to the end. ')
  const table = await world.at('upload', part, '--dataset', 'mixed')
  expect([table.exit, table.err]).toEqual([
    8,
    expect.stringMatching(/^upload\.rows_refused: .*\d rows? (was|were) refused\. /),
  ])
  expect(table.out).toMatch(/part\.csv:\n {2}\w+.*: /)
  expect(table.err).not.toContain('::error')
})

test('a connection that breaks within a document is made again, and the document is taken once', async () => {
  await using proxy = { ...(await startTcpProxy(world.port)), [Symbol.asyncDispose]: async () => proxy.close() }
  const path = world.file('c/large.xml', junit('large').replace('>', `>${' '.repeat(48_000_000)}`))
  const server = ['--at', `https://127.0.0.1:${proxy.port}`, '--ca', `${world.folder}/sluice-ca.pem`]
  const uploading = world.upload([path, ...server, '--attribute', 'build=18', '--json'])
  await until('some of it is on the disk', async () => world.largeOnDisk() > 0)
  proxy.cut()
  const { exit, out, err } = await uploading
  expect([exit, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toMatchObject([{ again: false, report: { rowsTaken: 1, rowsRefused: 0 } }])
  const imports = await world.json('dataset', 'imports', 'nightly')
  expect(imports.filter(({ fileName }: { fileName: string }) => fileName === 'large.xml')).toHaveLength(1)
  // The one that broke, the one that carried it, and at least one that asked what became of it.
  expect(proxy.connections()).toBeGreaterThanOrEqual(3)
})

test('a large document goes on where its connection broke, and by another process where the first one ended', async () => {
  await using proxy = { ...(await startTcpProxy(world.port)), [Symbol.asyncDispose]: async () => proxy.close() }
  const bytes = 200_000_000
  const path = world.file('g/huge.xml', junit('huge').replace('>', `>${' '.repeat(bytes)}`))
  const server = ['--at', `https://127.0.0.1:${proxy.port}`, '--ca', `${world.folder}/sluice-ca.pem`]
  const words = [path, ...server, '--attribute', 'build=19', '--json']
  const leaving = new AbortController()
  const first = world.upload(words, {}, leaving.signal)
  await until('a piece of it is durable', () => world.piecesOnDisk() > 0)
  proxy.cut()
  await until('another piece of it is durable', () => world.piecesOnDisk() > 1)
  leaving.abort()
  expect(await first).toMatchObject({
    exit: 6,
    err: expect.stringContaining('upload.interrupted: interrupted: the Runtime keeps 0 of 1 file and imports'),
  })
  const { exit, out, err } = await world.upload(words)
  expect([exit, err]).toEqual([0, ''])
  expect(JSON.parse(out)).toMatchObject([{ again: false, report: { rowsTaken: 1, rowsRefused: 0 } }])
  const imports = await world.json('dataset', 'imports', 'nightly')
  expect(imports.filter(({ fileName }: { fileName: string }) => fileName === 'huge.xml')).toHaveLength(1)
  // From the beginning it would have been three times as much.
  expect(proxy.bytes()).toBeLessThan(1.7 * bytes)
  const again = await world.upload(words)
  expect(JSON.parse(again.out)).toMatchObject([{ again: true }])
  expect(proxy.bytes()).toBeLessThan(1.7 * bytes)
})

test('a wrong token is refused while a large document is on its way', async () => {
  const path = world.file('d/large.csv', new Uint8Array(24_000_000).fill(97))
  const { exit, err } = await world.upload([path], { CI_TOKEN: `${world.token.slice(0, -1)}x` })
  expect([exit, err]).toEqual([3, expect.stringContaining('upload_token.refused: ')])
})

test('without waiting it ends when the files are kept', async () => {
  const { exit, out } = await world.upload([world.file('e/kept.xml', junit('kept')), '--no-wait'])
  expect([exit, out]).toEqual([0, expect.stringMatching(/kept\.xml +kept +– +– +– +imp_/)])
})

test('a file that is not as long as it was is sent to its end by nobody', async () => {
  // Its size is said to be 0, whatever is read of it.
  const { exit, err } = await world.upload(['/proc/self/status'])
  expect([exit, err]).toEqual([5, expect.stringContaining('upload.file_changed: ')])
})

test('words that cannot work are refused before anything is sent', async () => {
  const path = world.file('f/x.xml', junit('x'))
  expect((await world.upload([`${world.folder}/f/*.json`])).err).toStartWith('upload.no_files: no file matches ')
  expect((await world.upload([`${world.folder}/f/y.xml`])).exit).toBe(4)
  expect((await world.upload([path, '--attribute', 'branch'])).exit).toBe(2)
  expect((await world.upload([path], { CI_TOKEN: ' ' })).err).toContain('the environment has no variable CI_TOKEN')
  const named = ['upload', path, '--dataset', 'nightly', '--at', `https://127.0.0.1:${world.port}`]
  const byName = await sluice([...named, '--ca', `${world.folder}/sluice-ca.pem`], { SLUICE_TOKEN: world.token })
  expect([byName.exit, byName.err]).toEqual([2, expect.stringContaining('with an upload token --dataset takes')])
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import packageFile from '../../package.json' with { type: 'json' }
import { bundleForNode, compileBinary } from '../../scripts/compile.ts'
import { bindLibsqlLoader, LoaderChanged } from '../../scripts/libsql-plugin.ts'
import { slowTest } from '../support/quick.ts'

const root = join(import.meta.dirname, '../..')
const entry = join(import.meta.dirname, 'fixtures/binary.ts')
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-build-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const loader = (file: string): Promise<string> => readFile(join(root, 'node_modules/libsql', file), 'utf8')

async function run(
  command: string[],
  cwd: string,
  env: Record<string, string>,
): Promise<{ output: unknown; code: number }> {
  const child = Bun.spawn(command, { cwd, env, stdout: 'pipe', stderr: 'inherit' })
  const output: unknown = JSON.parse(await new Response(child.stdout).text())
  return { output, code: await child.exited }
}

const expected = (host: string, compiled: boolean): unknown => ({
  version: packageFile.version,
  host,
  compiled,
  row: 'text that must be inside the binary',
  child: { message: { argv: ['child', 'x'] }, code: 0 },
  leaked: null,
})

test('the loader of the installed libsql is known, and bound to one addon', async () => {
  for (const file of ['index.js', 'promise.js']) {
    const bound = bindLibsqlLoader(file, await loader(file), 'linux-x64-gnu')
    expect(bound).toContain('return require("@libsql/linux-x64-gnu");')
    expect(bound).not.toContain('__dirname')
  }
})

test('a loader that has changed in any place stops the build', async () => {
  const text = await loader('index.js')
  for (const [from, to] of [
    ['case "linux-arm64-musl"', 'case "linux-riscv64-musl"'],
    ['require("detect-libc")', 'require("detect-libc/promises")'],
    ['function requireNative() {', 'async function requireNative() {'],
  ] as const) {
    expect(text).toContain(from)
    expect(() => bindLibsqlLoader('index.js', text.replace(from, to), 'linux-x64-gnu')).toThrow(LoaderChanged)
  }
  expect(() => bindLibsqlLoader('index.js', `${text}\nload(__dirname)\n`, 'linux-x64-gnu')).toThrow(LoaderChanged)
})

slowTest(
  'the binary runs alone in an empty folder, with the addon, its texts and itself as a child, and reads no .env there',
  async () => {
    const [binary, home] = [join(folder, 'sluice'), await mkdtemp(join(folder, 'empty-'))]
    await compileBinary('linux-x64', entry, binary)
    await writeFile(join(home, '.env'), 'SLUICE_LEAK=yes\n')
    expect(await run([binary], home, {})).toEqual({ output: expected('bun', true), code: 0 })
    expect((await readdir(home)).sort()).toEqual(['.env', 'probe.db'])
    const bytes = await readFile(binary)
    expect(bytes.includes(root)).toBe(false)
    const again = join(await mkdtemp(join(folder, 'again-')), 'sluice')
    await compileBinary('linux-x64', entry, again)
    const hashes = [bytes, await readFile(again)].map((content) => createHash('sha256').update(content).digest('hex'))
    expect(hashes[1]).toBe(hashes[0] ?? '')
  },
  30_000,
)

slowTest(
  'the bundle for Node runs there, with the addon of the installed package',
  async () => {
    // Inside the checkout, as an installed package would be, since Node looks for the addon upwards from the bundle.
    const bundle = join(root, '.tmp/build-test/sluice.mjs')
    await bundleForNode(entry, bundle)
    const home = await mkdtemp(join(folder, 'node-'))
    const environment = { PATH: process.env['PATH'] ?? '' }
    expect(await run(['node', bundle], home, environment)).toEqual({ output: expected('node', false), code: 0 })
    await rm(join(root, '.tmp/build-test'), { recursive: true, force: true })
  },
  30_000,
)

/**
 * `npm test`: format and lint, types, floors, doors, papers, unused code, tests on all hosts, the binary alone in a folder.
 * `--quick` (`npm run ok`) leaves out what is slow, `--image` adds the OCI image. Words choose test files.
 * Ends with `N passed, N failed` alone on a line; a check counts as one.
 */
import { copyFileSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const script = (name: string, ...words: string[]): string[] => [process.execPath, join('scripts', name), ...words]
const quick = process.argv.includes('--quick')
const image = process.argv.includes('--image')
const only = process.argv.slice(2).filter((word) => !word.startsWith('--'))
/** Rows of the demo that the binary and the image run: enough to cross in several frames. */
const DEMO = ['demo', '--once', '--json']
const IMAGE = 'localhost/sluice:test'

type Tally = { passed: number; failed: number; skipped: number }
const tally: Tally = { passed: 0, failed: 0, skipped: 0 }

type RunOptions = { env?: Record<string, string>; cwd?: string }

async function run(command: string[], { env, cwd }: RunOptions = {}): Promise<number> {
  const child = Bun.spawn(command, {
    cwd: cwd ?? root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: env ?? { ...process.env },
  })
  return await child.exited
}

async function step(name: string, command: string[], options: RunOptions = {}): Promise<boolean> {
  const started = performance.now()
  const code = await run(command, options)
  tally[code === 0 ? 'passed' : 'failed']++
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((performance.now() - started) / 1000).toFixed(1)} s)`)
  return code === 0
}

/** Counts of a JUnit report's outermost element, and the names of skipped tests. */
function countsOf(report: string): Tally & { names: string[] } {
  const head = /<testsuites[^>]*>/.exec(report)?.[0] ?? ''
  const count = (name: string): number => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(head)?.[1] ?? 0)
  const [tests, failed, skipped] = [count('tests'), count('failures') + count('errors'), count('skipped')]
  const names = [...report.matchAll(/<testcase name="([^"]*)"[^>]*>\s*<skipped/g)].map((match) => match[1] ?? '')
  return { passed: tests - failed - skipped, failed, skipped, names }
}

async function tests(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-test-'))
  const report = join(folder, 'junit.xml')
  // Two at a time, for a quick run has a minute; the whole run keeps each test the machine to itself.
  const pace = quick ? ['--parallel=2', '--no-isolate'] : []
  const words = ['test', ...only, ...pace, '--reporter=junit', `--reporter-outfile=${report}`]
  const code = await run([process.execPath, ...words], {
    env: { ...process.env, SLUICE_TEST_QUICK: quick ? '1' : '' } as Record<string, string>,
  })
  const counts = countsOf(readFileSync(report, 'utf8'))
  tally.passed += counts.passed
  // A run that failed without a failed test (a file that could not be loaded) still is a failure.
  tally.failed += counts.failed === 0 && code !== 0 ? 1 : counts.failed
  tally.skipped += counts.skipped
  for (const name of counts.names) console.log(`skipped: ${name}`)
  await rm(folder, { recursive: true, force: true })
}

/** The compiled binary in an empty folder, with an empty environment, runs the whole demo. */
async function binaryAlone(): Promise<void> {
  if (!(await step('build of the binary', script('build.ts')))) return
  const folder = await mkdtemp(join(tmpdir(), 'sluice-binary-'))
  copyFileSync(join(root, 'dist', `sluice-linux-${process.arch}`), join(folder, 'sluice'))
  await step('the binary alone: demo', [join(folder, 'sluice'), ...DEMO], { cwd: folder, env: { TMPDIR: folder } })
  await rm(folder, { recursive: true, force: true })
}

await step('format and lint', [bin('biome'), 'check', '--error-on-warnings', '.'])
await step('types', [bin('tsc'), '-p', '.'])
await step('floors', script('check-floors.ts'))
await step('doors and error codes', script('check-doors.ts'))
await step('generated papers', script('docs.ts', '--check'))
if (!quick) {
  await step('unused code', [bin('knip'), '--no-progress'])
  await step('migrations', script('migrations.ts', '--check'))
}
await tests()
if (!quick && only.length === 0) {
  await binaryAlone()
}
if (image && (await step('build of the image', script('image.ts', 'build', '--image', IMAGE)))) {
  await step('the image: demo with cloud-01 in it', [process.execPath, 'src/main.ts', ...DEMO, '--cloud-image', IMAGE])
}
console.log(`${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`)
process.exit(tally.failed === 0 ? 0 : 1)

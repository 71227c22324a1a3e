/**
 * `npm test`: format and lint, types, floors, doors, papers, unused code, tests on all hosts, the binary alone in a folder.
 * `--quick` (`npm run ok`) leaves out what is slow and checks beside the tests, `--image` adds the OCI image. Words choose test files.
 * Ends with `N passed, N failed` alone on a line; a check counts as one.
 */
import { closeSync, copyFileSync, openSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const bin = (name: string): string => join(root, 'node_modules', '.bin', name)
const script = (name: string, ...words: string[]): string[] => [process.execPath, join('scripts', name), ...words]
const quick = process.argv.includes('--quick')
const image = process.argv.includes('--image')
const only = process.argv.slice(2).filter((word) => !word.startsWith('--'))
/** What the binary and the image run. */
const DEMO = ['demo', '--once', '--json']
const IMAGE = 'localhost/sluice:test'
/** A test that waits in vain ends after 20 s: on a machine that others use as well, five are short. */
const TEST = ['--timeout=20000', '--reporter=junit']
/** A quick run has a minute: two files at a time, passwords at their least cost, and no compiler that pays off after minutes only. */
const QUICK = {
  words: ['--parallel=2', '--no-isolate', '--preload=./tests/support/quick-passwords.ts', '--only-failures'],
  env: { SLUICE_TEST_QUICK: '1', BUN_JSC_useFTLJIT: '0' },
  // Knows what the last quick run has checked; the whole run takes nobody's word.
  types: ['--checkers', '1', '--incremental', '--tsBuildInfoFile', 'node_modules/.cache/quick.tsbuildinfo'],
}

type Tally = { passed: number; failed: number; skipped: number }
const tally: Tally = { passed: 0, failed: 0, skipped: 0 }

type RunOptions = { env?: Record<string, string | undefined>; cwd?: string }

/** Resolves to the exit code. In a quick run several run at a time, so that each one's output comes in one piece, at its end. */
async function run(command: string[], { env = process.env, cwd = root }: RunOptions = {}): Promise<number> {
  if (!quick) return await Bun.spawn(command, { cwd, env, stdio: ['ignore', 'inherit', 'inherit'] }).exited
  const folder = await mkdtemp(join(tmpdir(), 'sluice-output-'))
  const path = join(folder, 'output')
  const output = openSync(path, 'a')
  const code = await Bun.spawn(command, { cwd, env, stdio: ['ignore', output, output] }).exited
  closeSync(output)
  process.stdout.write(readFileSync(path))
  await rm(folder, { recursive: true, force: true })
  return code
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
  // The whole run keeps each test the machine to itself.
  const words = ['test', ...only, ...(quick ? QUICK.words : []), ...TEST, `--reporter-outfile=${report}`]
  const env = { ...process.env, ...(quick ? QUICK.env : { SLUICE_TEST_QUICK: '' }) }
  const code = await run([process.execPath, ...words], { env })
  const counts = countsOf(readFileSync(report, 'utf8'))
  tally.passed += counts.passed
  // A run that failed without a failed test (a file that could not be loaded) still is a failure.
  tally.failed += counts.failed === 0 && code !== 0 ? 1 : counts.failed
  tally.skipped += counts.skipped
  if (!quick) for (const name of counts.names) console.log(`skipped: ${name}`)
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

async function checks(): Promise<void> {
  await step('format and lint', [bin('biome'), 'check', '--error-on-warnings', '.'])
  await step('types', [bin('tsc'), '-p', '.', ...(quick ? QUICK.types : [])])
  await step('floors', script('check-floors.ts'))
  await step('doors and error codes', script('check-doors.ts'))
  await step('generated papers', script('docs.ts', '--check'))
  if (!quick) {
    await step('unused code', [bin('knip'), '--no-progress'])
    await step('migrations', script('migrations.ts', '--check'))
  }
}

if (quick) {
  await Promise.all([checks(), tests()])
} else {
  await checks()
  await tests()
}
if (!quick && only.length === 0) {
  await binaryAlone()
}
if (image && (await step('build of the image', script('image.ts', 'build', '--image', IMAGE)))) {
  await step('the image: demo with cloud-01 in it', [process.execPath, 'src/main.ts', ...DEMO, '--cloud-image', IMAGE])
}
console.log(`${tally.passed} passed, ${tally.failed} failed${tally.skipped > 0 ? `, ${tally.skipped} skipped` : ''}`)
process.exit(tally.failed === 0 ? 0 : 1)

/**
 * Runs tests/smoke/*.ts on Bun from source, in a compiled binary, on Node as a bundle, and on Deno with no more permissions
 * than Sluice needs. `bun scripts/smoke.ts [--host bun|binary|node|deno] [ROOM…]`; ends with `N passed, N failed` alone on a line.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { bundleForNode, compileBinary } from './compile.ts'

const root = join(import.meta.dirname, '..')
const suites = join(root, 'tests/smoke')
/** Inside the checkout, so that the packages that no bundle can hold (native addons) are found from there. */
const folder = join(root, '.tmp/smoke')
const deno = join(root, 'node_modules/deno/deno')

/** `ffi` is libSQL's addon; `sys` what the hosts' node: modules ask of the system; `run` is for our own children only. */
const DENO_PERMISSIONS = [
  '--allow-read',
  '--allow-write',
  '--allow-net=127.0.0.1,[::1]',
  '--allow-env',
  '--allow-sys',
  '--allow-ffi',
  `--allow-run=${deno}`,
]

const HOSTS = ['bun', 'binary', 'node', 'deno'] as const
type Host = (typeof HOSTS)[number]

/** Makes what that host runs, and says how it is started. */
async function prepare(host: Host, entry: string): Promise<[string, ...string[]]> {
  switch (host) {
    case 'bun':
      return [process.execPath, entry]
    case 'binary': {
      const binary = join(folder, 'smoke')
      await compileBinary(process.arch === 'arm64' ? 'linux-arm64' : 'linux-x64', entry, binary)
      return [binary]
    }
    case 'node': {
      const bundle = join(folder, 'smoke.mjs')
      await bundleForNode(entry, bundle)
      return ['node', bundle]
    }
    case 'deno':
      return [deno, 'run', '--quiet', '--no-prompt', '--cached-only', ...DENO_PERMISSIONS, entry]
  }
}

function writeEntry(rooms: string[]): string {
  const lines = rooms.map((room) => `import ${JSON.stringify(relative(folder, join(suites, `${room}.ts`)))}`)
  const entry = join(folder, 'entry.ts')
  const harness = JSON.stringify(relative(folder, join(suites, 'harness.ts')))
  writeFileSync(entry, `import { runSmoke } from ${harness}\n${lines.join('\n')}\nawait runSmoke()\n`)
  return entry
}

function run(host: Host, command: [string, ...string[]]): { passed: number; failed: number } {
  const [file, ...words] = command
  const { stdout, stderr, status } = spawnSync(file, words, {
    cwd: root,
    encoding: 'utf8',
    timeout: 300_000,
    killSignal: 'SIGKILL',
  })
  const counts = /^(\d+) passed, (\d+) failed$/m.exec(stdout)
  const failed = Number(counts?.[2] ?? 0)
  console.log(`${host}\n${stdout.replace(/^\d+ passed, \d+ failed\n/m, '').trimEnd()}`)
  if (status === 0 && counts) return { passed: Number(counts[1]), failed }
  // A process that died counts as one failure, whatever it printed before.
  console.log(`${stderr.trimEnd()}\n${host} ended with ${status ?? 'a signal'}`)
  return { passed: Number(counts?.[1] ?? 0), failed: Math.max(1, failed) }
}

function parseWords(words: string[]): { hosts: Host[]; rooms: string[] } {
  const at = words.indexOf('--host')
  const only = at < 0 ? undefined : words.splice(at, 2)[1]
  const known = readdirSync(suites).map((name) => name.replace(/\.ts$/, ''))
  const rooms = words.length > 0 ? words : known.filter((name) => name !== 'harness')
  return { hosts: only ? HOSTS.filter((host) => host === only) : [...HOSTS], rooms }
}

const { hosts, rooms } = parseWords(process.argv.slice(2))
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder, { recursive: true })
const entry = writeEntry(rooms)
const counts: { passed: number; failed: number }[] = []
for (const host of hosts) counts.push(run(host, await prepare(host, entry)))
const passed = counts.reduce((sum, count) => sum + count.passed, 0)
const failed = counts.reduce((sum, count) => sum + count.failed, 0)
console.log(`${passed} passed, ${failed} failed`)
process.exit(failed === 0 && passed > 0 ? 0 : 1)

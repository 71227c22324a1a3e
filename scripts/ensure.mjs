/** Installs what is missing before any script runs. Plain Node, since nothing else is there on a bare machine. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = join(dirname(fileURLToPath(import.meta.url)), '..')
export const bun = join(root, 'node_modules', 'bun', 'bin', process.platform === 'win32' ? 'bun.exe' : 'bun.exe')

/** Name → version of every package that the lock file wants, without those for other platforms. */
function lockedVersions(path) {
  const { packages } = JSON.parse(readFileSync(path, 'utf8'))
  return Object.entries(packages).filter(([name, entry]) => name !== '' && !entry.optional)
}

function installed() {
  const record = join(root, 'node_modules', '.package-lock.json')
  if (!existsSync(record)) return false
  const there = new Map(lockedVersions(record))
  return lockedVersions(join(root, 'package-lock.json')).every(
    ([name, { version }]) => there.get(name)?.version === version,
  )
}

function run(command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] })
  if (status !== 0) {
    process.stderr.write(`install.failed: ${command} ${args.join(' ')} ended with ${status}\n`)
    process.exit(1)
  }
}

/** Makes node_modules match the lock file and bun runnable, even where install scripts are off. */
export function ensureInstalled() {
  if (!installed()) {
    process.stderr.write('Installing what is missing …\n')
    // Not `npm ci`: it refuses a lock file that was made where a registry lacks the packages of other platforms. This installs what
    // the lock file names, adds what this platform needs beside it, and writes nothing back.
    run('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'])
  }
  if (spawnSync(bun, ['--version']).status !== 0)
    run(process.execPath, [join(root, 'node_modules', 'bun', 'install.js')])
}

/** Runs a script of the tests in a process that the system gives less: fewer open files, shorter files. */
import { spawnSync } from 'node:child_process'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

/** What the script printed. `limits`: words of `ulimit`; a file that becomes too long is an error there and no signal. */
export function limited(limits: string, script: string, ...args: string[]): string {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const words = ['-c', `trap '' XFSZ; ulimit ${limits}; exec "$@"`, 'limited', process.execPath, path, ...args]
  const { stdout, stderr } = spawnSync('bash', words, { timeout: 30_000, encoding: 'utf8' })
  if (stderr !== '') throw new Error(stderr)
  return stdout.trim()
}

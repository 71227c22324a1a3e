/** Runs a script of the tests on a file system of 1 MiB, in a mount namespace of its own that ends with it. */
import { spawnSync } from 'node:child_process'
import { temporaryFolder } from './folder.ts'

const MOUNT = 'mount -t tmpfs -o size=1m tmpfs "$1"'

/** Whether this machine lets us mount at all. */
export function canMount(): boolean {
  using folder = temporaryFolder()
  return spawnSync('unshare', ['-rm', 'sh', '-c', MOUNT, 'sh', folder.path]).status === 0
}

/** What the script printed as JSON; `folder` is the small file system, and the script's first argument. */
export function onSmallDisk(script: string, folder: string): unknown {
  const command = `${MOUNT} && exec "$2" "$3" "$1"`
  const result = spawnSync('unshare', ['-rm', 'sh', '-c', command, 'sh', folder, process.execPath, script])
  if (result.status !== 0) throw new Error(result.stderr.toString())
  return JSON.parse(result.stdout.toString())
}

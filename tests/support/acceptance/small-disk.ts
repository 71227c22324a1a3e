/** A file system of a known small size at a temporary folder; root alone may mount one. */
import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { type TemporaryFolder, temporaryFolder } from '../folder.ts'

export type SmallDisk = TemporaryFolder & {
  /** Takes all room but so many bytes. */
  fill(freeBytes: number): void
  makeRoom(): void
}

/** Mounts it; `size` as tmpfs takes it, such as `4m`. */
export function smallDisk(size: string): SmallDisk {
  const folder = temporaryFolder()
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder.path])
  if (mounted.status !== 0) {
    folder[Symbol.dispose]()
    throw new Error(`mount failed: ${mounted.stderr}`)
  }
  const ballast = folder.file('ballast')
  return {
    ...folder,
    fill(freeBytes) {
      const { bavail, bsize } = statfsSync(folder.path)
      try {
        writeFileSync(ballast, new Uint8Array(Math.max(0, bavail * bsize - freeBytes)))
      } catch (error) {
        // Somebody else wrote meanwhile: then it is as full as can be.
        if (!(error instanceof Error && 'code' in error && error.code === 'ENOSPC')) throw error
      }
    },
    makeRoom: () => rmSync(ballast),
    [Symbol.dispose]() {
      spawnSync('umount', ['-l', folder.path])
      folder[Symbol.dispose]()
    },
  }
}

/** Whether this machine lets us mount at all. */
export function canMountSmallDisk(): boolean {
  try {
    smallDisk('1m')[Symbol.dispose]()
    return true
  } catch {
    return false
  }
}

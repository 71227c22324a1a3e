/** How full the volume of a folder is. */
import { statfs } from 'node:fs/promises'
import { fileFailure } from './errors.ts'

/** Bytes of a volume: all of it, and what this process may still write. */
export type DiskSpace = { totalBytes: number; freeBytes: number }

/** Asks the file system that holds `path`; what it refuses is a failure of files by name. */
export async function diskSpace(path: string): Promise<DiskSpace> {
  try {
    const { blocks, bavail, bsize } = await statfs(path)
    return { totalBytes: blocks * bsize, freeBytes: bavail * bsize }
  } catch (cause) {
    throw fileFailure('read the volume of', path, cause)
  }
}

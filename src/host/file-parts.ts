/** Files that are too large for memory: read in parts, and written in parts into a file that is there whole or not at all. */
import { randomBytes } from 'node:crypto'
import { link, open, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Bytes } from '../base/mod.ts'
import { fileFailure } from './errors.ts'
import { syncFolder } from './files.ts'

const PART_BYTES = 65_536

/** The bytes of a file from its beginning. Fails as `readBytes` does. */
export async function* readParts(path: string): AsyncGenerator<Bytes, void> {
  const file = await open(path, 'r').catch((cause) => {
    throw fileFailure('read', path, cause)
  })
  try {
    for (;;) {
      const part = new Uint8Array(PART_BYTES)
      const { bytesRead } = await file.read(part, 0, PART_BYTES).catch((cause) => {
        throw fileFailure('read', path, cause)
      })
      if (bytesRead === 0) return
      yield part.subarray(0, bytesRead)
    }
  } finally {
    await file.close()
  }
}

/**
 * Makes a file (mode 0600) of parts and says how many bytes it has. It comes to its name once all is on the disk; a failure of the disk
 * or of the parts leaves nothing. Refuses a name that is taken with `host.path_unfit`.
 */
export async function writeParts(path: string, parts: AsyncIterable<Uint8Array>): Promise<number> {
  const beside = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const bytes = await writeAll(beside, path, parts)
    // A link, unlike a rename, fails when the name is taken.
    await named(path, link(beside, path))
    await syncFolder(dirname(path))
    return bytes
  } finally {
    await rm(beside, { force: true })
  }
}

async function writeAll(beside: string, path: string, parts: AsyncIterable<Uint8Array>): Promise<number> {
  const file = await named(path, open(beside, 'wx', 0o600))
  try {
    let bytes = 0
    for await (const part of parts) {
      await named(path, file.writeFile(part))
      bytes += part.byteLength
    }
    await named(path, file.sync())
    return bytes
  } finally {
    await file.close()
  }
}

/** The name of the failure is that of the file that was to be. */
async function named<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw fileFailure('write', path, cause)
  }
}

/** Whole files and folders: read, replaced atomically, made private, removed. Failures are named after what the user can do. */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, open, readFile, readlink, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { AppError, type Bytes, fromUtf8, utf8 } from '../base/mod.ts'
import { FileMissing, fileFailure } from './errors.ts'

/**
 * All bytes of a file.
 * Fails with `host.file_missing`, `host.path_unfit`, `host.file_forbidden` or `host.file_failed`.
 */
export async function readBytes(path: string): Promise<Bytes> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw fileFailure('read', path, cause)
  }
}

/** The text of a UTF-8 file. Fails as `readBytes` does, and with `encoding.invalid`. */
export async function readText(path: string): Promise<string> {
  return fromUtf8(await readBytes(path))
}

/** The text of a UTF-8 file, or `undefined` when there is none. Fails as `readText` does otherwise. */
export async function readTextIfThere(path: string): Promise<string | undefined> {
  try {
    return await readText(path)
  } catch (error) {
    if (error instanceof FileMissing) return undefined
    throw error
  }
}

/**
 * Replaces a file so that a reader, or a crash at any moment, sees the old content or the new, never a part: a new file beside
 * it, fsync, rename, fsync of the folder. `mode` holds for the new file whatever the umask is. A content that comes in parts is
 * written as it comes; when it fails, its failure is thrown.
 * Fails with `host.disk_full`, `host.file_missing` (no such folder), `host.file_forbidden`; then the old file is untouched.
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | AsyncIterable<Uint8Array>,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`
  try {
    await writeDurably(temporary, typeof content === 'string' ? utf8(content) : content, mode)
    await rename(temporary, path)
    await syncFolder(dirname(path))
  } catch (cause) {
    await rm(temporary, { force: true })
    throw cause instanceof AppError ? cause : fileFailure('write', path, cause)
  }
}

async function writeDurably(
  path: string,
  content: Uint8Array | AsyncIterable<Uint8Array>,
  mode: number,
): Promise<void> {
  const file = await open(path, 'wx', mode)
  try {
    if (content instanceof Uint8Array) await file.writeFile(content)
    else for await (const part of content) await file.appendFile(part)
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Whether a path leads anywhere, to a file or a folder. */
export async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

/** Makes the names in a folder durable: a created, renamed or removed file is so only once its folder is on the disk. */
export async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(path, 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch (cause) {
    throw fileFailure('sync', path, cause)
  }
}

/**
 * Makes a folder, and those above it, that only this user may enter (mode 0700); an existing one is narrowed to that.
 * Fails with `host.path_unfit`, `host.file_forbidden`, `host.disk_full` or `host.file_failed`.
 */
export async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await chmod(path, 0o700)
  } catch (cause) {
    throw fileFailure('make the folder', path, cause)
  }
}

/** Makes a folder and those above it as any other program would; nothing happens when it is there. Fails as `makePrivateFolder` does. */
export async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true })
  } catch (cause) {
    throw fileFailure('make the folder', path, cause)
  }
}

/** The path with all links followed, of a file that is there or of one that is yet to be made in a folder that is. Fails as `readBytes` does. */
export async function truePath(path: string): Promise<string> {
  try {
    // A file that is not there yet has no links.
    return await realpath(path).catch(async () => join(await realpath(dirname(path)), basename(path)))
  } catch (cause) {
    throw fileFailure('open', path, cause)
  }
}

/**
 * Where an opened file really is: by its descriptor where the system tells that (Linux), so that a link swapped between looking and
 * opening is seen; else by its path.
 */
export async function openedPath(fd: number, path: string): Promise<string> {
  return readlink(`/proc/self/fd/${fd}`).catch(() => truePath(path))
}

/** Removes a file or a folder with all it holds; nothing happens when it is not there. Fails with `host.file_forbidden`. */
export async function removeFolder(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true })
  } catch (cause) {
    throw fileFailure('remove', path, cause)
  }
}

/** A file that only grows at its end: what journals stand on. A failed append leaves no part of itself behind. */
import { type FileHandle, open } from 'node:fs/promises'
import { AppError, Turns } from '../base/mod.ts'
import { fileFailure } from './errors.ts'
import { openedPath } from './files.ts'

/** An open file; its methods run one after another in the order of their calls. */
export interface AppendFile extends AsyncDisposable {
  /** Bytes in the file. */
  readonly size: number
  /**
   * Writes the chunks at the end by one `writev`, as long as the system takes them all at once.
   * After a failure (`host.disk_full` …) the file has its former size.
   */
  append(chunks: Uint8Array[]): Promise<void>
  /** Resolves when everything appended is on the disk (fdatasync). */
  sync(): Promise<void>
  /** Cuts the file to `size` bytes. */
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the file at `path` for appending, makes it (mode 0600) when it is not there. `admit` is told where the opened file really is
 * and throws if it may not be written to.
 * Fails with `host.file_missing` (no such folder), `host.file_forbidden`, `host.disk_full`.
 */
export async function openAppend(path: string, admit?: (truePath: string) => void): Promise<AppendFile> {
  const file = await openOrCreate(path).catch((cause: unknown) => {
    throw fileFailure('open', path, cause)
  })
  try {
    admit?.(await openedPath(file.fd, path))
    // Not O_APPEND: writes are positional, so that a cut after a failed append cannot be overtaken.
    return new PositionedFile(path, file, (await file.stat()).size)
  } catch (cause) {
    await file.close()
    throw cause instanceof AppError ? cause : fileFailure('open', path, cause)
  }
}

async function openOrCreate(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    return open(path, 'wx+', 0o600)
  }
}

class PositionedFile implements AppendFile {
  readonly #path: string
  readonly #file: FileHandle
  #size: number
  readonly #turns = new Turns()

  constructor(path: string, file: FileHandle, size: number) {
    this.#path = path
    this.#file = file
    this.#size = size
  }

  get size(): number {
    return this.#size
  }

  append(chunks: Uint8Array[]): Promise<void> {
    return this.#inTurn('append to', async () => {
      try {
        this.#size += await writeAll(this.#file, chunks, this.#size)
      } catch (error) {
        // Where even this fails, the next append still begins at the old end and covers what was left behind.
        await this.#file.truncate(this.#size).catch(() => undefined)
        throw error
      }
    })
  }

  sync(): Promise<void> {
    return this.#inTurn('sync', () => this.#file.datasync())
  }

  truncate(size: number): Promise<void> {
    return this.#inTurn('truncate', async () => {
      await this.#file.truncate(size)
      this.#size = size
    })
  }

  close(): Promise<void> {
    return this.#inTurn('close', () => this.#file.close())
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #inTurn(action: string, work: () => Promise<void>): Promise<void> {
    return this.#turns.run(work).catch((cause: unknown) => {
      throw fileFailure(action, this.#path, cause)
    })
  }
}

/** Writes all chunks from `position` on and returns their length; the system may take fewer bytes at a time than it is given. */
async function writeAll(file: FileHandle, chunks: Uint8Array[], position: number): Promise<number> {
  let rest = chunks
  let written = 0
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest, position + written)
    written += bytesWritten
    rest = withoutFirst(rest, bytesWritten)
  }
  return written
}

function withoutFirst(chunks: Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes
  let at = 0
  for (; at < chunks.length; at++) {
    const length = chunks[at]?.byteLength ?? 0
    if (length > skip) break
    skip -= length
  }
  const [first, ...others] = chunks.slice(at)
  return first ? [first.subarray(skip), ...others] : []
}

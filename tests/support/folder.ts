/** Temporary folders that go when their scope ends. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isQuick } from './quick.ts'

export type TemporaryFolder = { path: string; file(name: string): string } & Disposable

/** Where a sync costs nothing; most of what a quick run waits for is the disk. */
const MEMORY = '/dev/shm'

/** In a quick run in memory, where the machine has such a place. Not for files of components: a path there is a view of the system. */
export function memoryFolder(): TemporaryFolder {
  return temporaryFolder(isQuick && existsSync(MEMORY) ? MEMORY : tmpdir())
}

export function temporaryFolder(parent = tmpdir()): TemporaryFolder {
  const path = mkdtempSync(join(parent, 'sluice-test-'))
  return {
    path,
    file: (name) => join(path, name),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  }
}

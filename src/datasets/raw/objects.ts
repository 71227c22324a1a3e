/**
 * Large documents as files, each sealed under a key of its own (AES-256-GCM in segments) with its import's id as context. The key is
 * kept with the import, so whoever destroys that row, or the database's key, destroys the document.
 */
import { opendir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type Bytes, utf8 } from '../../base/mod.ts'
import { openStream, sealStream } from '../../crypto/mod.ts'
import { makePrivateFolder, readParts, syncFolder, writeParts } from '../../host/mod.ts'

/** Where the file of an import is. */
export function objectPath(folder: string, id: string): string {
  return join(folder, id)
}

/** Seals what comes into a file of that id, which is there whole and durable or not at all. Host errors of the folder. */
export async function writeObject(
  folder: string,
  { id, key }: { id: string; key: Bytes },
  source: AsyncIterable<Uint8Array>,
): Promise<void> {
  await makePrivateFolder(folder)
  await writeParts(objectPath(folder, id), sealStream(key, utf8(id), source))
}

/** The document of such a file. Fails with `crypto.not_authentic`, `host.file_missing`. */
export function readObject(path: string, { id, key }: { id: string; key: Bytes }): AsyncGenerator<Bytes, void> {
  return openStream(key, utf8(id), readParts(path))
}

/** Removes the files of these imports, of which there is one at least. */
export async function removeObjects(folder: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) await rm(objectPath(folder, id), { force: true })
  await syncFolder(folder)
}

/** Names of all files there, half-written ones too, so many at a time. */
export async function* objectNames(folder: string, atOnce: number): AsyncGenerator<string[], void> {
  const opened = await opendir(folder).catch((error) => {
    if (error.code !== 'ENOENT') throw error
  })
  let names: string[] = []
  for await (const { name } of opened ?? []) {
    names.push(name)
    if (names.length < atOnce) continue
    yield names
    names = []
  }
  if (names.length > 0) yield names
}

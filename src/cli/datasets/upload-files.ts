/** Which files an upload means, how large each is, and how it is compressed. */
import { stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { AppError } from '../../base/mod.ts'
import { findFiles, isGlob } from '../../pipeline/mod.ts'

/** Of one upload: each is held as a line of what became of it. */
const FILES_MAX = 10_000

/** Nothing is there under the names that were given. */
export class NoFiles extends AppError {
  override readonly code = 'upload.no_files' as const
  override readonly kind = 'not_found' as const
  override readonly advice =
    'Patterns are taken from where the command runs; quote them, so that no shell expands them.'
}

/** More files than one upload takes. */
export class FilesTooMany extends AppError {
  override readonly code = 'upload.too_many_files' as const
  override readonly kind = 'limit' as const
  override readonly advice = 'Upload them in several turns.'
}

/** `name` is what the dataset keeps of it: without folders, and without the ending that says how it is compressed. */
export type UploadFile = { path: string; name: string; bytes: number; encoding: 'gzip' | 'zstd' | undefined }

/**
 * The files, each once, in the order of the patterns. Refuses `upload.no_files` for a plain path that is none, and when no pattern
 * matches anything; `upload.too_many_files`.
 */
export async function filesFor(patterns: readonly string[], filesMax = FILES_MAX): Promise<UploadFile[]> {
  const paths = new Set<string>()
  for (const pattern of patterns) {
    const found = await findFiles(pattern, filesMax)
    if (found.length === 0 && !isGlob(pattern)) throw new NoFiles(`there is no file ${pattern}`)
    for (const path of found) paths.add(path)
    if (paths.size > filesMax) throw new FilesTooMany(`these are more than ${filesMax} files`)
  }
  if (paths.size === 0) throw new NoFiles(`no file matches ${patterns.join(', ')}`)
  return Promise.all([...paths].map(fileAt))
}

async function fileAt(path: string): Promise<UploadFile> {
  const { size } = await stat(path)
  const [, plain = basename(path), ending] = /^(.+)\.(gz|zst)$/.exec(basename(path)) ?? []
  const encoding = ending === undefined ? undefined : ending === 'gz' ? 'gzip' : 'zstd'
  return { path, name: plain, bytes: size, encoding }
}

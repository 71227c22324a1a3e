/** The bytes of a file that is being uploaded: as many as it had when it was found, or a failure. */
import { AppError } from '../../base/mod.ts'
import { readParts } from '../../host/mod.ts'
import type { UploadFile } from './upload-files.ts'

/** While a file was read something wrote to it, so that what arrived would be neither the old nor the new. */
export class FileChanged extends AppError {
  override readonly code = 'upload.file_changed' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Upload it once nothing writes to it any more.'
}

/** From a place on. `sent`: told how many bytes went on, those before the place too. Fails with `upload.file_changed`. */
export async function* contentOf(
  { path, bytes }: UploadFile,
  from: number,
  sent: (bytes: number) => void,
): AsyncGenerator<Uint8Array, void> {
  let left = bytes
  let passed = 0
  for await (const part of readParts(path)) {
    left -= part.byteLength
    if (left < 0) break
    const rest = part.subarray(Math.max(0, from - passed))
    passed += part.byteLength
    if (rest.byteLength > 0) yield rest
    sent(part.byteLength)
  }
  if (left !== 0) throw new FileChanged(`${path} changed while it was read`)
}

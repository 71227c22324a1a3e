/** One file on its way into a dataset: hashed, sent with retries that double nothing, and followed until it is imported. */
import { AppError } from '../../base/mod.ts'
import { createSha256 } from '../../crypto/mod.ts'
import { readParts } from '../../host/mod.ts'
import { readAs } from '../answers.ts'
import { createClient, postFile } from '../client.ts'
import { ImportReportAnswer, Uploaded } from './answers.ts'
import { contentOf } from './file-content.ts'
import { persistently, type UploadDeps } from './persistently.ts'
import type { UploadFile } from './upload-files.ts'
import { sendResumably } from './upload-resumably.ts'

const POLL_FIRST_MS = 50
const POLL_LONGEST_MS = 2_000
/** Longer than nearly every import; what takes longer is kept all the same. */
const IMPORT_MS_MAX = 3_600_000

/** The upload was taken, and its import did not end in time. */
export class ImportSlow extends AppError {
  override readonly code = 'upload.import_slow' as const
  override readonly kind = 'unavailable' as const
  override readonly advice = 'It is kept and will be imported; see what became of it with `sluice dataset imports`.'
}

/** `path`: of the dataset, as whoever asks reaches it. */
export type UploadTarget = { path: string; dataset: string; attributes: Readonly<Record<string, string>> }
/** `again`: the same was uploaded before, and this is its import. */
export type UploadedFile = { file: string; import: string; again: boolean; report?: ImportReportAnswer }

/** What is larger is sent so that it goes on where a line broke, if an upload token sends it; what comes after costs a request more. */
const RESUMED_BYTES_MIN = 67_108_864

/** Sends a file; resolves when it is durable. `sent`: told how many bytes went on. Fails as the server refuses it. */
export async function sendFile(
  deps: UploadDeps,
  { path, dataset, attributes }: UploadTarget,
  file: UploadFile,
  sent: (bytes: number) => void,
): Promise<UploadedFile> {
  const key = await keyOf(dataset, file, attributes)
  if (file.bytes >= RESUMED_BYTES_MIN && deps.access.token?.startsWith('slu_')) {
    const begun = { path, key, attributes, file }
    return { file: file.path, ...(await sendResumably(deps, begun, sent)) }
  }
  const query = new URLSearchParams({ name: file.name })
  for (const [name, value] of Object.entries(attributes)) query.set(`attribute.${name}`, value)
  const headers = {
    'idempotency-key': key,
    ...(file.encoding && { 'content-encoding': file.encoding }),
  }
  const answer = await persistently(deps, () => {
    const outgoing = { content: contentOf(file, 0, sent), bytes: file.bytes, headers }
    return postFile(deps.access, `${path}/uploads?${query}`, outgoing, deps.signal)
  })
  const uploaded = readAs(Uploaded, answer)
  return { file: file.path, import: uploaded.import, again: uploaded.again }
}

/** What became of an import, once it has ended. Refuses `upload.import_slow` after an hour. */
export async function importEnded(deps: UploadDeps, path: string, id: string): Promise<ImportReportAnswer> {
  const { clock, signal } = deps
  const client = createClient(deps.access)
  const begun = clock.monotonic()
  for (let waitMs = POLL_FIRST_MS; ; waitMs = Math.min(waitMs * 2, POLL_LONGEST_MS)) {
    const answer = await persistently(deps, () => client.get(`${path}/imports/${encodeURIComponent(id)}`))
    const report = readAs(ImportReportAnswer, answer)
    if (report.state !== 'queued' && report.state !== 'running') return report
    if (clock.monotonic() - begun > IMPORT_MS_MAX) throw new ImportSlow(`${id} is still ${report.state} after an hour`)
    await clock.sleep(waitMs, signal)
  }
}

/** The same file with the same attributes in the same dataset has the same key, whoever sends it and however often. */
async function keyOf(dataset: string, { path }: UploadFile, attributes: UploadTarget['attributes']): Promise<string> {
  const content = createSha256()
  for await (const part of readParts(path)) content.update(part)
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1))
  const key = createSha256()
  key.update(new TextEncoder().encode(JSON.stringify([dataset, content.digestHex(), sorted])))
  return key.digestHex()
}

/** A large file on its way by tus: what has come stays there, and whoever sends it again, after a crash too, goes on from that. */
import { AnswerUnknown } from '../answers.ts'
import { headersOf } from '../client.ts'
import { contentOf } from './file-content.ts'
import { isPassing, persistently, type UploadDeps } from './persistently.ts'
import type { UploadFile } from './upload-files.ts'

type Begun = {
  /** Of the dataset, for its upload tokens. */
  path: string
  /** Two that have the same are one upload. */
  key: string
  attributes: Readonly<Record<string, string>>
  file: UploadFile
}

const TUS = { 'tus-resumable': '1.0.0' }
/** More than buffers on the way hold: so much has arrived, or nearly. */
const WORTH_BYTES = 16_777_216
const PIECE = { ...TUS, 'content-type': 'application/offset+octet-stream' }

/** Resolves when all of it is durable. `again`: it was before this began. Fails as the server refuses it. */
export async function sendResumably(
  deps: UploadDeps,
  { path, key, attributes, file }: Begun,
  sent: (bytes: number) => void,
): Promise<{ import: string; again: boolean }> {
  const { access, signal } = deps
  const begun = await persistently(deps, () =>
    headersOf(
      access,
      {
        ...{ method: 'POST', path: `${path}/files` },
        headers: {
          ...TUS,
          'upload-length': String(file.bytes),
          'upload-metadata': metadataOf(file, attributes),
          'idempotency-key': key,
        },
      },
      signal,
    ),
  )
  const at = begun['location'] ?? ''
  const before = importIn(begun)
  if (before !== undefined) return { import: before, again: true }
  for (;;) {
    const imported = await persistently(deps, () => goOn(deps, at, file, sent))
    if (imported !== undefined) return { import: imported, again: false }
  }
}

/** Sends what is lacking. `undefined`: the line broke, and some of it went over it, so that there is reason to go on. */
async function goOn(
  { access, signal }: UploadDeps,
  at: string,
  file: UploadFile,
  sent: (bytes: number) => void,
): Promise<string | undefined> {
  const known = await headersOf(access, { method: 'HEAD', path: at, headers: TUS }, signal)
  const taken = importIn(known)
  if (taken !== undefined) return taken
  const from = placeOf(known['upload-offset'] ?? '')
  let went = 0
  const content = contentOf(file, from, (bytes) => {
    went += bytes
    sent(bytes)
  })
  const headers = { ...PIECE, 'upload-offset': String(from) }
  try {
    const part = { bytes: file.bytes - from, content }
    return importIn(await headersOf(access, { method: 'PATCH', path: at, headers, part }, signal))
  } catch (error) {
    if (isPassing(error) && !signal.aborted && went > from + WORTH_BYTES) return undefined
    throw error
  }
}

function placeOf(offset: string): number {
  if (!/^\d{1,15}$/.test(offset)) throw new AnswerUnknown('the server does not say how far the upload is')
  return Number(offset)
}

/** Where what became of it is asked for. */
function importIn(headers: Readonly<Record<string, string>>): string | undefined {
  return headers['content-location']?.split('/').at(-1)
}

function metadataOf({ name, encoding }: UploadFile, attributes: Begun['attributes']): string {
  const pairs: [string, string][] = [
    ['filename', name],
    ...(encoding ? [['encoding', encoding] as [string, string]] : []),
  ]
  for (const [attribute, value] of Object.entries(attributes)) pairs.push([`attribute.${attribute}`, value])
  return pairs.map(([pair, value]) => `${pair} ${Buffer.from(value).toString('base64')}`).join(',')
}

/**
 * What a request that uploads says of its document. The document is the body as it comes, or each file of a form; what goes with it stands in headers
 * (`Content-Type`, `Content-Encoding`, `Content-Disposition`, `Idempotency-Key`) and in the query (`name`, `attribute.<name>`).
 */
import type { Context } from 'hono'
import * as v from 'valibot'
import { naming } from '../../base/mod.ts'
import { type Taken, UPLOAD_BYTES_MAX, UploadCutOff, UploadTooLarge } from '../../datasets/mod.ts'
import { parseInput } from '../../web/mod.ts'
import { Attributes } from '../../wire/mod.ts'
import { UploadFormUnfit } from '../errors.ts'
import { boundaryOf, readFiles } from './multipart.ts'

const ENTRANCE = /^\/v1\/((data-tenants\/[^/?]+\/)?datasets\/[^/?]+\/uploads|datasets\/[^/?]+\/files)(\?|$)/
const PARTIAL = /^\/v1\/datasets\/[^/?]+\/files\/[^/?]+$/

/** Whether it is one: its body is streamed on, and never in memory as a whole. */
export function isUpload({ method, url = '' }: { method?: string | undefined; url?: string | undefined }): boolean {
  return (method === 'POST' && ENTRANCE.test(url)) || (method === 'PATCH' && PARTIAL.test(url))
}

/** What the names of attributes begin with, in a query and in what a resumable upload says of itself. */
export const ATTRIBUTE = 'attribute.'
const Text = v.pipe(v.string(), v.maxLength(256))

/** What is said of a document. */
export const About = v.object({
  'content-encoding': v.optional(v.picklist(['identity', 'gzip', 'zstd'])),
  'content-type': v.optional(Text),
  name: v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(256))),
  'idempotency-key': v.optional(
    v.pipe(
      v.string(),
      v.regex(
        /^(?!tus\/)[\x21-\x7e]{1,255}$/,
        naming('must be 1 to 255 visible characters of ASCII, not beginning with `tus/`'),
      ),
    ),
  ),
  attribute: Attributes,
  query: v.pipe(v.array(v.string()), v.maxLength(0, 'only `name` and `attribute.<name>` may stand in the query')),
})

/** A document and what goes with it. */
export type Sent = Omit<Taken, 'token'>

/** The document and what is said of it. Refuses `request.invalid`; its content fails with `upload.cut_off`, `upload.too_large`. */
export function documentOf(c: Context): Sent {
  const query = [...new URL(c.req.url).searchParams]
  const about = parseInput(About, {
    'content-encoding': c.req.header('content-encoding')?.trim().toLowerCase(),
    'content-type': c.req.header('content-type'),
    name: c.req.query('name') ?? fileNameOf(c.req.header('content-disposition')),
    'idempotency-key': c.req.header('idempotency-key'),
    attribute: Object.fromEntries(
      query.flatMap(([name, value]) => (name.startsWith(ATTRIBUTE) ? [[name.slice(ATTRIBUTE.length), value]] : [])),
    ),
    query: query.flatMap(([name]) => (name === 'name' || name.startsWith(ATTRIBUTE) ? [] : [name])),
  })
  return {
    ...{ content: bodyOf(c.req.raw), fileName: about.name, attributes: about.attribute },
    ...{ encoding: about['content-encoding'], contentType: about['content-type'] },
    idempotencyKey: about['idempotency-key'],
  }
}

/**
 * The files of a form, each a document to be read to its end before the next; `undefined` for a document that is none. Refuses
 * `upload.form_unfit`, and what the form's own content fails with.
 */
export function filesOf(sent: Sent): AsyncGenerator<Sent, void> | undefined {
  const boundary = boundaryOf(sent.contentType)
  if (boundary === undefined) return undefined
  if (sent.encoding !== undefined) throw new UploadFormUnfit('a form is sent as it is, without an encoding')
  return documentsIn(sent, boundary)
}

async function* documentsIn({ idempotencyKey: key, ...form }: Sent, boundary: string): AsyncGenerator<Sent, void> {
  let number = 0
  for await (const { disposition, contentType, content } of readFiles(form.content, boundary)) {
    number++
    const fileName = fileNameOf(disposition)?.slice(0, 256)
    yield { ...form, fileName, contentType, content, idempotencyKey: key && `${key}/${number}` }
  }
}

/** The bytes of a body, all of them or a failure: `upload.cut_off`, `upload.too_large`. */
export async function* bodyOf({ body, headers, signal }: Request): AsyncGenerator<Uint8Array, void> {
  const announced = headers.get('content-length')
  let bytes = 0
  // A sender that goes away ends the stream; not on every host does it fail.
  for await (const chunk of body ?? []) {
    bytes += chunk.byteLength
    if (bytes > UPLOAD_BYTES_MAX) throw new UploadTooLarge(`an upload has ${UPLOAD_BYTES_MAX} bytes at most`)
    yield chunk
  }
  if (signal.aborted || (announced !== null && bytes !== Number(announced)))
    throw new UploadCutOff('less came than the upload announced')
}

/** `filename` of RFC 6266, without the folders that a sender may have put before it. */
function fileNameOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined) return undefined
  const encoded = /filename\*\s*=\s*utf-8'[^']*'([^;\s]+)/i.exec(disposition)?.[1]
  const plain = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))/i.exec(disposition)
  const name = (encoded && decoded(encoded)) ?? plain?.[1]?.replaceAll(/\\(.)/g, '$1') ?? plain?.[2]
  return name?.split(/[/\\]/).at(-1)
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * Large uploads over lines that break, by the tus protocol 1.0.0 (https://tus.io/protocols/resumable-upload) with its extensions
 * creation, creation-with-upload, expiration and termination. What is said of the document stands in `Upload-Metadata`: `filename`,
 * `filetype`, `encoding`, `attribute.<name>`.
 */
import type { Context } from 'hono'
import * as v from 'valibot'
import { fromUtf8 } from '../../base/mod.ts'
import { type PartialAbout, type PartialState, type TenantData, UPLOAD_BYTES_MAX } from '../../datasets/mod.ts'
import { MediaTypeUnsupported, parseInput } from '../../web/mod.ts'
import { Attributes, type DatasetId, PartialUploadId } from '../../wire/mod.ts'
import { TusVersionUnsupported } from '../errors.ts'
import type { IngestEnv, IngestRoute } from '../ingest/ingest-app.ts'
import { About, ATTRIBUTE, bodyOf } from './upload-request.ts'

const VERSION = '1.0.0'
const EXTENSIONS = 'creation,creation-with-upload,expiration,termination'
/** Of what brings bytes of an upload. */
export const PIECE_TYPE = 'application/offset+octet-stream'
const METADATA_LENGTH_MAX = 16_384

const Whole = v.pipe(v.string(), v.regex(/^\d{1,15}$/, 'must be a number of bytes'), v.transform(Number))
const Begun = v.object({
  'upload-length': Whole,
  metadata: v.object({
    filename: About.entries.name,
    filetype: About.entries['content-type'],
    encoding: About.entries['content-encoding'],
    attribute: Attributes,
  }),
  'idempotency-key': About.entries['idempotency-key'],
})

/** What a token admits to, as it is asked. */
export type Granted = { data: TenantData; dataset: DatasetId; token: string }
type Answer = IngestRoute['answer']

/** `/v1/datasets/{dataset}/files`: begun with POST, gone on with by PATCH, looked at with HEAD, given up with DELETE. */
export function tusRoutes(
  admits: IngestRoute['admits'],
  granted: (c: Context<IngestEnv>) => Granted,
): readonly IngestRoute[] {
  const files = '/v1/datasets/:dataset/files'
  const one = `${files}/:upload`
  const whole = { bodyBytesMax: UPLOAD_BYTES_MAX, streams: true } as const
  const about = (c: Context<IngestEnv>) => ({ ...granted(c), id: parseInput(PartialUploadId, c.req.param('upload')) })
  const route = (method: IngestRoute['method'], path: string, answer: Answer, body: typeof whole | undefined) => ({
    ...{ method, path, admits, bodyBytesMax: 0, ...body },
    answer: method === 'OPTIONS' ? answer : versioned(answer),
  })
  return [
    route('OPTIONS', files, async (c) => c.body(null, 204, abilities()), undefined),
    route('POST', files, (c) => begin(c, granted(c)), whole),
    route(
      'GET',
      one,
      async (c) => {
        const { data, dataset, id } = about(c)
        return answered(c, 200, dataset, await data.partial.find(dataset, id))
      },
      undefined,
    ),
    route(
      'PATCH',
      one,
      async (c) => {
        const { data, dataset, id } = about(c)
        if (c.req.header('content-type') !== PIECE_TYPE) throw new MediaTypeUnsupported(`a piece must be ${PIECE_TYPE}`)
        const { offset } = parseInput(v.object({ offset: Whole }), { offset: c.req.header('upload-offset') })
        return answered(c, 204, dataset, await data.partial.append(dataset, id, { offset, content: bodyOf(c.req.raw) }))
      },
      whole,
    ),
    route(
      'DELETE',
      one,
      async (c) => {
        const { data, dataset, id } = about(c)
        await data.partial.remove(dataset, id)
        return c.body(null, 204, { 'tus-resumable': VERSION })
      },
      undefined,
    ),
  ]
}

async function begin(c: Context<IngestEnv>, { data, dataset, token }: Granted): Promise<Response> {
  const { length, about } = begunOf(c)
  let state = await data.partial.begin(dataset, length, { ...about, token })
  if (c.req.header('content-type') === PIECE_TYPE) {
    state = await data.partial.append(dataset, state.id, { offset: 0, content: bodyOf(c.req.raw) })
  }
  c.header('location', `${new URL(c.req.url).pathname}/${state.id}`)
  return answered(c, 201, dataset, state)
}

/** Refuses `request.invalid`. */
function begunOf(c: Context): { length: number; about: PartialAbout } {
  const { 'upload-length': length, ...given } = parseInput(Begun, {
    'upload-length': c.req.header('upload-length'),
    'idempotency-key': c.req.header('idempotency-key'),
    metadata: metadataOf(c.req.header('upload-metadata') ?? ''),
  })
  const { filename: fileName, filetype: contentType, encoding, attribute: attributes } = given.metadata
  return {
    length,
    about: { fileName, contentType, encoding, attributes, idempotencyKey: given['idempotency-key'] },
  }
}

/** Pairs of a name and a value in base64, which may be empty; what we do not know is passed over, as the protocol has it. */
function metadataOf(header: string): Record<string, unknown> {
  const pairs = header.slice(0, METADATA_LENGTH_MAX).split(',').map(pairOf)
  const attributes = pairs.flatMap(([name, value]) =>
    name.startsWith(ATTRIBUTE) ? [[name.slice(ATTRIBUTE.length), value] as const] : [],
  )
  const known = pairs.filter(([name, value]) => ['filename', 'filetype', 'encoding'].includes(name) && value !== '')
  return { ...Object.fromEntries(known), attribute: Object.fromEntries(attributes) }
}

function pairOf(text: string): [name: string, value: string] {
  const [name = '', value = ''] = text.trim().split(/\s+/)
  return [name, fromUtf8(Uint8Array.from(Buffer.from(value, 'base64')))]
}

function versioned(answer: Answer): Answer {
  return async (c) => {
    if (c.req.header('tus-resumable') === VERSION) return answer(c)
    c.header('tus-version', VERSION)
    throw new TusVersionUnsupported(`expected Tus-Resumable: ${VERSION}`)
  }
}

function answered(c: Context, status: 200 | 201 | 204, dataset: DatasetId, state: PartialState): Response {
  const { bytes, offset, expiresAtMs, import: imported } = state
  return c.body(null, status, {
    'tus-resumable': VERSION,
    'upload-offset': String(offset),
    'cache-control': 'no-store',
    ...(status === 200 && { 'upload-length': String(bytes) }),
    ...(imported === undefined && { 'upload-expires': new Date(expiresAtMs).toUTCString() }),
    // Where to ask what became of it.
    ...(imported !== undefined && { 'content-location': `/v1/datasets/${dataset}/imports/${imported}` }),
  })
}

function abilities(): Record<string, string> {
  return {
    'tus-resumable': VERSION,
    'tus-version': VERSION,
    'tus-extension': EXTENSIONS,
    'tus-max-size': String(UPLOAD_BYTES_MAX),
  }
}

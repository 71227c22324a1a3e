/**
 * Uploads by token, for 8752 and for the ingest port: what asks here has no session, and nothing else is open to it than its own
 * dataset's uploads and what became of them. Whatever is wrong with a token, the answer is the same.
 */
import { type Context, Hono } from 'hono'
import {
  type DataDesk,
  type TenantData,
  UPLOAD_BYTES_MAX,
  type UploadGrant,
  UploadTokenRefused,
  type UploadTokens,
} from '../../datasets/mod.ts'
import { limitStreamedBody, parseInput } from '../../web/mod.ts'
import { DatasetId, ImportId, type ImportState } from '../../wire/mod.ts'
import type { IngestEnv, IngestRoute } from '../ingest/ingest-app.ts'
import { reportAsJson } from './dataset-json.ts'
import { type Granted, tusRoutes } from './tus-door.ts'
import { documentOf, filesOf, type Sent } from './upload-request.ts'

/** Longer than any token of ours; what is longer is not hashed. */
const TOKEN_LENGTH_MAX = 128

export type UploadDoorDeps = { state: { datasets: Pick<DataDesk, 'of'>; uploadTokens: Pick<UploadTokens, 'grantOf'> } }
/** `again`: its idempotency key was known, and this is the import of then. */
type UploadedOne = { import: ImportId; state: ImportState; again: boolean }
/** `name`: of the file. */
type UploadedForm = { imports: (UploadedOne & { name: string | null })[] }
/** What an upload is answered with: the import of the document, or those of a form's files in their order. */
export type Uploaded = { dataset: DatasetId } & (UploadedOne | UploadedForm)

/**
 * Takes the document of a request, or the files of its form; resolves when all are durable. Refuses what `TenantData.take` refuses,
 * `request.invalid`, `upload.cut_off`, `upload.form_unfit`; files of a form that came before the fault are taken.
 */
export async function takeUpload(
  c: Context,
  { data, dataset, token }: { data: TenantData; dataset: DatasetId; token?: string },
): Promise<Uploaded> {
  const take = async (document: Sent): Promise<UploadedOne> => {
    const taken = await data.take(dataset, { ...document, token })
    return { ...taken, state: taken.again ? (await data.import(dataset, taken.import, 'public')).state : 'queued' }
  }
  const sent = documentOf(c)
  const files = filesOf(sent)
  if (!files) return { dataset, ...(await take(sent)) }
  const imports: UploadedForm['imports'] = []
  for await (const file of files) imports.push({ name: file.fileName ?? null, ...(await take(file)) })
  return { dataset, imports }
}

/** `POST /v1/datasets/{dataset}/uploads` and `GET /v1/datasets/{dataset}/imports/{import}`, each by a token of the dataset. */
export function uploadRoutes({ state }: UploadDoorDeps): IngestRoute[] {
  const grants = new WeakMap<Context, UploadGrant>()
  const admits = async (c: Context<IngestEnv>): Promise<boolean> => {
    const token = uploadTokenOf(c)
    if (token === undefined) return false
    const { address } = c.env.peer
    const grant = token.length > TOKEN_LENGTH_MAX ? undefined : await state.uploadTokens.grantOf(token, address)
    if (!grant || grant.dataset !== c.req.param('dataset')) throw refusal()
    grants.set(c, grant)
    return true
  }
  const granted = (c: Context<IngestEnv>): Granted => {
    const grant = grants.get(c)
    if (!grant) throw refusal()
    const { dataTenant, dataset, token } = grant
    return { data: state.datasets.of(dataTenant), dataset: parseInput(DatasetId, dataset), token }
  }
  return [
    {
      ...{ method: 'POST', path: '/v1/datasets/:dataset/uploads', bodyBytesMax: UPLOAD_BYTES_MAX, streams: true },
      admits,
      async answer(c) {
        const uploaded = await takeUpload(c, granted(c))
        return c.json(uploaded, 202, locationBelow('/v1', uploaded))
      },
    },
    {
      ...{ method: 'GET', path: '/v1/datasets/:dataset/imports/:import', bodyBytesMax: 0 },
      admits,
      async answer(c) {
        const { data, dataset, token } = granted(c)
        const id = parseInput(ImportId, c.req.param('import'))
        return c.json(reportAsJson(await data.import(dataset, id, { uploadToken: token })))
      },
    },
    ...tusRoutes(admits, granted),
  ]
}

/** The same on 8752, before its gate. A request to look at an import without such a token may be one of a person, and goes on. */
export function uploadDoor(deps: UploadDoorDeps): Hono<IngestEnv> {
  const door = new Hono<IngestEnv>()
  for (const { method, path, bodyBytesMax, admits, answer } of uploadRoutes(deps))
    door.on(method, path, limitStreamedBody(bodyBytesMax), async (c, next) => {
      if (await admits(c)) return answer(c)
      if (method !== 'GET') throw refusal()
      return next()
    })
  return door
}

/** Where a client asks what became of its document; a form has many. */
export function locationBelow(folder: string, uploaded: Uploaded): { location?: string } {
  if ('imports' in uploaded) return {}
  return { location: `${folder}/datasets/${uploaded.dataset}/imports/${uploaded.import}` }
}

function uploadTokenOf(c: Context): string | undefined {
  return /^Bearer (slu_\S*)$/i.exec(c.req.header('authorization') ?? '')?.[1]
}

function refusal(): UploadTokenRefused {
  return new UploadTokenRefused('this needs an upload token of the dataset')
}

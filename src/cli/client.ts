/** The command's way to a server's API: JSON over verified HTTPS, problems turned back into errors. */
import * as v from 'valibot'
import { AppError, type Bytes, concatBytes, type ErrorKind, fromUtf8 } from '../base/mod.ts'
import { requestHttps, streamHttps } from '../host/mod.ts'
import { OWN_SERVER_NAME } from '../wire/mod.ts'
import type { Access } from './access.ts'
import { AnswerUnknown } from './answers.ts'
import { wrongServer } from './wrong-server.ts'

/** 64 MiB: the longest list that an API of ours answers in one page is far below. */
const ANSWER_BYTES_MAX = 67_108_864
const TIMEOUT_MS = 30_000
/** Until a stream begins: a backup looks at everything before it says its first byte. */
const STREAM_START_TIMEOUT_MS = 300_000
const PROBLEM_BYTES_MAX = 65_536

const Problem = v.object({
  code: v.optional(v.string(), 'api.refused'),
  title: v.optional(v.string()),
  detail: v.optional(v.string()),
  advice: v.optional(v.string()),
  fields: v.fallback(v.optional(v.array(v.object({ path: v.string(), message: v.string() })), []), []),
})

type Problem = v.InferOutput<typeof Problem>

/** What a server's problem document said, with its code and advice kept. */
export class ApiRefused extends AppError {
  override readonly code: string
  override readonly kind: ErrorKind
  override readonly advice: string | undefined
  /** Of HTTP. */
  readonly status: number
  /** What of the request was wrong, place by place. */
  readonly fields: Problem['fields']
  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `the server answered with status ${status}`)
    this.code = problem.code
    this.status = status
    this.kind = kindOfStatus(status)
    this.advice = problem.advice
    this.fields = problem.fields
  }
}

function kindOfStatus(status: number): ErrorKind {
  const kinds: Record<number, ErrorKind> = {
    401: 'unauthenticated',
    403: 'forbidden',
    404: 'not_found',
    409: 'conflict',
    413: 'limit',
    429: 'limit',
    502: 'unavailable',
    503: 'unavailable',
    504: 'unavailable',
  }
  return kinds[status] ?? (status >= 500 ? 'internal' : 'invalid')
}

/** Talks to one server. */
export type Client = {
  /** Sends JSON, or a file's bytes as they are, and returns the parsed answer (`undefined` for an empty one). Throws what the problem document says. */
  request(method: string, path: string, body?: unknown, timeoutMs?: number): Promise<unknown>
  get(path: string): Promise<unknown>
  /** Asks for what is too large for one answer and hands it out as it arrives. Throws what the problem document says. */
  stream(method: string, path: string, body?: unknown): Promise<AsyncIterable<Bytes>>
}

export function createClient(access: Access): Client {
  async function request(
    method: string,
    path: string,
    body?: unknown,
    timeoutMs: number = TIMEOUT_MS,
  ): Promise<unknown> {
    const answer = await requestHttps(`${access.url}${path}`, {
      ...asked(access, method, body),
      ...{ timeoutMs, bytesMax: ANSWER_BYTES_MAX },
    })
    return answerOf(answer, method, path)
  }

  async function stream(method: string, path: string, body?: unknown): Promise<AsyncIterable<Bytes>> {
    const answer = await streamHttps(`${access.url}${path}`, {
      ...asked(access, method, body),
      ...{ timeoutMs: STREAM_START_TIMEOUT_MS, bytesMax: Number.MAX_SAFE_INTEGER },
    })
    if (answer.status < 300) return answer.body
    throw refused(answer.status, await textOf(answer.body), method, path)
  }

  return { request, get: (path) => request('GET', path), stream }
}

/** A file on its way to a server. */
export type OutgoingFile = { content: AsyncIterable<Uint8Array>; bytes: number; headers: Record<string, string> }

/** So long until an answer, whatever the size, and then as if a file went at 64 kB a second: 5 GiB may take a day. */
const UPLOAD_ANSWER_MS = 120_000
const UPLOAD_BYTES_PER_MS = 64

/** Posts a file as it is read, and returns the parsed answer. Throws what the problem document says, and what reading it fails with. */
export async function postFile(
  access: Access,
  path: string,
  file: OutgoingFile,
  signal: AbortSignal,
): Promise<unknown> {
  return answerOf(await sendFile(access, { method: 'POST', path, file }, signal), 'POST', path)
}

/** Asks for what the headers of an answer say, sending a part of a file if there is one. Throws what the problem document says. */
export async function headersOf(
  access: Access,
  {
    method,
    path,
    headers,
    part,
  }: { method: string; path: string } & Pick<OutgoingFile, 'headers'> & {
      part?: Omit<OutgoingFile, 'headers'>
    },
  signal: AbortSignal,
): Promise<Readonly<Record<string, string>>> {
  const answer = part
    ? await sendFile(access, { method, path, file: { ...part, headers } }, signal)
    : await requestHttps(`${access.url}${path}`, {
        ...withHeaders(asked(access, method, undefined), headers),
        ...{ signal, timeoutMs: UPLOAD_ANSWER_MS, bytesMax: PROBLEM_BYTES_MAX },
      })
  answerOf(answer, method, path)
  return answer.headers
}

function sendFile(
  access: Access,
  { method, path, file }: { method: string; path: string; file: OutgoingFile },
  signal: AbortSignal,
) {
  const { content, bytes, headers } = file
  return requestHttps(`${access.url}${path}`, {
    ...withHeaders(asked(access, method, undefined), { 'content-length': String(bytes), ...headers }),
    ...{ body: content, signal, bytesMax: ANSWER_BYTES_MAX },
    timeoutMs: UPLOAD_ANSWER_MS + bytes / UPLOAD_BYTES_PER_MS,
  })
}

function withHeaders<Request extends { headers: Record<string, string> }>(
  request: Request,
  headers: Record<string, string>,
): Request {
  return { ...request, headers: { ...request.headers, ...headers } }
}

function answerOf({ status, body }: { status: number; body: Bytes }, method: string, path: string): unknown {
  const text = fromUtf8(body)
  if (status >= 400) throw refused(status, text, method, path)
  if (status >= 300) throw new AnswerUnknown(`the server sent us elsewhere (status ${status})`)
  return text === '' ? undefined : parsedAnswer(text)
}

function asked(access: Access, method: string, body: unknown) {
  const isFile = body instanceof Uint8Array
  return {
    method,
    headers: {
      accept: 'application/json',
      ...(access.token ? { authorization: `Bearer ${access.token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': isFile ? 'application/octet-stream' : 'application/json' }),
    },
    ...(body === undefined ? {} : { body: isFile ? body : JSON.stringify(body) }),
    ca: access.ca ? [access.ca] : [],
    systemRoots: access.ca === undefined,
    // Whatever certificate the owner shows to others.
    ...(access.ownAuthority && access.ca && { serverName: OWN_SERVER_NAME, alsoNamed: hostOf(access.url) }),
  }
}

function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[|\]$/g, '')
}

function refused(status: number, text: string, method: string, path: string): ApiRefused {
  const problem = problemOf(text)
  const missing = problem.code === 'page.not_found' ? wrongServer(method, path) : {}
  return new ApiRefused(status, { ...problem, ...missing })
}

/** The text of a refusal; what is longer than a problem document is none. */
async function textOf(parts: AsyncIterable<Bytes>): Promise<string> {
  const kept: Bytes[] = []
  let length = 0
  for await (const part of parts) {
    kept.push(part)
    length += part.length
    if (length > PROBLEM_BYTES_MAX) break
  }
  return fromUtf8(concatBytes(...kept))
}

function parsedAnswer(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AnswerUnknown('the server’s answer is not JSON', { cause })
  }
}

/** A refusal without a problem document, such as a proxy's, still has its status. */
function problemOf(text: string): Problem {
  try {
    return v.parse(Problem, JSON.parse(text))
  } catch {
    return { code: 'api.refused', fields: [] }
  }
}

/** The command's way to a server's API: JSON over verified HTTPS, problems turned back into errors. */
import * as v from 'valibot'
import { AppError, type ErrorKind, fromUtf8 } from '../base/mod.ts'
import { requestHttps } from '../host/mod.ts'
import type { Access } from './access.ts'
import { AnswerUnknown } from './answers.ts'
import { wrongServer } from './wrong-server.ts'

/** 64 MiB: the longest list that an API of ours answers in one page is far below. */
const ANSWER_BYTES_MAX = 67_108_864
const TIMEOUT_MS = 30_000

const Problem = v.object({
  code: v.optional(v.string(), 'api.refused'),
  title: v.optional(v.string()),
  detail: v.optional(v.string()),
  advice: v.optional(v.string()),
})

type Problem = v.InferOutput<typeof Problem>

/** What a server's problem document said, with its code and advice kept. */
export class ApiRefused extends AppError {
  override readonly code: string
  override readonly kind: ErrorKind
  override readonly advice: string | undefined
  constructor(status: number, problem: Problem) {
    super(problem.detail ?? problem.title ?? `the server answered with status ${status}`)
    this.code = problem.code
    this.kind = kindOfStatus(status)
    this.advice = problem.advice
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
  /** Sends JSON and returns the parsed answer (`undefined` for an empty one). Throws what the problem document says. */
  request(method: string, path: string, body?: unknown): Promise<unknown>
  get(path: string): Promise<unknown>
}

export function createClient(access: Access): Client {
  async function request(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await requestHttps(`${access.url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        ...(access.token ? { authorization: `Bearer ${access.token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ca: access.ca ? [access.ca] : [],
      systemRoots: access.ca === undefined,
      timeoutMs: TIMEOUT_MS,
      bytesMax: ANSWER_BYTES_MAX,
    })
    const text = fromUtf8(answer.body)
    if (answer.status >= 400) {
      const problem = problemOf(text)
      const missing = problem.code === 'page.not_found' ? wrongServer(method, path) : {}
      throw new ApiRefused(answer.status, { ...problem, ...missing })
    }
    if (answer.status >= 300) throw new AnswerUnknown(`the server sent us elsewhere (status ${answer.status})`)
    return text === '' ? undefined : parsedAnswer(text)
  }
  return { request, get: (path) => request('GET', path) }
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
    return { code: 'api.refused' }
  }
}

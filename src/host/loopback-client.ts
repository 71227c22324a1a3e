/** One plain HTTP request to this machine itself, for a neighbour such as a collector that has no certificate. It never leaves the host. */
import { request as httpRequest, type IncomingMessage } from 'node:http'
import { type Bytes, Cancelled, type Clock, concatBytes, deferred } from '../base/mod.ts'
import { AnswerTooLarge, HostTimeout, HostUnreachable, systemCodeOf } from './errors.ts'
import type { HttpsAnswer } from './https-client.ts'
import { isLoopback } from './networks.ts'

export type LoopbackPost = {
  headers: Record<string, string>
  body: string
  timeoutMs: number
  /** The answer's body may have so many bytes. */
  bytesMax: number
  clock: Clock
  signal?: AbortSignal
}

/** Whether a URL's host is this machine: `localhost`, 127.0.0.0/8 or [::1]. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || isLoopback(hostname.replace(/^\[|\]$/g, ''))
}

/**
 * Posts once, on a connection of its own. `localhost` is 127.0.0.1 and is not looked up: no resolver may lead it elsewhere.
 * Fails with `host.unreachable` (also for a URL that is not of this machine), `host.timeout`, `host.answer_too_large` or
 * `internal.cancelled`.
 */
export async function postLoopback(url: string, post: LoopbackPost): Promise<HttpsAnswer<Bytes>> {
  const { hostname, host, port, pathname, search } = new URL(url)
  if (!isLoopbackHost(hostname)) throw new HostUnreachable(`${host} is not this machine`)
  const { headers, body, timeoutMs, bytesMax, clock, signal } = post
  const over = new AbortController()
  const { promise: ended, reject } = deferred<never>()
  // Whoever loses the race below has nobody to tell.
  ended.catch(() => undefined)
  const onAbort = (): void => reject(new Cancelled('cancelled while waiting for an answer'))
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  clock.sleep(timeoutMs, over.signal).then(
    () => reject(new HostTimeout(`${host} did not answer within ${timeoutMs} ms`)),
    () => undefined,
  )
  const length = String(Buffer.byteLength(body))
  const request = httpRequest({
    ...{ host: hostname === 'localhost' ? '127.0.0.1' : hostname.replace(/^\[|\]$/g, ''), port: port || 80 },
    ...{ method: 'POST', path: pathname + search, headers: { host, 'content-length': length, ...headers } },
    agent: false,
  })
  const answered = new Promise<IncomingMessage>((resolve, fail) => request.on('response', resolve).on('error', fail))
  try {
    request.end(body)
    const answer = await Promise.race([answered, ended])
    const whole = await Promise.race([wholeBody(answer, bytesMax, host), ended])
    return { status: answer.statusCode ?? 0, headers: textsOf(answer), body: whole }
  } catch (cause) {
    if (cause instanceof HostTimeout || cause instanceof Cancelled || cause instanceof AnswerTooLarge) throw cause
    throw new HostUnreachable(`${host} cannot be reached (${systemCodeOf(cause) || 'the connection broke'})`, { cause })
  } finally {
    answered.catch(() => undefined)
    over.abort()
    signal?.removeEventListener('abort', onAbort)
    request.destroy()
  }
}

async function wholeBody(answer: IncomingMessage, bytesMax: number, host: string): Promise<Bytes> {
  const parts: Bytes[] = []
  let bytes = 0
  for await (const part of answer) {
    bytes += part.byteLength
    if (bytes > bytesMax) throw new AnswerTooLarge(`the answer of ${host} is longer than ${bytesMax} bytes`)
    parts.push(new Uint8Array(part))
  }
  return concatBytes(...parts)
}

function textsOf({ headers }: IncomingMessage): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

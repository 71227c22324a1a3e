/** One HTTPS request, to a server that proves itself by an authority we name; there is no switch that turns this off. */
import type { ClientRequest, IncomingMessage } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { checkServerIdentity, rootCertificates } from 'node:tls'
import { AppError, type Bytes, Cancelled, type Clock, concatBytes, systemClock } from '../base/mod.ts'
import { AnswerTooLarge, HostTimeout, HostUnreachable, systemCodeOf, TlsUntrusted } from './errors.ts'

/** What is asked, of whom, and within which bounds. */
export interface HttpsRequest {
  method: string
  headers?: Record<string, string>
  /** What comes in parts is sent as it comes, in chunks unless the headers have its `content-length`; its failure is the request's. */
  body?: Uint8Array | string | AsyncIterable<Uint8Array>
  /** PEM certificates of the authorities that may vouch for the server. */
  ca: readonly string[]
  /** Also trust the public authorities that the host brings along. Default false. */
  systemRoots?: boolean
  /** The name its certificate must be for; default: that of the URL. */
  serverName?: string
  /** A second name that its certificate may be for instead. */
  alsoNamed?: string
  /** Dial this IP address; the certificate must still be for the name. */
  address?: string
  /** Until the answer is complete (`requestHttps`) or until its header is there (`streamHttps`). */
  timeoutMs: number
  /** The answer's body may have so many bytes. */
  bytesMax: number
  /** Default: the machine's own. */
  clock?: Clock
  signal?: AbortSignal
}

/** An answer, its names of headers in lower case. */
export interface HttpsAnswer<Body> {
  status: number
  headers: Record<string, string>
  body: Body
}

/**
 * Asks once, on a connection of its own, and reads the whole answer; no redirect is followed. Every status is an answer.
 * Fails with `host.unreachable`, `host.tls_untrusted`, `host.timeout`, `host.answer_too_large` or `internal.cancelled`.
 */
export async function requestHttps(url: string, options: HttpsRequest): Promise<HttpsAnswer<Bytes>> {
  const exchange = new Exchange(url, options)
  try {
    const answer = await exchange.answer()
    const parts: Bytes[] = []
    for await (const part of exchange.parts(answer)) parts.push(part)
    return { ...headOf(answer), body: concatBytes(...parts) }
  } finally {
    exchange.end()
  }
}

/**
 * Asks as `requestHttps` does and hands out the body as it arrives: go through it, or abort the signal; leaving the loop closes
 * the connection. The same failures, those of the body out of the loop.
 */
export async function streamHttps(url: string, options: HttpsRequest): Promise<HttpsAnswer<AsyncIterable<Bytes>>> {
  const exchange = new Exchange(url, options)
  try {
    const answer = await exchange.answer()
    exchange.stopTimer()
    return { ...headOf(answer), body: exchange.parts(answer) }
  } catch (error) {
    exchange.end()
    throw error
  }
}

/** One request and its answer; `#cause` is why we ended it ourselves, if we did. */
class Exchange {
  readonly #url: URL
  readonly #options: HttpsRequest
  readonly #answered = new AbortController()
  #request: ClientRequest | undefined
  #cause: AppError | undefined

  constructor(url: string, options: HttpsRequest) {
    this.#url = new URL(url)
    this.#options = options
    const late = new HostTimeout(`${this.#url.host} did not answer within ${options.timeoutMs} ms`)
    const { clock = systemClock } = options
    clock.sleep(options.timeoutMs, this.#answered.signal).then(
      () => this.#abort(late),
      () => undefined,
    )
    options.signal?.addEventListener('abort', this.#onCancel, { once: true })
  }

  answer(): Promise<IncomingMessage> {
    const { ca, systemRoots, body, signal } = this.#options
    if (signal?.aborted) return Promise.reject(new Cancelled('cancelled before the request began'))
    if (ca.length === 0 && !systemRoots) {
      return Promise.reject(new TlsUntrusted(`no authority is given that could vouch for ${this.#url.host}`))
    }
    return new Promise((resolve, reject) => {
      const request = httpsRequest(requestOptions(this.#url, this.#options), resolve)
      this.#request = request
      request.on('error', (cause) => reject(this.#failure(cause)))
      if (body === undefined || isWhole(body)) request.end(body)
      else pipeline(Readable.from(this.#sent(body)), request).catch((cause: unknown) => reject(this.#failure(cause)))
    })
  }

  async *parts(answer: IncomingMessage): AsyncGenerator<Bytes> {
    let bytes = 0
    try {
      for await (const chunk of answer) {
        bytes += chunk.byteLength
        if (bytes > this.#options.bytesMax) throw this.#tooLarge()
        // Chunks of a socket stand on plain ArrayBuffers; the stream's type cannot say so.
        yield new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
      }
      if (!answer.complete) throw new HostUnreachable(`the answer of ${this.#url.host} broke off`)
    } catch (cause) {
      throw this.#failure(cause)
    } finally {
      this.end()
    }
  }

  /** Its own failure is the one to tell: the connection breaks with it. */
  async *#sent(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    try {
      yield* body
    } catch (cause) {
      this.#cause ??= this.#failure(cause)
      throw cause
    }
  }

  stopTimer(): void {
    this.#answered.abort()
  }

  end(): void {
    this.stopTimer()
    this.#options.signal?.removeEventListener('abort', this.#onCancel)
    this.#request?.destroy()
  }

  readonly #onCancel = (): void => this.#abort(new Cancelled('cancelled while waiting for an answer'))

  #abort(cause: AppError): void {
    this.#cause = cause
    this.#request?.destroy(cause)
  }

  #tooLarge(): AppError {
    return new AnswerTooLarge(`the answer of ${this.#url.host} is longer than ${this.#options.bytesMax} bytes`)
  }

  #failure(cause: unknown): AppError {
    if (this.#cause) return this.#cause
    return cause instanceof AppError ? cause : connectionFailure(this.#url.host, cause)
  }
}

function requestOptions(url: URL, options: HttpsRequest): RequestOptions {
  const { method, headers, serverName, alsoNamed, address, ca, systemRoots, body } = options
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const name = serverName ?? host
  const length = body !== undefined && isWhole(body) ? { 'content-length': String(Buffer.byteLength(body)) } : {}
  return {
    host: address !== undefined && isIP(host) ? address : host,
    port: url.port || 443,
    path: url.pathname + url.search,
    method,
    headers: { host: url.host, ...length, ...headers },
    ca: systemRoots ? [...rootCertificates, ...ca] : [...ca],
    minVersion: 'TLSv1.2',
    // SNI has names only (RFC 6066 §3); an IP address in the certificate is checked below all the same.
    servername: isIP(name) ? '' : name,
    checkServerIdentity: (_host, certificate) => {
      const misnamed = checkServerIdentity(name, certificate)
      return misnamed && alsoNamed !== undefined ? checkServerIdentity(alsoNamed, certificate) : misnamed
    },
    agent: false,
    ...(address === undefined ? {} : { lookup: lookupOf(address) }),
  }
}

function isWhole(body: NonNullable<HttpsRequest['body']>): body is Uint8Array | string {
  return typeof body === 'string' || body instanceof Uint8Array
}

function lookupOf(address: string): LookupFunction {
  const family = isIP(address)
  return (_name, options, callback) => {
    if (options.all) callback(null, [{ address, family }])
    else callback(null, address, family)
  }
}

function connectionFailure(host: string, cause: unknown): AppError {
  const code = systemCodeOf(cause)
  const isVerdict = /CERT|SIGNATURE|SELF_SIGNED|ISSUER|ALTNAME|^CRL_|^INVALID_(CA|PURPOSE)|^PATH_LENGTH/.test(code)
  if (isVerdict) return new TlsUntrusted(`the certificate of ${host} is not to be trusted (${code})`, { cause })
  return new HostUnreachable(`${host} cannot be reached (${code || 'the connection broke'})`, { cause })
}

function headOf(answer: IncomingMessage): { status: number; headers: Record<string, string> } {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return { status: answer.statusCode ?? 0, headers }
}

/** Bounds what a request may bring. */
import { BodyTooLarge } from './errors.ts'

/**
 * The request with its body bounded to `bytesMax`, or the answer 413 when it announces more.
 * Reading past the bound of an unannounced length fails with `host.body_too_large`.
 */
export function limitBody(request: Request, bytesMax: number): Request | Response {
  const announced = request.headers.get('content-length')
  // The HTTP parser holds a sender to the length announced, so only bodies without one are counted.
  if (announced !== null) return Number(announced) <= bytesMax ? request : tooLarge(bytesMax)
  if (!request.headers.has('transfer-encoding') || !request.body) return request
  return new Request(request.url, {
    method: request.method,
    headers: request.headers,
    body: request.body.pipeThrough(counting(bytesMax)),
    signal: request.signal,
    duplex: 'half',
  } as RequestInit)
}

function tooLarge(bytesMax: number): Response {
  const problem = {
    type: 'about:blank',
    title: 'Payload too large',
    status: 413,
    code: 'host.body_too_large',
    bytesMax,
  }
  const headers = { 'content-type': 'application/problem+json', connection: 'close' }
  return new Response(JSON.stringify(problem), { status: 413, headers })
}

function counting(bytesMax: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > bytesMax) controller.error(new BodyTooLarge(`the body is longer than ${bytesMax} bytes`))
      else controller.enqueue(chunk)
    },
  })
}

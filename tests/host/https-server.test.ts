import { expect, spyOn, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { configure, type LogRecord, reset } from '@logtape/logtape'
import { type Clock, systemClock } from '../../src/base/mod.ts'
import { CONNECTION_LIMITS } from '../../src/host/connection-guard.ts'
import { CLOSE_GRACE_MS } from '../../src/host/https-server.ts'
import { type HttpsServer, type Peer, requestHttps, streamHttps } from '../../src/host/mod.ts'
import { until } from '../support/until.ts'
import {
  asking,
  authority,
  closed,
  closedInSteps,
  rawClient,
  serve,
  steppedClock,
  textOf,
  url,
  useHttps,
} from './fixtures/https.ts'

useHttps()

test('a request arrives with method, path, headers, body and peer; the answer with status, headers and body', async () => {
  let peer: Peer | undefined
  const server = await serve(async (request, from) => {
    peer = from
    const { pathname, search, protocol } = new URL(request.url)
    const seen = { method: request.method, pathname, search, protocol, body: await request.text() }
    return Response.json(
      { ...seen, header: request.headers.get('x-test') },
      { status: 201, headers: { 'x-answer': 'a' } },
    )
  })
  const headers = { 'x-test': 'h' }
  const answer = await requestHttps(url(server, '/a/b?c=d'), asking({ method: 'PUT', headers, body: 'ünï' }))
  expect(answer.status).toBe(201)
  expect(answer.headers).toMatchObject({ 'x-answer': 'a', 'content-type': expect.stringContaining('json') })
  const seen = { method: 'PUT', pathname: '/a/b', search: '?c=d', protocol: 'https:', body: 'ünï', header: 'h' }
  expect(JSON.parse(textOf(answer.body))).toEqual(seen)
  expect(peer).toEqual({ address: '127.0.0.1', port: expect.any(Number) })
})

test('an IPv4 peer of a server on :: has its IPv4 address', async () => {
  const server = await serve((_request, peer) => new Response(peer.address), { hostname: '::' })
  expect(textOf((await requestHttps(url(server), asking())).body)).toBe('127.0.0.1')
  expect(textOf((await requestHttps(`https://[::1]:${server.port}/`, asking())).body)).toBe('::1')
})

test('setTls() holds from the next connection on, without a moment in which nobody listens', async () => {
  const server = await serve(() => new Response('ok'))
  const before = await rawClient(server)
  const serial = before.getPeerCertificate().serialNumber
  server.setTls(await authority.issue({ ip: ['127.0.0.1'] }))
  const after = await rawClient(server)
  expect(after.getPeerCertificate().serialNumber).not.toBe(serial)
  before.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  expect(await new Promise((resolve) => before.once('data', (chunk) => resolve(String(chunk).slice(0, 15))))).toBe(
    'HTTP/1.1 200 OK',
  )
})

test('a named certificate is for those who ask for its names; the other one for everybody else, and both may change', async () => {
  const named = {
    ...(await authority.issue({ dns: ['named.test'], ip: ['127.0.0.1'] })),
    names: ['named.test', '127.0.0.1'],
  }
  const server = await serve(() => new Response('ok'), { namedTls: named })
  const ask = (serverName: string) =>
    requestHttps(url(server), asking({ serverName })).then(
      ({ status }) => status,
      ({ code }) => code,
    )
  expect(await ask('named.test')).toBe(200)
  expect(await ask('NAMED.test')).toBe(200)
  expect(await ask('sluice.test')).toBe(200)
  // A client that names nobody asks for the address that it dials.
  const unnamed = await rawClient(server)
  expect(unnamed.getPeerCertificate().subjectaltname).toContain('named.test')
  server.setTls(await authority.issue({ dns: ['sluice.test'] }))
  expect(await ask('named.test')).toBe('host.tls_untrusted')
  expect(() => server.setTls({ certificatePem: 'none', privateKeyPem: 'none' })).toThrow()
  expect(await ask('sluice.test')).toBe(200)
})

test('a body is read while it is still being sent, and an answer is heard while it is still being made', async () => {
  const server = await serve((request) => new Response(request.body))
  const client = await rawClient(server)
  client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n')
  let heard = ''
  await new Promise<void>((resolve) =>
    client.on('data', (chunk) => {
      heard += chunk
      if (heard.includes('ping')) resolve()
    }),
  )
  client.end('0\r\n\r\n')
  await closed(client)
})

test('a client that goes away aborts the request in the application', async () => {
  const stop = new AbortController()
  const isAborted = Promise.withResolvers<void>()
  const server = await serve((request) => {
    request.signal.addEventListener('abort', () => isAborted.resolve())
    stop.abort()
    return isAborted.promise.then(() => new Response('too late'))
  })
  await expect(requestHttps(url(server), asking({ signal: stop.signal }))).rejects.toMatchObject({
    code: 'internal.cancelled',
  })
  await isAborted.promise
  await expect(requestHttps(url(server), asking({ signal: stop.signal }))).rejects.toMatchObject({
    code: 'internal.cancelled',
  })
})

/** Sends a body without announcing its length, and reads until the server closes. */
async function sendChunked(server: HttpsServer, bytes: number): Promise<string> {
  const client = await rawClient(server)
  let heard = ''
  client.on('data', (chunk) => (heard += chunk))
  client.write('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n')
  client.write(`${bytes.toString(16)}\r\n${'x'.repeat(bytes)}\r\n0\r\n\r\n`)
  await closed(client)
  return heard
}

test('an answer that fails midway breaks off, and a failing application is a 500; nothing of either error is told', async () => {
  const printed = spyOn(console, 'error').mockImplementation(() => undefined)
  const server = await serve((request) => {
    if (request.url.endsWith('/throws')) throw new TypeError('canary-thrown')
    let pulls = 0
    const pull = (controller: ReadableStreamDefaultController): void => {
      if (pulls++ < 5) controller.enqueue(new Uint8Array(10))
      else controller.error(new TypeError('canary-streamed'))
    }
    return new Response(new ReadableStream({ pull }))
  })
  const failed = await requestHttps(url(server, '/throws'), asking())
  expect([failed.status, failed.body.byteLength]).toEqual([500, 0])
  const client = await rawClient(server)
  let heard = ''
  client.on('data', (chunk) => (heard += chunk))
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await closed(client)
  expect(heard).not.toContain('canary')
  expect(heard).not.toContain('\r\n0\r\n')
  expect(printed).not.toHaveBeenCalled()
  printed.mockRestore()
})

test('a client that leaves in the middle of an answer is no failure: nothing is said of it in the log', async () => {
  const records: LogRecord[] = []
  await configure({
    sinks: { kept: (record) => void records.push(record) },
    loggers: [
      { category: ['sluice'], sinks: ['kept'] },
      { category: ['logtape', 'meta'], sinks: [] },
    ],
  })
  try {
    const ended = Promise.withResolvers<void>()
    const server = await serve(() => {
      const body = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new TextEncoder().encode('data: one\n\n')),
        cancel: () => ended.resolve(),
      })
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
    })
    const client = await rawClient(server)
    const heard = new Promise<void>((resolve) => {
      client.on('data', (chunk) => String(chunk).includes('data: one') && resolve())
    })
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await heard
    client.destroy()
    await ended.promise
    // What the stream's end sets off happens in the turns after it.
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve))
    expect(records.map(({ rawMessage }) => rawMessage)).toEqual([])
  } finally {
    await reset()
  }
})

test('a body of bodyBytesMax is taken; one byte more is refused, announced or not, and not by its word alone', async () => {
  const reads: number[] = []
  const fetch = async (request: Request): Promise<Response> => {
    try {
      reads.push((await request.arrayBuffer()).byteLength)
      return new Response('taken')
    } catch (error) {
      return Response.json({ code: (error as { code?: string }).code }, { status: 413 })
    }
  }
  const server = await serve(fetch, { bodyBytesMax: 1_000 })
  expect((await requestHttps(url(server), asking({ method: 'POST', body: 'x'.repeat(1_000) }))).status).toBe(200)
  const announced = await requestHttps(url(server), asking({ method: 'POST', body: 'x'.repeat(1_001) }))
  expect(announced.status).toBe(413)
  expect(JSON.parse(textOf(announced.body))).toMatchObject({ code: 'host.body_too_large' })
  expect(await sendChunked(server, 1_000)).toContain('taken')
  expect(await sendChunked(server, 1_001)).toContain('{"code":"host.body_too_large"}')
  // Two lengths are how requests are smuggled past a proxy (RFC 9112 §6.1).
  const both = { method: 'POST', headers: { 'transfer-encoding': 'chunked' }, body: 'x' }
  expect((await requestHttps(url(server), asking(both))).status).toBe(400)
  expect(reads).toEqual([1_000, 1_000])
})

test('a port in use is host.port_in_use with the way out, an address we lack host.listen_failed', async () => {
  const server = await serve(() => new Response('x'))
  const again = serve(() => new Response('y'), { port: server.port })
  await expect(again).rejects.toMatchObject({ code: 'host.port_in_use', advice: expect.stringContaining('--port') })
  await expect(serve(() => new Response('y'), { hostname: '192.0.2.1' })).rejects.toMatchObject({
    code: 'host.listen_failed',
  })
})

test('a port that this user may not take is host.port_forbidden', async () => {
  const { listenFailure } = await import('../../src/host/errors.ts')
  const refused = Object.assign(new Error('listen EACCES'), { code: 'EACCES' })
  expect(listenFailure('::', 443, refused)).toMatchObject({
    code: 'host.port_forbidden',
    advice: expect.stringContaining('CAP_NET_BIND_SERVICE'),
  })
})

test('who never finishes the handshake, the header or the body is closed, each after its own time', async () => {
  const clock = steppedClock()
  const { handshakeMs, headerMs, bodyMs } = CONNECTION_LIMITS
  const server = await serve(async (request) => new Response(await request.text()), { clock })
  await closedInSteps(connectTcp(server.port, '127.0.0.1').resume(), clock, handshakeMs)
  const slow = await rawClient(server)
  const drip = setInterval(() => slow.write('x-header: y\r\n'), 10)
  slow.write('GET / HTTP/1.1\r\n')
  await closedInSteps(slow.resume(), clock, headerMs)
  clearInterval(drip)
  const stalled = await rawClient(server)
  stalled.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345')
  await closedInSteps(stalled.resume(), clock, bodyMs)
  expect((await requestHttps(url(server), asking({ method: 'POST', body: 'still here' }))).status).toBe(200)
})

test('a connection serves request after request, and is closed when it then stays idle for the time of a header', async () => {
  const clock = steppedClock()
  const server = await serve((request) => new Response(new URL(request.url).pathname), { clock })
  const socket = await rawClient(server)
  let heard = ''
  socket.on('data', (chunk) => (heard += chunk))
  // Two at once (pipelined, RFC 9112 §9.3.2), in one write.
  socket.write('GET /one HTTP/1.1\r\nHost: x\r\n\r\nGET /two HTTP/1.1\r\nHost: x\r\n\r\n')
  await until('both are answered', () => heard.includes('/two'))
  expect(heard.slice(0, heard.indexOf('/two'))).toContain('/one')
  await closedInSteps(socket, clock, CONNECTION_LIMITS.headerMs)
})

test('plain HTTP, garbage and a client that vanishes in the handshake harm nobody else', async () => {
  const server = await serve(() => new Response('ok'))
  const plain = connectTcp(server.port, '127.0.0.1')
  plain.on('error', () => undefined)
  plain.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await closed(plain.resume())
  const vanishing = connectTcp(server.port, '127.0.0.1')
  await new Promise<void>((resolve) => vanishing.write(new Uint8Array([22, 3, 1, 2, 0]), () => resolve()))
  vanishing.resetAndDestroy()
  const garbage = await rawClient(server)
  garbage.write('this is no request\r\n\r\n')
  await closed(garbage.resume())
  expect((await requestHttps(url(server), asking())).status).toBe(200)
})

test('close() lets an answer end, closes idle connections at once, and then nobody listens', async () => {
  const isAsked = Promise.withResolvers<void>()
  const mayAnswer = Promise.withResolvers<void>()
  const server = await serve(async () => {
    isAsked.resolve()
    await mayAnswer.promise
    return new Response('finished')
  })
  const idle = await rawClient(server)
  const asked = requestHttps(url(server), asking())
  await isAsked.promise
  const isClosed = server.close()
  await closed(idle)
  mayAnswer.resolve()
  expect(textOf((await asked).body)).toBe('finished')
  await isClosed
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject({ code: 'host.unreachable' })
})

/** Time as it is, but for the grace of a close: it is over at once, and noted. */
function withoutGrace(): { clock: Clock; waits: number[] } {
  const waits: number[] = []
  const clock = {
    ...systemClock,
    sleep(ms: number, signal?: AbortSignal): Promise<void> {
      if (ms !== CLOSE_GRACE_MS) return systemClock.sleep(ms, signal)
      waits.push(ms)
      return Promise.resolve()
    },
  }
  return { clock, waits }
}

test('close() waits no longer than CLOSE_GRACE_MS for an answer without an end', async () => {
  const { clock, waits } = withoutGrace()
  const endless = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) })
  const server = await serve(() => new Response(endless), { clock })
  const answer = await streamHttps(url(server), asking())
  await server.close()
  expect(waits).toEqual([CLOSE_GRACE_MS])
  const reading = (async () => {
    for await (const _part of answer.body);
  })()
  await expect(reading).rejects.toMatchObject({ code: 'host.unreachable' })
})

/** A server whose application is at a request that its client no longer waits for. */
async function leftAlone(options: { clock?: Clock } = {}) {
  const isAsked = Promise.withResolvers<void>()
  const mayEnd = Promise.withResolvers<void>()
  const ended: string[] = []
  const server = await serve(async () => {
    isAsked.resolve()
    await mayEnd.promise
    ended.push('application')
    return new Response('nobody hears it')
  }, options)
  const leave = new AbortController()
  const asked = requestHttps(url(server), asking({ signal: leave.signal }))
  await isAsked.promise
  leave.abort()
  await expect(asked).rejects.toMatchObject({ code: 'internal.cancelled' })
  return { server, ended, mayEnd }
}

test('close() waits for what the application is still at, though its client has left', async () => {
  const { server, ended, mayEnd } = await leftAlone()
  const isClosed = server.close().then(() => ended.push('server'))
  await until('nobody listens', () =>
    requestHttps(url(server), asking()).then(
      () => false,
      ({ code }) => code === 'host.unreachable',
    ),
  )
  mayEnd.resolve()
  await isClosed
  expect(ended).toEqual(['application', 'server'])
})

test('close() waits no longer than CLOSE_GRACE_MS for an application that does not end', async () => {
  const { clock, waits } = withoutGrace()
  const { server, ended, mayEnd } = await leftAlone({ clock })
  await server.close()
  expect([ended, waits.at(-1), waits.length <= 2]).toEqual([[], CLOSE_GRACE_MS, true])
  mayEnd.resolve()
})

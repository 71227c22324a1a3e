import { expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { CONNECTION_LIMITS } from '../../src/host/connection-guard.ts'
import { type HttpsServer, requestHttps, streamHttps } from '../../src/host/mod.ts'
import { asking, authority, closed, rawClient, serve, steppedClock, url, useHttps } from './fixtures/https.ts'

useHttps()

/** An application that reads bodies and says how many bytes have come; `/endless` answers without an end. */
function reader(): { fetch: (request: Request) => Promise<Response>; received(bytes: number): Promise<void> } {
  let total = 0
  let onBytes = (): void => undefined
  return {
    async fetch(request) {
      for await (const chunk of request.body ?? []) {
        total += chunk.byteLength
        onBytes()
      }
      if (!request.url.endsWith('/endless')) return new Response('read')
      return new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }))
    },
    received: (bytes) =>
      new Promise((resolve) => {
        onBytes = () => {
          if (total >= bytes) resolve()
        }
        onBytes()
      }),
  }
}

async function slowBody(server: HttpsServer): Promise<TLSSocket> {
  const client = (await rawClient(server)).resume()
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nx')
  return client
}

async function slowBodies(server: HttpsServer, count: number): Promise<TLSSocket[]> {
  const clients: TLSSocket[] = []
  for (let i = 0; i < count; i++) clients.push(await slowBody(server))
  return clients
}

test('a body of one byte every 9 s is closed when its 30 s are over, and not before', async () => {
  const clock = steppedClock()
  const { fetch, received } = reader()
  const server = await serve(fetch, { clock })
  const client = await slowBody(server)
  const isClosed = closed(client)
  for (let sent = 1; sent <= 3; sent++) {
    await received(sent)
    await clock.advance(9_000)
    client.write('x')
  }
  await received(4)
  expect(client.closed).toBe(false)
  await clock.advance(3_500)
  await isClosed
})

test('the time of a body holds also where it has no announced length and the application does not read it', async () => {
  const clock = steppedClock()
  const isAsked = Promise.withResolvers<void>()
  const server = await serve(
    (request) => {
      isAsked.resolve()
      return new Promise((resolve) => request.signal.addEventListener('abort', () => resolve(new Response())))
    },
    { clock },
  )
  const client = (await rawClient(server)).resume()
  client.write('POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nping\r\n')
  await isAsked.promise
  const isClosed = closed(client)
  await clock.advance(CONNECTION_LIMITS.bodyMs + 1)
  await isClosed
})

test('a large body at twice the least rate takes as long as it takes', async () => {
  const clock = steppedClock()
  const { fetch, received } = reader()
  const server = await serve(fetch, { clock, limits: { bodyBytesPerSecondMin: 4_096 } })
  const client = await rawClient(server)
  const answer = new Promise<string>((resolve) => client.once('data', (chunk) => resolve(String(chunk))))
  const seconds = 120
  client.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${8_192 * seconds}\r\n\r\n`)
  for (let second = 1; second <= seconds; second++) {
    client.write('x'.repeat(8_192))
    await received(8_192 * second)
    await clock.advance(1_000)
  }
  expect(await answer).toStartWith('HTTP/1.1 200')
})

test('a body below the least rate gets the time that its bytes have earned', async () => {
  const clock = steppedClock()
  const { fetch, received } = reader()
  const server = await serve(fetch, { clock, limits: { bodyBytesPerSecondMin: 4_096 } })
  const client = (await rawClient(server)).resume()
  const isClosed = closed(client)
  client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n')
  // What comes together with the header earns nothing.
  client.write('x')
  await received(1)
  client.write('x'.repeat(40_960))
  await received(40_961)
  // 30 s, and 10 s for 40,960 bytes; what TLS adds to them is worth less than one more.
  await clock.advance(39_900)
  client.write('x')
  await received(40_962)
  expect(client.closed).toBe(false)
  await clock.advance(1_100)
  await isClosed
})

test('an answer to a complete request has the long time: alive after minutes in which now and then a byte moves', async () => {
  const clock = steppedClock()
  let send = (): void => undefined
  const server = await serve(
    async (request) => {
      await request.text()
      const start = (controller: ReadableStreamDefaultController): void => {
        send = () => controller.enqueue(new Uint8Array(1))
      }
      return new Response(new ReadableStream({ start }))
    },
    { clock },
  )
  const answer = await streamHttps(url(server), asking({ method: 'POST', body: 'subscribe', timeoutMs: 10_000 }))
  const parts = answer.body[Symbol.asyncIterator]()
  for (let i = 0; i < 4; i++) {
    await clock.advance(240_000)
    send()
    expect((await parts.next()).value?.byteLength).toBe(1)
    // So that the byte is seen to have moved now.
    await clock.advance(0)
  }
  const end = parts.next().catch((error) => error)
  await clock.advance(CONNECTION_LIMITS.stalledMs + 1)
  expect(await end).toMatchObject({ code: 'host.unreachable' })
})

test('while slow bodies hold every place an honest request gets through, and the oldest of them goes for it', async () => {
  const { fetch, received } = reader()
  const server = await serve(fetch, { clock: steppedClock(), limits: { connectionsMax: 8 } })
  const [oldest, ...others] = await slowBodies(server, 8)
  if (!oldest) throw new Error('none')
  await received(8)
  const isClosed = closed(oldest)
  expect((await requestHttps(url(server), asking({ method: 'POST', body: 'honest' }))).status).toBe(200)
  await isClosed
  expect(others.some((other) => other.closed)).toBe(false)
})

test('more slow bodies than places, one after another, lock nobody out', async () => {
  const { fetch } = reader()
  const server = await serve(fetch, { clock: steppedClock(), limits: { connectionsMax: 4 } })
  for (let round = 0; round < 4; round++) {
    await slowBodies(server, 5)
    expect((await requestHttps(url(server), asking())).status).toBe(200)
  }
})

test('silent sockets and unfinished headers go for a newcomer as unfinished bodies do; progress makes none younger', async () => {
  const clock = steppedClock()
  const { fetch, received } = reader()
  const server = await serve(fetch, { clock, limits: { connectionsMax: 3 } })
  const body = await rawClient(server)
  await clock.advance(1_000)
  const header = (await rawClient(server)).resume()
  header.write('GET / HTTP/1.1\r\n')
  await clock.advance(1_000)
  const silent = connectTcp(server.port, '127.0.0.1').resume()
  silent.on('error', () => undefined)
  await new Promise<void>((resolve) => silent.once('connect', () => resolve()))
  await clock.advance(1_000)
  // The first to come is the last to begin its body.
  body.resume().write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nx')
  await received(1)
  const gone: string[] = []
  const ends = Object.entries({ body, header, silent }).map(async ([name, socket]) => {
    await closed(socket)
    gone.push(name)
  })
  for (const end of ends) {
    const newcomer = await streamHttps(url(server, '/endless'), asking())
    expect(newcomer.status).toBe(200)
    await end
  }
  expect(gone).toEqual(['body', 'header', 'silent'])
})

test('where every connection has an answer under way the newcomer is dropped; when one ends there is room again', async () => {
  const { fetch } = reader()
  const server = await serve(fetch, { clock: steppedClock(), limits: { connectionsMax: 2 } })
  const stop = new AbortController()
  const stays = await streamHttps(url(server, '/endless'), asking())
  await streamHttps(url(server, '/endless'), asking({ signal: stop.signal }))
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject({ code: 'host.unreachable' })
  stop.abort()
  let status = 0
  while (status === 0)
    status = await requestHttps(url(server), asking()).then(
      (answer) => answer.status,
      () => 0,
    )
  expect(status).toBe(200)
  const first = await stays.body[Symbol.asyncIterator]().next()
  expect(first.value?.byteLength).toBe(1)
})

test('one address has at most its share: beyond it its own oldest goes, and no other address loses a connection', async () => {
  const { fetch, received } = reader()
  const limits = { connectionsMax: 8, connectionsPerNetworkMax: 2 }
  const server = await serve(fetch, { hostname: '::', clock: steppedClock(), limits })
  const neighbour = connectTcp(server.port, '::1').resume()
  await new Promise<void>((resolve) => neighbour.once('connect', () => resolve()))
  const [first, second] = await slowBodies(server, 2)
  if (!first || !second) throw new Error('none')
  await received(2)
  const isClosed = closed(first)
  const third = await slowBody(server)
  await isClosed
  await received(3)
  expect([neighbour.closed, second.closed, third.closed]).toEqual([false, false, false])
  neighbour.destroy()
})

test('an address whose share is all answers gets no more, while others do', async () => {
  const { fetch } = reader()
  const limits = { connectionsMax: 8, connectionsPerNetworkMax: 2 }
  const server = await serve(fetch, { hostname: '::', clock: steppedClock(), limits })
  for (let i = 0; i < 2; i++) await streamHttps(url(server, '/endless'), asking())
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject({ code: 'host.unreachable' })
  expect((await requestHttps(`https://[::1]:${server.port}/`, asking())).status).toBe(200)
})

test('the share of one address is a quarter', () => {
  expect(CONNECTION_LIMITS.connectionsPerNetworkMax).toBe(CONNECTION_LIMITS.connectionsMax / 4)
})

test('a flood from one network pushes out its own connections, and not the older one of another that is still waiting', async () => {
  const server = await serve(() => new Response('in'), { limits: { connectionsMax: 4, connectionsPerNetworkMax: 4 } })
  const from = (localAddress: string): Socket =>
    connectTcp({ host: '127.0.0.1', port: server.port, localAddress }).on('error', () => undefined)
  const honest = from('127.0.0.2')
  await once(honest, 'connect')
  const flood = Array.from({ length: 12 }, () => from('127.0.0.1'))
  await Promise.all(flood.slice(0, 9).map((socket) => closed(socket.resume())))
  expect(honest.closed).toBe(false)
  const secured = connectTls({ socket: honest, ca: authority.certificatePem, servername: 'sluice.test' })
  await once(secured, 'secureConnect')
  for (const socket of [secured, ...flood]) socket.destroy()
})

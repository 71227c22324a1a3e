import { expect, test } from 'bun:test'
import { connect as connectTcp } from 'node:net'
import { listenTcp, requestHttps } from '../../src/host/mod.ts'
import { asking, closed, rawClient, serve, url, useHttps } from './fixtures/https.ts'

useHttps()

test('an address that may not connect is closed at accept, before TLS, and the application never sees it', async () => {
  let asked = 0
  const server = await serve(
    () => {
      asked++
      return new Response('in')
    },
    { allows: (address) => address !== '127.0.0.2' },
  )
  const stranger = connectTcp({ host: '127.0.0.1', port: server.port, localAddress: '127.0.0.2' })
  const received: unknown[] = []
  stranger.on('data', (bytes) => void received.push(bytes)).on('error', () => undefined)
  await closed(stranger)
  expect([received.length, asked]).toEqual([0, 0])
  expect((await requestHttps(url(server), asking())).status).toBe(200)
})

test('a connection whose address may not connect any more is closed', async () => {
  let allowed = true
  const server = await serve(() => new Response('in'), { allows: () => allowed, limits: { sweepMs: 5 } })
  const client = await rawClient(server)
  const isClosed = closed(client)
  allowed = false
  await isClosed
})

test('listenTcp() closes an address that may not connect before anyone is handed its socket', async () => {
  const seen: (string | undefined)[] = []
  await using server = await listenTcp({
    ...{ hostname: '127.0.0.1', port: 0, allows: (address) => address !== '127.0.0.2' },
    onSocket: (socket) => {
      seen.push(socket.remoteAddress)
      socket.end('hello')
    },
  })
  const from = (localAddress: string) => {
    const socket = connectTcp({ host: '127.0.0.1', port: server.port, localAddress }).on('error', () => undefined)
    socket.resume()
    return closed(socket)
  }
  await from('127.0.0.2')
  await from('127.0.0.3')
  expect(seen).toEqual(['127.0.0.3'])
})

/** What src/host promises alike on every host. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { connect as connectTcp, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { connect as connectTls, createServer as createTlsServer, type TLSSocket } from 'node:tls'
import {
  buildFacts,
  type HttpsOptions,
  type HttpsRequest,
  type HttpsServer,
  listenTcp,
  openAppend,
  parentChannel,
  readText,
  removeFolder,
  requestHttps,
  serveHttps,
  spawnSelf,
  streamHttps,
  type TlsMaterial,
  writeFileAtomic,
} from '../../src/host/mod.ts'
import { Answers } from '../support/answers.ts'
import { testAuthority } from '../support/certificates.ts'
import { childWords, smoke, smokeChild } from './harness.ts'

const MIB = 1_048_576
const authority = await testAuthority('smoke')
const tls = await authority.issue({ dns: ['sluice.test'], ip: ['127.0.0.1'] })

function serve(fetch: HttpsOptions['fetch'], options: Partial<HttpsOptions> = {}): Promise<HttpsServer> {
  return serveHttps({ fetch, hostname: '127.0.0.1', port: 0, tls, ...options })
}

function asking(options: Partial<HttpsRequest> = {}): HttpsRequest {
  return { method: 'GET', ca: [authority.certificatePem], timeoutMs: 5_000, bytesMax: 4 * MIB, ...options }
}

const url = (server: HttpsServer): string => `https://127.0.0.1:${server.port}/`

async function client(port: number): Promise<TLSSocket> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'sluice.test', ca: authority.certificatePem })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

/** `Promise.withResolvers`, which Node 20 lacks. */
function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}

smoke('buildFacts names this host', () => {
  assert.equal(buildFacts.host, 'Bun' in globalThis ? 'bun' : 'Deno' in globalThis ? 'deno' : 'node')
})

smoke('files are replaced atomically, journals grow, and `await using` closes them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-smoke-'))
  try {
    await writeFileAtomic(join(folder, 'a'), 'one')
    await writeFileAtomic(join(folder, 'a'), 'two')
    assert.equal(await readText(join(folder, 'a')), 'two')
    {
      await using file = await openAppend(join(folder, 'b'))
      await Promise.all([
        file.append([Buffer.from('x'), Buffer.from('y')]),
        file.append([Buffer.from('z')]),
        file.sync(),
      ])
    }
    assert.equal(await readText(join(folder, 'b')), 'xyz')
    await assert.rejects(readText(join(folder, 'none')), { code: 'host.file_missing' })
  } finally {
    await removeFolder(folder)
  }
})

smoke('HTTPS carries a request and its answer, 2 MiB each way', async () => {
  await using server = await serve(async (request, peer) => {
    return new Response(await request.arrayBuffer(), { headers: { 'x-peer': peer.address } })
  })
  const body = new Uint8Array(2 * MIB).fill(7)
  const answer = await requestHttps(url(server), asking({ method: 'POST', body }))
  assert.equal(answer.headers['x-peer'], '127.0.0.1')
  assert.ok(Buffer.from(answer.body).equals(body))
})

smoke('a wrong authority, a wrong name and no authority at all are refused', async () => {
  await using server = await serve(() => new Response('secret'))
  const stranger = await testAuthority('stranger')
  const untrusted = { code: 'host.tls_untrusted' }
  await assert.rejects(requestHttps(url(server), asking({ ca: [stranger.certificatePem] })), untrusted)
  await assert.rejects(requestHttps(url(server), asking({ serverName: 'evil.test' })), untrusted)
  await assert.rejects(requestHttps(url(server), asking({ ca: [], systemRoots: true })), untrusted)
  await assert.rejects(requestHttps(url(server), asking({ ca: [] })), untrusted)
  const named = `https://sluice.test:${server.port}/`
  assert.equal((await requestHttps(named, asking({ address: '127.0.0.1' }))).status, 200)
  const evil = `https://evil.test:${server.port}/`
  await assert.rejects(requestHttps(evil, asking({ address: '127.0.0.1' })), untrusted)
})

smoke('an answer streams as it is made, and leaving it reaches the application', async () => {
  const isCancelled = deferred()
  let say = (_text: string): void => undefined
  await using server = await serve(() => {
    const start = (controller: ReadableStreamDefaultController): void => {
      say = (text) => controller.enqueue(new TextEncoder().encode(text))
      say('one')
    }
    return new Response(new ReadableStream({ start, cancel: () => isCancelled.resolve() }))
  })
  const heard: string[] = []
  for await (const part of (await streamHttps(url(server), asking())).body) {
    if (heard.push(Buffer.from(part).toString()) === 2) break
    say('two')
  }
  assert.deepEqual(heard, ['one', 'two'])
  await isCancelled.promise
})

smoke('the certificate changes while the server runs', async () => {
  await using server = await serve(() => new Response('ok'))
  const before = await client(server.port)
  server.setTls(await authority.issue({ dns: ['sluice.test'] }))
  const after = await client(server.port)
  assert.notEqual(before.getPeerCertificate().serialNumber, after.getPeerCertificate().serialNumber)
  before.destroy()
  after.destroy()
})

smoke(
  'a handshake, a header and a body that never end are cut off, and so is a connection that stays idle',
  async () => {
    const limits = { handshakeMs: 100, headerMs: 100, stalledMs: 100, sweepMs: 10 }
    await using server = await serve(async (request) => new Response(await request.text()), { limits })
    const silent = connectTcp(server.port, '127.0.0.1').resume()
    await once(silent, 'close')
    for (const part of ['GET / HTTP/1.1\r\n', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc']) {
      const slow = await client(server.port)
      slow.write(part)
      await once(slow.resume(), 'close')
    }
    {
      const idle = await client(server.port)
      idle.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
      const [answer] = (await once(idle, 'data')) as [Buffer]
      assert.match(answer.toString(), /^HTTP\/1.1 200 /)
      await once(idle.resume(), 'close')
    }
  },
)

smokeChild('echo', () => {
  const channel = parentChannel()
  channel?.onMessage((message) => void channel.send({ echo: message }))
  channel?.onDisconnect(() => process.exit(0))
})

smoke('a child echoes messages and ends by a signal', async () => {
  const answers = new Answers()
  const child = spawnSelf(childWords('echo'), { onMessage: (message) => answers.push(message) })
  await child.send({ n: 1 })
  assert.deepEqual(await answers.next(), { echo: { n: 1 } })
  child.kill('SIGKILL')
  assert.deepEqual(await child.exited, { code: null, signal: 'SIGKILL' })
  await assert.rejects(child.send({}), { code: 'host.process_gone' })
})

smokeChild('orphan', () => {
  const channel = parentChannel()
  channel?.onDisconnect(() => process.exit(0))
  channel?.onMessage(() => undefined)
  void channel?.send('ready')
})
smokeChild('middle', () => spawnSelf(childWords('orphan'), { onMessage: (message) => console.log(message) }))

smoke('a child learns that its parent was killed', async () => {
  const middle = spawnSelf(childWords('middle'), { stdio: 'pipe' })
  assert.ok(middle.stdout)
  await once(middle.stdout, 'data')
  middle.kill('SIGKILL')
  // The output ends only when the middle's child, which writes there as well, has ended.
  await once(middle.stdout.resume(), 'end')
})

smokeChild('sockets', () => {
  const http = createHttpServer()
  http.on('upgrade', (_request: unknown, stream: Duplex, head: Buffer) => {
    stream.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: sluice\r\n\r\n')
    if (head.length > 0) stream.write(head)
    stream.on('error', () => undefined).pipe(stream)
  })
  parentChannel()?.onMessage((message, socket) => {
    const { hello, material } = message as { hello: string; material: TlsMaterial }
    const secureServer = createTlsServer({ cert: material.certificatePem, key: material.privateKeyPem })
    secureServer.on('secureConnection', (secure) => http.emit('connection', secure))
    socket?.unshift(Buffer.from(hello, 'base64'))
    secureServer.emit('connection', socket)
  })
  parentChannel()?.onDisconnect(() => process.exit(0))
})

smoke('an accepted socket changes process after its first bytes were read, and carries 16 MiB each way', async () => {
  const child = spawnSelf(childWords('sockets'))
  const onSocket = (socket: Socket): void => {
    socket.once('data', (hello) => {
      socket.pause()
      void child.send({ hello: hello.toString('base64'), material: tls }, socket)
    })
  }
  await using server = await listenTcp({ hostname: '127.0.0.1', port: 0, onSocket, connectionsMax: 2 })
  // Five in turn where two are allowed: what went to the child is counted no more.
  for (let round = 0; round < 5; round++) {
    const socket = await client(server.port)
    socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: sluice\r\n\r\n')
    await once(socket, 'data')
    await echoed(socket, round === 0 ? 16 * MIB : 1_000)
    socket.destroy()
  }
  child.kill()
  await child.exited
})

async function echoed(socket: TLSSocket, bytes: number): Promise<void> {
  let got = 0
  const isComplete = deferred()
  socket.on('data', (chunk: Buffer) => {
    got += chunk.length
    if (got >= bytes) isComplete.resolve()
  })
  for (let left = bytes; left > 0; left -= 262_144) {
    if (!socket.write(new Uint8Array(Math.min(left, 262_144)))) await once(socket, 'drain')
  }
  await isComplete.promise
  assert.equal(got, bytes)
}

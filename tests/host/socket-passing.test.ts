/** The form in which a bridge's bytes reach their worker: the accepted socket changes process after its ClientHello was read. */
import { afterAll, beforeAll, expect, test } from 'bun:test'
import { createHash } from 'node:crypto'
import { EventEmitter, once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect as connectTcp, type Socket } from 'node:net'
import { join } from 'node:path'
import { Duplex } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { type ChildHandle, listenTcp, spawnSelf, type TcpServer } from '../../src/host/mod.ts'
import { Answers } from '../support/answers.ts'
import { type TestAuthority, testAuthority } from '../support/certificates.ts'
import { slowTest } from '../support/quick.ts'

const MIB = 1_048_576
/** Fewer than the connections made in the last test, so that one that is not given back is noticed. */
const CONNECTIONS_MAX = 40
let authority: TestAuthority
let server: TcpServer
let child: ChildHandle
const reads = new EventEmitter()
const answers = new Answers()

beforeAll(async () => {
  authority = await testAuthority('bridges')
  child = spawnSelf(['sockets'], {
    entry: join(import.meta.dirname, 'fixtures/child.ts'),
    onMessage: (message) => answers.push(message),
  })
  await child.send({ tls: await authority.issue({ dns: ['bridge.test'] }) })
  server = await listenTcp({ hostname: '127.0.0.1', port: 0, connectionsMax: CONNECTIONS_MAX, onSocket: handOver })
})
afterAll(async () => {
  await server.close()
  child.kill()
  await child.exited
})

/** Reads until the TLS record that holds the ClientHello is complete, then gives the socket away. */
function handOver(socket: Socket): void {
  let read = Buffer.alloc(0)
  const onRead = (chunk: Buffer): void => {
    reads.emit('read')
    read = Buffer.concat([read, chunk])
    if (read.length < 5 || read.length < 5 + read.readUInt16BE(3)) return
    socket.off('data', onRead)
    socket.pause()
    void child.send({ hello: read.toString('base64') }, socket)
  }
  socket.on('data', onRead)
}

/** A TLS client whose first bytes leave in pieces, each only after the one before was read at the other end. */
function tlsInPieces(raw: Socket, pieceBytes: number): TLSSocket {
  const wire = new Duplex({
    read: () => void raw.resume(),
    write(chunk: Buffer, _encoding, done) {
      writeInPieces(raw, chunk, isFirst ? pieceBytes : chunk.length).then(() => done(), done)
      isFirst = false
    },
    final: (done) => void raw.end(done),
  })
  let isFirst = true
  raw.on('data', (chunk) => wire.push(chunk))
  raw.on('end', () => wire.push(null))
  return connectTls({ socket: wire, servername: 'bridge.test', ca: authority.certificatePem })
}

async function writeInPieces(raw: Socket, chunk: Buffer, pieceBytes: number): Promise<void> {
  for (let at = 0; at < chunk.length; at += pieceBytes) {
    const isRead = at + pieceBytes < chunk.length ? once(reads, 'read') : undefined
    raw.write(chunk.subarray(at, at + pieceBytes))
    await isRead
  }
}

async function upgraded(socket: TLSSocket): Promise<TLSSocket> {
  await new Promise<void>((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  socket.write('GET /b HTTP/1.1\r\nHost: bridge.test\r\nConnection: Upgrade\r\nUpgrade: sluice\r\n\r\n')
  const head = await new Promise<string>((resolve) => socket.once('data', (chunk) => resolve(String(chunk))))
  expect(head).toStartWith('HTTP/1.1 101 ')
  return socket
}

function connect(): TLSSocket {
  return connectTls({ host: '127.0.0.1', port: server.port, servername: 'bridge.test', ca: authority.certificatePem })
}

/** Sends `bytes` bytes, waiting for `drain` where told to, and hashes what comes back. */
async function echo(socket: TLSSocket, bytes: number): Promise<{ isSame: boolean; drains: number }> {
  const [sent, received] = [createHash('sha256'), createHash('sha256')]
  let got = 0
  const complete = new Promise<void>((resolve) =>
    socket.on('data', (chunk: Buffer) => {
      received.update(chunk)
      got += chunk.length
      if (got === bytes) resolve()
    }),
  )
  let drains = 0
  for (let left = bytes, round = 0; left > 0; round++) {
    const chunk = Buffer.alloc(Math.min(left, 262_144), round)
    left -= chunk.length
    sent.update(chunk)
    if (socket.write(chunk)) continue
    drains++
    await new Promise<void>((resolve) => socket.once('drain', resolve))
  }
  await complete
  return { isSame: sent.digest('hex') === received.digest('hex'), drains }
}

function ended(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve())
    socket.end()
  })
}

async function childDescriptors(): Promise<number> {
  await child.send({ ask: 'descriptors' })
  const { descriptors } = (await answers.next()) as { descriptors: number }
  return descriptors
}

slowTest('a socket given to a child carries 64 MiB each way after a TLS handshake and an upgrade there', async () => {
  const socket = await upgraded(connect())
  const { isSame, drains } = await echo(socket, 64 * MIB)
  expect(isSame).toBe(true)
  expect(drains).toBeGreaterThan(0)
  await ended(socket)
})

test('a ClientHello that arrives in pieces reaches the child whole', async () => {
  const raw = connectTcp(server.port, '127.0.0.1')
  await new Promise<void>((resolve) => raw.once('connect', resolve))
  const socket = await upgraded(tlsInPieces(raw, 60))
  expect((await echo(socket, MIB)).isSame).toBe(true)
  await ended(socket)
})

slowTest(
  '200 connections leave no descriptor behind, in neither process, and none is counted after it went',
  async () => {
    await ended(await upgraded(connect()))
    const [before, ours] = [await childDescriptors(), readdirSync('/proc/self/fd').length]
    for (let round = 0; round < 10; round++) {
      const sockets = await Promise.all(Array.from({ length: 20 }, async () => upgraded(connect())))
      await Promise.all(sockets.map(async (socket) => echo(socket, 1_000).then(() => ended(socket))))
    }
    expect((await childDescriptors()) - before).toBeLessThanOrEqual(2)
    expect(readdirSync('/proc/self/fd').length - ours).toBeLessThanOrEqual(2)
  },
)

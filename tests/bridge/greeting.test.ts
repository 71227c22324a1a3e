import { afterEach, expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from 'node:tls'
import { Lifetime } from '../../src/base/mod.ts'
import { HANDSHAKE_DEADLINE_MS, listenForBridges } from '../../src/bridge/mod.ts'
import { secureContextOf } from '../../src/host/mod.ts'
import { ManualClock } from '../support/bridge/manual-clock.ts'
import { testAuthority } from '../support/certificates.ts'

const LABEL = 'abcdefghij0123456789'
let lifetime = new Lifetime()
afterEach(async () => {
  await lifetime.close()
  lifetime = new Lifetime()
})

const authority = await testAuthority('corporate')

async function contextFor(name: string): Promise<SecureContext> {
  return secureContextOf(await authority.issue({ dns: [name] }), 'TLSv1.3')
}

async function listening(greeting: () => SecureContext | undefined) {
  const clock = new ManualClock()
  const handed: Socket[] = []
  const listener = await listenForBridges({
    ...{ hostname: '127.0.0.1', port: 0, clock, greeting },
    route: (label) =>
      label === LABEL ? (socket) => void handed.push(lifetime.use(socket, (one) => one.destroy())) : undefined,
  })
  lifetime.use(listener, (opened) => opened.close())
  return { clock, handed, port: listener.port }
}

/** The certificate's name, or the failure's code. */
async function seen(port: number, options: ConnectionOptions): Promise<{ socket: TLSSocket; saw: string }> {
  const socket = connect({ port, host: '127.0.0.1', ca: authority.certificatePem, ...options })
  lifetime.use(socket, (one) => one.destroy())
  const failed = new Promise<string>((resolve) =>
    socket.on('error', (error) => resolve(String('code' in error && error.code))),
  )
  const saw = await Promise.race([
    once(socket, 'secureConnect').then(() => socket.getPeerCertificate().subjectaltname ?? ''),
    failed,
  ])
  return { socket, saw }
}

function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

test('who names no bridge is shown the certificate of the moment, by a name or without one, in TLS 1.3 alone', async () => {
  let context = await contextFor('factory.example')
  const { port } = await listening(() => context)
  const first = await seen(port, { servername: 'factory.example' })
  expect(first.saw).toBe('DNS:factory.example')
  expect(first.socket.getProtocol()).toBe('TLSv1.3')
  const unnamed = await seen(port, { checkServerIdentity: () => undefined, servername: '' })
  expect(unnamed.saw).toBe('DNS:factory.example')
  const old = await seen(port, { servername: 'factory.example', maxVersion: 'TLSv1.2' })
  expect(old.saw).toMatch(/^ERR_SSL_|ECONNRESET/)
  context = await contextFor('other.example')
  expect((await seen(port, { servername: 'other.example' })).saw).toBe('DNS:other.example')
  expect(first.socket.destroyed).toBe(false)
})

test('inside the greeting nobody answers, and its end comes at the same deadline as any other', async () => {
  const context = await contextFor('factory.example')
  const { port, clock } = await listening(() => context)
  const { socket } = await seen(port, { servername: 'factory.example' })
  let heard = 0
  socket.on('data', (bytes) => (heard += bytes.length))
  socket.write(`GET /v1/bridges/br_1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n`)
  while (clock.sleeping !== 1) await new Promise((resolve) => setImmediate(resolve))
  clock.advance(HANDSHAKE_DEADLINE_MS - 1)
  await new Promise((resolve) => setImmediate(resolve))
  expect(socket.closed).toBe(false)
  const closed = closing(socket)
  clock.advance(1)
  await closed
  expect(heard).toBe(0)
})

test('a bridge’s own label still goes to its worker, whatever is shown to others', async () => {
  const context = await contextFor('factory.example')
  const { port, handed } = await listening(() => context)
  connect({ port, host: '127.0.0.1', servername: LABEL }).on('error', () => undefined)
  while (handed.length === 0) await new Promise((resolve) => setImmediate(resolve))
})

test('without a certificate, and to what is no TLS, the port says nothing', async () => {
  const { port, clock } = await listening(() => undefined)
  const context = await contextFor('factory.example')
  const greeting = await listening(() => context)
  const [silent, plain] = [connectTcp(port, '127.0.0.1'), connectTcp(greeting.port, '127.0.0.1')]
  let heard = 0
  for (const socket of [silent, plain]) {
    lifetime.use(socket, (one) => one.destroy())
    socket.on('data', (bytes) => (heard += bytes.length)).on('error', () => undefined)
    await once(socket, 'connect')
  }
  const hello = connect({ socket: silent, servername: 'factory.example' })
  hello.on('error', () => undefined)
  plain.write('GET / HTTP/1.1\r\n\r\n')
  const ended = Promise.all([closing(silent), closing(plain)])
  for (const one of [clock, greeting.clock]) {
    while (one.sleeping !== 1) await new Promise((resolve) => setImmediate(resolve))
    one.advance(HANDSHAKE_DEADLINE_MS)
  }
  await ended
  expect(heard).toBe(0)
})

/**
 * Strangers who flood a server, as a process of their own: `flooder <mode> <port> <count> <addresses> <lanes> <limitMs>`. Prints
 * one JSON line when it is done or its time is over: what was tried and what came of it. Ends by itself.
 */
import { connect as connectTcp } from 'node:net'
import { setPriority } from 'node:os'
import process from 'node:process'
import { connect as connectTls, type TLSSocket } from 'node:tls'

const [mode = '', ...figures] = process.argv.slice(2)
const [port = 0, count = 0, addressCount = 1, lanes = 1, limitMs = 0] = figures.map(Number)
const addresses = Array.from({ length: addressCount }, (_, i) => `127.0.1.${i + 1}`)
const outcomes: Record<string, number> = {}

function happened(outcome: string): void {
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
}

function addressOf(i: number): string {
  return addresses[i % addresses.length] ?? '127.0.1.1'
}

function tls(i: number): Promise<TLSSocket> {
  return new Promise((resolve) => {
    const address = { host: '127.0.0.1', port, localAddress: addressOf(i), rejectUnauthorized: false }
    const socket = connectTls(address)
    socket.setMaxListeners(0)
    socket.on('error', () => undefined)
    socket.once('secureConnect', () => resolve(socket))
    socket.once('close', () => resolve(socket))
  })
}

function closed(socket: TLSSocket): Promise<void> {
  return socket.closed ? Promise.resolve() : new Promise((resolve) => void socket.once('close', () => resolve()))
}

/**
 * So many at a time: every second one says nothing at all, the others nothing after the handshake. One that is closed is opened again
 * at once, until the time is over.
 */
async function connections(): Promise<void> {
  const stay = (i: number): void => {
    const options = { host: '127.0.0.1', port, localAddress: addressOf(i) }
    const socket = i % 2 === 0 ? connectTcp(options) : connectTls({ ...options, rejectUnauthorized: false })
    socket.once('connect', () => happened('opened'))
    socket.once('secureConnect', () => happened('secured'))
    socket.on('error', () => undefined)
    socket.resume().once('close', () => setImmediate(stay, i))
  }
  for (let i = 0; i < count; i++) stay(i)
  await new Promise(() => undefined)
}

/** A byte of a header, or of a body, every half second, until they are closed. */
async function slow(): Promise<void> {
  const one = async (i: number): Promise<void> => {
    const socket = await tls(i)
    if (socket.closed) return happened('refused')
    happened('opened')
    socket.write(i % 2 === 0 ? 'GET /' : 'POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n')
    const timer = setInterval(() => socket.write('x'), 500)
    await closed(socket)
    clearInterval(timer)
    happened('closed')
  }
  await Promise.all(Array.from({ length: count }, (_, i) => one(i)))
}

const PATHS = ['/sign-in', '/v1/credentials/x', '/c2/v1/messages', '/healthz', '/nowhere']

/** 1 GiB each, announced or in chunks, as fast as the server takes it; eight at a time. */
async function bodies(): Promise<void> {
  const block = Buffer.alloc(65_536, 'x')
  let next = 0
  const one = async (i: number): Promise<void> => {
    const socket = await tls(i)
    let answer = ''
    socket.on('data', (bytes) => {
      answer += bytes.toString('latin1')
    })
    const isChunked = i % 2 === 1
    const framing = isChunked ? 'Transfer-Encoding: chunked' : 'Content-Length: 1073741824'
    socket.write(`POST ${PATHS[i % PATHS.length]} HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
    for (let sent = 0; sent < 1_073_741_824 && !socket.closed; sent += block.byteLength) {
      if (isChunked) socket.write('10000\r\n')
      const flows = socket.write(block)
      if (isChunked) socket.write('\r\n')
      happened('blocks')
      const drained = new Promise<void>((resolve) => void socket.once('drain', resolve))
      if (!flows) await Promise.race([drained, closed(socket)])
    }
    await closed(socket)
    happened(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'closed')
  }
  const worker = async (): Promise<void> => {
    while (next < count) await one(next++)
  }
  await Promise.all(Array.from({ length: 8 }, worker))
}

/** Wrong passwords for the owner and for names that do not exist, one after another on as many connections as there are lanes. */
async function logins(): Promise<void> {
  let next = 0
  const worker = async (lane: number): Promise<void> => {
    while (next < count) {
      const socket = await tls(lane)
      let received = ''
      socket.on('data', (bytes) => {
        received += bytes.toString('latin1')
      })
      while (next < count && !socket.closed) {
        const i = next++
        const body = `name=${i % 2 === 0 ? 'owner' : `name-${i}`}&password=wrong-${i}`
        received = ''
        socket.write(
          `POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        )
        while (!received.includes('</html>') && !socket.closed)
          await Promise.race([new Promise((resolve) => void socket.once('data', resolve)), closed(socket)])
        happened(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1] ?? 'closed')
      }
      socket.destroy()
    }
  }
  await Promise.all(Array.from({ length: lanes }, (_, lane) => worker(lane)))
}

/** 2,000 requests in one piece on each of so many connections, and once more on another when that one is closed. */
async function pipelined(): Promise<void> {
  const requests = 'GET /sign-in HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(2_000)
  const lane = async (i: number): Promise<void> => {
    for (;;) {
      const socket = await tls(i)
      socket.resume().write(requests)
      happened('sent')
      await closed(socket)
    }
  }
  await Promise.all(Array.from({ length: count }, (_, i) => lane(i)))
}

const MODES: Record<string, () => Promise<void>> = { connections, slow, bodies, pipelined, logins }
const began = performance.now()
// Strangers have machines of their own; on this one they get a third of what anybody else does.
setPriority(5)
setTimeout(finish, limitMs)
await MODES[mode]?.()
finish()

function finish(): void {
  process.stdout.write(`${JSON.stringify({ ...outcomes, tookMs: Math.round(performance.now() - began) })}\n`)
  process.exit(0)
}

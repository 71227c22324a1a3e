import { afterEach, expect, test } from 'bun:test'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import type { Readable } from 'node:stream'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { BEGUN_PER_TURN_MAX, FairTurns, HANDSHAKES_PER_TURN_MAX } from '../../src/host/fair-turns.ts'
import { until } from '../support/until.ts'
import { authority, serve, useHttps } from './fixtures/https.ts'

useHttps()

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('so many begin at once, and so many more in each turn of the loop', async () => {
  const turns = new FairTurns()
  let begun = 0
  for (let i = 0; i < 2.5 * BEGUN_PER_TURN_MAX; i++) turns.begin('192.0.2.7', () => begun++)
  const seen = [begun]
  for (let i = 0; i < 3; i++) {
    await turn()
    seen.push(begun)
  }
  expect(seen).toEqual([1, 2, 2.5, 2.5].map((part) => part * BEGUN_PER_TURN_MAX))
})

test('of handshakes fewer begin than Bun reads from in a turn, each of which is read from twice', async () => {
  const handshakes = new FairTurns(HANDSHAKES_PER_TURN_MAX)
  let begun = 0
  for (let i = 0; i < 3 * HANDSHAKES_PER_TURN_MAX; i++) handshakes.begin('192.0.2.7', () => begun++)
  for (let turns = 1; turns <= 3; turns++) {
    expect(begun).toBe(turns * HANDSHAKES_PER_TURN_MAX)
    await turn()
  }
  expect(2 * HANDSHAKES_PER_TURN_MAX).toBeLessThan(5)
})

test('who comes alone waits for one of each crowd, and not for the whole of it', async () => {
  const turns = new FairTurns()
  const begun: string[] = []
  const begin = (address: string): (() => void) => turns.begin(address, () => begun.push(address))
  for (let i = 0; i < 100; i++) for (const crowd of ['192.0.2.7', '2001:db8::7', '2001:db8::8']) begin(crowd)
  begin('203.0.113.1')
  const before = begun.length
  await turn()
  expect(begun.slice(before).indexOf('203.0.113.1')).toBe(2)
  // The two addresses of one /64 share a turn.
  expect(begun.slice(before).filter((address) => address === '192.0.2.7').length).toBe(3)
})

test('what is taken back neither begins nor takes a turn', async () => {
  const turns = new FairTurns()
  const begun: number[] = []
  const leave = Array.from({ length: 3 * BEGUN_PER_TURN_MAX }, (_, i) => turns.begin('192.0.2.7', () => begun.push(i)))
  for (const one of leave.slice(0, -1)) one()
  await turn()
  expect(begun).toHaveLength(BEGUN_PER_TURN_MAX + 1)
  expect(begun.at(-1)).toBe(leave.length - 1)
})

async function from(port: number, localAddress: string): Promise<TLSSocket> {
  const address = { host: '127.0.0.1', port, localAddress }
  const client = connectTls({ ...address, ca: authority.certificatePem, servername: 'sluice.test' })
  client.on('error', () => undefined)
  await once(client, 'secureConnect')
  return client
}

test('a crowd that asks all at once is answered after one of another address that asked later', async () => {
  const answered: string[] = []
  const server = await serve(async (_request, { address }) => {
    // Work that keeps the loop busy, as a page's does.
    for (const end = performance.now() + 5; performance.now() < end; );
    answered.push(address)
    return new Response('in')
  })
  const crowd = await Promise.all(Array.from({ length: 60 }, () => from(server.port, '127.0.0.1')))
  const alone = await from(server.port, '127.0.0.2')
  const last = Promise.all(crowd.map((client) => once(client, 'data')))
  for (const client of [...crowd, alone]) client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await last
  expect(answered).toHaveLength(61)
  expect(answered.indexOf('127.0.0.2')).toBeLessThan(4 * BEGUN_PER_TURN_MAX)
  for (const client of [...crowd, alone]) client.destroy()
})

/** What a server answers that counts its answers, to one of another address who asks on a new connection. */
async function answeredBefore(port: number): Promise<number> {
  const place = { host: '127.0.0.1', port, localAddress: '127.0.0.2' }
  const client = connectTls({ ...place, rejectUnauthorized: false })
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  let answer = ''
  for await (const bytes of client) {
    answer += String(bytes)
    if (/\r\n\r\n\d+ /.test(answer)) break
  }
  return Number(/\r\n\r\n(\d+) /.exec(answer)?.[1])
}

const children: ChildProcess[] = []
afterEach(async () => {
  const running = children.splice(0).filter((child) => child.exitCode === null && child.signalCode === null)
  for (const child of running) child.kill()
  await Promise.all(running.map((child) => once(child, 'exit')))
})

function started(path: string, ...words: (string | number)[]): ChildProcess {
  const file = fileURLToPath(new URL(path, import.meta.url))
  const child = spawn(process.execPath, [file, ...words.map(String)], { stdio: ['pipe', 'pipe', 'ignore'] })
  children.push(child)
  return child
}

test('a handshake under way is not left lying for those that come later, as long as they go on coming', async () => {
  // Each in a process of its own: whoever shares the server's loop would be read from in its turns.
  const server = started('./fixtures/counting-server.ts')
  const [said] = await once(server.stdout as Readable, 'data')
  const port = Number(said)
  // 200 connections at a time from four addresses, each closed for what it sends and opened again at once.
  started('../support/runtime/flooder.ts', 'pipelined', port, 200, 4, 1, 60_000)
  await until('the flood is on', async () => (await answeredBefore(port)) > 300)
  const before = await answeredBefore(port)
  let after = before
  for (let visits = 0; visits < 20; visits++) after = await answeredBefore(port)
  // Some dozens for each visit. Left lying, the first few last as long as the flood, in which tens of thousands are answered.
  expect(after - before).toBeLessThan(8_000)
}, 90_000)

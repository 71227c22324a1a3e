import { expect, test } from 'bun:test'
import { once } from 'node:events'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { systemClock } from '../../src/base/mod.ts'
import { requestHttps } from '../../src/host/mod.ts'
import { slowTest } from '../support/quick.ts'
import { asking, closed, rawClient, serve, textOf, url, useHttps } from './fixtures/https.ts'

useHttps()

const MIB = 1_048_576
const block = Buffer.alloc(65_536, 'x')

/** Sends without an end; gives the bytes that were taken until none was for half a second, or `bytesMax`. */
async function push(client: TLSSocket, bytesMax: number): Promise<number> {
  let taken = 0
  for (; taken < bytesMax && !client.closed; taken += block.byteLength) {
    if (client.write(block)) continue
    const stuck = systemClock.sleep(500).then(() => 'stuck')
    if ((await Promise.race([once(client, 'drain').catch(() => 'stuck'), stuck])) === 'stuck') break
  }
  return taken
}

slowTest.each(['POST', 'GET'])(
  'a body of 1 GiB that nobody reads waits at its sender (%s), and the answer comes',
  async (method) => {
    const server = await serve(async () => {
      await systemClock.sleep(900)
      return new Response('unread')
    })
    const client = await rawClient(server)
    let answer = ''
    client.on('data', (bytes) => {
      answer += bytes.toString('latin1')
    })
    client.write(`${method} / HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n`)
    expect(await push(client, 128 * MIB)).toBeLessThan(16 * MIB)
    await closed(client)
    expect(answer).toContain('unread')
  },
)

test('a body that is read late, and slowly, arrives whole', async () => {
  const server = await serve(async (request) => {
    await systemClock.sleep(200)
    let bytes = 0
    for await (const chunk of request.body ?? []) {
      bytes += chunk.byteLength
      if (bytes % 7 === 0) await systemClock.sleep(1)
    }
    return new Response(String(bytes))
  })
  const body = new Uint8Array(9 * MIB + 13)
  for (const path of ['/first', '/second']) {
    const { status, body: answer } = await requestHttps(url(server, path), asking({ method: 'POST', body }))
    expect([status, textOf(answer)]).toEqual([200, String(body.byteLength)])
  }
})

test('bodies of more than there is room for cost the longest of the network that sends the most', async () => {
  const server = await serve(async (request) => new Response(String((await request.text()).length)), {
    bodiesBytesMax: 2 * MIB,
  })
  const from = async (localAddress: string): Promise<TLSSocket> => {
    const address = { host: '127.0.0.1', port: server.port, localAddress, rejectUnauthorized: false }
    const client = connectTls(address)
    client.on('error', () => undefined)
    await once(client, 'secureConnect')
    client.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n')
    return client
  }
  const honest = await from('127.0.0.2')
  honest.write(Buffer.alloc(900_000, 'x'))
  const flood = await Promise.all([from('127.0.0.1'), from('127.0.0.1'), from('127.0.0.1')])
  const isOver = Promise.race(flood.map((client) => closed(client)))
  for (const client of flood) client.write(Buffer.alloc(600_000, 'x'))
  await isOver
  expect(honest.closed).toBe(false)
  const answer = once(honest, 'data')
  honest.write(Buffer.alloc(100_000, 'x'))
  expect(String((await answer)[0])).toContain('200 OK')
  for (const client of [honest, ...flood]) client.destroy()
})

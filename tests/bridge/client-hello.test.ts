import { beforeAll, describe, expect, test } from 'bun:test'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connect } from 'node:tls'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import { CLIENT_HELLO_BYTES_MAX, readClientHello } from '../../src/bridge/client-hello.ts'

const NAME = 'abcdefghij0123456789'
let hello: Buffer

/** What this host's TLS sends first. */
async function helloOf(servername: string): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', servername })
  client.on('error', () => undefined)
  const [socket] = await once(server, 'connection')
  const [bytes] = await once(socket, 'data')
  client.destroy()
  server.close()
  return bytes
}

beforeAll(async () => {
  hello = await helloOf(NAME)
})

describe('readClientHello()', () => {
  test('finds the server name in a hello of this host', () => {
    expect(readClientHello(hello)).toEqual({ state: 'read', serverName: NAME })
  })

  test('says incomplete at every cut before the end', () => {
    for (let length = 0; length < hello.length; length++) {
      expect(readClientHello(hello.subarray(0, length))).toEqual({ state: 'incomplete' })
    }
  })

  test('takes a hello that is cut into many records', () => {
    const message = hello.subarray(5)
    const records: Buffer[] = []
    for (let at = 0; at < message.length; at += 7) {
      const part = message.subarray(at, at + 7)
      records.push(Buffer.from([22, 3, 1, 0, part.length]), part)
    }
    expect(readClientHello(Buffer.concat(records))).toEqual({ state: 'read', serverName: NAME })
  })

  test('refuses what is no TLS at its first byte, another message, and an empty record', () => {
    expect(readClientHello(utf8('GET / HTTP/1.1\r\n'))).toEqual({ state: 'refused' })
    expect(readClientHello(Uint8Array.of(22, 3, 1, 0, 4, 2))).toEqual({ state: 'refused' })
    expect(readClientHello(Uint8Array.of(22, 3, 1, 0, 0))).toEqual({ state: 'refused' })
    expect(readClientHello(Uint8Array.of(22, 2))).toEqual({ state: 'refused' })
  })

  test('says of a hello without a server name that it has none', async () => {
    expect(readClientHello(await helloOf(''))).toEqual({ state: 'unnamed' })
  })

  test('refuses a hello one byte longer than the bound, before it has come', () => {
    const length = CLIENT_HELLO_BYTES_MAX - 4 + 1
    const head = Uint8Array.of(22, 3, 1, 0x40, 0, 1, 0, length >> 8, length & 0xff)
    expect(readClientHello(head)).toEqual({ state: 'refused' })
  })

  test('never throws, whatever single byte or length is changed', () => {
    for (let at = 0; at < hello.length; at++) {
      for (const value of systemRandom(4)) {
        const changed = Buffer.from(hello)
        changed[at] = value
        expect(['read', 'incomplete', 'refused', 'unnamed']).toContain(readClientHello(changed).state)
      }
    }
  })
})

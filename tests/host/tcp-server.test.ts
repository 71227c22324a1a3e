import { expect, test } from 'bun:test'
import { connect as connectTcp, type Socket } from 'node:net'
import { listenTcp } from '../../src/host/mod.ts'
import { closed } from './fixtures/https.ts'

test('listenTcp() hands over each socket, refuses a port in use, and ends its sockets when it closes', async () => {
  const sockets: Socket[] = []
  const server = await listenTcp({
    hostname: '127.0.0.1',
    port: 0,
    onSocket: (socket) => void sockets.push(socket.resume()),
  })
  const client = connectTcp(server.port, '127.0.0.1')
  client.on('error', () => undefined)
  await new Promise<void>((resolve) => client.once('connect', resolve))
  const again = listenTcp({ hostname: '127.0.0.1', port: server.port, onSocket: () => undefined })
  await expect(again).rejects.toMatchObject({ code: 'host.port_in_use' })
  client.write('x')
  await server.close()
  await closed(client.resume())
  expect(sockets.length).toBe(1)
})

import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect, type Socket } from 'node:net'
import { systemClock, systemRandom } from '../../src/base/mod.ts'
import type { AllowLists } from '../../src/runtime/network/allow-lists.ts'
import { listenForPeers, type PortsDeps, serveManagement } from '../../src/runtime/ports.ts'
import { testAuthority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ManagementHost, managementHost } from '../support/runtime/management-host.ts'
import { runtimeConfig } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

let host: ManagementHost
let certificates: PortsDeps['certificates']
beforeAll(async () => {
  host = await managementHost()
  const main = await (await testAuthority('ours')).issue({ dns: ['localhost'], ip: ['127.0.0.1'] })
  // A double: which certificate is shown is not looked at here.
  certificates = { served: { main }, onChange: () => undefined } as unknown as PortsDeps['certificates']
})
afterAll(() => host[Symbol.asyncDispose]())

/** Of this machine's own addresses none may be excluded, so that a list which does is played here. */
const asked: unknown[] = []
const network: Pick<AllowLists, 'allows'> = {
  allows(door, address) {
    asked.push([door, address])
    return address !== '127.0.0.2'
  },
}

/** A connection from that address, which says nothing. */
function from(port: number, localAddress: string): Socket {
  return connect({ host: '127.0.0.1', port, localAddress })
}

function closed(socket: Socket): Promise<'closed'> {
  return new Promise((resolve) => {
    socket.on('error', () => undefined).once('close', () => resolve('closed'))
  })
}

test('8752 and 32100 each ask their own list at accept, by the address of the connection', async () => {
  using folder = temporaryFolder()
  const deps = { state: { network }, certificates, clock: systemClock, random: systemRandom }
  const config = await runtimeConfig(folder.path)
  await using management = await serveManagement(config, deps, host.app)
  const bridges = await listenForPeers(config, deps, { route: () => undefined })
  try {
    for (const [door, port] of [
      ['management', management.port],
      ['bridges', bridges.port],
    ] as const) {
      asked.length = 0
      expect(await closed(from(port, '127.0.0.2'))).toBe('closed')
      const letIn = from(port, '127.0.0.3')
      const isClosed = closed(letIn)
      await until('its address is asked about', () => asked.length === 2)
      expect(asked).toEqual([
        [door, '127.0.0.2'],
        [door, '127.0.0.3'],
      ])
      // Who is turned away is closed in the same turn of the loop; one who is let in would be only at some deadline.
      expect(await Promise.race([isClosed, systemClock.sleep(50).then(() => 'open')])).toBe('open')
      letIn.destroy()
    }
  } finally {
    await bridges.close()
  }
})

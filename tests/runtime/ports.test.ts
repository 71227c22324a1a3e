import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:net'
import { systemClock, systemRandom } from '../../src/base/mod.ts'
import type { AllowLists } from '../../src/runtime/network/allow-lists.ts'
import { listenForPeers, type PortsDeps, serveManagement } from '../../src/runtime/ports.ts'
import { testAuthority } from '../support/certificates.ts'
import { temporaryFolder } from '../support/folder.ts'
import { type ManagementHost, managementHost } from '../support/runtime/management-host.ts'
import { runtimeConfig } from '../support/runtime/running.ts'

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

/** Whether a connection from that address is still there after it has said something that is never answered at once. */
function isLetIn(port: number, localAddress: string): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port, localAddress })
  return new Promise((resolve) => {
    socket.on('error', () => resolve(false)).once('close', () => resolve(false))
    setTimeout(() => {
      resolve(true)
      socket.destroy()
    }, 300)
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
      expect(await isLetIn(port, '127.0.0.2')).toBe(false)
      expect(asked[0]).toEqual([door, '127.0.0.2'])
      expect(await isLetIn(port, '127.0.0.3')).toBe(true)
    }
  } finally {
    await bridges.close()
  }
})

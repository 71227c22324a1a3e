import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { join } from 'node:path'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { Lifetime } from '../../src/base/mod.ts'
import { requestHttps } from '../../src/host/mod.ts'
import type { RunningRuntime } from '../../src/runtime/mod.ts'
import { type Chain, chainOf } from '../support/certificates/chain.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'
import { PlatformHost } from '../support/platform/platform-host.ts'
import { slowTest } from '../support/quick.ts'
import { type Api, runningRuntime } from '../support/runtime/running.ts'
import { until } from '../support/until.ts'

// Real servers on a machine that others use as well.
setDefaultTimeout(60_000)

const HOST = '127.0.0.1'
let lifetime = new Lifetime()
const folder = temporaryFolder()
let chain: Chain
let platform: PlatformHost
let runtime: RunningRuntime
let api: Api
let runtimeId: string

beforeAll(async () => {
  chain = await chainOf()
  platform = await PlatformHost.start()
  const started = await runningRuntime(folder.path)
  runtime = started.runtime
  api = started.api
  const { code } = await platform.enrolmentCode()
  const enrolled = await api.send('POST', '/v1/enrolment', { code })
  runtimeId = enrolled.body.runtime
  await until('the Platform has heard of the Runtime', async () => (await pinged()).status === 200)
})
afterAll(async () => {
  await runtime.close()
  await platform[Symbol.asyncDispose]()
  folder[Symbol.dispose]()
})
afterEach(async () => {
  await lifetime.close()
  lifetime = new Lifetime()
  await api.send('DELETE', '/v1/certificate')
})

/** Installs a certificate for the public host, which is also the address by which the tests reach it. */
async function installed() {
  const { pem, keyPem } = await chain.server({ ip: [HOST], dns: ['localhost'] })
  const answer = await api.send('PUT', '/v1/certificate', { certificate: pem + chain.authority, key: keyPem })
  expect(answer.status).toBe(200)
  return answer.body
}

function managementPort(): number {
  return Number(new URL(runtime.managementUrl).port)
}

async function tls(port: number, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: HOST, rejectUnauthorized: false, ...options })
  lifetime.defer(async () => void socket.destroy())
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  return socket
}

/** What a TLS client meets: the fingerprint, or the code of the failure. */
async function met(port: number, options: ConnectionOptions = {}): Promise<string> {
  return tls(port, options).then(
    (socket) => socket.getPeerCertificate().fingerprint256 ?? '',
    (error) => `${error.code}`,
  )
}

function pinged() {
  return platform.api('POST', `/v1/runtimes/${runtimeId}/ping`)
}

describe('a certificate of the owner’s', () => {
  test('is shown to new connections on 8752 and 32100, while one that is open goes on', async () => {
    const before = await met(managementPort())
    expect(before).toBe(runtime.fingerprint)
    const kept = await tls(managementPort())
    const asked = async () => {
      kept.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n')
      return String((await once(kept, 'data'))[0]).slice(0, 15)
    }
    expect(await asked()).toBe('HTTP/1.1 200 OK')
    const { shown } = await installed()
    expect(await asked()).toBe('HTTP/1.1 200 OK')
    expect(await met(managementPort())).toBe(shown.fingerprint)
    expect(await met(managementPort(), { servername: 'localhost' })).toBe(shown.fingerprint)
    expect(await met(runtime.bridgePort, { servername: 'localhost' })).toBe(shown.fingerprint)
    expect(await met(runtime.bridgePort)).toBe(shown.fingerprint)
    const trusted = await requestHttps(`${runtime.managementUrl}/healthz`, {
      ...{ method: 'GET', ca: [chain.root], timeoutMs: 5_000, bytesMax: 1_000 },
    })
    expect(trusted.status).toBe(200)
    await api.send('DELETE', '/v1/certificate')
    expect(await asked()).toBe('HTTP/1.1 200 OK')
    expect(await met(managementPort())).toBe(before)
  })

  test('keeps the Platform from nothing: it goes on calling the Runtime under the authority that it knows', async () => {
    expect((await pinged()).status).toBe(200)
    await installed()
    expect((await pinged()).status).toBe(200)
    await api.send('DELETE', '/v1/certificate')
    expect((await pinged()).status).toBe(200)
  })

  test('keeps the command on this machine from nothing', async () => {
    const { shown } = await installed()
    const { exit, out } = await sluice(['status', '--at', join(folder.path, 'data'), '--json'])
    expect([exit, JSON.parse(out).name]).toEqual([0, 'factory-01'])
    const asked = await sluice(['certificate', 'show', '--at', join(folder.path, 'data')])
    expect(asked.out).toContain(shown.fingerprint)
  })

  test('holds over a restart of the Runtime', async () => {
    const { shown } = await installed()
    await runtime.close()
    const restarted = await runningRuntime(folder.path, { port: managementPort(), bridgePort: runtime.bridgePort })
    runtime = restarted.runtime
    expect(await met(managementPort())).toBe(shown.fingerprint)
    expect(runtime.fingerprint).toBe(shown.fingerprint)
  })
})

describe('TLS on both ports', () => {
  const WEAK = [
    ...['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA', 'ECDHE-RSA-AES128-SHA', 'AES128-GCM-SHA256', 'AES256-SHA'],
    ...['DES-CBC3-SHA', 'AES128-SHA'],
  ]

  test('8752 takes 1.2 with ephemeral keys and AEADs, and 1.3; nothing older and nothing weaker', async () => {
    const protocolOf = async (options: ConnectionOptions) => (await tls(managementPort(), options)).getProtocol()
    expect(await protocolOf({})).toBe('TLSv1.3')
    expect(await protocolOf({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2')
    for (const ciphers of ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-ECDSA-CHACHA20-POLY1305'])
      expect(await protocolOf({ maxVersion: 'TLSv1.2', ciphers })).toBe('TLSv1.2')
    expect(await met(managementPort(), { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' })).toMatch(/^ERR_SSL/)
    for (const ciphers of WEAK)
      expect(await met(managementPort(), { maxVersion: 'TLSv1.2', ciphers })).toMatch(/^ERR_SSL|^ECONNRESET/)
  })

  slowTest(
    '32100 takes 1.3 alone, and without a certificate of the owner’s says nothing to those who name no bridge',
    async () => {
      await installed()
      expect((await tls(runtime.bridgePort)).getProtocol()).toBe('TLSv1.3')
      expect(await met(runtime.bridgePort, { maxVersion: 'TLSv1.2' })).toMatch(/^ERR_SSL|^ECONNRESET/)
      await api.send('DELETE', '/v1/certificate')
      const silent = connectTcp(runtime.bridgePort, HOST)
      lifetime.defer(async () => void silent.destroy())
      await once(silent, 'connect')
      let heard = 0
      silent.on('data', (bytes) => (heard += bytes.length))
      connect({ socket: silent, servername: 'localhost' }).on('error', () => undefined)
      await new Promise<void>((resolve) => silent.once('close', () => resolve()))
      expect(heard).toBe(0)
    },
  )
})

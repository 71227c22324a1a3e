import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { fromUtf8, systemClock, utf8 } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import type { RunningRuntime } from '../../../src/runtime/mod.ts'
import { OWN_SERVER_NAME } from '../../../src/wire/mod.ts'
import { type TemporaryFolder, temporaryFolder } from '../../support/folder.ts'
import { describeSlow } from '../../support/quick.ts'
import { type Api, runningRuntime } from '../../support/runtime/running.ts'
import { until } from '../../support/until.ts'

setDefaultTimeout(60_000)

let folder: TemporaryFolder
let runtime: RunningRuntime
let api: Api
let token: string
let below: string
let path: string
const MIB = 1_048_576

async function start() {
  folder = temporaryFolder()
  ;({ runtime, api } = await runningRuntime(folder.path, { ingestPort: 0 }))
  const tenant = (await api.send('POST', '/v1/data-tenants', { name: 'acme' })).body.id
  const datasets = `/v1/data-tenants/${tenant}/datasets`
  const { id } = (await api.send('POST', datasets, { name: 'results', shape: 'table' })).body
  below = `${datasets}/${id}`
  path = `/v1/datasets/${id}/uploads`
  token = (await api.send('POST', `${below}/tokens`, { name: 'nightly' })).body.token
}

const managementPort = () => Number(new URL(runtime.managementUrl).port)

/** A connection that says what it is told, and what it was answered. */
function opened(port: number): { socket: TLSSocket; write: (bytes: Uint8Array) => Promise<void>; heard: () => string } {
  const socket = connect({ host: '127.0.0.1', port, ca: runtime.authority, servername: OWN_SERVER_NAME })
  let heard = ''
  socket
    .setEncoding('utf8')
    .on('error', () => undefined)
    .on('data', (text: string) => {
      heard += text
    })
  const write = (bytes: Uint8Array) =>
    new Promise<void>((done) => (socket.write(bytes) ? done() : socket.once('drain', () => done())))
  return { socket, write, heard: () => heard }
}

const head = (...headers: string[]) =>
  utf8(
    [`POST ${path} HTTP/1.1`, 'host: runtime.example', `authorization: Bearer ${token}`, ...headers, '', ''].join(
      '\r\n',
    ),
  )

const imports = async () =>
  (await api.get(`${below}/imports`)).body.imports as {
    id: string
    endedAt: string
    rowsTaken: number
    bytes: number
  }[]
const dataFiles = () =>
  readdirSync(join(folder.path, 'data', 'data'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /imp_/.test(name),
  )

describeSlow('uploads over the ports', () => {
  beforeAll(start)
  afterAll(async () => {
    await runtime.close()
    folder[Symbol.dispose]()
  })

  test('are taken by 8752 and by the ingest port, which shows nothing else of the API', async () => {
    for (const [n, port] of [managementPort(), runtime.ingestPort ?? 0].entries()) {
      const ask = (method: string, at: string, headers: Record<string, string>, body?: string) =>
        requestHttps(`https://127.0.0.1:${port}${at}`, {
          ...{ method, ca: [runtime.authority], timeoutMs: 10_000, bytesMax: 65_536, serverName: OWN_SERVER_NAME },
          ...{ headers, ...(body !== undefined && { body }) },
        })
      const authorization = `Bearer ${token}`
      const taken = await ask('POST', path, { authorization, 'content-type': 'text/csv' }, `n\n${n}\n`)
      expect(taken.status).toBe(202)
      const location = String(taken.headers['location'])
      const report = await until('the import has ended', async () => {
        const { status, body } = await ask('GET', location, { authorization })
        expect(status).toBe(200)
        const told = JSON.parse(fromUtf8(body))
        return told.endedAt ? told : undefined
      })
      expect(report).toMatchObject({ state: 'done', rowsTaken: 1 })
      expect((await ask('POST', path, { authorization: 'Bearer slu_x' }, 'n\n')).status).toBe(401)
    }
    const seen = await requestHttps(`https://127.0.0.1:${runtime.ingestPort}/v1/data-tenants`, {
      ...{ method: 'GET', ca: [runtime.authority], timeoutMs: 5_000, bytesMax: 65_536, serverName: OWN_SERVER_NAME },
      headers: { authorization: `Bearer ${token}` },
    })
    expect(seen.status).toBe(404)
  })

  test('of which a half arrive leave nothing: no answer, no import, no file', async () => {
    const before = (await imports()).length
    const files = dataFiles().length
    const row = `n\n${'1\n'.repeat(32_768)}`
    for (const port of [managementPort(), runtime.ingestPort ?? 0]) {
      for (const announced of [`content-length: ${64 * MIB}`, 'transfer-encoding: chunked']) {
        const chunk = utf8(announced.startsWith('content') ? row : `${row.length.toString(16)}\r\n${row}\r\n`)
        const large = opened(port)
        await large.write(head('content-type: text/csv', announced))
        for (let n = 0; n < 64; n++) await large.write(chunk)
        await until('a part of it is on its way to the disk', () => dataFiles().length > files)
        large.socket.destroy()
        await until('what came is gone', () => dataFiles().length === files)
        const small = opened(port)
        await small.write(head('content-type: text/csv', announced))
        await small.write(chunk.subarray(0, 20))
        small.socket.destroy()
        expect([large.heard(), small.heard()]).toEqual(['', ''])
      }
    }
    const whole = opened(managementPort())
    await whole.write(head('content-type: text/csv', 'content-length: 4', 'connection: close'))
    await whole.write(utf8('n\n7\n'))
    await until('a whole one is imported', async () => (await imports()).length > before)
    expect(await imports()).toHaveLength(before + 1)
  })

  test.each(['content-length', 'chunked'])(
    'of more than all bodies together may have are streamed by 8752 (%s), and not held',
    async (how) => {
      const row = utf8(`1234567,${'some text of a row '.repeat(50)}\n`.repeat(64))
      const times = Math.ceil((96 * MIB) / row.byteLength)
      const first = utf8('n,text\n')
      const bytes = first.byteLength + times * row.byteLength
      const { socket, write, heard } = opened(managementPort())
      const announced = how === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${bytes}`
      await write(head('content-type: text/csv', announced, 'connection: close'))
      const send = (part: Uint8Array) =>
        write(
          how === 'chunked' ? Buffer.concat([utf8(`${part.byteLength.toString(16)}\r\n`), part, utf8('\r\n')]) : part,
        )
      await send(first)
      const before = process.memoryUsage.rss()
      let most = 0
      for (let n = 0; n < times; n++) {
        await send(row)
        if (n % 16 === 0) {
          await systemClock.sleep(0)
          // What was let go of is not what is held.
          Bun.gc(true)
          most = Math.max(most, process.memoryUsage.rss() - before)
        }
      }
      if (how === 'chunked') await write(utf8('0\r\n\r\n'))
      await until('it is acknowledged', () => heard().includes('"again"') || /^HTTP\/1.1 [45]/.test(heard()))
      socket.destroy()
      expect(heard()).toStartWith('HTTP/1.1 202')
      expect(most).toBeLessThan(96 * MIB)
      const report = await until('it is imported', async () =>
        (await imports()).find(({ id, endedAt }) => heard().includes(id) && endedAt),
      )
      expect([report.bytes, report.rowsTaken]).toEqual([bytes, times * 64])
    },
  )
})

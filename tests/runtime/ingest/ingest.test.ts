import { describe, expect, test } from 'bun:test'
import { systemClock, systemRandom } from '../../../src/base/mod.ts'
import { requestHttps } from '../../../src/host/mod.ts'
import { type IngestRoute, ingestApp } from '../../../src/runtime/ingest/ingest-app.ts'
import { temporaryFolder } from '../../support/folder.ts'
import { runningRuntime } from '../../support/runtime/running.ts'

const time = { clock: systemClock, random: systemRandom }
const peer = { peer: { address: '192.0.2.1', port: 1 } }
let read = 0
const upload: IngestRoute = {
  ...{ method: 'POST', path: '/uploads/:dataset', bodyBytesMax: 16 },
  admits: async (c) => c.req.header('authorization') === 'Bearer own',
  async answer(c) {
    read += (await c.req.text()).length
    return c.json({ dataset: c.req.param('dataset') }, 201)
  },
}

async function send(path: string, headers: Record<string, string>, body = '{}') {
  const request = new Request(`https://runtime.example${path}`, { method: 'POST', headers, body })
  const answer = await ingestApp([upload], time).fetch(request, peer)
  return { status: answer.status, body: await answer.json(), headers: answer.headers }
}

describe('the ingest port', () => {
  test('answers a route to whoever carries its own token', async () => {
    const { status, body } = await send('/uploads/results', { authorization: 'Bearer own' })
    expect([status, body]).toEqual([201, { dataset: 'results' }])
  })

  test('answers without its token as where nothing is, and reads no body', async () => {
    read = 0
    const nothing = await send('/nothing', {})
    for (const headers of [{}, { authorization: 'Bearer other' }, { cookie: '__Host-sluice=x' }]) {
      const refused = await send('/uploads/results', headers)
      expect([refused.status, refused.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
      const { requestId: _own, ...told } = refused.body as { requestId: string }
      const { requestId: _other, ...toldNothing } = nothing.body as { requestId: string }
      expect(told).toEqual(toldNothing)
    }
    expect(read).toBe(0)
  })

  test('takes a body of its bound and not a byte more', async () => {
    const headers = { authorization: 'Bearer own' }
    expect((await send('/uploads/results', headers, 'x'.repeat(16))).status).toBe(201)
    expect((await send('/uploads/results', headers, 'x'.repeat(17))).status).toBe(413)
  })

  test('is off unless it is configured; then it has /healthz, and nothing of the Management Interface', async () => {
    using folder = temporaryFolder()
    await using off = (await runningRuntime(folder.path)).runtime
    expect(off.ingestPort).toBeUndefined()
    await off.close()
    await using on = (await runningRuntime(folder.path, { ingestPort: 0 })).runtime
    const get = (path: string) =>
      requestHttps(`https://127.0.0.1:${on.ingestPort}${path}`, {
        ...{ method: 'GET', ca: [on.authority], timeoutMs: 5_000, bytesMax: 65_536, headers: { accept: 'text/html' } },
      })
    expect((await get('/healthz')).status).toBe(200)
    for (const path of ['/', '/sign-in', '/v1/status', '/c2/v1/messages', '/assets/x', '/readyz']) {
      const answer = await get(path)
      expect(`${path} ${answer.status} ${answer.headers['content-type']}`).toBe(`${path} 404 application/problem+json`)
    }
  })
})

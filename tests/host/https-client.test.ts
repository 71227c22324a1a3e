import { expect, test } from 'bun:test'
import { Cancelled } from '../../src/base/mod.ts'
import { requestHttps, streamHttps } from '../../src/host/mod.ts'
import { testAuthority } from '../support/certificates.ts'
import { asking, authority, serve, textOf, url, useHttps } from './fixtures/https.ts'

useHttps()

test('the certificate must be signed by the authority given, for the name asked, and in time', async () => {
  const server = await serve(() => new Response('secret'))
  const stranger = await testAuthority('a stranger')
  const untrusted = { code: 'host.tls_untrusted', kind: 'unauthenticated' }
  await expect(requestHttps(url(server), asking({ ca: [stranger.certificatePem] }))).rejects.toMatchObject(untrusted)
  await expect(requestHttps(url(server), asking({ ca: [] }))).rejects.toMatchObject(untrusted)
  await expect(requestHttps(url(server), asking({ ca: [], systemRoots: true }))).rejects.toMatchObject(untrusted)
  await expect(requestHttps(url(server), asking({ serverName: 'evil.test' }))).rejects.toMatchObject(untrusted)
  server.setTls(await authority.issue({ ip: ['127.0.0.1'], notAfter: new Date(Date.now() - 1_000) }))
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject(untrusted)
  server.setTls(await authority.issue({ ip: ['127.0.0.2'] }))
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject(untrusted)
})

test('`address` says where to dial, while the certificate is still checked for the name', async () => {
  const server = await serve((request) => new Response(request.headers.get('host')))
  const named = `https://sluice.test:${server.port}/`
  const answer = await requestHttps(named, asking({ address: '127.0.0.1' }))
  expect(textOf(answer.body)).toBe(`sluice.test:${server.port}`)
  const evil = `https://evil.test:${server.port}/`
  const untrusted = { code: 'host.tls_untrusted' }
  await expect(requestHttps(evil, asking({ address: '127.0.0.1' }))).rejects.toMatchObject(untrusted)
  expect((await requestHttps(evil, asking({ address: '127.0.0.1', serverName: 'sluice.test' }))).status).toBe(200)
  const elsewhere = `https://192.0.2.1:${server.port}/`
  await expect(requestHttps(elsewhere, asking({ address: '127.0.0.1' }))).rejects.toMatchObject(untrusted)
})

test('`alsoNamed` is a second name that the certificate may be for, and no third one is taken', async () => {
  const server = await serve(() => new Response('ok'))
  const ask = (serverName: string, alsoNamed: string) => requestHttps(url(server), asking({ serverName, alsoNamed }))
  expect((await ask('other.test', 'sluice.test')).status).toBe(200)
  expect((await ask('other.test', '127.0.0.1')).status).toBe(200)
  const untrusted = { code: 'host.tls_untrusted' }
  await expect(ask('other.test', 'another.test')).rejects.toMatchObject(untrusted)
})

test('streamHttps() hands out each part as it comes, and leaving the loop ends the answer at the server', async () => {
  let ended: () => void = () => undefined
  const isEnded = new Promise<void>((resolve) => (ended = resolve))
  let say: (text: string) => void = () => undefined
  const server = await serve(() => {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        say = (text) => controller.enqueue(new TextEncoder().encode(text))
        say('one')
      },
      cancel: () => ended(),
    })
    return new Response(body, { headers: { 'content-type': 'text/event-stream' } })
  })
  const answer = await streamHttps(url(server), asking())
  const heard: string[] = []
  for await (const part of answer.body) {
    heard.push(textOf(part))
    if (heard.length === 2) break
    say('two')
  }
  expect(heard).toEqual(['one', 'two'])
  await isEnded
})

test('the signal also ends an answer that is being streamed', async () => {
  const stop = new AbortController()
  const server = await serve(() => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(3)) })))
  const answer = await streamHttps(url(server), asking({ signal: stop.signal }))
  const reading = (async () => {
    for await (const _part of answer.body) stop.abort()
  })()
  await expect(reading).rejects.toMatchObject({ code: 'internal.cancelled' })
})

test('an answer that does not come in time is host.timeout, one that is too long host.answer_too_large', async () => {
  const server = await serve((request) =>
    request.url.endsWith('/never') ? new Promise<Response>(() => undefined) : new Response('x'.repeat(1_001)),
  )
  await expect(requestHttps(url(server, '/never'), asking({ timeoutMs: 30 }))).rejects.toMatchObject({
    code: 'host.timeout',
  })
  await expect(requestHttps(url(server), asking({ bytesMax: 1_000 }))).rejects.toMatchObject({
    code: 'host.answer_too_large',
  })
  expect((await requestHttps(url(server), asking({ bytesMax: 1_001 }))).body.byteLength).toBe(1_001)
})

test('nobody listening, a name nobody has, and an answer that breaks off are host.unreachable', async () => {
  const server = await serve(() => new Response('x'))
  await server.close()
  await expect(requestHttps(url(server), asking())).rejects.toMatchObject({
    code: 'host.unreachable',
    kind: 'unavailable',
  })
  await expect(requestHttps('https://nobody.invalid/', asking())).rejects.toMatchObject({ code: 'host.unreachable' })
  const breaking = await serve(() => {
    let pulls = 0
    const pull = (controller: ReadableStreamDefaultController): void =>
      pulls++ === 0 ? controller.enqueue(new Uint8Array(10)) : controller.error(new TypeError('broken on purpose'))
    return new Response(new ReadableStream({ pull }))
  })
  await expect(requestHttps(url(breaking), asking())).rejects.toMatchObject({ code: 'host.unreachable' })
})

test('a body that comes in parts is sent as it comes; its failure is the request’s, and an early answer is heard', async () => {
  const server = await serve(async (request) => {
    if (request.url.endsWith('/early')) return new Response('no', { status: 401 })
    return new Response(`${request.headers.get('content-length')} ${(await request.text()).length}`)
  })
  async function* parts(count: number, failure?: Error): AsyncGenerator<Uint8Array> {
    for (let i = 0; i < count; i++) yield new Uint8Array(65_536)
    if (failure) throw failure
  }
  const post = (path: string, body: AsyncIterable<Uint8Array>, headers = {}) =>
    requestHttps(url(server, path), asking({ method: 'POST', body, headers }))
  expect(textOf((await post('/', parts(16))).body)).toBe('null 1048576')
  expect(textOf((await post('/', parts(16), { 'content-length': '1048576' })).body)).toBe('1048576 1048576')
  expect((await post('/early', parts(512))).status).toBe(401)
  const failure = new Cancelled('the file is gone')
  await expect(post('/', parts(2, failure))).rejects.toBe(failure)
})

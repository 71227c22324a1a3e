import { expect, test } from 'bun:test'
import { systemClock } from '../../src/base/mod.ts'
import { CONNECTION_LIMITS } from '../../src/host/connection-guard.ts'
import { BRIEFLY_MS, until } from '../support/until.ts'
import { closed, rawClient, serve, useHttps } from './fixtures/https.ts'

useHttps()

test('requests that are sent before the answers come are answered in their order; one more than there may be ends the connection', async () => {
  const seen: string[] = []
  const server = await serve(async (request) => {
    seen.push(new URL(request.url).pathname)
    await systemClock.sleep(5)
    return new Response(new URL(request.url).pathname)
  })
  const requests = (count: number): string =>
    Array.from({ length: count }, (_, i) => `GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`).join('')
  const polite = await rawClient(server)
  let answers = ''
  polite.on('data', (bytes) => {
    answers += bytes.toString('latin1')
  })
  polite.write(requests(CONNECTION_LIMITS.requestsAtOnceMax))
  await until('all are answered', () => answers.endsWith('/3'), BRIEFLY_MS)
  expect(answers.match(/^\/\d$|(?<=\n)\/\d/g)).toEqual(['/0', '/1', '/2', '/3'])
  polite.write(requests(1))
  await until('the next one, too', () => answers.endsWith('/0'), BRIEFLY_MS)
  polite.destroy()
  seen.length = 0
  const flooder = (await rawClient(server)).resume()
  const isClosed = closed(flooder)
  flooder.write(requests(10_000))
  await isClosed
  expect(seen.length).toBeLessThan(10)
})

test('of 20,000 requests in one piece few are even parsed', async () => {
  let asked = 0
  const server = await serve(() => new Response('in'), {
    // Asked once for each request that was parsed.
    streams: () => {
      asked++
      return true
    },
  })
  const flooder = (await rawClient(server)).resume()
  const isClosed = closed(flooder)
  flooder.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20_000))
  await isClosed
  expect(asked).toBeLessThanOrEqual(CONNECTION_LIMITS.requestsAtOnceMax)
})

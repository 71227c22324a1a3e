import { describe, expect, test } from 'bun:test'
import { Hono } from 'hono'
import { html } from 'hono/html'
import { Cancelled, type Clock, logOf, systemClock } from '../../src/base/mod.ts'
import { StoreBusy } from '../../src/store/errors.ts'
import { LIVE_INTERVAL_MS } from '../../src/web/live.ts'
import { type LivePage, liveStreams, onFailure } from '../../src/web/mod.ts'

/** A sleep ends when the test says so, be it before or after the sleep began. */
function steppedClock(): Clock & { step(): void; atMs: number } {
  let wake: (() => void) | undefined
  let due = 0
  const clock = {
    ...systemClock,
    atMs: 0,
    monotonic: () => clock.atMs,
    sleep: (_ms: number, signal?: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        signal?.addEventListener('abort', () => reject(new Cancelled('left')), { once: true })
        if (signal?.aborted) reject(new Cancelled('left'))
        else if (due > 0) resolve(void due--)
        else wake = resolve
      }),
    step: () => {
      if (wake === undefined) due++
      wake?.()
      wake = undefined
    },
  }
  return clock
}

function serve(page: LivePage, streamsMax = 2) {
  const clock = steppedClock()
  const ended = new AbortController()
  const logged: unknown[] = []
  const log = { ...logOf('test'), error: (...line: unknown[]) => void logged.push(line) }
  const streams = liveStreams({ clock, signal: ended.signal, streamsMax, log })
  const app = new Hono().onError(onFailure({ log: logOf('test') })).get('/live', (c) => streams.serve(c, page))
  return { app, clock, ended, logged, streams }
}

async function* events(response: Response): AsyncGenerator<{ event: string; data: string }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
    text += chunk.value
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const fields = new Map(
        text
          .slice(0, end)
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
      )
      yield { event: fields.get('event') ?? '', data: fields.get('data') ?? '' }
      text = text.slice(end + 2)
    }
  }
}

describe('a live stream', () => {
  test('sends what changed, and a sign of life when nothing did', async () => {
    let count = 1
    const { app, clock, ended } = serve({ regions: () => ({ a: html`<b>${count}</b>`, b: html`same` }) })
    const stream = events(await app.request('/live'))
    expect(JSON.parse((await stream.next()).value?.data ?? '')).toEqual({ a: '<b>1</b>', b: 'same' })
    clock.step()
    expect((await stream.next()).value).toEqual({ event: 'regions', data: '{}' })
    count = 2
    clock.step()
    expect(JSON.parse((await stream.next()).value?.data ?? '')).toEqual({ a: '<b>2</b>' })
    ended.abort()
    expect((await stream.next()).done).toBe(true)
  })

  test('ends when its viewer may no longer look', async () => {
    let allowed = true
    const { app, clock, streams } = serve({ regions: () => ({ a: html`x` }), allowed: () => allowed })
    const stream = events(await app.request('/live'))
    await stream.next()
    allowed = false
    clock.step()
    expect((await stream.next()).value).toEqual({ event: 'ended', data: '' })
    expect((await stream.next()).done).toBe(true)
    expect(streams.open).toBe(0)
  })

  test('beyond the bound is refused, and one that is left makes room', async () => {
    const { app, streams } = serve({ regions: () => ({}) })
    const first = await app.request('/live')
    const second = await app.request('/live')
    await events(second).next()
    const third = await app.request('/live')
    expect(await third.json()).toMatchObject({ status: 429, code: 'live.too_many' })
    await first.body?.cancel()
    await Bun.sleep(0)
    expect(streams.open).toBe(1)
    expect((await app.request('/live')).status).toBe(200)
  })

  test('beyond the bound of one viewer is refused to that one alone, and one that is left makes room', async () => {
    const clock = steppedClock()
    const streams = liveStreams({ clock, signal: new AbortController().signal, streamsMax: 4, ofOneMax: 2 })
    const app = new Hono()
      .onError(onFailure({ log: logOf('test') }))
      .get('/live', (c) => streams.serve(c, { regions: () => ({}), viewer: c.req.query('viewer') ?? '' }))
    const [first] = [await app.request('/live?viewer=a'), await app.request('/live?viewer=a')]
    expect(await (await app.request('/live?viewer=a')).json()).toMatchObject({ status: 429, code: 'live.too_many' })
    expect((await app.request('/live?viewer=b')).status).toBe(200)
    await first?.body?.cancel()
    await Bun.sleep(0)
    expect(streams.open).toBe(2)
    expect((await app.request('/live?viewer=a')).status).toBe(200)
    expect((await app.request('/live?viewer=a')).status).toBe(429)
    expect((await app.request('/live?viewer=b')).status).toBe(200)
  })

  test('that fails says so with the code of its failure, logs it, and makes room', async () => {
    let fails = false
    const { app, clock, streams, logged } = serve({
      regions: () => {
        if (fails) throw new StoreBusy('another writer holds the database')
        return { a: html`x` }
      },
    })
    const stream = events(await app.request('/live'))
    await stream.next()
    fails = true
    clock.step()
    expect((await stream.next()).value).toEqual({ event: 'ended', data: 'store.busy' })
    expect((await stream.next()).done).toBe(true)
    expect(streams.open).toBe(0)
    expect(logged).toMatchObject([['a live page failed', { code: 'store.busy' }]])
  })

  test('of a page that is the same for all is made once for those who look at the same time', async () => {
    let made = 0
    const { app, clock } = serve({ shared: '/live', regions: () => ({ a: html`${++made}` }) })
    const first = events(await app.request('/live'))
    expect((await first.next()).value?.data).toBe('{"a":"1"}')
    clock.atMs += LIVE_INTERVAL_MS / 2 - 1
    const second = events(await app.request('/live'))
    expect((await second.next()).value?.data).toBe('{"a":"1"}')
    clock.atMs += 1
    // One for each of the two, whichever sleeps already.
    clock.step()
    clock.step()
    expect((await second.next()).value?.data).toBe('{"a":"2"}')
    expect(made).toBe(2)
  })

  test('of a page that is not said to be the same for all is made for each', async () => {
    let made = 0
    const { app } = serve({ regions: () => ({ a: html`${++made}` }) })
    expect((await events(await app.request('/live')).next()).value?.data).toBe('{"a":"1"}')
    expect((await events(await app.request('/live')).next()).value?.data).toBe('{"a":"2"}')
  })
})

describe('a followed list', () => {
  test('sends each entry once as an event with its number, what there is more at once, and else a sign of life', async () => {
    const clock = steppedClock()
    const ended = new AbortController()
    const streams = liveStreams({ clock, signal: ended.signal })
    const batches = [['1', '2'], ['3'], []]
    let calls = 0
    const next = async () => {
      const events = (batches[calls++] ?? []).map((id) => ({ id, data: `{"n":${id}}` }))
      return { events, more: calls === 1 }
    }
    let allowed = true
    const app = new Hono().get('/log', (c) => streams.follow(c, { next, allowed: () => allowed }))
    const reader = (await app.request('/log')).body?.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    const until = async (wanted: string) => {
      while (!text.includes(wanted)) {
        const { value, done } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) throw new Error(`the stream ended after ${text}`)
        text += value
      }
    }
    await until('id: 3\n\n')
    expect([text, calls]).toEqual(['data: {"n":1}\nid: 1\n\ndata: {"n":2}\nid: 2\n\ndata: {"n":3}\nid: 3\n\n', 2])
    clock.step()
    await until(':\n\n')
    allowed = false
    clock.step()
    await until('event: ended')
  })
})

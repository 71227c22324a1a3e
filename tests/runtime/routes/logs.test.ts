import { afterAll, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../../src/base/mod.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

let host: ManagementHost
let token: string

beforeAll(async () => {
  host = await managementHost({ clock: { ...systemClock, sleep: (_ms, signal) => systemClock.sleep(1, signal) } })
  token = await host.tokenFor('viewer')
})
afterAll(() => host[Symbol.asyncDispose]())

const say = (template: string, level: 'info' | 'error' = 'info') =>
  host.state.logs.add({
    ...{ at: new Date().toISOString(), deployment: DEPLOYMENT, level, template, fields: {} },
  })

/** Reads the stream until so many entries have come, and leaves it. */
async function followed(query: string, count: number, headers: Record<string, string> = {}, meanwhile?: () => unknown) {
  const request = new Request(`${ORIGIN}/v1/logs?${query}`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}`, ...headers },
  })
  const answer = await host.app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
  expect(answer.headers.get('content-type')).toContain('text/event-stream')
  const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader()
  const entries: { id: number; template: string }[] = []
  let text = ''
  await meanwhile?.()
  while (entries.length < count) {
    const { value, done } = (await reader?.read()) ?? { done: true, value: undefined }
    if (done) throw new Error('the stream ended')
    text += value
    for (const [whole, data = '', id] of text.matchAll(/data: (.*)\nid: (\d+)\n\n/g)) {
      entries.push({ id: Number(id), template: JSON.parse(data).template })
      text = text.replace(whole, '')
    }
  }
  await reader?.cancel()
  return entries
}

test('the log is followed as a stream: the newest that match, then each that comes, and on from where a reader was', async () => {
  for (const template of ['one', 'two', 'three']) await say(template)
  const seen = await followed('limit=2', 3, {}, () => say('four'))
  expect(seen.map(({ template }) => template)).toEqual(['two', 'three', 'four'])
  const again = await followed('limit=2', 2, { 'last-event-id': String(seen[0]?.id) })
  expect(again.map(({ template }) => template)).toEqual(['three', 'four'])
  await say('broken', 'error')
  expect(await followed('level=error&after=1', 1)).toMatchObject([{ template: 'broken' }])
  expect((await host.ask('GET', '/v1/logs?limit=1', { token })).body.entries).toMatchObject([{ template: 'broken' }])
})

test('a stream ends with the token that it was opened with', async () => {
  const request = new Request(`${ORIGIN}/v1/logs`, {
    headers: { accept: 'text/event-stream', authorization: `Bearer ${token}` },
  })
  const answer = await host.app.fetch(request, { peer: { address: '192.0.2.1', port: 40_000 } })
  const [{ id } = { id: '' }] = await host.accounts.listApiTokens()
  await host.accounts.revokeApiToken(id)
  expect(await answer.text()).toEndWith('event: ended\ndata: \n\n')
})

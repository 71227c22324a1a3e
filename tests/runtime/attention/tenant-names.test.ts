import { afterAll, beforeAll, expect, test } from 'bun:test'
import { systemClock } from '../../../src/base/mod.ts'
import { lookForAlerts } from '../../../src/runtime/alerts.ts'
import { memberFor, type Party, PEER, party } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost, ORIGIN } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let acme: Party
const said = (named: string) => `Something of the data tenant ${named} ends`
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme-of-the-canary')
  host.station.attention.watch('test', () => [
    {
      ...{ id: `test ${acme.tenant}`, state: 'late', what: said(acme.tenant), dataTenant: acme.tenant },
      ...{ effect: 'Soon.', cure: { label: 'Datasets', href: '/datasets' } },
    },
  ])
})
afterAll(() => host[Symbol.asyncDispose]())

/** What the overview's stream sends first. */
async function firstLive(token: string): Promise<string> {
  const stop = new AbortController()
  const headers = { authorization: `Bearer ${token}` }
  const answer = await host.app.fetch(new Request(`${ORIGIN}/live`, { headers, signal: stop.signal }), { peer: PEER })
  const reader = answer.body?.getReader()
  try {
    let text = ''
    const decoder = new TextDecoder()
    while (!text.includes('\n\n')) text += decoder.decode((await reader?.read())?.value, { stream: true })
    return text
  } finally {
    await reader?.cancel()
    stop.abort()
  }
}

test('a line is told with the name of its data tenant to members and owners, by id to others, on live pages too', async () => {
  const member = await memberFor(host, acme, 'viewer')
  const owner = await host.tokenFor('owner')
  const outsider = await host.tokenFor('operator')
  // Side by side: whoever looks at the same page at the same time is shown the same, but for this.
  const lives = await Promise.all([outsider, member, owner, outsider].map(firstLive))
  expect(lives.map((live) => live.includes(said('acme-of-the-canary')))).toEqual([false, true, true, false])
  expect(lives.map((live) => live.includes(said(acme.tenant)))).toEqual([true, false, false, true])
  for (const [token, named] of [
    [member, 'acme-of-the-canary'],
    [owner, 'acme-of-the-canary'],
    [outsider, acme.tenant],
  ] as const) {
    const { attention } = (await host.ask('GET', '/v1/status', { token })).body
    expect(attention.map(({ what }: { what: string }) => what)).toContain(said(named))
    expect((await host.ask('GET', '/', { token, headers: { accept: 'text/html' } })).text).toContain(said(named))
  }
  expect((await host.ask('GET', '/', { token: outsider, headers: { accept: 'text/html' } })).text).not.toContain(
    'canary',
  )
})

test('what alerts tell of is by id', async () => {
  const told: string[] = []
  const notice = async (conditions: readonly { what: string }[]) =>
    void told.push(...conditions.map(({ what }) => what))
  await lookForAlerts({ notice }, { ...host.station, clock: systemClock })
  expect(told).toContain(said(acme.tenant))
  expect(told.join()).not.toContain('canary')
})

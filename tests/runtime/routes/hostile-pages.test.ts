import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { systemClock, systemRandom, utf8 } from '../../../src/base/mod.ts'
import { DeadLetterJournal } from '../../../src/runtime/dead-letters/dead-letter-journal.ts'
import { imported, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { plainAssignment } from '../../support/runtime/offers.ts'
import { expectHarmless, expectSoundHeaders, HEADER, HOSTILE, MARKUP } from '../../support/web/hostile.ts'
import { type Visited, walkPages } from '../../support/web/walk.ts'
import { DEPLOYMENT } from '../../support/wire/parties.ts'

let host: ManagementHost
let token: string
const seen: string[] = []

beforeAll(async () => {
  host = await managementHost()
  token = await host.tokenFor('owner')
  await fill(host)
  await fillDataset(host)
})
afterAll(() => host[Symbol.asyncDispose]())

/** Something hostile in every place where a text of others can come to lie. */
async function fill({ state, accounts, ask }: ManagementHost): Promise<void> {
  const { agreement, signing, authority } = state
  const key = Buffer.from(signing.publicKey).toString('base64url')
  await state.peers.accept({
    ...{ runtime: 'rt_01890000-0000-7000-8000-0000000000ee', name: HOSTILE, fingerprint: HOSTILE, acceptedBy: HOSTILE },
    ...{ bridgeHost: HOSTILE, bridgePort: 1, signingKey: key, authority: authority.certificatePem },
    agreementKey: Buffer.from(agreement.publicKey).toString('base64url'),
  })
  const components = [
    { name: 'orders', type: 'csv_file', from: [], config: { paths: [HOSTILE] } },
    { name: 'kept', type: 'json_lines_file', from: ['orders'], config: { path: MARKUP } },
  ]
  const facts = { reasons: [{ code: 'csv_file.file_missing', item: HOSTILE }], digest: 'x', signature: 'x' }
  await state.assignments.keep(plainAssignment({ components }), { ...facts, place: 'current', state: 'failed' })
  await state.counts.save(DEPLOYMENT, 1, {
    components: [
      {
        ...{
          name: 'orders',
          type: 'csv_file',
          state: 'failed',
          reason: { code: 'csv_file.file_missing', item: HOSTILE },
        },
        ...{
          messagesIn: 1,
          messagesOut: 1,
          bytesIn: 1,
          bytesOut: 1,
          errors: 0,
          retries: 0,
          executionMs: 1,
          refused: 1,
        },
      },
    ],
    bridges: [],
    deadLetters: 1,
  })
  const letters = await DeadLetterJournal.open({
    folder: join(state.folder, 'deployments', DEPLOYMENT, 'dead-letters'),
    key: await state.keyring.secretFor('dead-letters', DEPLOYMENT),
    ...{ bytesMax: 16_777_216, clock: systemClock, random: systemRandom },
  })
  const reason = { code: 'csv_file.malformed', item: HOSTILE }
  await letters.add([{ component: 'orders', partition: HOSTILE, position: 1, reason, record: utf8(HOSTILE) }])
  await letters.close()
  await state.trail.record({ actor: MARKUP, action: 'credential.set', subject: MARKUP, detail: { name: MARKUP } })
  const user = await accounts.createUser({ name: MARKUP, role: 'owner' }).catch(() => undefined)
  if (user)
    await accounts.createApiToken({ user: user.id, name: MARKUP, expires: Date.now() + 60_000 }).catch(() => undefined)
  await ask('PUT', `/v1/credentials/${encodeURIComponent(MARKUP)}`, { token, body: { fields: { password: MARKUP } } })
}

/** A document whose name, attributes, fields, values and faults are hostile. */
async function fillDataset(host: ManagementHost): Promise<void> {
  const acme = await party(host, MARKUP.slice(0, 64))
  const { id } = (await host.ask('GET', '/v1/account', { token })).body
  await host.accounts.memberships.grant({ user: id, dataTenant: acme.tenant, role: 'owner' })
  const body = [{ [MARKUP]: HOSTILE, long: `${MARKUP}\n${HOSTILE}` }, MARKUP]
    .map((one) => JSON.stringify(one))
    .join('\n')
  const about = new URLSearchParams({ name: MARKUP, 'attribute.branch': MARKUP })
  const headers = { 'content-type': 'application/x-ndjson' }
  const uploads = `/v1/datasets/${acme.dataset}/uploads?${about}`
  const taken = await send(host, uploads, { token: acme.upload, headers, body })
  const { state } = await imported(host, acme, taken.body.import)
  expect(state).toBe('partly')
}

async function visit(path: string): Promise<Visited> {
  const { status, text, headers } = await host.ask('GET', path, { token, headers: { accept: 'text/html' } })
  expectSoundHeaders(path, headers)
  const location = headers.get('location') ?? undefined
  return { status, text, type: headers.get('content-type') ?? '', ...(location !== undefined && { location }) }
}

describe('no text of others', () => {
  test('becomes markup, or hides, on any page that links lead to', async () => {
    const pages = await walkPages(visit, ['/'])
    for (const [path, page] of pages) {
      expectHarmless(path, page)
      seen.push(path)
    }
    expect(seen.length).toBeGreaterThan(5)
    for (const page of ['/records/', '/imports/imp_']) expect(seen.some((path) => path.includes(page))).toBe(true)
    expect(
      [...pages].filter(([, { status }]) => status >= 400).map(([path, { status }]) => `${path} ${status}`),
    ).toEqual([])
    const all = [...pages.values()].map(({ text }) => text).join('')
    expect(all).toContain('&lt;script&gt;alert(1)')
    expect(all).toContain('csv_file.malformed')
  })

  test('becomes markup by way of an address: filters, orders, ranges, names that are none', async () => {
    const words = ['filter', 'sort', 'page', 'range', 'component', 'next', 'at', 'kind', 'after', 'actor', 'action']
    words.push('field', 'is', 'value', 'search', 'before')
    const query = new URLSearchParams(Object.fromEntries(words.map((word) => [word, MARKUP])))
    for (const path of [...new Set(seen.map((one) => one.split('?')[0] ?? one))]) {
      expectHarmless(path, await visit(`${path}?${query}`))
    }
    for (const path of [`/${MARKUP}`, `/deployments/${MARKUP}`, `/link/${MARKUP}`]) {
      expectHarmless(path, await visit(encodeURI(path)))
    }
  })

  test('becomes a header, wherever an answer has one from it', async () => {
    for (const next of [HEADER, `/${HEADER}`, `//evil.example`, 'https://evil.example', '/\\evil.example']) {
      const query = new URLSearchParams({ next, token: next, filter: next })
      for (const path of ['/sign-in', '/confirm', '/', '/nowhere']) await visit(`${path}?${query}`)
      const { headers, text } = await host.ask('POST', '/sign-in', { form: { name: next, password: next, next } })
      expectSoundHeaders('/sign-in', headers)
      expect(text).not.toMatch(/name="next" value="(https?:)?\/\//)
    }
  })

  test('comes back from a form that was refused as anything but text', async () => {
    const { text, headers } = await host.ask('POST', '/sign-in', {
      form: { name: MARKUP, password: MARKUP, next: MARKUP },
    })
    const type = headers.get('content-type') ?? ''
    expectHarmless('/sign-in', { status: 401, text, type })
    expect(text).toContain('&lt;script&gt;')
  })
})

test('no id stands twice on a page: live parts, labels and the help dialog are found by theirs', async () => {
  const twice: string[] = []
  for (const [path, { text }] of await walkPages(visit, ['/'])) {
    const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map(([, id = '']) => id)
    twice.push(...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${path.split('?')[0]} #${id}`))
  }
  expect([...new Set(twice)]).toEqual([])
})

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type Asked, type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { linksOf } from '../../support/web/walk.ts'

setDefaultTimeout(60_000)

/** Stands in every field, name and reason that only the cleared may see. */
const CANARY = 'canary'
/** A refused row, one that is taken with a warning, and one that is sound. */
const CSV = `city,people,note\nOslo,700000,${CANARY}\nBern,130000,x,${CANARY}\nRome,many ${CANARY},x\n`

let host: ManagementHost
let acme: Party
let importId: string
let cleared: string
let viewer: string
let operator: string
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  await uploaded('city,people,note\nNice,340000,sea\n', 'first.csv')
  importId = await uploaded(CSV, `${CANARY}.csv`)
  cleared = await memberFor(host, acme, 'viewer')
  viewer = await memberFor(host, acme, 'viewer', 'public')
  operator = await memberFor(host, acme, 'operator', 'public')
})
afterAll(() => host[Symbol.asyncDispose]())

async function uploaded(body: string, name: string, token = acme.upload): Promise<string> {
  const path = `/v1/datasets/${acme.dataset}/uploads?name=${name}&attribute.team=${CANARY}`
  const sent = await send(host, path, { token, headers: { 'content-type': 'text/csv' }, body })
  await imported(host, acme, sent.body.import)
  return sent.body.import
}

const html = { accept: 'text/html' }
const get = (path: string, token: string) => host.ask('GET', path, { token, headers: html })
const query = (token: string, body: object) =>
  host.ask('POST', `${acme.below}/query`, { token, body: { limit: 10, ...body } })
const classify = (token: string, field: string, to: string) =>
  host.ask('POST', `${acme.below}/classes`, { token, body: { field, class: to } })

/** Every route of the API that only looks, for this dataset; and its queries. */
async function looks(token: string): Promise<Asked[]> {
  const { body } = await host.ask('GET', '/v1/openapi.json', { token })
  const ids: Record<string, string> = { dataTenant: acme.tenant, dataset: acme.dataset, import: importId }
  const paths = Object.entries<Record<string, unknown>>(body.paths).flatMap(([path, methods]) => {
    const filled = `/v1${path.replace(/\{(\w+)\}/g, (whole, name: string) => ids[name] ?? whole)}`
    return 'get' in methods && /dataset|audit|data-tenant/.test(path) && !filled.includes('{') ? [filled] : []
  })
  expect(paths).toContain(`${acme.below}/imports/${importId}`)
  const answers: Asked[] = []
  for (const path of paths)
    answers.push(await host.ask('GET', path.endsWith('/export') ? `${path}?format=ndjson` : path, { token }))
  answers.push(await query(token, {}), await query(token, { fields: ['note', 'people', '_attributes'] }))
  return answers
}

/** Every page that can be reached from the dataset's without leaving it, and from its data tenant's. */
async function pages(token: string): Promise<{ seen: string[]; answers: Asked[] }> {
  const root = `/datasets/${acme.tenant}`
  const waiting = ['/datasets', root, `${root}/${acme.dataset}`]
  const answers: Asked[] = []
  for (let path = waiting[0], n = 0; path !== undefined; path = waiting[++n]) {
    const page = await get(path, token)
    answers.push(page)
    for (const link of linksOf(page.text)) if (link.startsWith(root) && !waiting.includes(link)) waiting.push(link)
  }
  return { seen: waiting, answers }
}

const holding = (answers: readonly Asked[]) => answers.filter(({ text }) => text.includes(CANARY)).length

describe('who is not cleared', () => {
  test('finds nothing restricted in any answer of the API, where who is cleared finds it', async () => {
    expect(holding(await looks(cleared))).toBeGreaterThanOrEqual(5)
    expect(holding(await looks(viewer))).toBe(0)
    expect(holding(await looks(operator))).toBe(0)
  })

  test('finds nothing restricted on any page, which say what is masked, where who is cleared finds it', async () => {
    const all = await pages(cleared)
    expect(holding(all.answers)).toBeGreaterThanOrEqual(4)
    expect(all.seen.some((path) => path.includes('/records/'))).toBe(true)
    for (const token of [viewer, operator]) {
      const { seen, answers } = await pages(token)
      expect(holding(answers)).toBe(0)
      expect(seen).toContain(`/datasets/${acme.tenant}/${acme.dataset}/imports/${importId}`)
      const records = answers[seen.indexOf(`/datasets/${acme.tenant}/${acme.dataset}`)]?.text ?? ''
      expect(records).toContain('note (masked)')
      expect(records).toMatch(/<svg[^>]*>.*?<\/svg> ?masked/)
    }
  })

  test('is refused to filter and sort by a restricted field, also on the page, and search passes it over', async () => {
    const asked = [
      { where: [{ field: 'note', is: 'eq', value: CANARY }] },
      { where: [{ field: 'note', is: 'contains', value: 'c' }] },
      { where: [{ field: 'note', is: 'missing' }] },
      { where: [{ field: 'people', is: 'in', value: [700_000] }] },
      { where: [{ field: '_attributes', is: 'contains', value: CANARY }] },
      { sort: [{ field: 'note' }] },
    ]
    for (const body of asked) {
      const answer = await query(viewer, body)
      expect([answer.status, answer.body.code]).toEqual([403, 'query.field_restricted'])
      expect(answer.body.detail).toMatch(/note|people|_attributes/)
      expect((await query(cleared, body)).status).toBe(200)
    }
    expect((await query(viewer, { search: CANARY })).body.rows).toEqual([])
    expect((await query(cleared, { search: CANARY })).body.rows).not.toEqual([])
    const page = `/datasets/${acme.tenant}/${acme.dataset}`
    for (const words of ['sort=note', 'field=note&is=contains&value=c']) {
      expect((await get(`${page}?${words}`, viewer)).status).toBe(403)
      expect((await get(`${page}?${words}`, cleared)).status).toBe(200)
    }
  })

  test('sees how many records there are, where they come from, and which fields are masked', async () => {
    const { body } = await query(viewer, { fields: ['note', '_line', '_import'], sort: [{ field: '_line' }] })
    expect(body.fields).toEqual([
      { name: 'note', type: 'text', masked: true },
      { name: '_line', type: 'number' },
      { name: '_import', type: 'text' },
    ])
    expect(body.rows).toContainEqual([null, 2, importId])
    const report = await host.ask('GET', `${acme.below}/imports/${importId}`, { token: viewer })
    expect(report.body).toMatchObject({ masked: true, fileName: null, sha256: null, attributes: {}, rowsRefused: 1 })
    expect(report.body.refusals).toEqual([{ line: 3, reason: expect.stringContaining('not told') }])
  })

  test('goes on from no page of one who is cleared', async () => {
    const { body } = await query(cleared, { sort: [{ field: 'note' }], limit: 1 })
    expect(body.next).toBeString()
    expect((await query(viewer, { sort: [{ field: 'note' }], after: body.next })).status).toBe(403)
    expect((await query(viewer, { after: body.next })).body.code).toBe('query.invalid')
  })
})

describe('the class of a field', () => {
  test('is changed by an owner of the data tenant alone, for the next query, and stands in the trail without its name', async () => {
    for (const token of [viewer, operator, cleared]) expect((await classify(token, 'city', 'public')).status).toBe(403)
    const cities = async () => (await query(viewer, { fields: ['city'], search: 'Osl' })).body.rows
    expect(await cities()).toEqual([])
    expect((await classify(acme.owner, 'city', 'public')).body.fields).toContainEqual({
      ...{ name: 'city', type: 'text', class: 'public' },
    })
    expect(await cities()).toEqual([['Oslo']])
    const { body } = await host.ask('GET', `${acme.below}/classes`, { token: viewer })
    expect(body.changes).toMatchObject([{ field: 'city', from: 'restricted', to: 'public' }])
    const { entries } = await host.state.trail.search({ action: 'dataset.field_classified', limit: 50 })
    expect(entries).toMatchObject([{ subject: acme.dataset, detail: { change: body.changes[0].id, to: 'public' } }])
    expect(JSON.stringify(entries)).not.toContain('city')
    await classify(acme.owner, 'city', 'restricted')
    expect(await cities()).toEqual([])
  })

  test('of a field that comes up later is restricted, whatever was decided about others', async () => {
    await classify(acme.owner, 'city', 'public')
    await uploaded('city,fresh\nBonn,new\n', 'later.csv')
    const { body } = await query(viewer, { fields: ['city', 'fresh'], search: 'Bonn' })
    expect(body.rows).toEqual([['Bonn', null]])
    expect(body.fields[1].masked).toBe(true)
    await classify(acme.owner, 'city', 'restricted')
  })

  test('cannot be given to what is no field, nor to fields of ours', async () => {
    for (const field of ['none', '_attributes', '_record', '']) {
      const answer = await classify(acme.owner, field, 'public')
      expect([field, answer.status, answer.body.code]).toEqual([field, 404, 'dataset.field_not_found'])
    }
    expect((await classify(acme.owner, 'city', 'secret')).status).toBe(422)
  })

  test('is decided on a page by an owner, which tells what was decided before', async () => {
    const below = `/datasets/${acme.tenant}/${acme.dataset}`
    const settings = await get(`${below}/settings`, acme.owner)
    expect(settings.text).toContain(`${below}/class?field=note`)
    expect((await get(`${below}/settings`, viewer)).text).not.toContain(`${below}/class?`)
    const form = `${below}/class?field=note`
    expect((await get(form, viewer)).status).toBe(403)
    expect((await get(form, acme.owner)).text).toContain('Class of note')
    expect((await host.ask('POST', form, { token: viewer, form: { class: 'public' } })).status).toBe(403)
    expect((await host.ask('POST', form, { token: acme.owner, form: { class: 'public' } })).status).toBe(303)
    expect((await get(below, viewer)).text).toContain(CANARY)
    const decided = (await get(`${below}/settings`, viewer)).text
    expect(decided).toContain('from restricted to public')
    expect(decided).toMatch(/data-label="By">owner-\d/)
    await classify(acme.owner, 'note', 'restricted')
    expect((await get(below, viewer)).text).not.toContain(CANARY)
  })
})

describe('a clearance', () => {
  test('is public for a new member, holds from the next request on, stays when the role changes; an owner is cleared', async () => {
    const token = await host.tokenFor('viewer')
    const { id } = (await host.ask('GET', '/v1/account', { token })).body
    const member = `/v1/data-tenants/${acme.tenant}/members/${id}`
    const give = (body: object) => host.ask('PUT', member, { token: acme.owner, body })
    const sees = async () => (await query(token, {})).text.includes(CANARY)
    await give({ role: 'viewer' })
    expect(await sees()).toBe(false)
    await give({ role: 'viewer', clearance: 'restricted' })
    expect(await sees()).toBe(true)
    await give({ role: 'operator' })
    expect(await sees()).toBe(true)
    await give({ role: 'operator', clearance: 'public' })
    expect(await sees()).toBe(false)
    await give({ role: 'owner' })
    expect(await sees()).toBe(true)
    await give({ role: 'viewer' })
    expect(await sees()).toBe(false)
    expect((await give({ role: 'viewer', clearance: 'secret' })).status).toBe(422)
  })

  test('is given on the page of the data tenant and listed there', async () => {
    const token = await host.tokenFor('viewer')
    const { name } = (await host.ask('GET', '/v1/account', { token })).body
    const page = `/datasets/${acme.tenant}`
    const give = (clearance: string) =>
      host.ask('POST', `${page}/members`, { token: acme.owner, form: { user: name, role: 'viewer', clearance } })
    expect((await give('')).status).toBe(303)
    expect((await query(token, {})).text).not.toContain(CANARY)
    expect((await give('restricted')).status).toBe(303)
    expect((await query(token, {})).text).toContain(CANARY)
    expect((await get(page, viewer)).text).toContain('public fields')
  })
})

describe('rollups over restricted fields', () => {
  const rollups = (token: string, method: string, body?: object, id = '') =>
    host.ask(method, `${acme.below}/rollups${id}`, { token, ...(body && { body }) })
  const listed = async (token: string) =>
    (await rollups(token, 'GET')).body.rollups.map(({ id }: { id: string }) => id).sort()

  test('are declared, seen and removed by nobody who is not cleared: how many rows they have tells of values', async () => {
    const mate = await memberFor(host, acme, 'operator')
    const asked = [
      { by: [{ field: 'note' }] },
      { by: [{ field: 'people' }] },
      { by: [{ field: 'city' }], sum: ['people'] },
    ]
    await classify(acme.owner, 'city', 'public')
    const open = (await rollups(operator, 'POST', { by: [{ field: 'city' }] })).body.id
    for (const body of [...asked, { by: [{ field: 'city' }, { field: 'note' }] }]) {
      const answer = await rollups(operator, 'POST', body)
      expect([body, answer.status, answer.body.code]).toEqual([body, 403, 'query.field_restricted'])
    }
    const made: string[] = []
    for (const body of asked) made.push((await rollups(mate, 'POST', body)).body.id)
    expect(await listed(cleared)).toEqual([open, ...made].sort())
    for (const token of [viewer, operator]) expect(await listed(token)).toEqual([open])
    for (const id of made) {
      const answer = await rollups(operator, 'DELETE', undefined, `/${id}`)
      expect([answer.status, answer.body.code]).toEqual([404, 'rollup.not_found'])
    }
    await classify(acme.owner, 'city', 'restricted')
    expect(await listed(operator)).toEqual([])
    for (const id of [open, ...made]) expect((await rollups(mate, 'DELETE', undefined, `/${id}`)).status).toBe(204)
  })
})

test('an upload token is told everything of what came by it, and of other imports what the uncleared are told', async () => {
  const made = await host.ask('POST', `${acme.below}/tokens`, { token: acme.owner, body: { name: 'other' } })
  const report = (token: string) =>
    send(host, `/v1/datasets/${acme.dataset}/imports/${importId}`, { method: 'GET', token })
  const own = await report(acme.upload)
  expect(own.body).toMatchObject({ masked: false, fileName: `${CANARY}.csv` })
  const others = await report(made.body.token)
  expect(others.body).toMatchObject({ masked: true, rowsRefused: 1 })
  expect(others.text).not.toContain(CANARY)
})

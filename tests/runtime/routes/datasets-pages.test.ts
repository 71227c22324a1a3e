import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type Asked, type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { linksOf } from '../../support/web/walk.ts'

setDefaultTimeout(60_000)

let host: ManagementHost
let acme: Party
let path: string
let importId: string

const LONG = `begin ${'x'.repeat(300)} end`
const CSV = `city,people,note\nOslo,700000,fjord\nBern,130000,"${LONG}"\nRome,2800000,old\n`

beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  path = `/datasets/${acme.tenant}/${acme.dataset}`
  importId = (await upload(CSV, 'cities.csv')).id
})
afterAll(() => host[Symbol.asyncDispose]())

async function upload(body: string, name: string): Promise<Asked['body']> {
  const address = `/v1/datasets/${acme.dataset}/uploads?name=${name}`
  const headers = { 'content-type': 'text/csv' }
  const { body: taken } = await send(host, address, { token: acme.upload, headers, body })
  return imported(host, acme, taken.import)
}

const get = (address: string, token = acme.owner) =>
  host.ask('GET', address, { token, headers: { accept: 'text/html' } })
const post = (address: string, form: Record<string, string>, token = acme.owner) =>
  host.ask('POST', address, { token, form })
/** First cells of the rows of a page. */
const cities = ({ text }: Asked) => [...text.matchAll(/\b(Oslo|Bern|Rome|Nice \d+)\b/g)].map(([, city]) => city)

describe('the list of datasets', () => {
  test('teaches how to begin, and offers that only to whom may', async () => {
    const empty = await managementHost()
    const seen = async (role: 'owner' | 'viewer') => {
      const token = await empty.tokenFor(role)
      return (await empty.ask('GET', '/datasets', { token, headers: { accept: 'text/html' } })).text
    }
    expect(await seen('owner')).toContain('sluice data-tenant create NAME')
    expect(await seen('viewer')).toContain('Ask an owner of this Runtime')
    expect(await seen('viewer')).not.toContain('/datasets/~new')
    await empty[Symbol.asyncDispose]()
  })

  test('has those of a person’s data tenants and no others, of which an owner of the Runtime sees name and id alone', async () => {
    const { text } = await get('/datasets')
    expect(text).toContain('>results<')
    expect(text).toContain(`href="${path}"`)
    const stranger = await host.tokenFor('operator')
    expect((await get('/datasets', stranger)).text).not.toContain('acme')
    const other = (await get('/datasets', await host.tokenFor('owner'))).text
    expect(other).toContain('acme')
    expect(other).not.toContain(acme.dataset)
    for (const below of ['', '/imports', '/tokens', '/settings', '/remove', '/records/1', '/tokens/new'])
      expect([below, (await get(`${path}${below}`, stranger)).status]).toEqual([below, 404])
    expect((await get(`/datasets/${acme.tenant}`, stranger)).status).toBe(404)
  })

  test('makes a data tenant, then a dataset in it; what was refused stands in the form again', async () => {
    const made = await post('/datasets/~new', { name: 'Umbra' })
    expect(made.status).toBe(303)
    const form = made.headers.get('location') ?? ''
    const again = await post(form, { name: 'Not A Name', shape: 'issues' })
    expect(again.status).toBe(422)
    expect(again.text).toContain('value="Not A Name"')
    expect(again.text).toContain(
      'must be lower-case letters, digits, <code>-</code> and <code>_</code>, a letter first, such as nightly-tests',
    )
    expect(again.text.match(/a letter first/g)).toHaveLength(1)
    const { status, headers } = await post(form, { name: 'tickets', shape: 'issues' })
    expect(status).toBe(303)
    const empty = (await get(headers.get('location') ?? '')).text
    expect(empty).toContain('No records yet')
    expect(empty).toContain('sluice upload issues.csv')
    expect((await post(form, { name: 'tickets', shape: 'issues' })).status).toBe(409)
    expect((await post('/datasets/~new', { name: 'x' }, await host.tokenFor('operator'))).status).toBe(403)
  })
})

describe('the records of a dataset', () => {
  test('are searched, filtered on a field and sorted by an address', async () => {
    expect(cities(await get(path))).toEqual(['Rome', 'Bern', 'Oslo'])
    expect(cities(await get(`${path}?sort=people`))).toEqual(['Bern', 'Oslo', 'Rome'])
    expect(cities(await get(`${path}?sort=-people`))).toEqual(['Rome', 'Oslo', 'Bern'])
    expect(cities(await get(`${path}?search=fjo`))).toEqual(['Oslo'])
    expect(cities(await get(`${path}?field=people&is=ge&value=700000&sort=city`))).toEqual(['Oslo', 'Rome'])
    expect(cities(await get(`${path}?field=note&is=missing`))).toEqual([])
    const { status, text } = await get(`${path}?field=people&is=lt&value=many`)
    expect(status).toBe(400)
    expect(text).toContain('value="many"')
  })

  test('are cut where they are long, and whole on a page of their own', async () => {
    const { text } = await get(path)
    expect(text).toContain('begin xxx')
    expect(text).not.toContain(LONG)
    const record = /href="([^"]+\/records\/\d+)">(?:<span>)?Bern/.exec(text)?.[1] ?? ''
    const whole = await get(record)
    expect(whole.text).toContain(LONG)
    expect(whole.text).toContain(`${path}/imports/${importId}`)
    expect((await get(`${path}/records/999999`)).status).toBe(404)
  })

  test('are paged by where the page before ended, in the order that was asked for', async () => {
    const rows = Array.from({ length: 60 }, (_, at) => `Nice ${at},${at}`)
    await upload(`city,people\n${rows.join('\n')}\n`, 'many.csv')
    const first = await get(`${path}?search=Nice&sort=people`)
    const next = linksOf(first.text).find((href) => href.includes('after=')) ?? ''
    const second = await get(next)
    const seen = [...cities(first), ...cities(second)].filter((city) => city?.startsWith('Nice'))
    expect(seen).toEqual(rows.map((row) => row.split(',')[0]))
    expect(linksOf(second.text).filter((href) => href.includes('after='))).toEqual([])
    expect((await get(`${path}?after=nonsense`)).status).toBe(400)
  })
})

describe('the imports of a dataset', () => {
  test('say what became of each document, by which token, and what was refused with line and reason', async () => {
    const { id } = await upload('city,people\nOslo,1,2,3\nRome,5\n', 'odd.csv')
    const { text } = await get(`${path}/imports`)
    expect(text).toContain('cities.csv')
    expect(text).toContain('odd.csv')
    expect(text).toContain('nightly')
    expect(text).toContain('partly')
    const one = await get(`${path}/imports/${id}`)
    expect(one.text).toContain('Refused')
    expect(one.text).toMatch(/data-label="Line">2<\/td>/)
    const viewer = await memberFor(host, acme, 'viewer')
    expect((await get(`${path}/imports`, viewer)).text).not.toContain('nightly')
  })
})

describe('the upload tokens of a dataset', () => {
  test('are made by an operator there, shown once with a script for each pipeline, listed, and revoked by one click', async () => {
    const operator = await memberFor(host, acme, 'operator')
    expect((await post(`${path}/tokens/new`, { name: 'ci', days: '0' }, operator)).status).toBe(422)
    const made = await post(`${path}/tokens/new`, { name: 'ci', days: '30' }, operator)
    const token = /id="secret">([^<]+)</.exec(made.text)?.[1] ?? ''
    for (const title of ['GitHub Actions', 'GitLab CI', 'Jenkins', 'PowerShell', 'BEGIN CERTIFICATE'])
      expect(made.text).toContain(title)
    const headers = { 'content-type': 'text/csv' }
    const sent = () => send(host, `/v1/datasets/${acme.dataset}/uploads`, { token, headers, body: 'city\nOslo\n' })
    expect((await sent()).status).toBe(202)
    const listed = await get(`${path}/tokens`, operator)
    expect(listed.text).not.toContain(token)
    expect(listed.text).toContain('192.0.2.7')
    const revoke = /action="([^"]+\/revoke)"><button[^>]*aria-label="Revoke ci:/.exec(listed.text)?.[1] ?? ''
    const viewer = await memberFor(host, acme, 'viewer')
    expect((await post(revoke, {}, viewer)).status).toBe(403)
    expect((await sent()).status).toBe(202)
    expect((await post(revoke, {}, operator)).status).toBe(303)
    expect((await sent()).status).toBe(401)
    expect((await get(`${path}/tokens`, operator)).text).toContain('revoked')
    expect((await get(`${path}/tokens`, viewer)).status).toBe(403)
    expect((await get(path, viewer)).text).not.toContain(`href="${path}/tokens"`)
  })
})

describe('the members of a data tenant', () => {
  test('are given a role and removed by its owners alone; the last owner stays', async () => {
    const tenant = `/datasets/${acme.tenant}`
    const token = await host.tokenFor('viewer')
    const { id, name } = (await host.ask('GET', '/v1/account', { token })).body
    expect((await post(`${tenant}/members`, { user: 'nobody-here', role: 'viewer' })).status).toBe(404)
    expect((await post(`${tenant}/members`, { user: name, role: 'operator' })).status).toBe(303)
    expect((await get(tenant)).text).toContain(name)
    expect((await get(tenant, token)).text).not.toContain('Add a member')
    expect((await post(`${tenant}/members`, { user: name, role: 'owner' }, token)).status).toBe(403)
    expect((await post(`${tenant}/members/${id}/remove`, { typed: name })).status).toBe(303)
    expect((await get(tenant, token)).status).toBe(404)
    const self = (await host.ask('GET', '/v1/account', { token: acme.owner })).body
    expect((await post(`${tenant}/members/${self.id}/remove`, { typed: self.name })).status).toBe(409)
  })
})

test('a dataset, and then its data tenant, go when their names are typed by an owner there', async () => {
  const bolt = await party(host, 'bolt')
  const below = `/datasets/${bolt.tenant}/${bolt.dataset}`
  const operator = await memberFor(host, bolt, 'operator')
  expect((await post(`${below}/remove`, { typed: 'results' }, operator)).status).toBe(403)
  expect((await post(`${below}/remove`, { typed: 'result' }, bolt.owner)).status).toBe(422)
  expect((await post(`${below}/remove`, { typed: 'results' }, bolt.owner)).status).toBe(303)
  expect((await get(below, bolt.owner)).status).toBe(404)
  expect((await post(`/datasets/${bolt.tenant}/remove`, { typed: 'bolt' }, bolt.owner)).status).toBe(303)
  expect((await get('/datasets', bolt.owner)).text).not.toContain('bolt')
})

test('the page of a user calls data tenants by the names that who looks may know, and the others by their ids', async () => {
  const cora = await party(host, 'cora')
  const member = (await host.ask('GET', '/v1/account', { token: cora.owner })).body
  const seen = async (token: string) => (await get(`/settings/people/${member.id}`, token)).text
  expect(await seen(cora.owner)).toContain(`<a class="open" href="/datasets/${cora.tenant}">cora</a>`)
  const other = await seen(await host.tokenFor('owner'))
  expect(other).toContain('>cora<')
  expect(other).not.toContain(`href="/datasets/${cora.tenant}"`)
  const stranger = await seen(await host.tokenFor('viewer'))
  expect(stranger).not.toContain('cora')
})

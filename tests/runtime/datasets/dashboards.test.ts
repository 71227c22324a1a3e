import { afterAll, beforeAll, expect, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

let host: ManagementHost
let acme: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
})
afterAll(() => host[Symbol.asyncDispose]())

const DAY_MS = 86_400_000
const dayAgo = (days: number) => new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)

/** A dataset of that shape with these records, and its pages as the owner of the data tenant sees them. */
let made = 0
async function filled(shape: string, records: unknown[], attributes = '') {
  const below = `/v1/data-tenants/${acme.tenant}/datasets`
  const { id } = (await host.ask('POST', below, { token: acme.owner, body: { name: `${shape}-${++made}`, shape } }))
    .body
  const upload = async (rows: unknown[], query: string) => {
    const headers = { 'content-type': 'application/x-ndjson' }
    const body = rows.map((row) => JSON.stringify(row)).join('\n')
    const sent = await send(host, `${below}/${id}/uploads${query}`, { token: acme.owner, headers, body })
    await imported(host, { ...acme, below: `${below}/${id}` }, sent.body.import)
  }
  await upload(records, attributes)
  const page = async (query = '', token = acme.owner) =>
    (
      await host.ask('GET', `/datasets/${acme.tenant}/${id}/dashboard${query}`, {
        token,
        headers: { accept: 'text/html' },
      })
    ).text
  return { page, upload }
}

/** The figures of the table behind a chart, its last row. */
function lastFigures(html: string, chart: string): string[] {
  const table = html.slice(html.indexOf(`id="${chart}-figures"`))
  const body = table.slice(0, table.indexOf('</table>'))
  const row = body.slice(body.lastIndexOf('<tr>'))
  return [...row.matchAll(/<td[^>]*>([^<]*)</g)].map(([, cell]) => cell ?? '')
}
const tile = (html: string, label: string) => new RegExp(`<span>${label}</span><b>([^<]*)</b>`).exec(html)?.[1]

test('the dashboard of test results counts what passed, failed and took long, by day, suite and branch, beside another branch', async () => {
  const result = (name: string, status: string, more: object) => ({ name, status, suite: 'shop', ...more })
  const today = { started_at: `${dayAgo(0)}T08:00:00Z`, duration_ms: 1_000 }
  const { page, upload } = await filled(
    'test-results',
    [
      result('pays', 'passed', today),
      result('returns', 'passed', { ...today, flaky: true }),
      result('counts', 'failed', today),
      result('counts', 'skipped', { ...today, suite: 'stock', class: 'later' }),
      result('pays', 'failed', { started_at: `${dayAgo(20)}T08:00:00Z`, suite: 'old', duration_ms: 1 }),
    ],
    '?attribute.branch=main&attribute.environment=ci',
  )
  await upload([result('pays', 'failed', today), result('returns', 'passed', today)], '?attribute.branch=feature')
  const all = await page('?range=14d')
  expect([tile(all, 'Pass rate'), tile(all, 'Failed'), tile(all, 'Flaky')]).toEqual(['60 %', '2', '20 %'])
  expect(lastFigures(all, 'results')).toEqual(['1', '2', '3'])
  expect(lastFigures(all, 'duration')).toEqual(['6,000'])
  expect(all).not.toContain('>old<')
  expect(await page('?range=30d')).toContain('>old<')
  const main = await page('?range=14d&branch=main&compare=feature')
  expect(lastFigures(main, 'pass-rate')).toEqual(['66.67', '50'])
  expect(main).toContain(`?field=suite&amp;is=eq&amp;value=shop`)
  const failing = main.slice(main.indexOf('id="failing"'))
  expect(failing.slice(0, failing.indexOf('</table>'))).toContain('counts')
})

test('the dashboard of reviews has ratings over time and by version', async () => {
  const below = await filled('reviews', [{ id: 'r1', rating: 4, created_at: `${dayAgo(1)}T00:00:00Z`, version: '1.2' }])
  const html = await below.page()
  expect([tile(html, 'Rating'), tile(html, 'Reviews')]).toEqual(['4.00', '1'])
  expect(html).toContain('>1.2<')
})

test('results that do not say when they began are shown by when they came, and the page says so', async () => {
  const { page } = await filled('test-results', [{ name: 'undated', status: 'passed' }])
  const html = await page()
  expect(html).toContain('they are shown by when they came')
  expect(lastFigures(html, 'results')).toEqual(['0', '0', '1'])
})

test('the dashboard of issues has what is open by status, component and age', async () => {
  const issue = (key: string, category: string, more: object) => ({
    key,
    status: category,
    status_category: category,
    ...more,
  })
  const { page } = await filled('issues', [
    issue('A-1', 'To Do', {
      created_at: `${dayAgo(3)}T00:00:00Z`,
      components: ['cart', 'pay'],
      points: 3,
      type: 'Bug',
    }),
    issue('A-2', 'To Do', { created_at: `${dayAgo(400)}T00:00:00Z`, components: ['cart'], points: 5, type: 'Bug' }),
    issue('A-3', 'Done', {
      created_at: `${dayAgo(9)}T00:00:00Z`,
      resolved_at: `${dayAgo(2)}T00:00:00Z`,
      type: 'Story',
    }),
  ])
  const html = await page()
  expect([tile(html, 'Open'), tile(html, 'Points open'), tile(html, 'Created'), tile(html, 'Resolved')]).toEqual([
    ...['2', '8', '2', '1'],
  ])
  const cells = (id: string) => {
    const table = html.slice(html.indexOf(`id="${id}"`))
    return [...table.slice(0, table.indexOf('</table>')).matchAll(/<td[^>]*>(?:<[^>]+>)*([^<]+)/g)].map(
      ([, text]) => text,
    )
  }
  expect(cells('components').slice(0, 6)).toEqual(['cart', '2', '2', 'pay', '1', '1'])
  expect(cells('ages').slice(0, 2)).toEqual(['under a week', '1'])
  expect(cells('ages').slice(-3, -1)).toEqual(['over a year', '1'])
  expect(await page('?type=Story')).toContain('<span>Open</span><b>0</b>')
})

test('who is not cleared is told so, and sees no figure of a restricted field', async () => {
  const { page } = await filled('table', [{ a: 1 }])
  expect(await page()).toContain('page.not_found')
  const token = await memberFor(host, acme, 'viewer', 'public')
  const sets = (await host.ask('GET', `/v1/data-tenants/${acme.tenant}/datasets`, { token: acme.owner })).body.datasets
  const { id } = sets.find(({ shape }: { shape: string }) => shape === 'test-results')
  const path = `/datasets/${acme.tenant}/${id}/dashboard`
  const seen = await host.ask('GET', path, { token, headers: { accept: 'text/html' } })
  expect(seen.status).toBe(403)
  expect(seen.text).toContain('restricted')
  expect(seen.text).not.toContain('shop')
})

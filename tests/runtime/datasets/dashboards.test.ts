import { afterAll, beforeAll, expect, test } from 'bun:test'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'
import { linksOf } from '../../support/web/walk.ts'

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
  if (records.length > 0) await upload(records, attributes)
  const page = async (query = '', token = acme.owner) =>
    (
      await host.ask('GET', `/datasets/${acme.tenant}/${id}/dashboard${query}`, {
        token,
        headers: { accept: 'text/html' },
      })
    ).text
  return { page, upload, path: `/datasets/${acme.tenant}/${id}`, below: `${below}/${id}` }
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
  const beside = await page(`?${new URLSearchParams({ range: '14d', beside: 'the time before' })}`)
  expect(/<span>Pass rate<\/span><b>60 %<\/b>[^;]*; the time before: 0 %/.test(beside)).toBe(true)
  expect(lastFigures(beside, 'duration')).toEqual(['6,000', '0'])
  expect(beside.slice(beside.indexOf('id="duration-figures"')).split('</table>')[0]).toContain('>1<')
  expect(main).toContain('?field=branch&amp;is=eq&amp;value=main')
  const failing = main.slice(main.indexOf('id="failing"'))
  expect(failing.slice(0, failing.indexOf('</table>'))).toContain('counts')
})

test('a failing test leads to its own page, with each result of it, from there to a record, and to the document as it came', async () => {
  const result = (status: string, more: object) => ({ name: 'pays & returns', suite: 'shop', status, ...more })
  const at = { started_at: `${dayAgo(0)}T08:00:00Z` }
  const { page, upload, path, below } = await filled('test-results', [], '')
  const runs = ['passed', 'failed', 'passed', 'skipped']
  for (const [run, status] of runs.entries())
    await upload(
      [result(status, { ...at, duration_ms: 100 * (run + 1) }), { name: 'other', status }],
      `?attribute.run=r${run}`,
    )
  const html = await page()
  const link = linksOf(html).find((one) => one.includes('/tests?')) ?? ''
  expect(link).toBe(`${path}/tests?name=pays+%26+returns&suite=shop`)
  const get = (of: string, token = acme.owner) => host.ask('GET', of, { token, headers: { accept: 'text/html' } })
  const shown = (await get(link)).text
  expect([tile(shown, 'Passed'), tile(shown, 'Changed'), tile(shown, 'Takes')]).toEqual(['2 of 3', '2 times', '200 ms'])
  const bars = [...shown.matchAll(/<a [^>]*aria-label="([^"]*)"/g)].map(([, words]) => words)
  expect(bars).toEqual(['passed, 100 ms, r0', 'failed, 200 ms, r1', 'passed, 300 ms, r2', 'skipped, 400 ms, r3'])
  const record = (await get(linksOf(shown).find((one) => one.includes('/records/')) ?? '')).text
  const links = linksOf(record)
  expect(links).toContain(link)
  const document = links.find((one) => one.startsWith(below) && one.endsWith('/document')) ?? ''
  expect((await host.ask('GET', document, { token: acme.owner })).text).toContain('pays & returns')
  const seen = await get(link, await memberFor(host, acme, 'viewer', 'public'))
  expect([seen.status, seen.text.includes('r0')]).toEqual([403, false])
  expect((await get(`${path}/tests?name=none`)).text).toContain('No result of this dataset')
})

test('the dashboard of reviews has ratings over time and by version', async () => {
  const below = await filled('reviews', [{ id: 'r1', rating: 4, created_at: `${dayAgo(1)}T00:00:00Z`, version: '1.2' }])
  const html = await below.page()
  expect([tile(html, 'Rating'), tile(html, 'Reviews')]).toEqual(['4.00', '1'])
  await below.upload([{ id: 'r0', rating: 2, created_at: `${dayAgo(40)}T00:00:00Z`, version: '1.1' }], '')
  const beside = await below.page('?beside=the+time+before')
  expect(beside).toMatch(/<span>Rating<\/span><b>4.00<\/b>[^;]*; the time before: 2.00/)
  expect(html).toContain('>1.2<')
})

test('results that do not say when they began are shown by when they came, and the page says so', async () => {
  const { page } = await filled('test-results', [{ name: 'undated', status: 'passed' }])
  const html = await page()
  expect(html).toContain('they are shown by when they came')
  expect(lastFigures(html, 'results')).toEqual(['0', '0', '1'])
})

test('days are those of UTC or of the zone in the address, and the page says which', async () => {
  const at = `${dayAgo(2)}T23:30:00Z`
  const { page } = await filled('test-results', [{ name: 'late', status: 'passed', started_at: at, duration_ms: 7 }])
  const countOn = (html: string, day: string) => {
    const table = html.slice(html.indexOf('id="duration-figures"')).split('</table>')[0] ?? ''
    const row = table.slice(table.indexOf(`<th scope="row">${day.slice(5)} 00:00`)).split('</tr>')[0] ?? ''
    return />(\d+)</.exec(row.slice(row.indexOf('<td')))?.[1]
  }
  const plain = await page('?range=14d')
  expect([countOn(plain, dayAgo(2)), countOn(plain, dayAgo(1))]).toEqual(['7', '0'])
  expect([plain.includes('Days are those of UTC.'), plain.includes('Time (UTC)')]).toEqual([true, true])
  const berlin = await page('?range=14d&zone=Europe%2FBerlin')
  expect([countOn(berlin, dayAgo(2)), countOn(berlin, dayAgo(1))]).toEqual(['0', '7'])
  expect(berlin).toContain('Days are those of Europe/Berlin')
  expect([berlin.includes('Time (Europe/Berlin)'), tile(berlin, 'Failed')]).toEqual([true, '0'])
  expect(
    linksOf(berlin)
      .filter((link) => link.includes('range=30d'))
      .join(),
  ).toContain('zone=Europe%2FBerlin')
  expect(await page('?zone=Europe%2FAtlantis')).toContain('Days are those of UTC.')
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
  expect(cells('types')).toEqual(['Bug', '1', '0', '2', 'Story', '1', '1', '0'])
  expect(cells('components').slice(0, 6)).toEqual(['cart', '2', '2', 'pay', '1', '1'])
  expect(cells('ages').slice(0, 2)).toEqual(['under a week', '1'])
  expect(cells('ages').slice(-3, -1)).toEqual(['over a year', '1'])
  expect(await page('?type=Story')).toContain('<span>Open</span><b>0</b>')
  const beside = await page('?range=14d&beside=the+time+before')
  expect(beside).toMatch(/<span>Created<\/span><b>2<\/b>[^;]*; the time before: 0/)
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

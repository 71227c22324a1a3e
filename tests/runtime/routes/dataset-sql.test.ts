import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { slowTest } from '../../support/quick.ts'
import { imported, memberFor, type Party, party, send } from '../../support/runtime/data-site.ts'
import { type ManagementHost, managementHost } from '../../support/runtime/management-host.ts'

setDefaultTimeout(60_000)

let host: ManagementHost
let acme: Party
let bolt: Party
beforeAll(async () => {
  host = await managementHost()
  acme = await party(host, 'acme')
  bolt = await party(host, 'bolt')
  await uploaded(acme, 'city,people\nOslo,700000\n=cmd|x,1\n<b>Bern</b>,130000\n')
  await uploaded(bolt, 'city,people\ncanary-of-bolt,2\n')
})
afterAll(() => host[Symbol.asyncDispose]())

async function uploaded(to: Party, body: string): Promise<void> {
  const sent = { token: to.upload, headers: { 'content-type': 'text/csv' }, body }
  const { body: taken } = await send(host, `/v1/datasets/${to.dataset}/uploads`, sent)
  await imported(host, to, taken.import)
}

const apiOf = ({ tenant }: Party) => `/v1/data-tenants/${tenant}/sql`
const pageOf = ({ tenant }: Party) => `/datasets/${tenant}/~sql`
type By = { from?: Party; token?: string; headers?: Record<string, string> }
const ask = (sql: unknown, { from = acme, token = from.owner, headers = {} }: By = {}) =>
  host.ask('POST', apiOf(from), { token, headers, body: { sql } })
const post = (form: Record<string, string>, token = acme.owner) => host.ask('POST', pageOf(acme), { token, form })

describe('the API', () => {
  slowTest(
    'answers an owner of the data tenant from its datasets alone, as JSON or as CSV that no spreadsheet runs',
    async () => {
      const sql = 'SELECT city, people * 2 AS twice FROM results ORDER BY people'
      expect((await ask(sql)).body).toEqual({
        columns: [{ name: 'city' }, { name: 'twice' }],
        rows: [
          ['=cmd|x', 2],
          ['<b>Bern</b>', 260_000],
          ['Oslo', 1_400_000],
        ],
        ...{ more: false, elapsedMs: expect.any(Number) },
      })
      const file = await ask(sql, { headers: { accept: 'text/csv' } })
      expect(file.text).toBe("city,twice\r\n'=cmd|x,2\r\n<b>Bern</b>,260000\r\nOslo,1400000\r\n")
      expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8')
      expect(file.headers.get('sluice-more')).toBe('false')
      expect((await ask(sql, { from: bolt })).body.rows).toEqual([['canary-of-bolt', 4]])
      const { body } = await host.ask('GET', apiOf(acme), { token: acme.owner })
      expect(body.views).toEqual([
        {
          ...{ dataset: acme.dataset, name: 'results' },
          columns: ['city', 'people', '_record', '_import', '_line', '_received_at', '_attributes'],
        },
      ])
    },
  )

  slowTest('says why a question is refused, with the status of that', async () => {
    for (const [sql, status, code] of [
      ['SELECT town FROM results', 400, 'sql.invalid'],
      ['DROP TABLE results', 403, 'sql.not_allowed'],
      ["SELECT readfile('/etc/passwd')", 403, 'sql.not_allowed'],
      ["SELECT printf('%*c', 900000000, 'x')", 429, 'sql.too_large'],
      ['', 422, 'request.invalid'],
      [' '.repeat(10), 422, 'request.invalid'],
      [`SELECT '${'é'.repeat(8_192)}'`, 422, 'request.invalid'],
      [7, 422, 'request.invalid'],
    ] as const) {
      const answer = await ask(sql)
      expect([sql, answer.status, answer.body.code]).toEqual([sql, status, code])
    }
  })

  test('is for owners of the data tenant alone, cleared or not', async () => {
    for (const role of ['viewer', 'operator'] as const) {
      const token = await memberFor(host, acme, role)
      expect((await ask('SELECT 1', { token })).body.code).toBe('account.role_too_low')
      expect((await host.ask('GET', apiOf(acme), { token })).body.code).toBe('account.role_too_low')
      expect((await host.ask('GET', pageOf(acme), { token, headers: { accept: 'text/html' } })).status).toBe(403)
    }
    expect((await ask('SELECT 1', { token: bolt.owner })).body.code).toBe('data_tenant.not_found')
  })

  test('is told to the audit trail: who, how much, which datasets, and nothing of the question', async () => {
    await ask("SELECT * FROM results WHERE city = 'mary-canary'")
    await ask('SELECT mary_canary FROM results')
    const { text, body } = await host.ask('GET', '/v1/audit', { token: acme.owner })
    expect(text).not.toMatch(/mary.canary/)
    const lines: { action: string; subject: string; detail: object }[] = body.entries
    const told = lines.filter(({ action }) => action.startsWith('data_tenant.asked_in_sql')).slice(0, 4)
    expect(told.map(({ action, subject, detail }) => ({ action, subject, detail }))).toEqual([
      {
        ...{ action: 'data_tenant.asked_in_sql_failed', subject: acme.tenant },
        detail: { dataTenant: acme.tenant, bytes: 31, code: 'sql.invalid' },
      },
      {
        ...{ action: 'data_tenant.asked_in_sql_tried', subject: acme.tenant },
        detail: { dataTenant: acme.tenant, bytes: 31 },
      },
      {
        ...{ action: 'data_tenant.asked_in_sql', subject: acme.tenant },
        detail: {
          ...{ dataTenant: acme.tenant, bytes: 48, rows: 0, more: false },
          ...{ datasets: acme.dataset, datasetsRead: 1 },
        },
      },
      expect.objectContaining({ action: 'data_tenant.asked_in_sql_tried' }),
    ])
  })
})

describe('the page', () => {
  test('has what can be named beside an empty question, and is led to from the data tenant’s page', async () => {
    const { text, status } = await host.ask('GET', pageOf(acme), {
      token: acme.owner,
      headers: { accept: 'text/html' },
    })
    expect(status).toBe(200)
    expect(text).toContain('SELECT * FROM results LIMIT 10')
    expect(text).toContain('city, people, _record')
    const tenant = await host.ask('GET', `/datasets/${acme.tenant}`, {
      token: acme.owner,
      headers: { accept: 'text/html' },
    })
    expect(tenant.text).toContain(`href="${pageOf(acme)}"`)
  })

  test('shows the answer as a table below the question, and gives it as a file', async () => {
    const sql = 'SELECT city, people FROM results ORDER BY people'
    const { text, status } = await post({ sql })
    expect(status).toBe(200)
    expect(text).toContain('&lt;b&gt;Bern&lt;/b&gt;')
    expect(text).not.toContain('<b>Bern</b>')
    expect(text).toContain('3 rows in')
    expect(text).toContain(`\n${sql}</textarea>`)
    const file = await post({ sql, as: 'csv' })
    expect(file.headers.get('content-disposition')).toBe('attachment; filename="answer.csv"')
    expect(file.text).toBe("city,people\r\n'=cmd|x,1\r\n<b>Bern</b>,130000\r\nOslo,700000\r\n")
  })

  test('shows the first rows of a long answer, and teaches where there is nothing to ask', async () => {
    const { text } = await post({ sql: 'SELECT value AS n FROM generate_series(1000, 1200)' })
    expect(text).toContain('The first 200 rows; the file has all 201.')
    expect([text.includes('>1199<'), text.includes('>1200<')]).toEqual([true, false])
    const wide = Array.from({ length: 51 }, (_, n) => `'value-${n}'`).join(', ')
    const columns = (await post({ sql: `SELECT ${wide}` })).text
    expect(columns).toContain('The first 50 columns; the file has all 51.')
    expect([columns.includes('>value-49<'), columns.includes('>value-50<')]).toEqual([true, false])
    const { body } = await host.ask('POST', '/v1/data-tenants', { token: acme.owner, body: { name: 'empty' } })
    const empty = await host.ask('GET', `/datasets/${body.id}/~sql`, {
      token: acme.owner,
      headers: { accept: 'text/html' },
    })
    expect(empty.text).toContain('this one has none yet')
  })

  test('says beside the question what SQLite says of it, and keeps it', async () => {
    const { text, status } = await post({ sql: 'SELECT town FROM results' })
    expect(status).toBe(400)
    expect(text).toContain('SELECT town FROM results</textarea>')
    expect(text).toMatch(/id="sql-[a-z]+"[^>]*>[^<]*SQLite says: no such column: town/)
    expect((await post({ sql: 'DELETE FROM results' })).status).toBe(403)
    expect((await post({ sql: '' })).status).toBe(422)
  })
})

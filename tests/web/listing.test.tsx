import { describe, expect, test } from 'bun:test'
import { FILTER_LENGTH_MAX, LISTING_PAGES_MAX, LISTING_ROWS } from '../../src/web/listing.ts'
import { pageOf, readListing, Table, type View } from '../../src/web/mod.ts'

const TERMS = { sort: ['name', 'since'], by: '-since' }
const ROWS = Array.from({ length: 120 }, (_, i) => ({ name: `factory-${i}`, since: i }))
const BY = { text: (row: (typeof ROWS)[0]) => row.name, by: { name: (row: (typeof ROWS)[0]) => row.name } }

async function text(view: View): Promise<string> {
  return String(await view)
}

describe('readListing', () => {
  test('takes filter, order and page from an address', () => {
    const listing = readListing('/runtimes', { filter: ' cloud ', sort: '-name', page: '3' }, TERMS)
    expect(listing).toMatchObject({ filter: 'cloud', sort: 'name', descending: true, page: 3, offset: 100 })
  })

  test('falls back to its defaults for what makes no sense', () => {
    const words = { filter: 'x'.repeat(FILTER_LENGTH_MAX + 1), sort: 'password', page: '-1' }
    expect(readListing('/x', words, TERMS)).toMatchObject({ filter: '', sort: 'since', descending: true, page: 1 })
    expect(readListing('/x', { page: '0' }, TERMS).page).toBe(1)
    expect(readListing('/x', { page: String(LISTING_PAGES_MAX + 1) }, TERMS).page).toBe(LISTING_PAGES_MAX)
    expect(readListing('/x', { sort: '--name' }, TERMS).sort).toBe('since')
  })
})

describe('pageOf', () => {
  test('filters in any case, sorts numbers in names as numbers, and cuts', () => {
    const listing = readListing('/x', { sort: 'name', filter: 'FACTORY', page: '2' }, TERMS)
    const { rows, total } = pageOf(ROWS, listing, BY)
    expect(total).toBe(120)
    expect(rows).toHaveLength(LISTING_ROWS)
    expect(rows[0]?.name).toBe('factory-50')
  })

  test('is empty beyond the last page', () => {
    expect(pageOf(ROWS, readListing('/x', { page: '4' }, TERMS), BY)).toEqual({ rows: [], total: 120 })
  })
})

describe('Table', () => {
  const listing = readListing('/x', { sort: 'name', filter: 'a&b', page: '2' }, { ...TERMS, keep: { at: 'dep_1' } })
  const table = (
    <Table
      id="t"
      title="Runtimes"
      columns={[{ title: 'Name', sort: 'name' }, { title: 'Since', sort: 'since' }, { title: 'State' }]}
      rows={[{ href: '/x/1', cells: ['one', '2', 'up'], under: 'small' }]}
      total={120}
      filterLabel="Filter"
      {...{ listing }}
    />
  )

  test('works without scripts: filter, heads and pages are a form and links that keep the rest', async () => {
    const html = await text(table)
    expect(html).toMatch(/<form class="filter" method="get" action="\/x"/)
    expect(html).toContain('<input type="hidden" name="at" value="dep_1"/>')
    expect(html).toContain('<input type="hidden" name="sort" value="name"/>')
    expect(html).toMatch(/aria-sort="ascending"><a href="\/x\?at=dep_1&amp;filter=a%26b&amp;sort=-name">/)
    expect(html).toContain('51–51 of 120')
    expect(html).toContain('href="/x?at=dep_1&amp;filter=a%26b&amp;sort=name">Previous')
    expect(html).toContain('href="/x?at=dep_1&amp;filter=a%26b&amp;sort=name&amp;page=3">Next')
  })

  test('opens a row by the link around its first cell, and names each cell for a phone', async () => {
    const html = await text(table)
    expect(html).toContain('<a class="open" href="/x/1">one</a><small>small</small>')
    expect(html).toContain('<td data-label="State">up</td>')
  })

  test('says what it was filtered by when nothing fits, and what would be here when nothing is', async () => {
    const columns = [{ title: 'Name' }]
    const none = <Table id="t" title="T" columns={columns} rows={[]} total={0} filterLabel="F" {...{ listing }} />
    expect(await text(none)).toContain('Nothing fits “a&amp;b”.')
    expect(await text(<Table id="t" title="T" columns={columns} rows={[]} empty="None yet." />)).toContain('None yet.')
  })
})

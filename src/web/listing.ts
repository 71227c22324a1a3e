/** What a table's address says of it: filter, order and page. The same words in every table, so that links and back work. */

import * as v from 'valibot'
import { parseInput } from './body.ts'

/** Rows of one page of a table; ≈ 500 B of HTML each. */
export const LISTING_ROWS = 50
/** Pages that can be asked for: with 50 rows each, half a million rows; further down a filter finds what a page number cannot. */
export const LISTING_PAGES_MAX = 10_000
/** Characters of a filter that are looked at. */
export const FILTER_LENGTH_MAX = 128

/** What is shown of a list, and where its links lead. */
export type Listing = {
  /** Where the table is, without a query. */
  path: string
  filter: string
  /** One of the offered columns. */
  sort: string
  descending: boolean
  /** From 1. */
  page: number
  rowsMax: number
  /** Rows before this page: `OFFSET` of a query. */
  offset: number
  /** Other words of the query that links keep. */
  keep: Readonly<Record<string, string>>
}

/** What a table offers. */
export type ListingTerms = {
  /** Columns that can be sorted by. */
  sort: readonly string[]
  /** The order without a word: a column, with `-` before it descending. */
  by: string
  keep?: Readonly<Record<string, string>>
  rowsMax?: number
}

const Words = v.object({
  filter: v.fallback(v.pipe(v.string(), v.trim(), v.maxLength(FILTER_LENGTH_MAX)), ''),
  sort: v.fallback(v.string(), ''),
  page: v.fallback(v.pipe(v.string(), v.regex(/^\d{1,6}$/), v.transform(Number)), 1),
})

/** Reads `filter`, `sort` (`-name` descends) and `page`. Words that make no sense fall back to the defaults. */
export function readListing(path: string, query: Readonly<Record<string, string>>, terms: ListingTerms): Listing {
  const { filter, sort, page: asked } = parseInput(Words, query)
  const order = terms.sort.includes(sort.replace(/^-/, '')) ? sort : terms.by
  const page = Math.min(Math.max(1, asked), LISTING_PAGES_MAX)
  const { rowsMax = LISTING_ROWS, keep = {} } = terms
  return {
    ...{ path, filter, page, rowsMax, keep },
    sort: order.replace(/^-/, ''),
    descending: order.startsWith('-'),
    offset: (page - 1) * rowsMax,
  }
}

/** The address of the same table with something of it changed; a new filter or order begins at its first page. */
export function listingHref(listing: Listing, change: Partial<Pick<Listing, 'sort' | 'descending' | 'page'>>): string {
  const { path, keep, filter, sort, descending, page } = { ...listing, page: 1, ...change }
  const query = new URLSearchParams(keep)
  if (filter !== '') query.set('filter', filter)
  query.set('sort', descending ? `-${sort}` : sort)
  if (page > 1) query.set('page', String(page))
  return `${path}?${query}`
}

/** How a list in memory is filtered (`text`, any case) and sorted (`by`, for each column that can be). */
export type ListTerms<Row> = {
  text: (row: Row) => string
  by: Readonly<Record<string, (row: Row) => string | number>>
}

/** One page of a list that is in memory anyway. What stands in a table is filtered, sorted and cut by its query instead. */
export function pageOf<Row>(
  rows: readonly Row[],
  listing: Listing,
  terms: ListTerms<Row>,
): { rows: Row[]; total: number } {
  const wanted = listing.filter.toLowerCase()
  const found = wanted === '' ? [...rows] : rows.filter((row) => terms.text(row).toLowerCase().includes(wanted))
  const key = terms.by[listing.sort]
  if (key !== undefined) found.sort((a, b) => order(key(a), key(b)) * (listing.descending ? -1 : 1))
  return { rows: found.slice(listing.offset, listing.offset + listing.rowsMax), total: found.length }
}

function order(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  return String(a).localeCompare(String(b), 'en', { numeric: true })
}

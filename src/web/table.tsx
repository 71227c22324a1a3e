/** Tables: counted, sorted, filtered and paged by the server, so that ten thousand rows stay as quick as ten. */
import type { Child } from 'hono/jsx'
import { grouped } from './format.ts'
import { Icon } from './icon.tsx'
import { FILTER_LENGTH_MAX, type Listing, listingHref } from './listing.ts'
import type { View } from './view.ts'

/** `sort` is the word by which a listing sorts this column: its head becomes a link. */
export type Column = { title: string; numeric?: boolean; sort?: string }
/**
 * Cells in the order of the columns; `id` makes the row a target of links. With `href` the whole row opens that page, by a link
 * around its first cell; `under` stands below it, small and outside the link.
 */
export type TableRow = { id?: string; href?: string; cells: readonly Child[]; under?: Child }

/** What a table shows. With `listing`, its heads sort, typing filters, and more rows than one page holds are paged. */
export type TableProps = {
  /** Unique on the page; also what a filter swaps. */
  id: string
  title: string
  columns: readonly Column[]
  rows: readonly TableRow[]
  listing?: Listing
  /** Rows that the filter leaves, on all pages. */
  total?: number
  /** Says what the filter looks at; without it there is no filter. `/` focuses it. */
  filterLabel?: string
  /** What one can do with the list, beside its title. */
  action?: Child
  /** Shown in place of rows. */
  empty?: Child
  /** On a phone cells follow each other in a few lines, for rows that are many and read like a log. */
  feed?: boolean
}

/** A titled, counted table in its card, with filter and pages where it has them. */
export function Table(props: TableProps): View {
  const { listing, total = props.rows.length } = props
  return (
    <section class="listing" aria-labelledby={`${props.id}-title`}>
      <div class="listing-head">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.action}
        {listing !== undefined && props.filterLabel !== undefined && (
          <Filter table={props.id} label={props.filterLabel} listing={listing} />
        )}
      </div>
      <div id={props.id} class="card">
        {props.rows.length === 0 ? (
          <p class="nothing">
            {listing?.filter ? `Nothing fits “${listing.filter}”.` : (props.empty ?? 'Nothing here.')}
          </p>
        ) : (
          <Rows title={props.title} columns={props.columns} rows={props.rows} listing={listing} feed={props.feed} />
        )}
        {listing !== undefined && <Pager listing={listing} shown={props.rows.length} total={total} />}
      </div>
    </section>
  )
}

export type RowsProps = Pick<TableProps, 'columns' | 'rows'> & {
  title: string
  listing?: Listing | undefined
  feed?: boolean | undefined
}

/** The bare table, for places that have their own frame. On a phone each row is a card with its heads beside its cells. */
export function Rows(props: RowsProps): View {
  return (
    <table class={props.feed ? 'rows feed' : 'rows'} aria-label={props.title}>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <Head column={column} listing={props.listing} />
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr id={row.id} class={row.href === undefined ? undefined : 'opens'}>
            {row.cells.map((cell, i) => (
              <td class={props.columns[i]?.numeric ? 'num' : undefined} data-label={props.columns[i]?.title}>
                {i === 0 ? <First row={row} /> : cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function First({ row }: { row: TableRow }): View {
  return (
    <>
      {row.href === undefined ? (
        row.cells[0]
      ) : (
        <a class="open" href={row.href}>
          {row.cells[0]}
        </a>
      )}
      {row.under !== undefined && <small>{row.under}</small>}
    </>
  )
}

function Head({ column, listing }: { column: Column; listing: Listing | undefined }): View {
  const kind = column.numeric ? 'num' : undefined
  if (column.sort === undefined || listing === undefined) {
    return (
      <th scope="col" class={kind}>
        {column.title}
      </th>
    )
  }
  const sorted = listing.sort === column.sort
  const href = listingHref(listing, { sort: column.sort, descending: sorted && !listing.descending })
  return (
    <th scope="col" class={kind} aria-sort={sorted ? (listing.descending ? 'descending' : 'ascending') : undefined}>
      <a href={href}>
        {column.title} <Icon name={sorted ? (listing.descending ? 'down' : 'up') : 'sort'} />
      </a>
    </th>
  )
}

/** A form that works by itself, and quicker with scripts. */
function Filter({ table, label, listing }: { table: string; label: string; listing: Listing }): View {
  const kept = { ...listing.keep, sort: `${listing.descending ? '-' : ''}${listing.sort}` }
  return (
    <search>
      <form
        class="filter"
        method="get"
        action={listing.path}
        hx-get={listing.path}
        hx-target={`#${table}`}
        hx-select={`#${table}`}
        hx-swap="outerHTML"
        hx-replace-url="true"
        hx-trigger="input changed delay:200ms, submit"
      >
        {Object.entries(kept).map(([name, value]) => (
          <input type="hidden" name={name} value={value} />
        ))}
        <Icon name="search" />
        <input
          type="search"
          name="filter"
          value={listing.filter}
          placeholder={label}
          aria-label={label}
          data-filter
          autocomplete="off"
          maxlength={FILTER_LENGTH_MAX}
        />
        <span class="key" aria-hidden="true">
          /
        </span>
      </form>
    </search>
  )
}

function Pager({ listing, shown, total }: { listing: Listing; shown: number; total: number }): View {
  const from = listing.offset + 1
  const to = listing.offset + shown
  return (
    <div class="pager">
      <span>{shown === 0 ? `0 of ${grouped(total)}` : `${grouped(from)}–${grouped(to)} of ${grouped(total)}`}</span>
      {listing.page > 1 && <a href={listingHref(listing, { page: listing.page - 1 })}>Previous</a>}
      {to < total && <a href={listingHref(listing, { page: listing.page + 1 })}>Next</a>}
    </div>
  )
}

/** Tables: counted, sorted and filtered by the server, so that ten thousand rows stay as quick as ten. */
import type { Child } from 'hono/jsx'
import { grouped } from './format.ts'
import { Icon } from './icon.tsx'
import type { View } from './view.ts'

/** `wide` columns are left out on a phone. `sortHref` makes the head a link that sorts by this column. */
export type Column = {
  title: string
  numeric?: boolean
  wide?: boolean
  sortHref?: string
  sorted?: 'ascending' | 'descending'
}
/** Cells in the order of the columns; `id` makes the row a target of links. */
export type TableRow = { id?: string; cells: readonly Child[] }
/** Rows `from`–`to` of `total`, counted from 1. */
export type TablePage = { from: number; to: number; total: number; previous?: string; next?: string }

/** What a table shows, and where its filter and pages lead. */
export type TableProps = {
  /** Unique on the page; also what a filter swaps. */
  id: string
  title: string
  columns: readonly Column[]
  rows: readonly TableRow[]
  /** A filter by typing: a form that works by itself, and quicker with scripts. `/` focuses it. */
  filter?: { action: string; value: string; label: string }
  page?: TablePage
  /** Shown in place of rows. */
  empty?: Child
}

/** A titled, counted table in its card, with filter and pages where it has them. */
export function Table(props: TableProps): View {
  return (
    <section class="listing" aria-labelledby={`${props.id}-title`}>
      <div class="listing-head">
        <h2 id={`${props.id}-title`}>{props.title}</h2>
        {props.filter !== undefined && <Filter table={props.id} {...props.filter} />}
      </div>
      <div id={props.id} class="card scroll">
        {props.rows.length === 0 ? (
          <p class="nothing">{props.empty ?? 'Nothing here.'}</p>
        ) : (
          <Rows columns={props.columns} rows={props.rows} />
        )}
        {props.page !== undefined && <Pager {...props.page} />}
      </div>
    </section>
  )
}

/** The bare table, for places that have their own frame. */
export function Rows(props: { columns: readonly Column[]; rows: readonly TableRow[] }): View {
  return (
    <table>
      <thead>
        <tr>
          {props.columns.map((column) => (
            <th scope="col" class={classOf(column)} aria-sort={column.sorted}>
              <Head {...column} />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {props.rows.map((row) => (
          <tr id={row.id}>
            {row.cells.map((cell, i) => (
              <td class={classOf(props.columns[i])}>{cell}</td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Head(column: Column): View {
  if (column.sortHref === undefined) return <>{column.title}</>
  return (
    <a href={column.sortHref}>
      {column.title} <Icon name="sort" />
    </a>
  )
}

function Filter(props: { table: string; action: string; value: string; label: string }): View {
  return (
    <search>
      <form
        class="filter"
        method="get"
        action={props.action}
        hx-get={props.action}
        hx-target={`#${props.table}`}
        hx-select={`#${props.table}`}
        hx-swap="outerHTML"
        hx-replace-url="true"
        hx-trigger="input changed delay:200ms, submit"
      >
        <Icon name="search" />
        <input
          type="search"
          name="filter"
          value={props.value}
          placeholder={props.label}
          aria-label={props.label}
          data-filter
          autocomplete="off"
          maxlength={128}
        />
        <span class="key">/</span>
      </form>
    </search>
  )
}

function Pager(page: TablePage): View {
  return (
    <div class="pager">
      <span>{`${grouped(page.from)}–${grouped(page.to)} of ${grouped(page.total)}`}</span>
      {page.previous !== undefined && <a href={page.previous}>Previous</a>}
      {page.next !== undefined && <a href={page.next}>Next</a>}
    </div>
  )
}

function classOf(column: Column | undefined): string | undefined {
  const names = [column?.numeric && 'num', column?.wide && 'wide'].filter((name) => typeof name === 'string')
  return names.length === 0 ? undefined : names.join(' ')
}

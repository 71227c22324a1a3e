/** The records of a dataset as a table of a few of their fields, and one record with all of them. */
import { nounFor } from '../../base/mod.ts'
import {
  Ago,
  Code,
  Empty,
  Facts,
  type Failure,
  Field,
  Filters,
  FormError,
  grouped,
  Icon,
  type Listing,
  Notice,
  Rows,
  Select,
  State,
  type TableRow,
  type View,
} from '../../web/mod.ts'
import type { Clearance, Dataset, DatasetField, QueryPage } from '../../wire/mod.ts'
import { ViewActs } from './datasets-views.tsx'

/** What was asked of the records, as it was typed. `sort`: a field, with `-` before it descending. */
export type RecordsAsked = { field: string; is: string; value: string; search: string; sort: string; after: string }

/** By what a record is found again; see the fields that every record has. */
export const RECORD = '_record'
/** Columns that fit a page. */
const COLUMNS_MAX = 8
const CELL_LENGTH_MAX = 80
/** A longer value, or one of several lines, stands in a box of its own. */
const FACT_LENGTH_MAX = 200

const SHOWN: Record<Dataset['shape'], readonly string[]> = {
  'test-results': ['name', 'suite', 'status', 'duration_ms', 'message', 'branch', 'run'],
  issues: ['key', 'summary', 'type', 'status', 'priority', 'assignee', 'updated_at'],
  reviews: ['title', 'rating', 'text', 'app', 'version', 'country', 'created_at'],
  table: [],
}

/** The ways to compare that the filter offers. */
export const COMPARISONS = [
  { value: 'contains', label: 'contains' },
  { value: 'eq', label: 'is' },
  { value: 'ne', label: 'is not' },
  { value: 'lt', label: 'is less than' },
  { value: 'le', label: 'is at most' },
  { value: 'gt', label: 'is more than' },
  { value: 'ge', label: 'is at least' },
  { value: 'missing', label: 'is missing' },
  { value: 'present', label: 'is there' },
] as const

/** Names of all that can be asked for. */
export function fieldNames({ fields }: Pick<Dataset, 'fields'>): string[] {
  return [...new Set([...fields.map(({ name }) => name), '_received_at', '_import', '_line'])]
}

/** Names of what the table shows: what tells records of the shape apart, and what was asked about. */
export function columnsOf(dataset: Pick<Dataset, 'shape' | 'fields'>, { field, sort }: RecordsAsked): string[] {
  const names = fieldNames(dataset)
  const usual = dataset.shape === 'table' ? dataset.fields.map(({ name }) => name) : SHOWN[dataset.shape]
  const asked = [field, sort.replace(/^-/, '')].filter((name) => names.includes(name))
  return [...new Set([...usual.slice(0, COLUMNS_MAX - asked.length), ...asked])]
}

export type RecordsProps = {
  dataset: Dataset
  /** Of the dataset's pages. */
  path: string
  asked: RecordsAsked
  listing: Listing
  /** Nothing when it was refused, for which `failure` says why. */
  page: QueryPage | undefined
  failure?: Failure | undefined
  /** The one line that uploads the first document. */
  upload: string
  /** Where the records that are shown, and all further ones, are had as a file. */
  exports: readonly { label: string; href: string }[]
  mayMakeToken: boolean
  /** Of who looks. */
  clearance: Clearance
  nowMs: number
}

export function RecordsPage(props: RecordsProps): View {
  const { dataset, path, page, failure, upload, mayMakeToken } = props
  if (dataset.records === 0 && failure === undefined)
    return (
      <Empty
        title="No records yet"
        teaches="Records come out of documents that a pipeline uploads with a token of this dataset. Make a token, put it where the pipeline keeps its secrets as SLUICE_UPLOAD_TOKEN, and upload:"
        command={upload}
        {...(mayMakeToken && { actions: [{ label: 'New upload token', href: `${path}/tokens/new` }] })}
      />
    )
  return (
    <>
      <RecordFilters {...props} />
      {failure !== undefined && <FormError {...failure} />}
      {page?.search !== undefined && page.search.waiting > 0 && (
        <Notice kind="warn">
          {`Of the newest records ${grouped(page.search.waiting)}, at most, are not searched yet: they come in a moment.`}
        </Notice>
      )}
      {page !== undefined && <RecordTable {...props} page={page} />}
    </>
  )
}

function RecordFilters({ dataset, path, asked, clearance }: RecordsProps): View {
  const { field, is, value, search } = asked
  const open = dataset.fields.filter((one) => clearance === 'restricted' || one.class === 'public')
  const fields = fieldNames({ fields: open }).map((name) => ({ value: name, label: name }))
  return (
    <Filters action={path} label="Filter records" clear={field || search ? path : undefined}>
      <Field
        name="search"
        label="Search"
        type="search"
        value={search}
        placeholder="words, &quot;several in a row&quot;, begin*"
        lengthMax={1_024}
      />
      <Select name="field" label="Field" options={[{ value: '', label: 'none' }, ...fields]} value={field} />
      <Select name="is" label="Compared" options={COMPARISONS} value={is} />
      <Field name="value" label="Value" value={value} lengthMax={1_024} />
      {asked.sort !== '' && <input type="hidden" name="sort" value={asked.sort} />}
    </Filters>
  )
}

function RecordTable(props: RecordsProps & { page: QueryPage }): View {
  const { dataset, path, asked, listing, page, exports, nowMs } = props
  const filtered = asked.field !== '' || asked.search !== ''
  const shown = page.fields.flatMap((field, at) => (field.name === RECORD ? [] : [{ ...field, at }]))
  const record = page.fields.findIndex(({ name }) => name === RECORD)
  const rows = page.rows.map((row): TableRow => {
    const [first, ...others] = shown.map(({ at, ...field }) => {
      const value = row[at]
      if (field.masked) return <Masked />
      return cutText(value) === '' ? null : <Cell {...{ field, value, shape: dataset.shape, nowMs }} />
    })
    const opens = shown[0]?.masked ? null : first
    return { href: `${path}/records/${row[record]}`, cells: [opens ?? `Record ${row[record]}`, ...others] }
  })
  const pages = [
    ...(asked.after === '' ? [] : [{ label: 'First records', after: '' }]),
    ...(page.next === undefined ? [] : [{ label: 'Next records', after: page.next }]),
  ]
  return (
    <>
      <section class="listing" aria-labelledby="records-title">
        <div class="listing-head">
          <h2 id="records-title">
            {filtered ? 'Records that fit' : `${grouped(dataset.records)} ${nounFor(dataset.records, 'record')}`}
          </h2>
        </div>
        <div class="card">
          {rows.length === 0 ? (
            <p class="nothing">No record fits.</p>
          ) : (
            <Rows
              title="Records"
              columns={shown.map(({ name, type, masked }, at) => ({
                ...(masked ? { title: `${name} (masked)` } : { title: name, sort: name }),
                numeric: at > 0 && type === 'number',
              }))}
              {...{ rows, listing }}
            />
          )}
        </div>
      </section>
      <ViewActs path={path} page="records" words={Object.fromEntries(askedWords({ ...asked, after: '' }))} />
      <nav class="acts" aria-label="Export">
        {exports.map(({ label, href }) => (
          <a class="button quiet" href={href} download>
            {label}
          </a>
        ))}
      </nav>
      {pages.length > 0 && (
        <nav class="acts" aria-label="Pages of records">
          {pages.map(({ label, after }) => (
            <a class="button quiet" href={`${path}?${new URLSearchParams(askedWords({ ...asked, after }))}`}>
              {label}
            </a>
          ))}
        </nav>
      )}
    </>
  )
}

/** What was asked as the words of a query, without what says nothing. */
export function askedWords(asked: RecordsAsked): [word: string, text: string][] {
  return Object.entries(asked).filter(([word, text]) => text !== '' && (word !== 'is' || asked.field !== ''))
}

const STATUS: Readonly<Record<string, 'running' | 'failed' | 'stopped'>> = {
  passed: 'running',
  failed: 'failed',
  error: 'failed',
  skipped: 'stopped',
}

function Cell(props: { field: DatasetField; value: unknown; shape: Dataset['shape']; nowMs: number }): View {
  const { field, value, shape, nowMs } = props
  const state = shape === 'test-results' && field.name === 'status' ? STATUS[String(value)] : undefined
  if (state) return <State state={state} word={String(value)} />
  const at = field.type === 'time' && typeof value === 'string' ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? <span>{cutText(value)}</span> : <Ago at={at} now={nowMs} />
}

/** In the place of a value that who looks is not cleared for. */
function Masked(): View {
  return (
    <span class="masked" title="Restricted: an owner of the data tenant gives the clearance">
      <Icon name="lock" /> masked
    </span>
  )
}

function cutText(value: unknown): string {
  const text = textOf(value)
  return text.length > CELL_LENGTH_MAX ? `${text.slice(0, CELL_LENGTH_MAX).replace(/[\ud800-\udbff]$/, '')}…` : text
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return typeof value === 'object' ? JSON.stringify(value, undefined, 2) : String(value)
}

/** One record with every field that it has, long ones in a box of their own. */
export function RecordPage({
  fields,
  row,
  path,
  links,
}: {
  fields: QueryPage['fields']
  row: unknown[]
  path: string
  /** What stands behind the record, and what it is one of. */
  links: readonly { label: string; href: string }[]
}): View {
  const values = fields.map(({ name }, at) => ({ name, text: textOf(row[at]) })).filter(({ text }) => text !== '')
  const masked = fields.filter((field) => field.masked)
  const isLong = ({ text }: { text: string }) => text.length > FACT_LENGTH_MAX || text.includes('\n')
  return (
    <>
      <section class="card form" aria-label="Fields">
        <Facts
          rows={[
            ...values
              .filter((one) => !isLong(one))
              .map(({ name, text }) => {
                const isImport = name === '_import'
                const value = isImport ? (
                  <a href={`${path}/imports/${text}`}>{text}</a>
                ) : (
                  <span class="break">{text}</span>
                )
                return [name, value] as const
              }),
            ...masked.map(({ name }) => [name, <Masked />] as const),
          ]}
        />
      </section>
      {values.filter(isLong).map(({ name, text }) => (
        <Code name={name} text={text} />
      ))}
      <nav class="acts" aria-label="From here">
        {links.map(({ label, href }) => (
          <a class="button quiet" href={href}>
            {label}
          </a>
        ))}
      </nav>
    </>
  )
}

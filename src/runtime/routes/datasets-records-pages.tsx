/** The records of a dataset: a page of them by a query that stands in the address, and one of them. */
import { type Context, Hono } from 'hono'
import * as v from 'valibot'
import { roleReaches } from '../../accounts/mod.ts'
import type { Clock } from '../../base/mod.ts'
import { uploadLine } from '../../datasets/mod.ts'
import { type PersonEnv, type Site, Whole } from '../../server/mod.ts'
import { formFailure, PageNotFound, parseInput, readListing } from '../../web/mod.ts'
import { type Condition, ExportFormat, type Query, type QueryPage, type Shape } from '../../wire/mod.ts'
import type { DataAccess } from '../datasets/access.ts'
import { ChangesShown } from '../views/datasets-history.tsx'
import {
  askedWords,
  COMPARISONS,
  columnsOf,
  fieldNames,
  RECORD,
  RecordPage,
  type RecordsAsked,
  RecordsPage,
  type RecordsProps,
} from '../views/datasets-records.tsx'
import { type AskedDataset, askedDataset, tabbed, type UploadPlaceDeps, uploadPlace } from './datasets-frame.tsx'
import { changesOf } from './datasets-history-pages.tsx'

export type DatasetRecordsPagesDeps = { access: DataAccess; clock: Clock } & UploadPlaceDeps

/** Records of one page; ≈ 2 kB of HTML each. */
const RECORDS_SHOWN = 50

/** What a first upload may look like; a pattern stands in quotes, for `sluice` to look through. */
const FILES = {
  'test-results': "'results/**/*.xml'",
  issues: 'issues.csv',
  reviews: 'reviews.json',
  table: 'table.csv',
} as const satisfies Record<Shape, string>

const FORMATS = { csv: 'CSV', ndjson: 'NDJSON', parquet: 'Parquet' } as const satisfies Record<ExportFormat, string>

const word = (lengthMax: number) => v.fallback(v.pipe(v.string(), v.maxLength(lengthMax)), '')
/** What makes no sense is as if it were not there, as in every table. */
const Asked = v.object({
  ...{ field: word(256), value: word(1_024), search: word(1_024), sort: word(257), after: word(32_768) },
  is: v.fallback(v.picklist(COMPARISONS.map(({ value }) => value)), 'contains'),
})

/** Mounted at the address of a dataset. */
export function datasetRecordsPages(deps: DatasetRecordsPagesDeps, site: Site): Hono<PersonEnv> {
  const { access } = deps
  return new Hono<PersonEnv>()
    .get('/', async (c) => records(c, deps, site, await askedDataset(access, c, 'viewer')))
    .get('/records/:record', async (c) => {
      const asked = await askedDataset(access, c, 'viewer')
      const record = parseInput(Whole, c.req.param('record'))
      const where: Condition[] = [{ field: RECORD, is: 'eq', value: record }]
      const { fields, rows } = await asked.member.data.query(
        asked.dataset.id,
        { where, limit: 1 },
        asked.member.clearance,
      )
      const [row] = rows
      if (!row)
        throw new PageNotFound('there is no such record in this dataset: another took its place, or it was removed')
      const changes = await changesOf(asked, fields, row)
      const view = (
        <>
          <RecordPage {...{ fields, row, path: asked.path, links: linksOf(asked, fields, row) }} />
          {changes && <ChangesShown {...{ changes, path: asked.path, nowMs: deps.clock.now() }} />}
        </>
      )
      return site.page(c, tabbed(asked, 'records', view, `Record ${record}`))
    })
}

async function records(
  c: Context<PersonEnv>,
  deps: DatasetRecordsPagesDeps,
  site: Site,
  about: AskedDataset,
): Promise<Response> {
  const { member, dataset, path } = about
  const asked: RecordsAsked = parseInput(Asked, c.req.query())
  const keep = Object.fromEntries(askedWords({ ...asked, after: '', sort: '' }))
  const listing = readListing(path, { sort: asked.sort }, { sort: fieldNames(dataset), by: '', keep })
  const upload = uploadLine(uploadPlace(deps, dataset), FILES[dataset.shape])
  const mayMakeToken = roleReaches(member.role, 'operator')
  const shown = {
    dataset,
    path,
    asked,
    listing,
    upload,
    exports: exportsOf(about, asked),
    mayMakeToken,
    clearance: member.clearance,
    nowMs: deps.clock.now(),
  }
  try {
    const page = await member.data.query(
      dataset.id,
      queryOf(asked, [...columnsOf(dataset, asked), RECORD]),
      member.clearance,
    )
    return site.page(c, tabbed(about, 'records', <RecordsPage {...shown} page={page} />))
  } catch (error) {
    const { status, failure } = formFailure(error)
    const view = <RecordsPage {...{ ...shown, failure }} page={undefined} />
    return site.page(c, { ...tabbed(about, 'records', view), status })
  }
}

/** The other results of a test, and the document that a record came in, for who is cleared for it. */
function linksOf(
  { member, dataset, path }: AskedDataset,
  fields: QueryPage['fields'],
  row: readonly unknown[],
): { label: string; href: string }[] {
  const textAt = (wanted: string) => {
    const at = fields.findIndex(({ name, masked }) => name === wanted && !masked)
    return typeof row[at] === 'string' ? row[at] : ''
  }
  const words = new URLSearchParams()
  for (const name of ['name', 'suite', 'class']) if (textAt(name) !== '') words.set(name, textAt(name))
  const isTest = dataset.shape === 'test-results' && words.has('name')
  const document = `/v1/data-tenants/${member.tenant.id}/datasets/${dataset.id}/imports/${textAt('_import')}/document`
  return [
    ...(isTest ? [{ label: 'All results of this test', href: `${path}/tests?${words}` }] : []),
    ...(member.clearance === 'restricted' ? [{ label: 'The document it came in', href: document }] : []),
  ]
}

/** Files of the records that fit, with all their fields. */
function exportsOf({ member, dataset }: AskedDataset, asked: RecordsAsked): RecordsProps['exports'] {
  const { search, where, sort } = queryOf(asked, [])
  const query = JSON.stringify({ search, where, sort })
  return ExportFormat.options.map((format) => ({
    label: `Export ${FORMATS[format]}`,
    href: `/v1/data-tenants/${member.tenant.id}/datasets/${dataset.id}/export?${new URLSearchParams({ format, query })}`,
  }))
}

function queryOf(asked: RecordsAsked, fields: string[]): Query {
  const { search, sort, after } = asked
  const condition = conditionOf(asked)
  return {
    ...{ fields: [...new Set(fields)], limit: RECORDS_SHOWN },
    ...(condition && { where: [condition] }),
    ...(search !== '' && { search }),
    ...(sort !== '' && { sort: [{ field: sort.replace(/^-/, ''), descending: sort.startsWith('-') }] }),
    ...(after !== '' && { after }),
  }
}

/** Of what was typed; a comparison with nothing is none yet. */
function conditionOf({ field, is, value }: RecordsAsked): Condition | undefined {
  if (field === '') return undefined
  if (is === 'missing' || is === 'present') return { field, is: 'missing', value: is === 'missing' }
  if (value === '') return undefined
  return { field, is: parseInput(Asked.entries.is, is) as 'eq', value }
}

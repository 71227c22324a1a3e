/** `sluice dataset query`: records for a person, or all of them as CSV or NDJSON, page by page as they come. */
import { csvLines, jsonLines, printableLines } from '../../base/mod.ts'
import { PAGE_RECORDS_MAX, type Query } from '../../wire/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { RecordsPage } from './answers.ts'
import { parseCondition } from './conditions.ts'
import { datasetNamed } from './named.ts'
import { recordsTable } from './records.ts'

export type QueryFlags = {
  dataTenant?: string
  where?: string[]
  search?: string
  sort?: string[]
  fields?: string
  limit?: string
  after?: string
  format?: string
}

const SHOWN_DEFAULT = 50
const MASKED_NAMED_MAX = 16

export async function query(context: CliContext, named: string, flags: RemoteFlags & QueryFlags): Promise<void> {
  const { format, json } = flags
  if (format !== undefined && !['csv', 'ndjson'].includes(format))
    throw new UsageInvalid(`--format takes csv or ndjson, not \`${format}\``)
  if (format !== undefined && json) throw new UsageInvalid('give either --format or --json')
  const most = limitOf(flags.limit) ?? (format === undefined ? SHOWN_DEFAULT : Number.POSITIVE_INFINITY)
  const asked = queryOf(flags)
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/query`
  const pages = pagesOf(client, path, asked, most)
  if (format !== undefined) return writePages(context, pages, format)
  const all = await gathered(pages)
  sayMasked(context.terminal, all)
  saySearched(context.terminal, all)
  print(context.terminal, json, all, (shown) => renderRecords(shown, asked.fields !== undefined))
}

function limitOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageInvalid(`--limit takes a whole number from 1 on, not \`${text}\``)
  return Number(text)
}

/** What flags ask for. Refuses `cli.usage`. */
export function queryOf({ where, search, sort, fields, after }: QueryFlags): Omit<Query, 'limit'> {
  return {
    ...(where && { where: where.map((text) => parseCondition(text)) }),
    ...(search !== undefined && { search }),
    ...(sort && {
      sort: sort.map((one) => (one.startsWith('-') ? { field: one.slice(1), descending: true } : { field: one })),
    }),
    ...(fields !== undefined && { fields: fields.split(',').map((name) => name.trim()) }),
    ...(after !== undefined && { after }),
  }
}

/** Pages until there are no more records, or as many as wanted. */
async function* pagesOf(
  client: Client,
  path: string,
  asked: Omit<Query, 'limit'>,
  most: number,
): AsyncGenerator<RecordsPage, void> {
  let [after, left] = [asked.after, most]
  do {
    const body = { ...asked, ...(after !== undefined && { after }), limit: Math.min(left, PAGE_RECORDS_MAX) }
    const page = readAs(RecordsPage, await client.request('POST', path, body))
    yield page
    left -= page.rows.length
    after = page.next
  } while (after !== undefined && left > 0)
}

async function gathered(pages: AsyncIterable<RecordsPage>): Promise<RecordsPage> {
  const rows: unknown[][] = []
  let last: RecordsPage = { fields: [], rows }
  for await (const page of pages) {
    rows.push(...page.rows)
    last = page
  }
  return { ...last, rows }
}

/** Beside the records, so that nobody takes what is masked for what is missing. */
export function sayMasked({ err }: Pick<CliContext['terminal'], 'err'>, { fields }: RecordsPage): void {
  const names = fields.filter(({ masked }) => masked).map(({ name }) => name)
  if (names.length === 0) return
  const some = names.slice(0, MASKED_NAMED_MAX).join(', ')
  const more = names.length > MASKED_NAMED_MAX ? ` and ${names.length - MASKED_NAMED_MAX} more` : ''
  err(printableLines(`Masked, since you are not cleared for restricted fields: ${some}${more}\n`))
}

/** An index of words follows what comes. */
function saySearched({ err }: Pick<CliContext['terminal'], 'err'>, { search }: RecordsPage): void {
  if (search && search.waiting > 0) err(`Not searched yet: ${search.waiting} of the newest records, at most\n`)
}

function renderRecords(page: RecordsPage, all: boolean): string {
  if (page.rows.length === 0) return 'No records.'
  const { text, left } = recordsTable(page, all)
  return [
    ...[text, ''],
    ...(left > 0 ? [`${left} more fields: name some with --fields, or see all with --json.`] : []),
    ...(page.next === undefined ? [] : [`There are more records: --limit, or --after ${page.next}`]),
  ]
    .join('\n')
    .trimEnd()
}

/** As it is where a program reads it; at a terminal nothing of a record steers it. */
async function writePages({ terminal }: CliContext, pages: AsyncIterable<RecordsPage>, format: string): Promise<void> {
  const write = (text: string): void =>
    terminal.out(terminal.interactive ? printableLines(text.replaceAll('\r\n', '\n')) : text)
  let isFirst = true
  for await (const page of pages) {
    if (isFirst) sayMasked(terminal, page)
    if (isFirst) saySearched(terminal, page)
    const names = page.fields.map(({ name }) => name)
    if (isFirst && format === 'csv') write(csvLines([names]))
    write(format === 'csv' ? csvLines(page.rows) : jsonLines(names, page.rows))
    isFirst = false
  }
}

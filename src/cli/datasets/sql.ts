/** `sluice dataset sql`: a question in SQL over all datasets of a data tenant, or how they are called there. */
import * as v from 'valibot'
import { csvLines, printableLines } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { DataTenants } from './answers.ts'
import { dataTenantNamed } from './named.ts'
import { recordsTable } from './records.ts'

export type SqlFlags = RemoteFlags & { dataTenant?: string; format?: string }

const Answer = v.looseObject({
  columns: v.array(v.looseObject({ name: v.string() })),
  ...{ rows: v.array(v.array(v.unknown())), more: v.boolean(), elapsedMs: v.number() },
})
const Views = v.looseObject({ views: v.array(v.looseObject({ name: v.string(), columns: v.array(v.string()) })) })

const MORE = 'There are more rows than one answer holds: ask for less, or in parts.'

export async function sql(context: CliContext, question: string | undefined, flags: SqlFlags): Promise<void> {
  const { format, json } = flags
  if (format !== undefined && format !== 'csv') throw new UsageInvalid(`--format takes csv, not \`${format}\``)
  if (format !== undefined && json) throw new UsageInvalid('give either --format or --json')
  const { client } = await connect(context, flags)
  const path = `${await tenantOf(client, flags.dataTenant)}/sql`
  if (question === undefined) return names(context, readAs(Views, await client.get(path)), json)
  const answer = readAs(Answer, await client.request('POST', path, { sql: question }))
  const { columns, rows, more } = answer
  const { terminal } = context
  if (format === 'csv') {
    const text = csvLines([columns.map(({ name }) => name), ...rows])
    terminal.out(terminal.interactive ? printableLines(text.replaceAll('\r\n', '\n')) : text)
    if (more) terminal.err(`${MORE}\n`)
    return
  }
  print(terminal, json, answer, (shown) => {
    if (shown.rows.length === 0) return 'No rows.'
    const fields = shown.columns.map(({ name }) => ({ name, type: '' }))
    return [recordsTable({ fields, rows: shown.rows }, true).text, ...(more ? ['', MORE] : [])].join('\n')
  })
}

function names({ terminal }: CliContext, { views }: v.InferOutput<typeof Views>, json: boolean | undefined): void {
  print(terminal, json, views, (all) =>
    all.length === 0
      ? 'No datasets yet.'
      : table(
          ['DATASET', 'COLUMNS'],
          all.map(({ name, columns }) => [name, columns.join(', ')]),
        ),
  )
}

/** The one that is named, or else the only one whose owner one is. */
async function tenantOf(client: Client, named: string | undefined): Promise<string> {
  if (named !== undefined) return dataTenantNamed(client, named)
  const { dataTenants } = readAs(DataTenants, await client.get('/v1/data-tenants'))
  const [own, another] = dataTenants.filter(({ role }) => role === 'owner')
  if (!own || another)
    throw new UsageInvalid(
      own
        ? 'you are an owner of several data tenants: say which with --data-tenant'
        : 'you are an owner of no data tenant, and questions in SQL are for owners',
    )
  return dataTenantNamed(client, own.id)
}

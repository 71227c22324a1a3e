/** `sluice dataset group` and `sluice dataset rollup`: figures over many records, and those that are kept ready. */
import * as v from 'valibot'
import { csvLines, printableLines } from '../../base/mod.ts'
import { Bucket, type GroupKey, type GroupMeasure } from '../../wire/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { RecordsPage } from './answers.ts'
import { parseCondition } from './conditions.ts'
import { datasetNamed } from './named.ts'
import { recordsTable } from './records.ts'

type InTenant = RemoteFlags & { dataTenant?: string }

export type GroupFlags = InTenant & {
  by?: string
  count?: boolean
  sum?: string[]
  avg?: string[]
  min?: string[]
  max?: string[]
  where?: string[]
  sort?: string[]
  limit?: string
  timeZone?: string
  format?: string
}

const GroupsAnswer = v.looseObject({
  ...RecordsPage.entries,
  fields: v.optional(v.unknown()),
  columns: RecordsPage.entries.fields,
  more: v.boolean(),
  from: v.string(),
})
const RollupAnswer = v.looseObject({
  ...{ id: v.string(), preset: v.optional(v.string()), state: v.string(), rows: v.number() },
  by: v.array(v.looseObject({ field: v.string(), bucket: v.optional(v.string()) })),
  sum: v.array(v.string()),
})
const Rollups = v.looseObject({ rollups: v.array(RollupAnswer) })

export async function group(context: CliContext, named: string, flags: GroupFlags): Promise<void> {
  const { format, json } = flags
  if (format !== undefined && format !== 'csv') throw new UsageInvalid(`--format takes csv, not \`${format}\``)
  if (format !== undefined && json) throw new UsageInvalid('give either --format or --json')
  if (flags.limit !== undefined && !/^[1-9]\d{0,4}$/.test(flags.limit))
    throw new UsageInvalid(`--limit takes a whole number from 1 on, not \`${flags.limit}\``)
  const measures = measuresOf(flags)
  const body = {
    by: keysOf(flags.by ?? ''),
    ...(measures.length > 0 && { measures }),
    ...(flags.where && { where: flags.where.map((text) => parseCondition(text)) }),
    ...(flags.sort && {
      sort: flags.sort.map((one) =>
        one.startsWith('-') ? { column: one.slice(1), descending: true } : { column: one },
      ),
    }),
    ...(flags.limit !== undefined && { limit: Number(flags.limit) }),
    ...(flags.timeZone !== undefined && { timeZone: flags.timeZone }),
  }
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/group`
  const answer = readAs(GroupsAnswer, await client.request('POST', path, body))
  const { columns, rows, more } = answer
  if (format === 'csv') {
    const { terminal } = context
    const text = csvLines([columns.map(({ name }) => name)]) + csvLines(rows)
    terminal.out(terminal.interactive ? printableLines(text.replaceAll('\r\n', '\n')) : text)
    if (more) terminal.err('There are more groups: --limit\n')
    return
  }
  print(context.terminal, json, answer, () => {
    if (rows.length === 0) return 'No records.'
    return [
      recordsTable({ fields: columns, rows }, true).text,
      ...(more ? ['', 'There are more groups: --limit'] : []),
    ].join('\n')
  })
}

/** `status,day(started_at)`. Refuses `cli.usage`. */
export function keysOf(text: string): GroupKey[] {
  return namesOf(text).map((name) => {
    const { bucket, field } = /^(?<bucket>[a-z]+)\((?<field>.+)\)$/.exec(name)?.groups ?? {}
    if (bucket === undefined || field === undefined) return { field: name }
    const known = Bucket.options.find((one) => one === bucket)
    if (!known) throw new UsageInvalid(`--by takes ${Bucket.options.join(', ')} of a time, not \`${bucket}\``)
    return { field, bucket: known }
  })
}

function namesOf(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

function measuresOf({ count, sum = [], avg = [], min = [], max = [] }: GroupFlags): GroupMeasure[] {
  const of = (measure: 'sum' | 'avg' | 'min' | 'max', fields: string[]) =>
    fields.flatMap(namesOf).map((field) => ({ measure, field }))
  return [
    ...(count ? [{ measure: 'count' as const }] : []),
    ...[...of('sum', sum), ...of('avg', avg), ...of('min', min), ...of('max', max)],
  ]
}

export async function createRollup(
  context: CliContext,
  named: string,
  { by, sum, ...flags }: InTenant & { by: string; sum?: string },
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/rollups`
  const made = readAs(RollupAnswer, await client.request('POST', path, { by: keysOf(by), sum: namesOf(sum ?? '') }))
  print(context.terminal, flags.json, made, ({ id, state }) =>
    state === 'building'
      ? `Made ${id}. Until it is built, questions are answered from the records.`
      : `${id} is ${state}.`,
  )
}

export async function listRollups(context: CliContext, named: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/rollups`
  const { rollups } = readAs(Rollups, await client.get(path))
  print(context.terminal, flags.json, rollups, (all) =>
    all.length === 0
      ? 'No rollups. Declare one with `sluice dataset rollup create NAME --by FIELD,day(TIME) --sum FIELD`.'
      : table(
          ['BY', 'SUM', 'STATE', 'ROWS', 'OF SHAPE', 'ID'],
          all.map(({ id, preset, state, rows, by, sum }) => [
            by.map(({ field, bucket }) => (bucket === undefined ? field : `${bucket}(${field})`)).join(','),
            ...[sum.join(','), state, rows, preset ?? 'no', id],
          ]),
        ),
  )
}

export async function removeRollup(context: CliContext, named: string, id: string, flags: InTenant): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/rollups/${encodeURIComponent(id)}`
  await client.request('DELETE', path)
  print(context.terminal, flags.json, { removed: id }, () => `Removed ${id}.`)
}

/** `sluice dataset export`: records as a file, which is there whole or not at all. */
import { printableLines } from '../../base/mod.ts'
import { writeParts } from '../../host/mod.ts'
import { ExportFormat } from '../../wire/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { RecordsPage } from './answers.ts'
import { datasetNamed } from './named.ts'
import { type QueryFlags, queryOf, sayMasked } from './query.ts'

export type ExportFlags = RemoteFlags & Omit<QueryFlags, 'limit' | 'after'> & { format: string; out: string }

export async function exportTo(context: CliContext, named: string, flags: ExportFlags): Promise<void> {
  const format = ExportFormat.options.find((one) => one === flags.format)
  if (!format) throw new UsageInvalid(`--format takes ${ExportFormat.options.join(', ')}, not \`${flags.format}\``)
  const query = queryOf(flags)
  const { client } = await connect(context, flags)
  const path = await datasetNamed(client, named, flags.dataTenant)
  sayMasked(
    context.terminal,
    readAs(RecordsPage, await client.request('POST', `${path}/query`, { ...query, limit: 1 })),
  )
  const words = new URLSearchParams({ format, query: JSON.stringify(query) })
  const bytes = await writeParts(flags.out, await client.stream('GET', `${path}/export?${words}`))
  print(context.terminal, flags.json, { dataset: named, format, file: flags.out, bytes }, (made) =>
    printableLines(`Wrote ${made.file} (${made.bytes} bytes).`),
  )
}

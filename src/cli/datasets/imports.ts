/** What was uploaded to a dataset, and what became of it. */
import { readAs } from '../answers.ts'
import { type CliContext, connect } from '../context.ts'
import { print, table } from '../output.ts'
import { ImportList, ImportReportAnswer } from './answers.ts'
import { importLines } from './import-lines.ts'
import { datasetNamed, type InTenantFlags } from './named.ts'

export type ImportsFlags = InTenantFlags & { before?: string }

export async function listImports(context: CliContext, named: string, flags: ImportsFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/imports`
  const page = flags.before === undefined ? '' : `?${new URLSearchParams({ before: flags.before })}`
  const { imports: all, next } = readAs(ImportList, await client.get(`${path}${page}`))
  print(context.terminal, flags.json, all, (shown) =>
    shown.length === 0
      ? 'Nothing was uploaded.'
      : [
          table(
            ['RECEIVED', 'FILE', 'FORMAT', 'STATE', 'TAKEN', 'REFUSED', 'WARNINGS', 'ID'],
            shown.map((one) => [
              ...[one.receivedAt, one.fileName, one.format, stateOf(one)],
              ...[one.rowsTaken, one.rowsRefused, one.warnings, one.id],
            ]),
          ),
          ...(next === undefined ? [] : ['', `There are more: --before ${next}`]),
        ].join('\n'),
  )
}

function stateOf({ state, reimport }: { state: string; reimport?: string | null | undefined }): string {
  return reimport ? `${state} (re-import ${reimport})` : state
}

export async function showImport(context: CliContext, named: string, id: string, flags: InTenantFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/imports/${encodeURIComponent(id)}`
  const report = readAs(ImportReportAnswer, await client.get(path))
  print(context.terminal, flags.json, report, (one) =>
    [
      `${one.fileName ?? one.id}: ${one.state}, ${one.rowsTaken} taken (${one.rowsReplaced} in place of others), ${one.rowsRefused} refused`,
      ...(one.documentGoneAt ? [`  its document is no longer kept, since ${one.documentGoneAt}`] : []),
      ...importLines(one, Number.POSITIVE_INFINITY).map((line) => `  ${line}`),
    ].join('\n'),
  )
}

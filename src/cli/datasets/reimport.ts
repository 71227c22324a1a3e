/** `sluice dataset reimport`: documents as they came, read again. */
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { LastReimport, ReimportAnswer } from './answers.ts'
import { datasetNamed } from './named.ts'

export type ReimportFlags = RemoteFlags & { dataTenant?: string; import?: string; status?: boolean }

export async function reimport(context: CliContext, named: string, flags: ReimportFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/reimport`
  if (flags.status) {
    const { reimport: last } = readAs(LastReimport, await client.get(path))
    return print(context.terminal, flags.json, last, (one) =>
      (one ? lines(one) : ['It was never re-imported.']).join('\n'),
    )
  }
  const asked = flags.import === undefined ? {} : { import: flags.import }
  const begun = readAs(ReimportAnswer, await client.request('POST', path, asked))
  print(context.terminal, flags.json, begun, (one) =>
    [...lines(one), `See how far it is with: sluice dataset reimport ${named} --status`].join('\n'),
  )
}

function lines({ state, total, read, unread, startedAt, endedAt }: ReimportAnswer): string[] {
  const done = state === 'done'
  return [
    done
      ? `Re-imported ${read} of ${total} imports, ${startedAt} to ${endedAt}.`
      : `Re-importing since ${startedAt}: ${read} of ${total} imports are read again.`,
    ...(unread === 0
      ? []
      : [`${unread} imports cannot be read again, their documents are not there: what they brought stays as it is.`]),
  ]
}

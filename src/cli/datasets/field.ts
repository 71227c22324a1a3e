/** `sluice dataset field set`: another type for a field of a table. */
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { LastReimport } from './answers.ts'
import { datasetNamed } from './named.ts'

export async function setFieldType(
  context: CliContext,
  named: string,
  { name, type, ...flags }: RemoteFlags & { dataTenant?: string; name: string; type: string },
): Promise<void> {
  const { client } = await connect(context, flags)
  const path = `${await datasetNamed(client, named, flags.dataTenant)}/fields`
  const { reimport } = readAs(LastReimport, await client.request('POST', path, { name, type }))
  print(context.terminal, flags.json, { dataset: named, name, type, reimport }, () =>
    reimport
      ? `${name} becomes ${type}. See how far it is with: sluice dataset reimport ${named} --status`
      : `${name} is ${type} already.`,
  )
}

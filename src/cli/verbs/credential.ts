/** `sluice credential`: named secrets of a Runtime's vault. There is no verb that reads one back. */
import type { Command } from 'commander'
import { readText } from '../../host/mod.ts'
import { Credential, Credentials, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

type SetFlags = RemoteFlags & { field?: string[]; fieldFile?: string[]; fieldEnv?: string[] }

function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

function split(pair: string, flag: string): [string, string] {
  const at = pair.indexOf('=')
  if (at <= 0) throw new UsageInvalid(`${flag} takes name=value, not \`${pair}\``)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

/** Fields of a credential from the three flags; files lose one newline at their end. */
async function fieldsOf(flags: SetFlags, context: CliContext): Promise<Record<string, string>> {
  const fields: Record<string, string> = {}
  for (const pair of flags.field ?? []) {
    const [name, value] = split(pair, '--field')
    fields[name] = value
  }
  for (const pair of flags.fieldFile ?? []) {
    const [name, path] = split(pair, '--field-file')
    fields[name] = (await readText(path)).replace(/\r?\n$/, '')
  }
  for (const pair of flags.fieldEnv ?? []) {
    const [name, variable] = split(pair, '--field-env')
    const value = context.environment[variable]
    if (value === undefined) throw new UsageInvalid(`the variable ${variable} is not set`)
    fields[name] = value
  }
  if (Object.keys(fields).length === 0) throw new UsageInvalid('a credential needs at least one field')
  return fields
}

export function addCredentialVerbs(program: Command, context: CliContext): void {
  const credential = program
    .command('credential')
    .description('named secrets in a Runtime’s vault; used, never read back')
  addRemoteFlags(credential.command('set'))
    .argument('<name>', 'name, as blueprints use it')
    .option('--field <name=value>', 'a field; visible in the process list', collect)
    .option('--field-file <name=path>', 'a field from a file', collect)
    .option('--field-env <name=variable>', 'a field from an environment variable', collect)
    .description('store a credential, or replace the one of that name; each --field… may come several times')
    .action(async (name: string, flags: SetFlags) => {
      const { client } = await connect(context, flags)
      const fields = await fieldsOf(flags, context)
      const answer = readAs(
        Credential,
        await client.request('PUT', `/v1/credentials/${encodeURIComponent(name)}`, { fields }),
      )
      print(
        context.terminal,
        flags.json,
        answer,
        ({ name: stored, fields: kept }) => `Stored ${stored} (${kept.join(', ')}). It can be used, not read.`,
      )
    })
  addRemoteFlags(credential.command('list'))
    .description('list names and fields, never values')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const { credentials } = readAs(Credentials, await client.get('/v1/credentials'))
      print(context.terminal, flags.json, credentials, (list) =>
        list.length === 0
          ? 'No credentials yet. Store one with `sluice credential set NAME --field-file password=FILE`.'
          : table(
              ['NAME', 'FIELDS'],
              list.map(({ name, fields }) => [name, fields.join(', ')]),
            ),
      )
    })
  addRemoteFlags(credential.command('remove'))
    .argument('<name>', 'name of the credential')
    .description('remove a credential')
    .action(async (name: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      await client.request('DELETE', `/v1/credentials/${encodeURIComponent(name)}`)
      print(context.terminal, flags.json, { removed: name }, () => `Removed ${name}.`)
    })
}

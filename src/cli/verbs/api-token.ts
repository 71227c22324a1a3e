/** `sluice api-token`: what programs show a server in a person's name, a CI job for instance. */
import type { Command } from 'commander'
import { ApiTokens, MadeToken, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

export function addApiTokenVerbs(program: Command, context: CliContext): void {
  const token = program.command('api-token').description('tokens that speak for a person, for programs such as CI jobs')
  addRemoteFlags(token.command('list'))
    .option('--all', 'everyone’s, for owners')
    .description('list tokens, without their secrets')
    .action((flags: RemoteFlags & { all?: boolean }) => list(context, flags))
  addRemoteFlags(token.command('create'))
    .argument('<name>', 'what asks with it')
    .option('--days <n>', 'days until it ends, 1 to 366', '90')
    .description('make a token that speaks for you; it is shown once')
    .action((name: string, flags: RemoteFlags & { days: string }) => create(context, name, flags))
  addRemoteFlags(token.command('revoke'))
    .argument('<token>', 'id of the token (slt_…)')
    .option('--all', 'whoever’s it is, for owners')
    .description('revoke a token')
    .action((id: string, flags: RemoteFlags & { all?: boolean }) => revoke(context, id, flags))
}

async function list(context: CliContext, flags: RemoteFlags & { all?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  const { tokens } = readAs(ApiTokens, await client.get(pathOf(flags)))
  print(context.terminal, flags.json, tokens, (all) =>
    all.length === 0
      ? 'No tokens. Make one with `sluice api-token create NAME`.'
      : table(
          [...(flags.all ? ['USER'] : []), 'NAME', 'LAST USED', 'ENDS', 'ID'],
          all.map((one) => [
            ...(flags.all ? [one.userName] : []),
            one.name,
            one.usedAt ?? 'never',
            one.expiresAt,
            one.id,
          ]),
        ),
  )
}

async function create(context: CliContext, name: string, flags: RemoteFlags & { days: string }): Promise<void> {
  if (!/^\d{1,3}$/.test(flags.days)) throw new UsageInvalid(`--days takes a whole number, not \`${flags.days}\``)
  const { client } = await connect(context, flags)
  const made = readAs(MadeToken, await client.request('POST', '/v1/account/tokens', { name, days: Number(flags.days) }))
  print(context.terminal, flags.json, made, ({ token, expiresAt }) =>
    [token, '', `Shown this once. It speaks for you until ${expiresAt}, or until it is revoked.`].join('\n'),
  )
}

async function revoke(context: CliContext, id: string, flags: RemoteFlags & { all?: boolean }): Promise<void> {
  const { client } = await connect(context, flags)
  await client.request('DELETE', `${pathOf(flags)}/${encodeURIComponent(id)}`)
  print(context.terminal, flags.json, { revoked: id }, () => `Revoked ${id}.`)
}

function pathOf({ all }: { all?: boolean }): string {
  return all ? '/v1/api-tokens' : '/v1/account/tokens'
}

/** `sluice metrics-token`: the token with which Prometheus reads `/metrics`; without one `/metrics` is off. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

const Token = v.looseObject({ token: v.string() })

export function addMetricsTokenVerbs(program: Command, context: CliContext): void {
  const token = program
    .command('metrics-token')
    .description('the token that opens a Runtime’s /metrics, and nothing else')
  addRemoteFlags(token.command('create'))
    .description('make the token and print it, this once; the one before holds no more')
    .action(async (flags: RemoteFlags) => {
      const { access, client } = await connect(context, flags)
      const answer = readAs(Token, await client.request('POST', '/v1/metrics-token'))
      print(context.terminal, flags.json, answer, ({ token: secret }) =>
        [secret, '', `Prometheus reads ${access.url}/metrics with it as a bearer token. It is not shown again.`].join(
          '\n',
        ),
      )
    })
  addRemoteFlags(token.command('revoke'))
    .description('take the token back; /metrics is off')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      await client.request('DELETE', '/v1/metrics-token')
      print(context.terminal, flags.json, { revoked: true }, () => 'Taken back: /metrics is off.')
    })
}

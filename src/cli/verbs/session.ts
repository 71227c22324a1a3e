/** `sluice session`: where people are signed in at a server. */
import type { Command } from 'commander'
import { readAs, Sessions } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

export function addSessionVerbs(program: Command, context: CliContext): void {
  const session = program.command('session').description('where people are signed in')
  addRemoteFlags(session.command('list'))
    .description('list everyone’s sessions')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(session.command('end'))
    .argument('<session>', 'id of the session (ses_…)')
    .description('end a session; its browser has to sign in again')
    .action((id: string, flags: RemoteFlags) => end(context, id, flags))
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { sessions } = readAs(Sessions, await client.get('/v1/sessions'))
  print(context.terminal, flags.json, sessions, (all) =>
    all.length === 0
      ? 'Nobody is signed in.'
      : table(
          ['USER', 'ADDRESS', 'LAST SEEN', 'SESSION', 'BROWSER'],
          all.map((one) => [one.userName, one.address, one.seenAt, one.id, one.userAgent.slice(0, 60)]),
        ),
  )
}

async function end(context: CliContext, id: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  await client.request('DELETE', `/v1/sessions/${encodeURIComponent(id)}`)
  print(context.terminal, flags.json, { ended: id }, () => `Ended ${id}.`)
}

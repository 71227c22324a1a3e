/** `sluice peer`: the Runtimes that this one's owner has accepted for bridges. */
import type { Command } from 'commander'
import { Introduction, Peer, Peers, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { peerNamed } from '../named.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

export function addPeerVerbs(program: Command, context: CliContext): void {
  const peer = program
    .command('peer')
    .description('Runtimes that this Runtime may bridge with; the owner alone decides')
  addRemoteFlags(peer.command('introduce'))
    .description('print this Runtime’s introduction, for the owner of the other one to accept')
    .action((flags: RemoteFlags) => introduce(context, flags))
  addRemoteFlags(peer.command('accept'))
    .argument('<introduction>', 'what `sluice peer introduce` printed on the other Runtime (slp_…)')
    .description('accept another Runtime for bridges')
    .action((introduction: string, flags: RemoteFlags) => accept(context, introduction, flags))
  addRemoteFlags(peer.command('list'))
    .description('list accepted Runtimes')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(peer.command('remove'))
    .argument('<runtime>', 'its name, or id (rt_…)')
    .description('stop accepting a Runtime; its bridges close')
    .action((runtime: string, flags: RemoteFlags) => remove(context, runtime, flags))
}

async function introduce(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(Introduction, await client.request('POST', '/v1/peers/introduction'))
  print(context.terminal, flags.json, answer, ({ introduction, fingerprint }) =>
    [introduction, '', `Fingerprint, to compare by another way: ${fingerprint}`].join('\n'),
  )
}

async function accept(context: CliContext, introduction: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(Peer, await client.request('POST', '/v1/peers', { introduction }))
  print(context.terminal, flags.json, answer, ({ name, runtime, fingerprint }) =>
    [`Accepted ${name} (${runtime}).`, `Its fingerprint: ${fingerprint}`].join('\n'),
  )
}

const NO_PEERS =
  'No peers yet. Exchange introductions: `sluice peer introduce` there, `sluice peer accept` here, and the other way round.'

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { peers } = readAs(Peers, await client.get('/v1/peers'))
  print(context.terminal, flags.json, peers, (all) => {
    if (all.length === 0) return NO_PEERS
    const rows = all.map((one) => [one.name, one.runtime, `${one.bridgeHost}:${one.bridgePort}`, one.fingerprint])
    return table(['NAME', 'RUNTIME', 'BRIDGES AT', 'FINGERPRINT'], rows)
  })
}

async function remove(context: CliContext, named: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const runtime = await peerNamed(client, named)
  await client.request('DELETE', `/v1/peers/${encodeURIComponent(runtime)}`)
  print(context.terminal, flags.json, { removed: runtime }, () => `Removed ${named}.`)
}

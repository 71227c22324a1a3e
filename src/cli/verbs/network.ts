/** `sluice network`: from where a Runtime's ports may be reached. */
import { type Command, Option } from 'commander'
import { NetworkLists, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

type ChangeFlags = RemoteFlags & { of: 'management' | 'bridges'; force?: boolean }

export function addNetworkVerbs(program: Command, context: CliContext): void {
  const network = program.command('network').description('from where this Runtime’s ports may be reached')
  addRemoteFlags(network.command('list'))
    .description('list the networks that may connect')
    .action((flags: RemoteFlags) => list(context, flags))
  addChangeFlags(network.command('allow'))
    .description('list a network; from the first one on nobody else gets in')
    .action((text: string, flags: ChangeFlags) => allow(context, text, flags))
  addChangeFlags(network.command('remove'))
    .description('take a network off its list; with the last one gone everyone gets in')
    .action((text: string, flags: ChangeFlags) => remove(context, text, flags))
}

function addChangeFlags(command: Command): Command {
  const of = new Option('--of <port>', 'whose list: of the Management Interface or of Secure Bridges')
  return addRemoteFlags(command)
    .argument('<network>', 'address or network: 192.0.2.7, 10.0.0.0/8, 2001:db8::/32')
    .addOption(of.choices(['management', 'bridges']).default('management'))
    .option('--force', 'do it although it excludes the address that you ask from')
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  show(context, flags, readAs(NetworkLists, await client.get('/v1/network')))
}

async function allow(context: CliContext, network: string, flags: ChangeFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const body = { network, ...(flags.force && { force: true }) }
  show(context, flags, readAs(NetworkLists, await client.request('POST', `/v1/network/${flags.of}`, body)))
}

async function remove(context: CliContext, network: string, flags: ChangeFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const query = new URLSearchParams({ network, ...(flags.force && { force: 'true' }) })
  show(context, flags, readAs(NetworkLists, await client.request('DELETE', `/v1/network/${flags.of}?${query}`)))
}

function show({ terminal }: CliContext, flags: RemoteFlags, lists: NetworkLists): void {
  print(terminal, flags.json, lists, ({ management, bridges, ports, leftOut }) => {
    const rows = Object.entries({ management, bridges }).flatMap(([of, { everyone, entries }]) => {
      const port = ports[of as 'management' | 'bridges']
      return everyone ? [[of, port, 'everyone', '']] : entries.map((one) => [of, port, one.network, one.addedAt])
    })
    // It has no list: what comes in there shows an upload token.
    const outside = ports.ingest === undefined ? [] : [['(ingest)', ports.ingest, 'everyone, with an upload token', '']]
    return [table(['LIST', 'PORT', 'MAY CONNECT', 'SINCE'], [...rows, ...outside]), ...leftOut.map(leftOutWords)].join(
      '\n',
    )
  })
}

function leftOutWords({ list, who, addresses: [first = '', ...more] }: NetworkLists['leftOut'][number]): string {
  const comes =
    list === 'management'
      ? `The Platform ${who} cannot reach this Runtime from`
      : `The peer ${who} cannot bring bridges from`
  const flag = list === 'management' ? '' : ` --of ${list}`
  return `Warning: ${comes} ${[first, ...more].join(', ')}. List it too: sluice network allow ${first}${flag}`
}

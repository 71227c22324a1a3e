/** `sluice enrolment-code`: what a new Runtime is given to become known to the Platform. */
import type { Command } from 'commander'
import { EnrolmentCodeAnswer, EnrolmentCodes, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { spanMs } from '../times.ts'
import { addRemoteFlags } from './remote.ts'

/** The Platform holds the bounds. */
function lifetimeMs(text: string): number {
  const span = spanMs(text)
  if (span === undefined)
    throw new UsageInvalid(`--expires-in takes minutes, hours or days such as 90m, 2h or 7d, not \`${text}\``)
  return span
}

function addCreate(parent: Command, context: CliContext): void {
  addRemoteFlags(parent.command('create'))
    .option('--expires-in <time>', 'how long it can be used, such as 90m, 2h or 7d (default: 1h; at most 30d)')
    .description('make a code; it is shown once and enrols one Runtime')
    .action(async (flags: RemoteFlags & { expiresIn?: string }) => {
      const body = flags.expiresIn === undefined ? {} : { expiresInMs: lifetimeMs(flags.expiresIn) }
      const { client } = await connect(context, flags)
      const answer = readAs(EnrolmentCodeAnswer, await client.request('POST', '/v1/enrolment-codes', body))
      print(context.terminal, flags.json, answer, ({ code, expires }) =>
        [code, '', `Good for one Runtime until ${expires}. There: sluice runtime enrol CODE`].join('\n'),
      )
    })
}

export function addEnrolmentCodeVerbs(program: Command, context: CliContext): void {
  const code = program.command('enrolment-code').description('one-time codes by which Runtimes enrol')
  addCreate(code, context)
  addRemoteFlags(code.command('list'))
    .description('list codes and what became of them, never the codes themselves')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const { codes } = readAs(EnrolmentCodes, await client.get('/v1/enrolment-codes'))
      print(context.terminal, flags.json, codes, (list) =>
        list.length === 0
          ? 'No codes yet. Make one: `sluice enrolment-code create`.'
          : table(
              ['ID', 'STATE', 'EXPIRES', 'MADE BY', 'USED BY'],
              list.map(({ id, state, expires, createdBy, usedBy }) => [id, state, expires, createdBy, usedBy]),
            ),
      )
    })
  addRemoteFlags(code.command('revoke'))
    .argument('<id>', 'id of the code (enc_…)')
    .description('take a code back that was not used yet')
    .action(async (id: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      await client.request('DELETE', `/v1/enrolment-codes/${encodeURIComponent(id)}`)
      print(context.terminal, flags.json, { revoked: id }, () => `Revoked ${id}.`)
    })
}

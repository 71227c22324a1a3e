/** `sluice audit verify`: whether the Runtime's audit trail is whole. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { AppError } from '../../base/mod.ts'
import { readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

/** The trail was changed. */
export class AuditTrailBroken extends AppError {
  override readonly code = 'audit.not_whole' as const
  override readonly kind = 'conflict' as const
  override readonly advice = 'Compare with a backup; everything before that entry is as it was written.'
}

const Verdict = v.object({
  ok: v.boolean(),
  count: v.optional(v.number()),
  firstBad: v.optional(v.number()),
  reason: v.optional(v.string()),
})

export function addAuditVerbs(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the Runtime’s own record of what people and keys did')
  addRemoteFlags(audit.command('verify'))
    .option('--against <count:hash>', 'a head that was seen before, such as one from a heartbeat')
    .description('check the hash chain and its signed head; names the first entry that does not fit')
    .action(async (flags: RemoteFlags & { against?: string }) => {
      const { client } = await connect(context, flags)
      const [count, hash] = flags.against?.split(':') ?? []
      if (flags.against !== undefined && !(count && hash)) throw new UsageInvalid('--against takes count:hash')
      const query = count && hash ? `?${new URLSearchParams({ count, hash })}` : ''
      const verdict = readAs(Verdict, await client.get(`/v1/audit/verify${query}`))
      if (!verdict.ok)
        throw new AuditTrailBroken(`entry ${verdict.firstBad} of the audit trail does not fit: ${verdict.reason}`)
      print(
        context.terminal,
        flags.json,
        verdict,
        ({ count: entries }) => `The audit trail is whole: ${entries} entries.`,
      )
    })
}

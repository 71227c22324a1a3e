/** `sluice audit`: the record of what people and keys did, on either server. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { readActs, verifyExport } from '../../audit/mod.ts'
import { AppError, nounFor, rfc3339, systemClock } from '../../base/mod.ts'
import { isThere, readLines, writeFileAtomic, writeParts } from '../../host/mod.ts'
import { AuditList, readAs } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { TIME_HELP, timeOf } from '../times.ts'
import { addRemoteFlags, examples } from './remote.ts'

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
  kid: v.optional(v.string()),
  extract: v.optional(v.boolean()),
})
type Verdict = v.InferOutput<typeof Verdict>

/** A line of the trail has 4,096 characters, of at most four bytes, and what stands around them. */
const EXPORT_LINE_BYTES_MAX = 32_768

type Filters = { actor?: string; action?: string; subject?: string; since?: string; until?: string }
type ListFlags = RemoteFlags & Filters & { before?: string; limit: string }
type ExportFlags = RemoteFlags & { out: string; force?: boolean }
type VerifyFlags = RemoteFlags & { against?: string; file?: string; key?: string }

export function addAuditVerbs(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('the record of what people and keys did, chained and signed')
  addRemoteFlags(audit.command('list'))
    .option('--actor <who>', 'only what this one did: a user by name, or runtime, platform, system')
    .option('--action <what>', 'only this act; credential.* for all of a kind')
    .option('--subject <id>', 'only what was done to this')
    .option('--since <time>', TIME_HELP)
    .option('--until <time>', 'the same')
    .option('--before <entry>', 'go on with older entries, from the number that the page before ended with')
    .option('--limit <n>', 'at most so many entries; an act has up to two, told in one line', '50')
    .description('list entries, the newest first')
    .action((flags: ListFlags) => list(context, flags))
  addRemoteFlags(audit.command('export'))
    .requiredOption('--out <file>', 'where to write it')
    .option('--force', 'replace a file that is there')
    .description(
      'write the trail with its signed head as JSON lines; role owner. Of data tenants that you are no member of it has no names',
    )
    .action((flags: ExportFlags) => write(context, flags))
  addRemoteFlags(audit.command('verify'))
    .option('--against <count:hash>', 'a head that was seen before, such as one from a heartbeat')
    .option('--file <file>', 'check an exported trail instead, without any server')
    .option('--key <id>', 'with --file: the id of the key that must have signed it')
    .description('check the hash chain and its signed head; names the first entry that does not fit')
    .addHelpText(
      'after',
      examples('audit verify', 'audit verify --file audit-trail.ndjson --key ID', 'audit verify --against COUNT:HASH'),
    )
    .action((flags: VerifyFlags) => verify(context, flags))
}

async function list(context: CliContext, flags: ListFlags): Promise<void> {
  const { actor, action, subject, before, limit } = flags
  const [since, until] = [flags.since, flags.until].map((text) => timeOf(text, systemClock.now()))
  const asked = Object.entries({ actor, action, subject, since, until, before, limit })
  const query = new URLSearchParams(asked.filter((pair): pair is [string, string] => pair[1] !== undefined))
  const { client } = await connect(context, flags)
  const page = readAs(AuditList, await client.get(`/v1/audit?${query}`))
  print(context.terminal, flags.json, page, ({ head, entries, next }) => {
    const rows = readActs(entries).map(({ entry, action, first, outcome, code }) => [
      ...[
        first === entry.count ? first : `${first},${entry.count}`,
        rfc3339(entry.atMs),
        entry.actorName ?? entry.actor,
      ],
      ...[outcome === 'failed' ? `refused: ${action} (${code})` : outcome === 'tried' ? `tried: ${action}` : action],
      entry.subjectName ?? entry.subject,
      Object.entries(entry.detail)
        .flatMap(([name, value]) => (name === 'code' && code !== undefined ? [] : `${name}=${value}`))
        .join(' '),
    ])
    const shown = rows.length === 0 ? 'No entry fits.' : table(['ENTRY', 'AT', 'WHO', 'DID', 'TO', 'DETAIL'], rows)
    const more = next === undefined ? '' : `\nOlder ones: --before ${next}`
    return `${shown}${head ? `\n\nHead ${head.count}:${head.hash}` : ''}${more}`
  })
}

/** An export that is there may be the only proof of what the trail once said. */
async function write(context: CliContext, flags: ExportFlags): Promise<void> {
  if (!flags.force && (await isThere(flags.out))) {
    throw new UsageInvalid(`${flags.out} is there already`, 'Give another --out, or --force to replace it.')
  }
  const { client } = await connect(context, flags)
  const parts = await client.stream('GET', '/v1/audit/export')
  await (flags.force ? writeFileAtomic(flags.out, parts) : writeParts(flags.out, parts))
  print(
    context.terminal,
    flags.json,
    { written: flags.out },
    ({ written }) => `Written to ${written}. Check it anywhere with: sluice audit verify --file ${written}`,
  )
}

async function verify(context: CliContext, flags: VerifyFlags): Promise<void> {
  const head = flags.against === undefined ? undefined : headOf(flags.against)
  const verdict =
    flags.file === undefined ? await askServer(context, flags, head) : await verifyFile(flags.file, flags.key, head)
  if (!verdict.ok) {
    throw new AuditTrailBroken(`entry ${verdict.firstBad} of the audit trail does not fit: ${verdict.reason}`)
  }
  print(context.terminal, flags.json, verdict, ({ count, kid, extract }) => {
    const signed = kid === undefined ? '' : ` Signed by the key ${kid}.`
    if (extract) {
      return `The extract is as it was signed: ${count} ${nounFor(count ?? 0, 'entry', 'entries')}; names that only members of data tenants see are left out.${signed}`
    }
    return `The audit trail is whole: ${count} ${nounFor(count ?? 0, 'entry', 'entries')}.${signed}`
  })
}

type Head = { count: number; hash: string }

async function askServer(context: CliContext, flags: VerifyFlags, head: Head | undefined): Promise<Verdict> {
  if (flags.key !== undefined) throw new UsageInvalid('--key goes with --file')
  const { client } = await connect(context, flags)
  const query = head ? `?${new URLSearchParams({ count: String(head.count), hash: head.hash })}` : ''
  return readAs(Verdict, await client.get(`/v1/audit/verify${query}`))
}

function verifyFile(file: string, kid: string | undefined, head: Head | undefined): Promise<Verdict> {
  return verifyExport(readLines(file, EXPORT_LINE_BYTES_MAX), { kid, head })
}

function headOf(text: string): Head {
  const [, count, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? []
  if (count === undefined || hash === undefined)
    throw new UsageInvalid('--against takes count:hash, as `sluice audit list` shows the head')
  return { count: Number(count), hash }
}

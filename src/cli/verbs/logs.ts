/** `sluice logs`: what deployments said, filtered, and followed as it grows. */
import type { Command } from 'commander'
import { pause, systemClock } from '../../base/mod.ts'
import { type LogEntry, LogList, readAs } from '../answers.ts'
import type { Client } from '../client.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { DEPLOYMENT, deploymentNamed } from '../named.ts'
import { print } from '../output.ts'
import { TIME_HELP, timeOf } from '../times.ts'
import { addRemoteFlags } from './remote.ts'

const WORDS = ['deployment', 'component', 'text', 'since', 'until', 'before', 'limit'] as const
type LogFlags = RemoteFlags & { [Word in (typeof WORDS)[number]]?: string } & { level?: string; follow?: boolean }

const LEVELS = ['debug', 'info', 'warning', 'error']
/** Between two questions of one who follows. */
const FOLLOW_INTERVAL_MS = 1_000

export function addLogVerb(program: Command, context: CliContext): void {
  addRemoteFlags(program.command('logs'))
    .option('--deployment <name>', `only of this deployment: ${DEPLOYMENT}`)
    .option('--component <name>', 'only of this component (on a Runtime)')
    .option('--level <level>', 'only lines as serious or worse: debug, info, warning, error')
    .option('--text <words>', 'only lines with this in them (on a Runtime)')
    .option('--since <time>', `only lines from then on (on a Runtime): ${TIME_HELP}`)
    .option('--until <time>', 'only lines up to then (on a Runtime): the same')
    .option('--before <n>', 'go on back from there, as the answer before said')
    .option('--limit <n>', 'how many of the newest, up to 1,000', '100')
    .option('-f, --follow', 'print lines as they come, until it is stopped')
    .description('print audit logs of deployments, oldest first')
    .action(async (flags: LogFlags) => {
      const query = queryOf(flags)
      const { client } = await connect(context, flags)
      if (flags.deployment !== undefined) query.set('deployment', await deploymentNamed(client, flags.deployment))
      const list = readAs(LogList, await client.get(`/v1/logs?${query}`))
      show(context, flags, list.entries, older(list))
      if (flags.follow) await follow(context, flags, { client, query, after: afterOf(list, 0) })
    })
}

type LogAnswer = { entries: readonly LogEntry[]; next?: number | undefined; older?: number | undefined }

function queryOf(flags: LogFlags): URLSearchParams {
  const query = new URLSearchParams()
  const now = systemClock.now()
  for (const word of WORDS) {
    const value = word === 'since' || word === 'until' ? timeOf(flags[word], now) : flags[word]
    if (value !== undefined) query.set(word, value)
  }
  if (flags.level === undefined) return query
  const least = LEVELS.indexOf(flags.level)
  if (least < 0) throw new UsageInvalid(`--level takes ${LEVELS.join(', ')}, not \`${flags.level}\``)
  query.set('level', LEVELS.slice(least).join(','))
  return query
}

type Following = { client: Client; query: URLSearchParams; after: number }

async function follow({ terminal, signal }: CliContext, flags: LogFlags, from: Following): Promise<void> {
  const { client, query } = from
  query.delete('before')
  for (let { after } = from; !signal.aborted; ) {
    await pause(systemClock, FOLLOW_INTERVAL_MS, signal)
    if (signal.aborted) return
    query.set('after', String(after))
    const list = readAs(LogList, await client.get(`/v1/logs?${query}`))
    after = afterOf(list, after)
    if (list.entries.length === 0) continue
    if (flags.json) for (const entry of list.entries) print(terminal, true, entry, () => '')
    else print(terminal, false, list.entries, (entries) => entries.map(lineOf).join('\n'))
  }
}

/** A Runtime says where to go on; a Platform numbers its lines. */
function afterOf({ entries, next }: LogAnswer, otherwise: number): number {
  return next ?? entries.at(-1)?.sequence ?? otherwise
}

function older({ older: before }: LogAnswer): string {
  return before === undefined ? '' : `\n\nThere may be older ones: --before ${before}`
}

function show({ terminal }: CliContext, flags: LogFlags, entries: readonly LogEntry[], more: string): void {
  print(terminal, flags.json, entries, (list) =>
    list.length === 0 && more === ''
      ? 'No log lines yet.'
      : `${list.length === 0 ? 'None of the newest lines fits.' : list.map(lineOf).join('\n')}${flags.follow ? '' : more}`,
  )
}

function lineOf({ at, level, component, template, fields }: LogEntry): string {
  const words = Object.entries(fields).map(([name, value]) => `${name}=${value}`)
  return [at, level.padEnd(7), component ?? '–', template, ...words].join('  ')
}

/** `sluice dead-letter`: records that a component refused, on the Runtime where they are kept. */
import type { Command } from 'commander'
import { fromBase64url, nounFor } from '../../base/mod.ts'
import { DroppedLetters, Letter, LetterCounts, LetterList, ReplayedLetters, readAs, wordsOf } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { DEPLOYMENT, deploymentNamed } from '../named.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

type FilterFlags = { component?: string; code?: string }
type ListFlags = RemoteFlags & FilterFlags & { from?: string; limit?: string; records?: boolean; counts?: boolean }
type ChoiceFlags = RemoteFlags & FilterFlags & { through?: string }

const SHOWN_CHARACTERS = 80
/** Enough for so many characters of four bytes, and for white space before them; a record may have 1 MiB. */
const SHOWN_BYTES = 1_024

/** Records are refused for not being UTF-8 as well: what is none becomes �. Nothing of a record may steer a terminal. */
const decoder = new TextDecoder()

function shown(record: string): string {
  const bytes = fromBase64url(record)
  const text = decoder
    .decode(bytes.subarray(0, SHOWN_BYTES))
    .trim()
    .replace(/\p{Cc}/gu, '·')
  const characters = [...text]
  const cut = characters.length > SHOWN_CHARACTERS || bytes.length > SHOWN_BYTES
  return cut ? `${characters.slice(0, SHOWN_CHARACTERS).join('')}…` : text
}

function wholeOf(text: string, flag: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new UsageInvalid(`${flag} takes a whole number, not \`${text}\``)
  return Number(text)
}

function pathOf(deployment: string, below = '', query: Record<string, string | number | undefined> = {}): string {
  const words = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) if (value !== undefined) words.set(name, String(value))
  const asked = words.size > 0 ? `?${words}` : ''
  return `/v1/deployments/${encodeURIComponent(deployment)}/dead-letters${below}${asked}`
}

export function addDeadLetterVerbs(program: Command, context: CliContext): void {
  const letters = program
    .command('dead-letter')
    .description('records that a component refused; they stay on the Runtime')
  addFilters(letters.command('list'))
    .option('--from <number>', 'begin at this number (default: the oldest)')
    .option('--limit <n>', 'show at most so many, 256 at a time (default: 50)')
    .option('--records', 'show what they hold; for owners, and recorded')
    .option('--counts', 'show how many were refused for which reason instead')
    .description('list refused records with their reasons, the oldest first')
    .action((id: string, flags: ListFlags) => (flags.counts ? counts(context, id, flags) : list(context, id, flags)))
  addRemoteFlags(letters.command('show'))
    .argument('<deployment>', DEPLOYMENT)
    .argument('<number>', 'its number, as `list` shows it')
    .description('show one refused record with what it holds; for owners, and recorded')
    .action((id: string, number: string, flags: RemoteFlags) => show(context, id, number, flags))
  addFilters(letters.command('replay'))
    .argument('[number...]', 'numbers, as `list` shows them')
    .option('--through <number>', 'all up to and including this number')
    .description('let refused records go through the component that refused them again')
    .action((id: string, numbers: string[], flags: ChoiceFlags) => replay(context, id, numbers, flags))
  addFilters(letters.command('drop'))
    .argument('[number...]', 'numbers, as `list` shows them')
    .option('--through <number>', 'all up to and including this number')
    .description('drop refused records for good')
    .action((id: string, numbers: string[], flags: ChoiceFlags) => drop(context, id, numbers, flags))
}

function addFilters(command: Command): Command {
  return addRemoteFlags(command)
    .argument('<deployment>', DEPLOYMENT)
    .option('--component <name>', 'only those that this component refused')
    .option('--code <code>', 'only those refused for this reason')
}

async function list(context: CliContext, named: string, flags: ListFlags): Promise<void> {
  const { component, code } = flags
  const [from, limit] = (['from', 'limit'] as const).map((name) => {
    const text = flags[name]
    return text === undefined ? undefined : wholeOf(text, `--${name}`)
  })
  const { client } = await connect(context, flags)
  const asked = { from, limit, component, code, ...(flags.records && { records: 'true' }) }
  const path = pathOf(await deploymentNamed(client, named), '', asked)
  const { letters, next, resume } = readAs(LetterList, await client.get(path))
  print(context.terminal, flags.json, letters, (page) => {
    const last = page.at(-1)
    const goOn = resume ?? (last && next !== undefined && last.number + 1 < next ? last.number + 1 : undefined)
    const more =
      goOn === undefined || next === undefined ? '' : `There are more, up to number ${next - 1}: --from ${goOn}`
    if (!last)
      return more || (from === undefined ? 'No record was refused.' : 'No refused record stands there or later.')
    const rows = page.map(({ number, component: by, reason, partition, position, record }) => [
      ...[number, by, wordsOf([reason]), partition, position],
      ...(flags.records ? [shown(record ?? '')] : []),
    ])
    const head = ['NUMBER', 'COMPONENT', 'REASON', 'PARTITION', 'POSITION', ...(flags.records ? ['RECORD'] : [])]
    return [table(head, rows), ...(more ? ['', more] : [])].join('\n')
  })
}

async function counts(context: CliContext, named: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(LetterCounts, await client.get(pathOf(await deploymentNamed(client, named), '/counts')))
  print(context.terminal, flags.json, answer.counts, (all) =>
    all.length === 0
      ? 'No record was refused.'
      : table(
          ['COMPONENT', 'REASON', 'RECORDS'],
          all.map(({ component, code, count }) => [component, code, count]),
        ),
  )
}

async function show(context: CliContext, named: string, number: string, flags: RemoteFlags): Promise<void> {
  const below = `/${wholeOf(number, 'the number')}`
  const { client } = await connect(context, flags)
  const letter = readAs(Letter, await client.get(pathOf(await deploymentNamed(client, named), below)))
  print(context.terminal, flags.json, letter, ({ component, reason, partition, position, record }) =>
    [
      `${component} refused it (${wordsOf([reason])}), from ${partition} at ${position}:`,
      decoder.decode(fromBase64url(record ?? '')).replace(/\p{Cc}/gu, '·'),
    ].join('\n'),
  )
}

/** What replay and drop take: either some numbers, or all up to one. */
function chosen(numbers: readonly string[], { component, code, through }: ChoiceFlags) {
  if (numbers.length > 0 === (through !== undefined))
    throw new UsageInvalid('give either numbers, as `list` shows them, or --through for all up to one')
  return {
    ...(numbers.length > 0 && { numbers: numbers.map((number) => wholeOf(number, 'a number')) }),
    ...(through !== undefined && { through: wholeOf(through, '--through') }),
    ...{ component, code },
  }
}

async function replay(context: CliContext, named: string, numbers: string[], flags: ChoiceFlags): Promise<void> {
  const body = chosen(numbers, flags)
  const { client } = await connect(context, flags)
  const path = pathOf(await deploymentNamed(client, named), '/replay')
  const answer = readAs(ReplayedLetters, await client.request('POST', path, body))
  print(context.terminal, flags.json, answer, ({ replaying }) =>
    replaying === 0
      ? 'None of them can be replayed, or all are on their way already.'
      : `${replaying === 1 ? 'One record goes' : `${replaying} records go`} through again. What is refused again stays in the list.`,
  )
}

async function drop(context: CliContext, named: string, numbers: string[], flags: ChoiceFlags): Promise<void> {
  const body = chosen(numbers, flags)
  const { client } = await connect(context, flags)
  const path = pathOf(await deploymentNamed(client, named), '/drop')
  const answer = readAs(DroppedLetters, await client.request('POST', path, body))
  const upTo = flags.through === undefined ? undefined : `up to number ${flags.through}`
  print(context.terminal, flags.json, answer, ({ dropped }) =>
    dropped === 0
      ? upTo === undefined
        ? 'None of them was kept.'
        : `Nothing was kept ${upTo}.`
      : `Dropped ${dropped} refused ${nounFor(dropped, 'record')}${upTo === undefined ? '' : `, ${upTo}`}.`,
  )
}

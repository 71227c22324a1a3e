/** `sluice dead-letter`: records that a component refused, on the Runtime where they are kept. */
import type { Command } from 'commander'
import { fromBase64url } from '../../base/mod.ts'
import { DroppedLetters, LetterList, readAs, wordsOf } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { addRemoteFlags } from './remote.ts'

type ListFlags = RemoteFlags & { from?: string; limit?: string }
type DropFlags = RemoteFlags & { through: string }

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

function pathOf(deployment: string, query: Record<string, string | undefined>): string {
  const words = Object.entries(query).flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}=${wholeOf(text, `--${name}`)}`],
  )
  return `/v1/deployments/${encodeURIComponent(deployment)}/dead-letters?${words.join('&')}`
}

export function addDeadLetterVerbs(program: Command, context: CliContext): void {
  const letters = program
    .command('dead-letter')
    .description('records that a component refused; they stay on the Runtime')
  addRemoteFlags(letters.command('list'))
    .argument('<deployment>', 'id of the deployment (dep_…)')
    .option('--from <position>', 'begin at this position (default: the oldest)')
    .option('--limit <n>', 'show at most so many, 256 at a time (default: 50)')
    .description('list refused records with their reasons, the oldest first')
    .action((id: string, flags: ListFlags) => list(context, id, flags))
  addRemoteFlags(letters.command('drop'))
    .argument('<deployment>', 'id of the deployment (dep_…)')
    .requiredOption('--through <position>', 'the last position to drop, as `list` shows it')
    .description('drop refused records up to and including a position, for good')
    .action((id: string, flags: DropFlags) => drop(context, id, flags))
}

async function list(context: CliContext, id: string, flags: ListFlags): Promise<void> {
  const path = pathOf(id, { from: flags.from, limit: flags.limit })
  const { client } = await connect(context, flags)
  const { letters, next } = readAs(LetterList, await client.get(path))
  print(context.terminal, flags.json, letters, (page) => {
    const last = page.at(-1)
    if (!last) return flags.from === undefined ? 'No record was refused.' : 'No refused record stands there or later.'
    const rows = page.map(({ component, reason, partition, position, record }) => [
      ...[component, wordsOf([reason]), partition],
      ...[position, shown(record)],
    ])
    const lines = table(['COMPONENT', 'REASON', 'PARTITION', 'POSITION', 'RECORD'], rows)
    const more = next !== undefined && last.position + 1 < next
    return more ? `${lines}\n\nThere are more, up to position ${next - 1}: --from ${last.position + 1}` : lines
  })
}

async function drop(context: CliContext, id: string, flags: DropFlags): Promise<void> {
  const path = pathOf(id, { through: flags.through })
  const { client } = await connect(context, flags)
  const answer = readAs(DroppedLetters, await client.request('DELETE', path))
  print(context.terminal, flags.json, answer, ({ dropped }) =>
    dropped === 0
      ? `Nothing was kept up to position ${flags.through}.`
      : `Dropped ${dropped} refused record${dropped === 1 ? '' : 's'}, up to position ${flags.through}.`,
  )
}

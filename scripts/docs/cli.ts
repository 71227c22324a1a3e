/** docs/cli.md: what `sluice <verb> --help` prints, for every verb. */
import { run } from '../../src/cli/mod.ts'
import { fenced, GENERATED, page } from './markdown.ts'

/** Runs the command in this process and gives what it prints. */
async function helpOf(words: readonly string[]): Promise<string> {
  let printed = ''
  const keep = (text: string): void => {
    printed += text
  }
  const terminal = { out: keep, err: keep, interactive: false }
  await run([...words, '--help'], { terminal, environment: {}, root: false, signal: new AbortController().signal })
  return printed.replace(/[ \t]+$/gm, '')
}

/** Parts of a help text whose lines begin with other words than verbs. */
const NO_VERBS = /^(?:Usage|Options|Arguments|Examples|Variables|Exit codes)/

/** Words that a help text lists under its headings, each the name of a verb. */
function verbsIn(help: string): string[] {
  const parts = help.split(/\n\n/).filter((part) => !NO_VERBS.test(part))
  const words = parts.flatMap((part) =>
    [...part.matchAll(/^ {2}([a-z][a-z-]*)(?= |$)/gm)].map((match) => match[1] ?? ''),
  )
  return words.filter((word) => word !== 'help')
}

async function sections(words: readonly string[]): Promise<string[]> {
  const help = await helpOf(words)
  const own = [words.length === 0 ? '## `sluice`' : `## \`sluice ${words.join(' ')}\``, fenced('text', help)]
  const below: string[] = []
  // Only what has verbs below it says so in its usage line.
  const isNoun = /^Usage: .*\[command\]/m.test(help)
  for (const verb of isNoun ? verbsIn(help) : []) below.push(...(await sections([...words, verb])))
  return [...own, ...below]
}

/** Lines break where they do without a terminal, whatever this one's width is. */
async function withoutTerminal<T>(work: () => Promise<T>): Promise<T> {
  const before = Object.getOwnPropertyDescriptor(process.stdout, 'isTTY')
  Object.defineProperty(process.stdout, 'isTTY', { value: false, configurable: true, writable: true })
  try {
    return await work()
  } finally {
    if (before) Object.defineProperty(process.stdout, 'isTTY', before)
    else Reflect.deleteProperty(process.stdout, 'isTTY')
  }
}

export async function cliPage(): Promise<string> {
  return page(
    '# The command',
    GENERATED,
    [
      'Verbs that speak to a server find it by `--at`: a URL, a data folder on this machine, or an access file (a server writes',
      '`access.json` into its data folder at first start). Without it they take the Runtime, else the Platform, of this machine.',
    ].join('\n'),
    ...(await withoutTerminal(() => sections([]))),
  )
}

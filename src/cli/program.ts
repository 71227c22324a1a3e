/** The command `sluice`: its verbs, their help, and one place where every failure becomes a line and an exit code. */
import { type Argument, Command, CommanderError } from 'commander'
import { nearestWord } from '../base/mod.ts'
import { buildFacts } from '../host/mod.ts'
import type { CliContext } from './context.ts'
import { EXIT_CODES, EXIT_ROWS_REFUSED, exitCodeOf, type FailureWords, failureLine, UsageInvalid } from './exit.ts'
import { checkLogLevel } from './logs.ts'
import { refusedFields } from './refused-fields.ts'
import { VERBS } from './verbs.ts'

const AFTER_HELP = `
Variables beside those of the settings:
  SLUICE_AT      server to speak to: URL, data folder or access file
  SLUICE_TOKEN   token to show it, in place of the access file's
  SLUICE_LOG     least level of log lines: debug, info, warning, error

Exit codes:
  0  done
  ${EXIT_CODES.internal}  a fault of Sluice itself
  ${EXIT_CODES.invalid}  what was given is wrong: words, files, blueprints
  ${EXIT_CODES.unauthenticated}  not signed in, or not allowed
  ${EXIT_CODES.not_found}  there is no such thing
  ${EXIT_CODES.conflict}  it exists already, is in use, or was changed meanwhile
  ${EXIT_CODES.unavailable}  something did not answer; trying again may help
  ${EXIT_CODES.limit}  a limit was reached
  ${EXIT_ROWS_REFUSED}  an upload arrived, and some of it was refused

Every failure is one line on standard error: its code, what happened, what to do.`

/** The command, ready to parse: of its verbs the one that `word` names, or all where it names none. */
async function createProgram(word: string, context: CliContext): Promise<Command> {
  const program = new Command('sluice')
    .description('Moves, keeps and queries data between places that must not see each other’s secrets.')
    .version(buildFacts.version, '-V, --version', 'print the version')
    .addHelpText('after', AFTER_HELP)
    .showSuggestionAfterError(true)
    .enablePositionalOptions()
  const isKnown = VERBS.some(({ verbs }) => verbs.some(({ words }) => words.includes(word)))
  for (const { heading, verbs } of VERBS) {
    program.commandsGroup(heading)
    for (const { words, load } of verbs) {
      if (isKnown && !words.includes(word)) continue
      const add = await load()
      add(program, context)
    }
  }
  program.helpCommand('help [verb]', 'explain a verb')
  return program
}

/** Settings that commander copies to sub-commands only when they are made; so they are set on all of them here. */
function prepare(command: Command, context: CliContext, path: string): void {
  command
    .helpOption('-h, --help', 'explain this verb')
    .exitOverride((error) => {
      throw error.exitCode === 0 || error.code === 'commander.help' ? error : usageOf(error, command, path)
    })
    .configureOutput({
      writeOut: context.terminal.out,
      // Help that nobody asked for: a verb was missing.
      writeErr: context.terminal.err,
      outputError: () => undefined,
    })
    .configureHelp({
      subcommandTerm: (child) => [child.name(), ...child.registeredArguments.map(argumentTerm)].join(' '),
    })
  if (command.commands.length > 0 && command.parent) command.helpCommand(false)
  for (const child of command.commands) prepare(child, context, `${path} ${child.name()}`)
}

/** As the usage line writes it: in brackets what may be left out, with dots what may come several times. */
function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}

/** `error: unknown command 'rutime'\n(Did you mean runtime?)` → one plain sentence, and the help that explains it. */
function usageOf(error: CommanderError, command: Command, path: string): UsageInvalid {
  const text = (excessWords(error, command) ?? error.message)
    .replace(/^error: /, '')
    .replace(/\s*\n\s*/g, ' ')
    .replace(/^unknown command/, 'unknown verb')
    .replace(/ for '[^']+'\. Expected (\d+) arguments? but got (\d+)/, ': $2 given, $1 expected')
    .replace(/\(Did you mean (.*?)\?\)/, "— did you mean '$1'?")
    .replace(/'([^']*)'/g, '`$1`')
  return new UsageInvalid(text, `See \`${path} --help\`.`)
}

/** A word where none belongs, as a file's name behind `certificate set`, is most often meant for a flag. */
function excessWords({ code }: CommanderError, { args, registeredArguments, options }: Command): string | undefined {
  const word = args[registeredArguments.length]
  if (code !== 'commander.excessArguments' || word === undefined) return undefined
  const flags = options.filter(({ long, required }) => required && !['--at', '--ca'].includes(long ?? ''))
  if (registeredArguments.length > 0 || flags.length === 0) return `\`${word}\` is one argument too many`
  return `\`${word}\` has no flag before it; this verb takes ${flags.map((flag) => flag.flags).join(', ')}`
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

/** Commander answers `help` of a verb that is not there with the help of all, and without a word about it. */
function checkHelp(program: Command, [first, word]: readonly string[]): void {
  const verbs = program.commands.map((command) => command.name())
  if (first !== 'help' || word === undefined || word.startsWith('-') || [...verbs, 'help'].includes(word)) return
  const near = nearestWord(word, verbs)
  throw new UsageInvalid(`unknown verb \`${word}\`${near ? ` — did you mean \`${near}\`?` : ''}`)
}

/** Runs the command with these words; returns its exit code. Never throws. */
export async function run(words: readonly string[], context: CliContext): Promise<number> {
  const program = await createProgram(words[0] ?? '', context)
  prepare(program, context, 'sluice')
  let called: Command | undefined
  program.hook('preAction', (_program, action) => {
    called = action
    checkLogLevel(context.environment['SLUICE_LOG'])
  })
  try {
    checkHelp(program, words)
    await program.parseAsync([...words], { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    // Without a verb commander shows the help and calls that an error.
    if (error instanceof CommanderError) return EXIT_CODES.invalid
    context.terminal.err(`${failureLine(error, wordsFor(error, called))}\n`)
    return exitCodeOf(error)
  }
}

/** What of a failure is told in the words of the verb that was called: its flags, and where its help is. */
function wordsFor(error: unknown, called: Command | undefined): FailureWords {
  const message = refusedFields(error, called)
  const isUsage = message !== undefined || (error instanceof UsageInvalid && error.advice === undefined)
  return { message, advice: isUsage ? `See \`${called ? pathOf(called) : 'sluice'} --help\`.` : undefined }
}

import { expect, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { AppError, type ErrorKind } from '../../src/base/mod.ts'
import { EXIT_CODES, exitCodeOf, failureLine } from '../../src/cli/exit.ts'
import { sluice } from '../support/cli/terminal.ts'
import { temporaryFolder } from '../support/folder.ts'

class Failing extends AppError {
  override readonly code = 'test.failing' as const
  override readonly kind: ErrorKind
  override readonly advice: string | undefined
  constructor(kind: ErrorKind, message: string, advice?: string) {
    super(message)
    this.kind = kind
    this.advice = advice
  }
}

/** Every verb with its words, from the help of help. */
async function verbs(path: readonly string[] = []): Promise<string[][]> {
  // A line that only looks like a verb would be asked for its verbs without end.
  if (path.length > 4) throw new Error(`no verb has so many words: ${path.join(' ')}`)
  const { out } = await sluice([...path, '--help'])
  const sections = out.split('\n\n').filter((section) => !/^(Usage|Arguments|Options|Variables|Exit)/.test(section))
  const names = [...sections.join('\n').matchAll(/^ {2}([a-z-]+)(?: <\w+>)? {2,}\S/gm)].map(([, name = '']) => name)
  const below = names.filter((name) => name !== 'help')
  return [[...path], ...(await Promise.all(below.map((name) => verbs([...path, name])))).flat()]
}

test('a misspelt verb or flag is one line with a suggestion and the help to look at, and exit code 2', async () => {
  const lines: Record<string, string> = {
    rutime: 'unknown verb `rutime` — did you mean `runtime`? See `sluice --help`.',
    'peer lst': 'unknown verb `lst` — did you mean `list`? See `sluice peer --help`.',
    'runtime enroll x': 'unknown verb `enroll` — did you mean `enrol`? See `sluice runtime --help`.',
    'runtime quatsch': 'unknown verb `quatsch`. See `sluice runtime --help`.',
    'demo --recods 5': 'unknown option `--recods` — did you mean `--records`? See `sluice demo --help`.',
    'help nope': 'unknown verb `nope`. See `sluice --help`.',
    'help rutime': 'unknown verb `rutime` — did you mean `runtime`? See `sluice --help`.',
    'runtime --port abc':
      '--port: `abc` is not a port; ports are whole numbers up to 65535. See `sluice runtime --help`.',
    '--bogus': 'unknown option `--bogus`. See `sluice --help`.',
  }
  for (const [words, line] of Object.entries(lines)) {
    expect(await sluice(words.split(' '))).toEqual({ exit: 2, out: '', err: `cli.usage: ${line}\n` })
  }
})

test('a missing, superfluous or impossible word is one line that says which', async () => {
  const lines: Record<string, string> = {
    'peer accept': 'missing required argument `introduction`. See `sluice peer accept --help`.',
    'status now': '`now` is one argument too many. See `sluice status --help`.',
    'peer remove a b': '`b` is one argument too many. See `sluice peer remove --help`.',
    'audit verify trail.ndjson':
      '`trail.ndjson` has no flag before it; this verb takes --against <count:hash>, --file <file>, --key <id>. See `sluice audit verify --help`.',
    'certificate set chain.pem':
      '`chain.pem` has no flag before it; this verb takes --certificate <file>, --key <file>, --pkcs12 <file>, --passphrase-file <file>, --passphrase-env <variable>. See `sluice certificate set --help`.',
    'demo --kill both':
      'option `--kill <runtime>` argument `both` is invalid. Allowed choices are factory, cloud. See `sluice demo --help`.',
    'demo --json': '--json goes with --once. See `sluice demo --help`.',
    'demo --records 9': '--records takes a whole number from 10 to 100000000, not `9`. See `sluice demo --help`.',
    'deployment approve dep_x --version two --at https://127.0.0.1:1':
      '`two` is not a version. See `sluice deployment approve --help`.',
    'enrolment-code create --expires-in soon':
      '--expires-in takes minutes, hours or days such as 90m, 2h or 7d, not `soon`. See `sluice enrolment-code create --help`.',
    'credential set c --field-file x --at https://127.0.0.1:1':
      '--field-file takes name=value, not `x`. See `sluice credential set --help`.',
    'credential set c --at https://127.0.0.1:1':
      'a credential needs at least one field: give it with --field-file, --field-env or --from. See `sluice credential set --help`.',
    'audit verify --against 5 --at https://127.0.0.1:1':
      '--against takes count:hash, as `sluice audit list` shows the head. See `sluice audit verify --help`.',
  }
  for (const [words, line] of Object.entries(lines)) {
    expect(await sluice(words.split(' '))).toEqual({ exit: 2, out: '', err: `cli.usage: ${line}\n` })
  }
})

test('help of a verb explains that verb', async () => {
  expect((await sluice(['help', 'peer'])).out).toStartWith('Usage: sluice peer')
  expect((await sluice(['help'])).out).toStartWith('Usage: sluice')
})

test('a level of SLUICE_LOG that there is not is refused, except where help is asked for', async () => {
  expect(await sluice(['version'], { SLUICE_LOG: 'loud' })).toEqual({
    exit: 2,
    out: '',
    err: 'cli.usage: SLUICE_LOG: `loud` is not a level; levels are debug, info, warning, error. See `sluice --help`.\n',
  })
  expect((await sluice(['--help'], { SLUICE_LOG: 'loud' })).exit).toBe(0)
  for (const level of ['debug', '']) expect((await sluice(['version'], { SLUICE_LOG: level })).exit).toBe(0)
})

test('a folder where a file is asked for, or the other way round, is one line with exit code 2', async () => {
  using folder = temporaryFolder()
  writeFileSync(folder.file('file'), '')
  for (const words of [
    ['blueprint', 'lint', folder.path],
    ['platform', '--data', folder.file('file')],
    ['runtime', '--data', folder.file('file/below')],
  ]) {
    const ran = await sluice(words)
    expect(ran).toMatchObject({ exit: 2, out: '' })
    expect(ran.err).toMatch(/^host\.path_unfit: .+\. Check the path: .+\n$/)
  }
})

test('blueprint lint prints each finding once, and then only how many errors there are', async () => {
  using folder = temporaryFolder()
  const file = folder.file('typo.yaml')
  const parts = 'components:\n  rows: { type: csv_file, on: a, config: { paths: [x] }, code: up.cel }\n'
  writeFileSync(file, `blueprint: typo\nsystems:\n  a: { runtime: a }\n${parts}`)
  const ran = await sluice(['blueprint', 'lint', file])
  expect(ran).toMatchObject({ exit: 2, err: `blueprint.unsound: ${file} has 1 error\n` })
  expect(ran.out).toMatch(/write `\.\/name\.cel`: a file beside the Blueprint\n$/)
  expect(ran.out.split('\n')).toHaveLength(2)
})

test('blueprint lint says what a setting takes and what it was given, in no words of a schema', async () => {
  using folder = temporaryFolder()
  const file = folder.file('typed.yaml')
  const config = 'config: { paths: x, columns: { id: long } }'
  const kept = 'out: { type: json_lines_file, on: a, from: rows, config: { path: 5 } }'
  const parts = `components:\n  rows: { type: csv_file, on: A b, ${config} }\n  ${kept}\n`
  writeFileSync(file, `blueprint: typed\nsystems:\n  a: { runtime: a }\n${parts}`)
  const misplaced = (await sluice(['blueprint', 'lint', file])).out
  expect(misplaced).toContain(
    '`components.rows.on`: expected a name of a-z, 0-9, `-` and `_`, a letter first, got `A b`',
  )
  writeFileSync(file, `blueprint: typed\nsystems:\n  a: { runtime: a }\n${parts.replace('A b', 'a')}`)
  const { out } = await sluice(['blueprint', 'lint', file])
  expect(out).toContain('`paths`: must be a list, got a text')
  expect(out).toContain('`columns.id`: must be `string`, `double`, `int` or `bool`, got `long`')
  expect(out).toContain('`path`: must be a text, got a number')
  expect(out).not.toContain('Invalid')
})

test('a verb that needs another word shows its help on standard error and exits with 2', async () => {
  const ran = await sluice(['peer'])
  expect(ran).toMatchObject({ exit: 2, out: '' })
  expect(ran.err).toStartWith('Usage: sluice peer')
})

test('every verb explains itself within the width of a terminal, on standard output, with exit code 0', async () => {
  const all = await verbs()
  expect(all.map((path) => path.join(' '))).toContain('enrolment-code revoke')
  expect(all.length).toBeGreaterThan(25)
  for (const path of all) {
    const { exit, out, err } = await sluice([...path, '--help'])
    expect({ exit, err }).toEqual({ exit: 0, err: '' })
    expect(out).toStartWith(`Usage: ${['sluice', ...path].join(' ')}`)
    expect(out).not.toMatch(/undefined|\[object|\[\]/)
    for (const line of out.split('\n')) expect(line.length).toBeLessThanOrEqual(82)
  }
})

test('version and --version print the version of the package, also as JSON', async () => {
  const { version } = (await import('../../package.json')).default
  expect((await sluice(['--version'])).out).toBe(`${version}\n`)
  expect((await sluice(['version'])).out).toStartWith(`sluice ${version}`)
  expect(JSON.parse((await sluice(['version', '--json'])).out)).toMatchObject({ version, host: 'bun', compiled: false })
})

test('a failure is one line of code, message and advice, whatever line ends they hold', () => {
  expect(failureLine(new Failing('invalid', 'it is so', 'Do that.'))).toBe('test.failing: it is so. Do that.')
  expect(failureLine(new Failing('invalid', 'is it so?', 'Do that.'))).toBe('test.failing: is it so? Do that.')
  expect(failureLine(new Failing('invalid', 'see `x`', 'Do that.'))).toBe('test.failing: see `x`. Do that.')
  expect(failureLine(new Failing('invalid', 'it is\n  so'))).toBe('test.failing: it is so')
  expect(failureLine(new TypeError('x is undefined'))).toBe('internal.unexpected: x is undefined')
  expect(failureLine('thrown')).toBe('internal.unexpected: thrown')
})

test('each kind of failure has its exit code, which the help lists; what nobody named is 1', async () => {
  const { out } = await sluice(['--help'])
  for (const [kind, code] of Object.entries(EXIT_CODES)) {
    expect(exitCodeOf(new Failing(kind as ErrorKind, 'x'))).toBe(code)
    expect(out).toContain(`\n  ${code}  `)
  }
  expect(exitCodeOf(new Error('x'))).toBe(1)
})

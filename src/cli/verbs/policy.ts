/** `sluice policy`: the owner's rules of a Runtime, shown, set, and tried on a Blueprint. */
import type { Command } from 'commander'
import * as v from 'valibot'
import { AppError, base64url } from '../../base/mod.ts'
import { readText } from '../../host/mod.ts'
import { Reason, readAs, wordsOf } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { renderAdds } from './adds.ts'
import { codeBeside } from './code-beside.ts'
import { addRemoteFlags } from './remote.ts'

/** The file is no YAML or JSON object. */
class PolicyFileInvalid extends AppError {
  override readonly code = 'policy.file_invalid' as const
  override readonly advice = 'Begin with what `sluice policy show --json` prints under `policy`.'
}

/** A Blueprint that was tried would be refused, or is in error. */
class PolicyTestRefused extends AppError {
  override readonly code = 'policy.test_refused' as const
}

const Value = v.union([v.string(), v.number(), v.array(v.string())])
const Rules = v.looseObject({
  policy: v.record(v.string(), Value),
  authentic: v.boolean(),
  rules: v.array(v.looseObject({ key: v.string(), says: v.string(), value: v.optional(Value) })),
})
const Affected = v.looseObject({
  ...{ name: v.string(), blueprint: v.string(), version: v.number(), place: v.string(), reasons: v.array(Reason) },
  ended: v.optional(v.boolean(), false),
})
type Affected = v.InferOutput<typeof Affected>
const Preview = v.looseObject({ affected: v.array(Affected) })
const Changed = v.looseObject({ ended: v.array(Affected) })
const Tested = v.looseObject({
  findings: v.array(
    v.looseObject({
      severity: v.string(),
      message: v.string(),
      line: v.number(),
      column: v.number(),
      code: v.string(),
    }),
  ),
  systems: v.array(
    v.looseObject({
      ...{ system: v.string(), outcome: v.string(), adds: v.record(v.string(), v.array(v.string())) },
      reasons: v.array(v.looseObject({ ...Reason.entries, rule: v.optional(v.string()) })),
    }),
  ),
})
type Tested = v.InferOutput<typeof Tested>

export function addPolicyVerbs(program: Command, context: CliContext): void {
  const policy = program.command('policy').description('the owner’s rules: what this Runtime does at most')
  addRemoteFlags(policy.command('show'))
    .description('show the rules in force, each explained')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      print(context.terminal, flags.json, readAs(Rules, await client.get('/v1/policy')), renderRules)
    })
  addRemoteFlags(policy.command('set'))
    .argument('<file>', 'the rules, YAML or JSON; what is left out is the default')
    .option('--end <name...>', 'what these rules may end, each as it is named: <deployment>@<version>')
    .description('put rules into force; says what they would end, and ends only what --end names')
    .addHelpText('after', RULES_HELP)
    .action((file: string, flags: RemoteFlags & { end?: string[] }) => set(context, file, flags))
  addRemoteFlags(policy.command('test'))
    .argument('<blueprint>', 'the Blueprint; code files beside it travel along')
    .option('--policy <file>', 'other rules than those in force')
    .description('try a Blueprint on the rules: what would be refused or wait, and which rule says so')
    .action((file: string, flags: RemoteFlags & { policy?: string }) => test(context, file, flags))
}

const RULES_HELP = `
Such a file, in YAML; \`sluice policy show\` explains every rule:
  hosts: [db.example:5432, "*.internal.example"]
  fileRoots: [in, out]
  scripts: forbidden`

async function set(context: CliContext, file: string, flags: RemoteFlags & { end?: string[] }): Promise<void> {
  const policy = await rulesOf(file)
  const { client } = await connect(context, flags)
  const { affected } = readAs(Preview, await client.request('POST', '/v1/policy/preview', { policy }))
  if (!flags.json && affected.length > 0) print(context.terminal, false, affected, renderAffected)
  const body = { policy, ending: flags.end ?? [] }
  const answer = readAs(Changed, await client.request('PUT', '/v1/policy', body))
  print(context.terminal, flags.json, answer, ({ ended }) =>
    ended.length === 0 ? 'The rules are in force.' : `The rules are in force; ended ${ended.length}.`,
  )
}

async function test(context: CliContext, file: string, flags: RemoteFlags & { policy?: string }): Promise<void> {
  const source = await readText(file)
  const code = Object.fromEntries([...(await codeBeside(file))].map(([path, bytes]) => [path, base64url(bytes)]))
  const policy = flags.policy === undefined ? {} : { policy: await rulesOf(flags.policy) }
  const { client } = await connect(context, flags)
  const tested = readAs(Tested, await client.request('POST', '/v1/policy/test', { source, code, ...policy }))
  print(context.terminal, flags.json, tested, (shown) => renderTested(file, shown))
  const isRefused = tested.systems.some(({ outcome }) => outcome === 'refused')
  const isWrong = tested.findings.some(({ severity }) => severity === 'error')
  if (isRefused || isWrong) throw new PolicyTestRefused(`${file} would ${isWrong ? 'not deploy' : 'be refused here'}`)
}

async function rulesOf(file: string): Promise<Record<string, unknown>> {
  const { parseDocument } = await import('yaml')
  const document = parseDocument(await readText(file), { prettyErrors: true })
  const [error] = document.errors
  if (error) throw new PolicyFileInvalid(`${file}: ${error.message.split('\n')[0]?.replace(/:$/, '')}`)
  const content: unknown = document.toJS({ maxAliasCount: 0 })
  const parsed = v.safeParse(v.record(v.string(), v.unknown()), content)
  if (!parsed.success || Array.isArray(content)) throw new PolicyFileInvalid(`${file}: expected \`rule: value\` lines`)
  return parsed.output
}

function renderRules({ authentic, rules }: v.InferOutput<typeof Rules>): string {
  const warning = authentic
    ? []
    : ['The stored rules are not as the owner wrote them; nothing may run until they are set.', '']
  const text = (value: v.InferOutput<typeof Value> | undefined): string =>
    value === undefined ? '–' : Array.isArray(value) ? `[${value.join(', ')}]` : String(value)
  return [...warning, ...rules.flatMap(({ key, value, says }) => [`${key}: ${text(value)}`, `  ${says}`])].join('\n')
}

function renderAffected(affected: readonly Affected[]): string {
  const lines = affected.map(
    ({ name, blueprint, place, ended, reasons }) =>
      `  ${name}  ${blueprint} ${ended ? 'has ended and does not start again' : place === 'current' ? 'is stopped' : 'is refused'}: ${wordsOf(reasons)}`,
  )
  return ['These rules end what follows; confirm with `--end` and the names:', ...lines].join('\n')
}

function renderTested(file: string, { findings, systems }: Tested): string {
  const found = findings.map(
    ({ line, column, severity, message }) => `${file}:${line}:${column} ${severity}: ${message}`,
  )
  const tested = systems.flatMap(({ system, outcome, reasons, adds }) => [
    `${system} ${OUTCOMES[outcome] ?? outcome}`,
    ...reasons.map(({ code, item, rule }) => `  ${code} ${item ?? ''}${rule ? ` (rule ${rule})` : ''}`),
    ...renderAdds(adds, '  '),
  ])
  return [verdictOf(file, { findings, systems }), ...found, ...tested].join('\n')
}

const OUTCOMES: Record<string, string> = {
  refused: 'would be refused',
  waits: 'would wait for your approval',
  starts: 'would start at once',
}

/** What comes of it as a whole: the worst that one of its systems would meet. */
function verdictOf(file: string, { findings, systems }: Tested): string {
  if (findings.some(({ severity }) => severity === 'error')) return `${file} would not deploy: it has errors.`
  const worst = Object.keys(OUTCOMES).find((outcome) => systems.some((one) => one.outcome === outcome))
  if (worst === undefined) return `${file} names this Runtime in none of its systems: nothing of it would run here.`
  return `${file} ${OUTCOMES[worst]} here.`
}

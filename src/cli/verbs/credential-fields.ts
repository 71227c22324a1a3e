/** Where the fields of a credential come from on this machine: files, standard input, variables, a prompt; never the words of the command. */
import { fromUtf8 } from '../../base/mod.ts'
import { readBytes } from '../../host/mod.ts'
import type { CliContext } from '../context.ts'
import { UsageInvalid } from '../exit.ts'

/** A value, or what the Runtime is to fetch it from at every use. */
type FieldValue = string | { environment: string } | { file: string } | { command: string[] } | Record<string, unknown>

export type FieldFlags = { fieldFile?: string[]; fieldEnv?: string[]; from?: string[] }

/** The flags; each may come several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value]
}

/** Fields by the flags, or else asked for one by one. Refuses `cli.usage`. */
export async function fieldsBy(
  flags: FieldFlags,
  kind: string,
  context: CliContext,
): Promise<Record<string, FieldValue>> {
  const fields: Record<string, FieldValue> = {}
  for (const pair of flags.fieldFile ?? []) {
    const [name, path] = split(pair, '--field-file')
    fields[name] = await valueOfFile(path)
  }
  for (const pair of flags.fieldEnv ?? []) {
    const [name, variable] = split(pair, '--field-env')
    const value = context.environment[variable]
    if (value === undefined) throw new UsageInvalid(`the variable ${variable} is not set`)
    fields[name] = value
  }
  for (const pair of flags.from ?? []) {
    const [name, place] = split(pair, '--from')
    fields[name] = referenceOf(place)
  }
  if (Object.keys(fields).length > 0) return fields
  return askedFor(kind, context)
}

function split(pair: string, flag: string): [string, string] {
  const at = pair.indexOf('=')
  if (at <= 0) throw new UsageInvalid(`${flag} takes name=value, not \`${pair}\``)
  return [pair.slice(0, at), pair.slice(at + 1)]
}

/** The text without one newline at its end; `-` is standard input. */
async function valueOfFile(path: string): Promise<string> {
  return fromUtf8(await readBytes(path === '-' ? '/dev/stdin' : path)).replace(/\r?\n$/, '')
}

/** `environment:NAME`, `file:/path`, `command:words` with spaces between, or a reference as the API takes it, in JSON. */
function referenceOf(place: string): FieldValue {
  if (place.startsWith('{')) return jsonOf(place)
  const [, source, rest = ''] = /^(environment|file|command):(.+)$/.exec(place) ?? []
  if (source === 'environment') return { environment: rest }
  if (source === 'file') return { file: rest }
  if (source === 'command') return { command: rest.trim().split(/\s+/) }
  throw new UsageInvalid('--from takes field=environment:NAME, field=file:PATH or field=command:WORDS')
}

function jsonOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text)
  } catch {
    throw new UsageInvalid('--from takes one JSON object after `{`')
  }
}

async function askedFor(kind: string, { terminal }: CliContext): Promise<Record<string, FieldValue>> {
  const { fieldsOf, kindOf } = await import('../../keys/mod.ts')
  const fields: Record<string, FieldValue> = {}
  for (const { name, optional, lines } of terminal.ask ? fieldsOf(kindOf(kind)) : []) {
    if (lines && optional) continue
    if (lines) throw new UsageInvalid(`the field ${name} has several lines: give it with --field-file ${name}=FILE`)
    const typed = await terminal.ask?.(`${name}${optional ? ' (may stay empty)' : ''}`)
    if (typed) fields[name] = typed
  }
  if (Object.keys(fields).length === 0)
    throw new UsageInvalid('a credential needs at least one field: give it with --field-file, --field-env or --from')
  return fields
}

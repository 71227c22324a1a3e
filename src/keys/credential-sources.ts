/**
 * Where a field's value comes from when it does not stand in the vault: a variable of the environment, a file, or what a command
 * prints, so that Vault, AWS or Azure secret stores fit. It is fetched anew for every use and kept by nobody.
 */
import { constants } from 'node:fs'
import { open, realpath } from 'node:fs/promises'
import { isAbsolute, relative } from 'node:path'
import * as v from 'valibot'
import { type Clock, fromUtf8, Slots } from '../base/mod.ts'
import { CredentialSourceFailed, CredentialSourceForbidden, CredentialSourceMissing } from './credential-errors.ts'
import { outputOf } from './source-command.ts'

/** What an owner may allow or forbid at the start. */
export const CREDENTIAL_SOURCES = ['environment', 'file', 'command'] as const
/** One of them. */
export type CredentialSource = (typeof CREDENTIAL_SOURCES)[number]

/** 64 KiB, as much as a credential may have: a value that is longer is none. */
const VALUE_BYTES_MAX = 65_536
/** A secret store across a slow network answers within this. */
const COMMAND_TIMEOUT_MS = 20_000
/** Commands at once: all deployments of a Runtime that starts ask within one second. */
const COMMANDS_AT_ONCE = 4
/** Uses that may wait for a command: more than all deployments of a Runtime need at once, and what one of them asks in a loop stays bounded. */
const COMMANDS_WAITING_MAX = 256

const VariableName = v.pipe(v.string(), v.regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'must be the name of a variable'))
/** Where the place holds a JSON object: which of its members is the value. */
const Member = v.optional(v.pipe(v.string(), v.minLength(1), v.maxLength(128)))
const Printable = v.regex(/^[^\p{Cc}]*$/u, 'must be one line')

/** A reference as it comes from its owner. */
export const FieldReference = v.union(
  [
    v.strictObject({ environment: VariableName, member: Member }),
    v.strictObject({
      file: v.pipe(v.string(), v.maxLength(4_096), Printable, v.check(isAbsolute, 'must be an absolute path')),
      member: Member,
    }),
    v.strictObject({
      command: v.pipe(
        v.array(v.pipe(v.string(), v.maxLength(4_096), v.regex(/^[^\0]*$/))),
        v.minLength(1),
        v.maxLength(64),
        v.check(([program]) => program !== undefined && /^[^\p{Cc}]+$/u.test(program), 'must begin with a program'),
      ),
      /** Variables that the command gets beside the few that every program needs. */
      variables: v.optional(v.pipe(v.array(VariableName), v.maxLength(32))),
      member: Member,
    }),
  ],
  'must be a text, or one of `environment`, `file` and `command`',
)
export type FieldReference = v.InferOutput<typeof FieldReference>

/** What may be shown of where a field comes from: of a command the program only, since its arguments may hold secrets. */
export type SourceFacts = { from: 'stored' } | { from: CredentialSource; name: string }

/** What the vault is handed to fetch values with. */
export type SourceAccess = {
  allowed: ReadonlySet<CredentialSource>
  /** Reads one variable. */
  environment: (name: string) => string | undefined
  /** What every command gets of the environment. */
  commandEnvironment: Readonly<Record<string, string>>
  /** Folders and files that are no source: Sluice's own keys are there. */
  ownPlaces: readonly string[]
  clock: Clock
  /** Default `COMMAND_TIMEOUT_MS`. */
  commandTimeoutMs?: number
}

export function sourceOf(reference: FieldReference): CredentialSource {
  if ('environment' in reference) return 'environment'
  return 'file' in reference ? 'file' : 'command'
}

/** What may be shown of it. */
export function sourceFacts(field: string | FieldReference): SourceFacts {
  if (typeof field === 'string') return { from: 'stored' }
  const from = sourceOf(field)
  if ('environment' in field) return { from, name: field.environment }
  return { from, name: 'file' in field ? field.file : (field.command[0] ?? '') }
}

const commands = new Slots(COMMANDS_AT_ONCE, {
  waitingMax: COMMANDS_WAITING_MAX,
  full: () => new CredentialSourceFailed('command', `${COMMANDS_WAITING_MAX} uses wait for a command already`),
})

/** Hands out the access if it allows this source. Refuses others, and Sluice's own secrets, with `credential.source_forbidden`. */
export function checkReference(
  item: string,
  reference: FieldReference,
  access: SourceAccess | undefined,
): SourceAccess {
  const source = sourceOf(reference)
  if (!access?.allowed.has(source)) {
    throw new CredentialSourceForbidden(item, `this Runtime takes no credentials from the source ${source}`)
  }
  const variables =
    'environment' in reference ? [reference.environment] : 'command' in reference ? (reference.variables ?? []) : []
  const own = variables.find(isOwnVariable)
  if (own !== undefined) throw new CredentialSourceForbidden(item, `${own} is one of Sluice’s own variables`)
  return access
}

/**
 * The value of a field, without the newline at its end. Refuses `credential.source_forbidden`, `credential.source_missing` and
 * `credential.source_failed`; none of them says what was found.
 */
export async function fetchField(
  item: string,
  reference: FieldReference,
  access: SourceAccess | undefined,
): Promise<string> {
  const text = await textOf(item, reference, checkReference(item, reference, access))
  const value = (reference.member === undefined ? text : memberOf(item, text, reference.member)).replace(/\r?\n$/, '')
  if (value === '') throw new CredentialSourceMissing(item, `the source of ${item} is empty`)
  return value
}

async function textOf(item: string, reference: FieldReference, access: SourceAccess): Promise<string> {
  if ('environment' in reference) {
    const value = access.environment(reference.environment)
    if (value === undefined) throw new CredentialSourceMissing(item, `the variable ${reference.environment} is not set`)
    return value
  }
  if ('file' in reference) return textIn(item, await fileBytes(item, reference.file, access.ownPlaces))
  const { command, variables = [] } = reference
  const env = { ...access.commandEnvironment }
  for (const name of variables) {
    const value = access.environment(name)
    if (value !== undefined) env[name] = value
  }
  const bounds = { env, timeoutMs: access.commandTimeoutMs ?? COMMAND_TIMEOUT_MS, bytesMax: VALUE_BYTES_MAX }
  return textIn(item, await commands.run(() => outputOf(item, command, { ...bounds, clock: access.clock })))
}

/** Only a regular file, whole and not too long; links are followed first, as those of mounted secrets are links. */
async function fileBytes(item: string, path: string, ownPlaces: readonly string[]): Promise<Uint8Array> {
  try {
    const place = await realpath(path)
    await refuseOwn(item, place, ownPlaces)
    // Without waiting for whoever writes to a pipe of that name, and without a link that has come into its place since.
    const file = await open(place, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
    try {
      const found = await file.stat()
      if (!found.isFile() || found.size > VALUE_BYTES_MAX) {
        throw new CredentialSourceFailed(item, `the file of ${item} is none, or longer than ${VALUE_BYTES_MAX} bytes`)
      }
      const bytes = new Uint8Array(VALUE_BYTES_MAX)
      const { bytesRead } = await file.read(bytes, 0, VALUE_BYTES_MAX, 0)
      return bytes.subarray(0, bytesRead)
    } finally {
      await file.close()
    }
  } catch (cause) {
    if (cause instanceof CredentialSourceForbidden || cause instanceof CredentialSourceFailed) throw cause
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
    if (code === 'ENOENT') throw new CredentialSourceMissing(item, `the file of ${item} is not there`)
    throw new CredentialSourceFailed(item, `the file of ${item} cannot be read (${code})`)
  }
}

/** Nor a view of the system: `/proc/self/environ` has every variable, the master key's among them. */
async function refuseOwn(item: string, place: string, ownPlaces: readonly string[]): Promise<void> {
  const own = await Promise.all(ownPlaces.map((one) => realpath(one).catch(() => one)))
  const inside = (folder: string): boolean => {
    const way = relative(folder, place)
    return way === '' || !(way.startsWith('..') || isAbsolute(way))
  }
  if ([...own, '/proc', '/sys', '/dev'].some(inside)) {
    throw new CredentialSourceForbidden(item, `the file of ${item} is one of Sluice’s own, or a view of the system`)
  }
}

function textIn(item: string, bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes)
  } catch {
    throw new CredentialSourceFailed(item, `what the source of ${item} gave is not text`)
  }
}

function memberOf(item: string, text: string, member: string): string {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), v.record(v.string(), v.unknown())), text)
  const value = parsed.success && Object.hasOwn(parsed.output, member) ? parsed.output[member] : undefined
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new CredentialSourceMissing(item, `the source of ${item} has no member ${JSON.stringify(member)} with a text`)
  }
  return String(value)
}

/** `SLUICE_MASTER_KEY`, `SLUICE_TOKEN` and their like open more than any component may. */
function isOwnVariable(name: string): boolean {
  return /^SLUICE_/i.test(name)
}

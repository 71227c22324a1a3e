/** `sluice credential`: named secrets of a Runtime's vault. There is no verb that reads one back. */
import type { Command } from 'commander'
import type * as v from 'valibot'
import { AppError } from '../../base/mod.ts'
import { Checked, Credential, Credentials, readAs, SetCredential } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { DEPLOYMENT, deploymentNamed } from '../named.ts'
import { print, table } from '../output.ts'
import { collect, type FieldFlags, fieldsBy } from './credential-fields.ts'
import { addRemoteFlags } from './remote.ts'

/** A component that was tried could not work with the credential. */
export class CredentialCheckFailed extends AppError {
  override readonly code = 'credential.check_failed' as const
}

type SetFlags = RemoteFlags & FieldFlags & { kind: string }
type KeyFlags = RemoteFlags & { kind: string; algorithm: string; username?: string; replace?: boolean }
type RemoveFlags = RemoteFlags & { force?: boolean; yes?: boolean }
type CheckFlags = RemoteFlags & { deployment?: string; component?: string }

export function addCredentialVerbs(program: Command, context: CliContext): void {
  const credential = program
    .command('credential')
    .description('named secrets in a Runtime’s vault; used, never read back')
  addRemoteFlags(credential.command('set'))
    .argument('<name>', 'name, as blueprints use it')
    .option('--kind <kind>', 'what it is; see `sluice credential kinds`', 'fields')
    .option('--field-file <name=path>', 'a field from a file; - is standard input', collect)
    .option('--field-env <name=variable>', 'a field from an environment variable of this command', collect)
    .option('--from <name=source>', 'where the Runtime fetches a field at every use', collect)
    .description('store a credential, or replace the one of that name; without fields it asks for them')
    .addHelpText('after', FROM_HELP)
    .action((name: string, flags: SetFlags) => set(context, name, flags))
  addRemoteFlags(credential.command('generate'))
    .argument('<name>', 'name, as blueprints use it')
    .option('--kind <kind>', 'key_pair or ssh_key', 'ssh_key')
    .option('--algorithm <algorithm>', 'p-256, ed25519 or rsa-3072', 'ed25519')
    .option('--username <name>', 'who signs in with an ssh_key')
    .option('--replace', 'in the place of one of that name, whose private key is gone then')
    .description('make a key in the vault, and show its public part')
    .action((name: string, flags: KeyFlags) => generate(context, name, flags))
  addRemoteFlags(credential.command('list'))
    .description('list names, kinds and fields, never values')
    .action((flags: RemoteFlags) => list(context, flags))
  addRemoteFlags(credential.command('show'))
    .argument('<name>', 'name of the credential')
    .description('where its fields come from, its public part, and who uses it')
    .action((name: string, flags: RemoteFlags) => show(context, name, flags))
  addRemoteFlags(credential.command('check'))
    .argument('<name>', 'name of the credential')
    .option('--deployment <name>', `try it with this deployment only: ${DEPLOYMENT}`)
    .option('--component <name>', 'try it with this component only')
    .description('try it with the components in force that use it')
    .action((name: string, flags: CheckFlags) => check(context, name, flags))
  addRemoteFlags(credential.command('remove'))
    .argument('<name>', 'name of the credential')
    .option('--force', 'even where deployments use it')
    .option('--yes', 'do not ask; needed where there is no terminal')
    .description('remove a credential, whose values nobody has then')
    .action((name: string, flags: RemoveFlags) => remove(context, name, flags))
  credential
    .command('kinds')
    .description('the kinds of credentials with their fields')
    .option('--json', 'print JSON')
    .action((flags: { json?: boolean }) => kinds(context, flags))
}

const FROM_HELP = `
Sources of a field:
  environment:NAME    a variable of the Runtime
  file:PATH           a file that the Runtime may read
  command:WORDS       what a program prints, run by the Runtime without a shell
  {"command": […], "member": "password"}
                      one member of the JSON object that is found there`

async function set(context: CliContext, name: string, flags: SetFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const body = { kind: flags.kind, fields: await fieldsBy(flags, flags.kind, context) }
  const answer = readAs(SetCredential, await client.request('PUT', pathOf(name), body))
  print(context.terminal, flags.json, answer, ({ name: stored, fields, replacedAt, restarted, unavailable }) =>
    [
      `${replacedAt === null ? 'Stored' : 'Replaced'} ${stored} (${fields.join(', ')}). It can be used, not read.`,
      ...restartedLine(restarted),
      ...unavailable.map(
        ({ field, message, advice = '' }) => `But ${field} is not available now: ${message}. ${advice}`,
      ),
    ].join('\n'),
  )
}

async function generate(context: CliContext, name: string, flags: KeyFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { kind, algorithm, username, replace } = flags
  const body = { kind, algorithm, ...(replace && { replace }), ...(username !== undefined && { username }) }
  const answer = readAs(SetCredential, await client.request('POST', `${pathOf(name)}/generate`, body))
  print(context.terminal, flags.json, answer, ({ name: stored, publicFacts, replacedAt, restarted }) =>
    [
      `${replacedAt === null ? 'Made' : 'Replaced'} ${stored}. Its private key is in the vault; this is the public one (${publicFacts?.fingerprint ?? ''}):`,
      // Of several lines, which stay: it is made to be copied.
      answer.publicFacts?.publicKey.trimEnd() ?? '',
      ...restartedLine(restarted),
    ].join('\n'),
  )
}

async function list(context: CliContext, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { credentials } = readAs(Credentials, await client.get('/v1/credentials'))
  print(context.terminal, flags.json, credentials, (all) =>
    all.length === 0
      ? 'No credentials yet. Store one with `sluice credential set NAME --kind password`.'
      : table(
          ['NAME', 'KIND', 'FIELDS', 'USED BY'],
          all.map(({ name, kind, fields, uses }) => [name, kind, fields.join(', '), uses.length]),
        ),
  )
}

async function show(context: CliContext, name: string, flags: RemoteFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const answer = readAs(Credential, await client.get(pathOf(name)))
  print(context.terminal, flags.json, answer, ({ kind, sources, publicFacts, uses }) =>
    [
      `${name}: ${kind}`,
      ...Object.entries(sources).map(([field, { from, name: place }]) =>
        `  ${field}: ${from} ${place ?? ''}`.trimEnd(),
      ),
      ...(publicFacts ? [publicFacts.fingerprint, publicFacts.publicKey.trimEnd()] : []),
      uses.length === 0 ? 'Nothing uses it.' : usesTable(uses),
    ].join('\n'),
  )
}

async function check(context: CliContext, name: string, flags: CheckFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { component } = flags
  const deployment = flags.deployment === undefined ? undefined : await deploymentNamed(client, flags.deployment)
  const body = { ...(deployment !== undefined && { deployment }), ...(component !== undefined && { component }) }
  const { checked } = readAs(Checked, await client.request('POST', `${pathOf(name)}/check`, body))
  print(context.terminal, flags.json, checked, (all) =>
    table(
      ['DEPLOYMENT', 'COMPONENT', 'TYPE', 'OUTCOME'],
      all.map(({ failure, ...one }) => [one.deployment, one.component, one.type, failure?.code ?? 'works']),
    ),
  )
  const failed = checked.filter(({ failure }) => failure)
  if (failed.length > 0)
    throw new CredentialCheckFailed(`${failed.length} of ${checked.length} cannot work with ${name}`)
}

/** Its name is asked for once more, and who uses it is said; without a terminal `--yes` says that it is meant, or `--force` where it is used. */
async function remove(context: CliContext, name: string, flags: RemoveFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { uses } = readAs(Credential, await client.get(pathOf(name)))
  const [force = false, isAsked] = [flags.force, !flags.yes && context.terminal.ask !== undefined]
  const users = [...new Set(uses.map(({ deployment }) => deployment))].join(', ')
  const loses = users === '' ? `The values of ${name} go` : `The values of ${name} go, and ${users} cannot start again`
  await confirmed(context, { name, loses, force: force || flags.yes, flag: users === '' ? '--yes' : '--force' })
  // Who was told at the terminal whom it hurts has agreed to that.
  await client.request('DELETE', `${pathOf(name)}${force || (isAsked && users !== '') ? '?force=true' : ''}`)
  print(context.terminal, flags.json, { removed: name }, () => `Removed ${name}.`)
}

async function kinds(context: CliContext, flags: { json?: boolean }): Promise<void> {
  const { credentialKinds, fieldsOf } = await import('../../keys/mod.ts')
  const all = credentialKinds.map((kind) => ({ kind: kind.kind, summary: kind.summary, fields: fieldsOf(kind) }))
  print(context.terminal, flags.json, all, (shown) =>
    table(
      ['KIND', 'FIELDS', ''],
      shown.map(({ kind, fields, summary }) => [
        kind,
        fields.map(({ name, optional }) => (optional ? `[${name}]` : name)).join(' ') || 'any',
        summary,
      ]),
    ),
  )
}

function pathOf(name: string): string {
  return `/v1/credentials/${encodeURIComponent(name)}`
}

function restartedLine(restarted: readonly string[]): string[] {
  return restarted.length === 0 ? [] : [`Started anew with it: ${restarted.join(', ')}.`]
}

function usesTable(uses: v.InferOutput<typeof Credential>['uses']): string {
  return table(
    ['DEPLOYMENT', 'BLUEPRINT', 'COMPONENT', 'STATE'],
    uses.map((use) => [
      use.deployment,
      use.blueprint,
      use.component,
      use.waits ? 'waits for approval' : use.ended ? 'has ended, can start again' : 'in force',
    ]),
  )
}

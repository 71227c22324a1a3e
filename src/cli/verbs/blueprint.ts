/** `sluice blueprint`: lint on this machine, deploy through the Platform. */
import type { Command } from 'commander'
import { AppError, base64url, nounFor, printable } from '../../base/mod.ts'
import { readText } from '../../host/mod.ts'
import { PlatformDeployment, readAs, StoredBlueprint } from '../answers.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { print } from '../output.ts'
import { codeBeside } from './code-beside.ts'
import { addRemoteFlags } from './remote.ts'

/** The Blueprint can't be used; every finding was printed already. */
class BlueprintUnsound extends AppError {
  override readonly code = 'blueprint.unsound' as const
}

async function lintFile(file: string) {
  const source = await readText(file)
  const code = await codeBeside(file)
  const { formatFinding, lintBlueprint } = await import('../../blueprint/mod.ts')
  const { catalogue } = await import('../../catalogue.ts')
  const { blueprint, findings } = lintBlueprint(source, { catalogue, code })
  const rendered = findings.map((finding) => printable(formatFinding(file, finding))).join('\n')
  const errors = findings.filter(({ severity }) => severity === 'error').length
  const refusal = () => new BlueprintUnsound(`${file} has ${errors} ${nounFor(errors, 'error')}`)
  return { source, code, blueprint, findings, rendered, refusal }
}

export function addBlueprintVerbs(program: Command, context: CliContext): void {
  const blueprint = program.command('blueprint').description('documents that say what runs where and how records flow')
  blueprint
    .command('lint')
    .argument('<file>', 'the Blueprint, YAML or JSON')
    .option('--json', 'print findings as JSON')
    .description('check form, wiring, types, settings and expressions; nothing leaves this machine')
    .action(async (file: string, flags: { json?: boolean }) => {
      const { blueprint: sound, findings, rendered, refusal } = await lintFile(file)
      print(context.terminal, flags.json, { ok: sound !== undefined, findings }, () =>
        [rendered, sound ? `${file} is sound.` : ''].filter(Boolean).join('\n'),
      )
      if (!sound) throw refusal()
    })
  addRemoteFlags(blueprint.command('deploy'))
    .argument('<file>', 'the Blueprint; code files beside it travel along')
    .description('lint, store a version on the Platform and deploy it')
    .action(async (file: string, flags: RemoteFlags) => {
      const { source, code, blueprint: sound, rendered, refusal } = await lintFile(file)
      if (!sound) {
        context.terminal.err(`${rendered}\n`)
        throw refusal()
      }
      const { client } = await connect(context, flags)
      const used = new Set(Object.values(sound.components).map((component) => component.code))
      const files = [...code].filter(([path]) => used.has(path)).map(([path, bytes]) => [path, base64url(bytes)])
      const stored = readAs(
        StoredBlueprint,
        await client.request('POST', '/v1/blueprints', { source, code: Object.fromEntries(files) }),
      )
      const answer = await client.request('POST', '/v1/deployments', {
        blueprint: stored.name,
        version: stored.version,
      })
      print(context.terminal, flags.json, readAs(PlatformDeployment, answer), ({ deployment, version, runtimes }) =>
        [
          `Deployed version ${version} of ${printable(stored.name)} (${deployment}) to ${runtimes.map(({ name }) => name).join(', ')}.`,
          'What adds to what was approved before waits for each Runtime’s owner: `sluice deployment list` there.',
        ].join('\n'),
      )
    })
}

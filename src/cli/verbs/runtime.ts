/** `sluice runtime`: the agent itself, and its enrolment. `sluice worker` is what it starts for each deployment, `data-worker` for data tenants, `connector-worker` for each pull. */
import type { Command } from 'commander'
import { nearestWord } from '../../base/mod.ts'
import type { OtlpConfig } from '../../runtime/mod.ts'
import { PlatformLink, readAs } from '../answers.ts'
import { defaultRuntimeName, type Flags } from '../config.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { credentialSources, masterKeySource, workerEnvironment } from '../secrets.ts'
import { keepFilesPrivate, publicHostOf, readSettings, SettingMissing, type Settings, untilStopped } from '../serve.ts'
import { addSettingFlags } from './config.ts'
import { addRemoteFlags } from './remote.ts'

async function serve(flags: Flags & { json?: boolean }, context: CliContext): Promise<void> {
  keepFilesPrivate()
  const settings = await readSettings('runtime', flags, context)
  const data = settings.text('data')
  const keySettings = { data, file: settings.text('master-key-file'), command: settings.optional('master-key-command') }
  const name = settings.optional('name') ?? defaultRuntimeName()
  const { startRuntime } = await import('../../runtime/mod.ts')
  await using runtime = await startRuntime({
    data,
    masterKey: await masterKeySource(keySettings, context.environment),
    name,
    host: settings.text('host'),
    port: settings.port('port'),
    bridgePort: settings.port('bridge-port'),
    ingestPort: settings.optionalPort('ingest-port'),
    publicHost: publicHostOf(settings),
    files: settings.text('files'),
    otlp: otlpOf(settings),
    credentialSources: credentialSources(settings.text('credential-sources'), context.environment),
    worker: { env: workerEnvironment(context.environment) },
  })
  const { managementUrl: url, bridgePort, fingerprint, oneTimeLink } = runtime
  print(
    context.terminal,
    flags.json,
    { ready: true, url, bridgePort, fingerprint, ...(oneTimeLink ? { oneTimeLink } : {}) },
    () =>
      [
        `Runtime ${name} is ready: Management Interface at ${url}, bridges on port ${bridgePort}.`,
        `Its certificate’s SHA-256 fingerprint: ${fingerprint}`,
        ...(oneTimeLink ? ['', 'Open this link once, within an hour, to become its owner:', `  ${oneTimeLink}`] : []),
      ].join('\n'),
  )
  await untilStopped(context)
}

/** Without an endpoint nothing is sent; what else is said of it then is a slip. */
function otlpOf(settings: Settings): OtlpConfig | undefined {
  const endpoint = settings.optional('otlp-endpoint')
  const headersFile = settings.optional('otlp-headers-file')
  const caFile = settings.optional('otlp-ca-file')
  const alone = headersFile ? 'otlp-headers-file' : caFile ? 'otlp-ca-file' : undefined
  if (endpoint === undefined && alone) throw new SettingMissing(`${alone} is given, and otlp-endpoint is not`)
  return endpoint === undefined
    ? undefined
    : { endpoint, headersFile, caFile, traceOneIn: Number(settings.text('otlp-trace-one-in')) }
}

export function addRuntimeVerbs(program: Command, context: CliContext): void {
  const runtime = program
    .command('runtime')
    .description('run a Runtime: the agent that a company hosts beside its data')
    .option('--json', 'print one JSON line when ready')
  addSettingFlags(runtime, 'runtime')
  runtime.allowExcessArguments().action((flags: Flags & { json?: boolean }, command: Command) => {
    const [word] = command.args
    if (word === undefined) return serve(flags, context)
    const near = nearestWord(
      word,
      command.commands.map((child) => child.name()),
    )
    const hint = near ? ` — did you mean \`${near}\`?` : ''
    throw new UsageInvalid(`unknown verb \`${word}\`${hint}`, 'See `sluice runtime --help`.')
  })
  addRemoteFlags(runtime.command('enrol'))
    .argument('<code>', 'what `sluice enrolment-code create` printed (slx_…)')
    .description('enrol a running Runtime with a Platform')
    .action(async (code: string, flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      const link = readAs(PlatformLink, await client.request('POST', '/v1/enrolment', { code }))
      print(context.terminal, flags.json, link, ({ state, runtime: id, tenantName, platform }) =>
        state === 'enrolled'
          ? `Enrolled with ${tenantName ?? 'the Platform'} at ${platform ?? ''} as ${id}.`
          : 'Enrolment has begun; see `sluice status`.',
      )
    })
  program
    .command('copy-database', { hidden: true })
    .description('copy one database; started by a server')
    .action(async () => {
      const { runCopier } = await import('../../store/mod.ts')
      return await runCopier()
    })
  program
    .command('data-worker', { hidden: true })
    .description('open the databases of data tenants; started by the Runtime')
    .action(async () => {
      const { runDataWorker } = await import('../../datasets/mod.ts')
      return await runDataWorker()
    })
  program
    .command('connector-worker', { hidden: true })
    .description('pull from one site; started by the Runtime')
    .action(async () => {
      const { runConnectorWorker } = await import('../../connectors/mod.ts')
      return await runConnectorWorker()
    })
  program
    .command('worker', { hidden: true })
    .description('run one deployment; started by the Runtime')
    .action(async () => {
      const { runWorker } = await import('../../runtime/mod.ts')
      return await runWorker()
    })
}

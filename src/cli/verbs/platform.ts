/** `sluice platform`: the control plane. */
import { type Command, Option } from 'commander'
import type { Flags } from '../config.ts'
import type { CliContext } from '../context.ts'
import { print } from '../output.ts'
import { masterKeySource } from '../secrets.ts'
import { keepFilesPrivate, publicHostOf, readSettings, untilStopped } from '../serve.ts'
import { addSettingFlags } from './config.ts'

type PlatformFlags = Flags & { json?: boolean; recordTo?: string }

async function serve(flags: PlatformFlags, context: CliContext): Promise<void> {
  keepFilesPrivate()
  const settings = await readSettings('platform', flags, context)
  const data = settings.text('data')
  const keySettings = { data, file: settings.text('master-key-file'), command: settings.optional('master-key-command') }
  const { startPlatform } = await import('../../platform/mod.ts')
  const { catalogue } = await import('../../catalogue.ts')
  await using platform = await startPlatform({
    data,
    masterKey: await masterKeySource(keySettings, context.environment),
    host: settings.text('host'),
    port: settings.port('port'),
    publicHost: publicHostOf(settings),
    allowPrivateAddresses: settings.on('allow-private-addresses'),
    catalogue,
    ...(flags.recordTo ? { recordTo: flags.recordTo } : {}),
  })
  const [known] = platform.tenants
  const tenant = known ?? (await platform.createTenant({ name: 'main', owner: 'owner' }))
  const { url, oneTimeLink } = tenant
  print(context.terminal, flags.json, { ready: true, url, ...(oneTimeLink ? { oneTimeLink } : {}) }, () =>
    [
      `Platform is ready at ${url}`,
      ...(oneTimeLink ? ['', 'Open this link once, within an hour, to become its owner:', `  ${oneTimeLink}`] : []),
    ].join('\n'),
  )
  await untilStopped(context)
}

export function addPlatformVerb(program: Command, context: CliContext): void {
  const platform = program
    .command('platform')
    .description('run a Platform: it commands Runtimes and never sees their data')
    .option('--json', 'print one JSON line when ready')
    // For the demo's search for customer data in what the Platform received.
    .addOption(new Option('--record-to <folder>').hideHelp())
  addSettingFlags(platform, 'platform')
  platform.action((flags: PlatformFlags) => serve(flags, context))
}

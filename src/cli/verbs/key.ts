/** `sluice key` and `sluice recovery`: what opens a server's data, how old it is, and others in its place. */
import { type Command, Option } from 'commander'
import * as v from 'valibot'
import { Cancelled, systemClock, systemRandom } from '../../base/mod.ts'
import { readText } from '../../host/mod.ts'
import { readAs } from '../answers.ts'
import type { Flags } from '../config.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { confirmed } from '../datasets/confirmed.ts'
import { UsageInvalid } from '../exit.ts'
import { print, table } from '../output.ts'
import { newMasterKey } from '../secrets.ts'
import { readSettings } from '../serve.ts'
import type { Role } from '../settings.ts'
import { addRemoteFlags } from './remote.ts'

const Keys = v.object({
  master: v.object({ source: v.string(), madeAt: v.string(), pending: v.boolean() }),
  recovery: v.object({ madeAt: v.nullable(v.string()), shown: v.boolean() }),
  signing: v.object({ id: v.string() }),
  keys: v.array(
    v.object({
      ...{ name: v.string(), about: v.string(), keys: v.number(), madeAt: v.nullable(v.string()) },
      ...{ state: v.string(), done: v.number(), of: v.number(), failure: v.nullable(v.string()) },
    }),
  ),
})
type Keys = v.InferOutput<typeof Keys>
const Renewed = v.object({ recoveryKey: v.string() })

type RenewFlags = RemoteFlags & { yes?: boolean }
type RotateFlags = RemoteFlags & { newKeyFile?: string; yes?: boolean }
type UseFlags = Flags & { recoveryKeyFile: string; role: Role; json?: boolean }

export function addKeyVerbs(program: Command, context: CliContext): void {
  const key = program.command('key').description('what a server’s data is encrypted under')
  addRemoteFlags(key.command('list'))
    .description('list keys with their age and what is being rotated')
    .action(async (flags: RemoteFlags) => {
      const { client } = await connect(context, flags)
      print(context.terminal, flags.json, readAs(Keys, await client.get('/v1/keys')), listed)
    })
  addRemoteFlags(key.command('rotate'))
    .argument('<name>', 'master, or a name that `list` shows')
    .option(
      '--new-key-file <file>',
      'file with the new master key, where it comes from a variable, a command or systemd',
    )
    .option('--yes', 'rotate the master key without asking')
    .description('put a new key in the place of one, and encrypt anew what lies under it')
    .action((name: string, flags: RotateFlags) => rotate(context, name, flags))
  const recovery = program.command('recovery').description('the recovery key, for when the master key is lost')
  addRemoteFlags(recovery.command('renew'))
    .description('make a new recovery key and print it, once; the one before is of no use any more')
    .option('--yes', 'do not ask; needed where there is no terminal and somebody has the one before')
    .action((flags: RenewFlags) => renew(context, flags))
  recovery
    .command('use')
    .requiredOption('--recovery-key-file <file>', 'file with the recovery key')
    .addOption(new Option('--role <role>', 'which server').choices(['platform', 'runtime']).default('runtime'))
    .option('--data <folder>', 'its data folder; the server must not run')
    .option('--master-key-file <file>', 'the new master key; made if it is not there (default <data>/master.key)')
    .option('--master-key-command <command>', 'command whose output is the new master key')
    .option('--json', 'print JSON')
    .description('let a new master key open a data folder whose own is lost')
    .action((flags: UseFlags) => use(context, flags))
}

async function renew(context: CliContext, flags: RenewFlags): Promise<void> {
  const { client } = await connect(context, flags)
  const { recovery: before } = readAs(Keys, await client.get('/v1/keys'))
  // One that nobody has been shown is no loss.
  if (before.shown) {
    const loses = `The recovery key made ${before.madeAt} is of no use any more`
    await confirmed(context, { name: 'recovery', loses, force: flags.yes, flag: '--yes', act: 'make another' })
  }
  const answer = readAs(Renewed, await client.request('POST', '/v1/recovery/renew', {}))
  print(context.terminal, flags.json, answer, ({ recoveryKey }) =>
    ['Keep this recovery key away from this machine. It is not shown again:', '', `  ${recoveryKey}`].join('\n'),
  )
}

async function rotate(context: CliContext, name: string, flags: RotateFlags): Promise<void> {
  const newKey = flags.newKeyFile === undefined ? undefined : (await readText(flags.newKeyFile)).trim()
  const { client } = await connect(context, flags)
  if (name === 'master') await confirmMaster(context, flags, readAs(Keys, await client.get('/v1/keys')))
  const path = `/v1/keys/${encodeURIComponent(name)}/rotate`
  const keys = readAs(Keys, await client.request('POST', path, newKey === undefined ? {} : { newKey }))
  print(context.terminal, flags.json, keys, ({ master }) => {
    if (name !== 'master') return `The rotation of ${name} has begun; see how far it is with \`sluice key list\`.`
    return master.pending
      ? 'The new master key is accepted. Put it where the old one comes from and start again: from then on it is the only one.'
      : 'The master key is rotated; the old one opens nothing any more.'
  })
}

/** Where the master key comes from, if not from a file that the server writes itself. */
const PLACES: Readonly<Record<string, string>> = {
  value: 'the variable SLUICE_MASTER_KEY',
  command: 'what the setting master-key-command prints',
  systemd: 'the credential sluice-master-key of systemd',
}

/** Says what the rotation needs, and lets a person agree. Refuses `cli.usage`. */
async function confirmMaster({ terminal }: CliContext, flags: RotateFlags, { master, recovery }: Keys): Promise<void> {
  const place = PLACES[master.source]
  if (place !== undefined && flags.newKeyFile === undefined)
    throw new UsageInvalid(`the master key comes from ${place}: give the new one with --new-key-file`)
  const warnings = [
    place === undefined
      ? 'A new master key is written to the file of the old one at once.'
      : `Before its next start this server needs the new master key in ${place}; until then either opens its data.`,
    'Copies of the data folder that were made before are opened by the old master key only: keep it as long as them. What `sluice backup` made needs neither.',
    ...(recovery.shown
      ? []
      : [
          'Nobody has the recovery key: were the new master key lost, so is all data. Make one first: sluice recovery renew',
        ]),
  ]
  if (flags.yes) return
  if (!terminal.ask) throw new UsageInvalid(`this needs --yes: ${warnings.join(' ')}`)
  terminal.err(`${warnings.join('\n')}\n`)
  if ((await terminal.ask('Type master to rotate it')).trim() !== 'master') throw new Cancelled('nothing was rotated')
}

async function use(context: CliContext, flags: UseFlags): Promise<void> {
  const settings = await readSettings(flags.role, flags, context)
  const data = settings.text('data')
  const { loadMasterKey, recoverKeyring } = await import('../../keys/mod.ts')
  const { holdDataFolder } = await import('../../store/mod.ts')
  const recoveryKey = (await readText(flags.recoveryKeyFile)).trim()
  const keySettings = { data, file: settings.text('master-key-file'), command: settings.optional('master-key-command') }
  const release = await holdDataFolder(data)
  try {
    const source = await newMasterKey(keySettings, context.environment)
    const master = await loadMasterKey(source)
    const deps = { path: `${data}/keyring.json`, master, clock: systemClock, random: systemRandom }
    await recoverKeyring({ ...deps, recoveryKey })
    print(context.terminal, flags.json, { data, source: source.kind }, () =>
      [
        `The data folder ${data} is opened by the new master key (${source.kind}). Start: sluice ${flags.role} --data ${data}`,
        'The recovery key was used on a machine: make a new one with `sluice recovery renew` once it runs.',
      ].join('\n'),
    )
  } finally {
    await release()
  }
}

function listed({ master, recovery, signing, keys }: Keys): string {
  const head = [
    `Master key from ${master.source}, set ${master.madeAt}${master.pending ? '; another follows at the next start' : ''}.`,
    recovery.shown
      ? `Recovery key made ${recovery.madeAt}.`
      : 'No recovery key yet, so nobody has it: sluice recovery renew',
    `Signs its backups and its audit trail by the key ${signing.id}.`,
    '',
  ]
  const rows = keys.map(({ name, madeAt, state, done, of, failure, about }) => [
    ...[name, madeAt],
    state === 'rotating' && of > 0 ? `rotating, ${done} of ${of}` : failure === null ? state : `${state} (${failure})`,
    about,
  ])
  return `${head.join('\n')}\n${table(['KEY', 'MADE', 'STATE', 'OF'], rows)}`
}

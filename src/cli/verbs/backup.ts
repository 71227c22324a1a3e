/** `sluice backup` and `sluice restore`: all state of a server as one encrypted file, and such a file as a data folder again. */
import { type Command, Option } from 'commander'
import * as v from 'valibot'
import { base64url, nounFor, systemClock, systemRandom } from '../../base/mod.ts'
import { readParts, writeParts } from '../../host/mod.ts'
import { readAs } from '../answers.ts'
import { addOpenerFlags, lineOf, type OpenerFlags, openerOf, readKeyFile } from '../backup-keys.ts'
import type { Flags } from '../config.ts'
import { type CliContext, connect, type RemoteFlags } from '../context.ts'
import { UsageInvalid } from '../exit.ts'
import { print } from '../output.ts'
import { newMasterKey } from '../secrets.ts'
import { readSettings } from '../serve.ts'
import { addRemoteFlags } from './remote.ts'

type BackupFlags = RemoteFlags & { out?: string; passphraseFile?: string; keyFile?: string }
type MakerFlags = OpenerFlags & { key?: string; json?: boolean }
type RestoreFlags = MakerFlags & Flags & { data: string }

export function addBackupVerbs(program: Command, context: CliContext): void {
  const backup = addRemoteFlags(program.command('backup'))
    .option('--out <file>', 'where the backup goes; a file that is there is never replaced')
    .option('--passphrase-file <file>', 'let a passphrase open it, in place of the recovery key')
    .option('--key-file <file>', 'let a key open it: 43 characters of base64url')
    .description('back a running server up into one encrypted file; what components read and write is not in it')
    .allowExcessArguments()
    .action((flags: BackupFlags, command: Command) => {
      const [word] = command.args
      if (word !== undefined) throw new UsageInvalid(`unknown verb \`${word}\``, 'See `sluice backup --help`.')
      return makeBackup(context, flags)
    })
  addOpenerFlags(backup.command('verify'))
    .argument('<file>', 'a backup')
    .addOption(makerOption())
    .option('--json', 'print JSON')
    .description('check a backup to its last byte, and who made it, without restoring it')
    .action((file: string, flags: MakerFlags) => verify(context, file, flags))
  addOpenerFlags(program.command('restore'))
    .argument('<file>', 'a backup')
    .addOption(makerOption())
    .requiredOption('--data <folder>', 'the data folder that it becomes: empty, or not there yet')
    .addOption(
      new Option('--master-key-file <file>', 'the new master key; made if it is not there (default <data>/master.key)'),
    )
    .option('--master-key-command <command>', 'command whose output is the new master key')
    .option('--json', 'print JSON')
    .description('make a data folder of a backup, on this host or another, under a master key of its own')
    .action((file: string, flags: RestoreFlags) => restore(context, file, flags))
}

/** Not one of the flags that open it: it is no secret. */
function makerOption(): Option {
  return new Option('--key <id>', 'the id of the key that must have signed it, as `sluice key list` shows it')
}

async function makeBackup(context: CliContext, flags: BackupFlags): Promise<void> {
  const { out, passphraseFile, keyFile } = flags
  if (out === undefined) throw new UsageInvalid('a backup needs --out with the file that it goes to')
  if (passphraseFile !== undefined && keyFile !== undefined) {
    throw new UsageInvalid('give --passphrase-file or --key-file, not both')
  }
  const sealing =
    passphraseFile !== undefined
      ? { kind: 'passphrase', passphrase: await lineOf(passphraseFile) }
      : keyFile !== undefined
        ? { kind: 'key', key: base64url(await readKeyFile(keyFile)) }
        : { kind: 'recovery' }
  const { client } = await connect(context, flags)
  const { signing } = readAs(Signing, await client.get('/v1/keys'))
  const bytes = await writeParts(out, await client.stream('POST', '/v1/backup', sealing))
  print(context.terminal, flags.json, { out, bytes, openedBy: sealing.kind, maker: signing.id }, () =>
    [
      `Backed up into ${out}, ${bytes} bytes. It is opened by ${WORDS[sealing.kind] ?? sealing.kind}.`,
      `It is signed by the key ${signing.id}. Keep this id apart from it: restore with --key proves by it who made it.`,
      'Not in it: the folder that components read and write, and the master key.',
    ].join('\n'),
  )
}

const Signing = v.object({ signing: v.object({ id: v.string() }) })

const WORDS: Record<string, string> = {
  recovery: 'the recovery key',
  passphrase: 'the passphrase',
  key: 'the key of the key file',
}

async function verify(context: CliContext, file: string, flags: MakerFlags): Promise<void> {
  const { verifyBackup } = await import('../../backup/mod.ts')
  const found = await verifyBackup(readParts(file), { opener: await openerFor(file, flags), maker: flags.key })
  const told = { ...found, makerProven: flags.key !== undefined }
  print(context.terminal, flags.json, told, ({ role, name, madeAt, files, bytes, version, maker, makerProven }) =>
    [
      `The backup is whole: ${files} ${nounFor(files, 'file')}, ${bytes} bytes, of the ${role} ${name}.`,
      `Made ${madeAt} by Sluice ${version}.`,
      makerWords(maker, makerProven),
    ].join('\n'),
  )
}

/** A name and a time anybody can write into a backup; only a key that the owner knows proves its maker. */
function makerWords(maker: string, isProven: boolean): string {
  if (isProven) return `Signed by the key ${maker}, as demanded.`
  return `Signed by the key ${maker}; maker unproven: compare it with the one that you wrote down, or give that with --key.`
}

/** Says what the backup asks for where the wrong thing, or nothing, was given. */
async function openerFor(file: string, flags: OpenerFlags): ReturnType<typeof openerOf> {
  const { describeBackup } = await import('../../backup/mod.ts')
  const { openedBy } = await describeBackup(readParts(file))
  try {
    return await openerOf(flags)
  } catch (error) {
    if (!(error instanceof UsageInvalid) || OPENERS.some((flag) => flags[flag] !== undefined)) throw error
    throw new UsageInvalid(`this backup is opened by ${WORDS[openedBy]}: give ${FLAGS[openedBy]}`)
  }
}

const OPENERS = ['recoveryKeyFile', 'passphraseFile', 'keyFile'] as const
const FLAGS = { recovery: '--recovery-key-file', passphrase: '--passphrase-file', key: '--key-file' }

async function restore(context: CliContext, file: string, flags: RestoreFlags): Promise<void> {
  const { describeBackup, restoreBackup } = await import('../../backup/mod.ts')
  const { loadMasterKey } = await import('../../keys/mod.ts')
  const { role } = await describeBackup(readParts(file))
  const settings = await readSettings(role, flags, context)
  const data = settings.text('data')
  const keySettings = { data, file: settings.text('master-key-file'), command: settings.optional('master-key-command') }
  const restored = await restoreBackup({
    ...{ source: readParts(file), opener: await openerFor(file, flags), maker: flags.key, folder: data },
    master: async () => loadMasterKey(await newMasterKey(keySettings, context.environment)),
    ...{ clock: systemClock, random: systemRandom },
  })
  const told = { data, ...restored, makerProven: flags.key !== undefined }
  print(context.terminal, flags.json, told, ({ name, madeAt, files, damage, maker, makerProven }) =>
    [
      `Restored the ${role} ${name} as it was ${madeAt} into ${data}, ${files} files.`,
      makerWords(maker, makerProven),
      ...damage.map(
        ({ journal, lost }) =>
          `${journal}: ${lost} ${nounFor(lost, 'entry', 'entries')} could not be read when the backup was made.`,
      ),
      'At its first start every session, one-time link, API token, recovery code and the token for metrics ends, for those that were taken back after the backup would hold again: make new ones. The command on that machine gets a token of its own. Passwords, roles and users are as they were.',
      `Start it with: sluice ${role} --data ${data}${role === 'runtime' ? ` --name ${name}` : ''}, and the ports, files folder and public host that it had: they are settings, and in no backup.`,
      'See to it that the server it was made of never runs again: each of the two would take the other’s place at the Platform.',
    ].join('\n'),
  )
}

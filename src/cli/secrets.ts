/** Where secrets come in: the one place that reads a master key's value from the environment. */
import { isThere, makePrivateFolder } from '../host/mod.ts'
import { CREDENTIAL_SOURCES, type CredentialSource, type MasterKeySource, type SourceAccess } from '../keys/mod.ts'
import type { Environment } from './config.ts'
import { UsageInvalid } from './exit.ts'

/** Name of the credential that a systemd unit loads (`LoadCredential=sluice-master-key:…`). */
const SYSTEMD_CREDENTIAL = 'sluice-master-key'

/** Where the binary unpacks its database addon; and the zone of local times. */
const WORKER_VARIABLES = ['TMPDIR', 'BUN_TMPDIR', 'TZ']

/** What a worker gets of the environment, which may hold secrets that customer code must not see: these names and no others. */
export function workerEnvironment(environment: Environment): Record<string, string> {
  return named(WORKER_VARIABLES, environment)
}

function named(names: readonly string[], environment: Environment): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** What a program needs to run at all, and to find its own settings: a credential's command gets these and what it names itself. */
const COMMAND_VARIABLES = ['PATH', 'HOME', 'USER', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR']

/** Who reads the environment for the Runtime's vault, one variable at a time, and what its owner allows. Refuses `cli.usage`. */
export function credentialSources(
  setting: string,
  environment: Environment,
): Pick<SourceAccess, 'allowed' | 'environment' | 'commandEnvironment'> {
  const words = setting === 'none' ? [] : setting.split(',').map((word) => word.trim())
  const allowed = words.map((word) => CREDENTIAL_SOURCES.find((source) => source === word))
  if (!allowed.every((source): source is CredentialSource => source !== undefined)) {
    throw new UsageInvalid(`credential-sources takes ${CREDENTIAL_SOURCES.join(', ')} or none, not \`${setting}\``)
  }
  return {
    allowed: new Set(allowed),
    environment: (name) => environment[name],
    commandEnvironment: named(COMMAND_VARIABLES, environment),
  }
}

export type MasterKeySettings = { data: string; file: string; command: string | undefined }

/**
 * The master key's source, the first that is there: SLUICE_MASTER_KEY, a command, a systemd credential, a file.
 * The file is made at first start, when nothing else was set.
 */
export async function masterKeySource(settings: MasterKeySettings, environment: Environment): Promise<MasterKeySource> {
  const value = environment['SLUICE_MASTER_KEY']
  if (value) return { kind: 'value', value }
  if (settings.command) return { kind: 'command', command: settings.command.trim().split(/\s+/) }
  const credentials = environment['CREDENTIALS_DIRECTORY']
  if (credentials && (await isThere(`${credentials}/${SYSTEMD_CREDENTIAL}`))) {
    return { kind: 'systemd', path: `${credentials}/${SYSTEMD_CREDENTIAL}` }
  }
  // A folder with state but without its key must not get a new one: it could open nothing.
  if (!(await isThere(`${settings.data}/keyring.json`))) await makeIfMissing(settings)
  return { kind: 'file', path: settings.file }
}

/** The source of the master key that a data folder is about to get, by recovery or restore: a file is made if it is not there. */
export async function newMasterKey(settings: MasterKeySettings, environment: Environment): Promise<MasterKeySource> {
  const source = await masterKeySource(settings, environment)
  if (source.kind === 'file') await makeIfMissing(settings)
  return source
}

async function makeIfMissing({ data, file }: MasterKeySettings): Promise<void> {
  if (await isThere(file)) return
  const { createMasterKeyFile } = await import('../keys/mod.ts')
  await makePrivateFolder(data)
  await createMasterKeyFile(file)
}

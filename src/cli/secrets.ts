/** Where secrets come in: the one place that reads a master key's value from the environment. */
import { stat } from 'node:fs/promises'
import { makePrivateFolder } from '../host/mod.ts'
import type { MasterKeySource } from '../keys/mod.ts'
import type { Environment } from './config.ts'

/** Name of the credential that a systemd unit loads (`LoadCredential=sluice-master-key:…`). */
const SYSTEMD_CREDENTIAL = 'sluice-master-key'

/** Where the binary unpacks its database addon; and the zone of local times. */
const WORKER_VARIABLES = ['TMPDIR', 'BUN_TMPDIR', 'TZ']

/** What a worker gets of the environment, which may hold secrets that customer code must not see: these names and no others. */
export function workerEnvironment(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    WORKER_VARIABLES.flatMap((name) => {
      const value = environment[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
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
  if (credentials && (await exists(`${credentials}/${SYSTEMD_CREDENTIAL}`))) {
    return { kind: 'systemd', path: `${credentials}/${SYSTEMD_CREDENTIAL}` }
  }
  // A folder with state but without its key must not get a new one: it could open nothing.
  if (!(await exists(settings.file)) && !(await exists(`${settings.data}/keyring.json`))) {
    const { createMasterKeyFile } = await import('../keys/mod.ts')
    await makePrivateFolder(settings.data)
    await createMasterKeyFile(settings.file)
  }
  return { kind: 'file', path: settings.file }
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}

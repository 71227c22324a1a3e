/** The data folder of a server: one process at a time, and nothing is written there before that is sure. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { makePrivateFolder, takeLockFile } from '../host/mod.ts'
import { DataFolderInUse, RestoreUnfinished } from './errors.ts'

const LOCK = 'lock'
/** Where a restore puts together what it then moves into place. */
export const RESTORING_FOLDER = '.restoring'

/**
 * Makes the folder if need be (mode 0700) and takes it for this process; gives what lets go of it. Refuses `store.folder_in_use` and
 * `store.restore_unfinished`; host errors of the folder.
 */
export async function holdDataFolder(folder: string): Promise<() => Promise<void>> {
  await makePrivateFolder(folder)
  const outcome = await takeLockFile(join(folder, LOCK))
  if ('holder' in outcome) {
    throw new DataFolderInUse(`process ${outcome.holder} works with the data folder ${folder}`)
  }
  if (existsSync(join(folder, RESTORING_FOLDER))) {
    await outcome.release()
    throw new RestoreUnfinished(`a restore into ${folder} was not finished`)
  }
  return outcome.release
}

/** One process at a time in a journal's folder. Opening cuts what looks torn: with a writer at work that would be its last group. */
import { join } from 'node:path'
import { takeLockFile } from '../../host/mod.ts'
import { JournalInUse } from './errors.ts'

const LOCK = 'lock'

/** Takes the lock of `folder`; refuses `journal.in_use`. Gives what releases it. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const outcome = await takeLockFile(join(folder, LOCK))
  if ('holder' in outcome) throw new JournalInUse(`process ${outcome.holder} has the journal at ${folder} open`)
  return outcome.release
}

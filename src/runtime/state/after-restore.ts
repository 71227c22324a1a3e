/**
 * The first start of a data folder that was restored: what was revoked or used up after the backup was made is in it as if it had
 * not been, so nothing of it opens anything any more.
 */
import type { Accounts } from '../../accounts/mod.ts'
import { recorded, type Trail } from '../../audit/mod.ts'
import { DATA_FOLDER_RESTORED } from '../../backup/mod.ts'
import type { DataDesk, UploadTokens } from '../../datasets/mod.ts'
import type { Keyring } from '../../keys/mod.ts'
import type { Settings } from './settings.ts'

export type AfterRestoreDeps = {
  keyring: Pick<Keyring, 'acts'>
  accounts: Pick<Accounts, 'endAccess'>
  settings: Pick<Settings, 'keptAt'>
  uploadTokens: Pick<UploadTokens, 'revokeAll'>
  datasets: Pick<DataDesk, 'supposeRetentions'>
  trail: Pick<Trail, 'record'>
}

/** Where the hash of the token for `/metrics` is kept. */
export const METRICS_TOKEN = 'metrics.token'

/**
 * To be called before anyone is let in. A start that is cut off does it once more: the keyring tells of the restore until the audit
 * trail has it.
 */
export async function endAccessAfterRestore(deps: AfterRestoreDeps): Promise<void> {
  const { keyring, accounts, settings, uploadTokens, datasets, trail } = deps
  if (!keyring.acts().some(({ action }) => action === DATA_FOLDER_RESTORED)) return
  // The databases were copied one after another: one may have a retention that was set after this one was copied.
  await datasets.supposeRetentions()
  await recorded(trail, { actor: 'system', action: 'access.ended', subject: 'accounts' }, async () => {
    await accounts.endAccess()
    await settings.keptAt(METRICS_TOKEN).remove()
    await uploadTokens.revokeAll('system')
  })
}

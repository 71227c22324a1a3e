/**
 * Every key of a Runtime that is rotated, with what lies under it. Not among them are the keys by which others know this Runtime (to
 * sign, to agree, its authority): those change with an announcement to others, not here. Nor is the pepper of passwords: what it is
 * mixed into can only be made anew by the people who know their passwords.
 */
import { sealedAccounts } from '../../accounts/mod.ts'
import { sealedChannels } from '../../alerts/mod.ts'
import {
  type Keyring,
  type RotationTarget,
  rotateDatabaseKey,
  rotateJournalKey,
  rotateWrappingKey,
  sealedCredentials,
} from '../../keys/mod.ts'
import type { CopyDatabase } from '../../store/mod.ts'
import { type LetterKeysDeps, letterKeyTarget } from '../dead-letters/letter-keys.ts'
import type { RuntimeState } from '../open-state.ts'
import { rotateRowMac, sealedAssignments } from '../state/re-keying.ts'

export type RotationTargetsDeps = {
  state: Pick<RuntimeState, 'folder' | 'keyring' | 'db' | 'mac' | 'wrapping' | 'vaultKey' | 'journals' | 'datasets'>
  /** For what of them is sealed. */
  accounts: Omit<Parameters<typeof sealedAccounts>[0], 'db'>
  copyDatabase: CopyDatabase
} & Pick<LetterKeysDeps, 'desk' | 'workers' | 'clock'>

export const DATABASE = { name: 'runtime', id: 'runtime' }

export function rotationTargets(deps: RotationTargetsDeps): RotationTarget[] {
  const { state, copyDatabase } = deps
  const { folder, keyring, db } = state
  return [
    {
      ...{
        name: 'database',
        about: 'all tables of this Runtime',
        keys: () => [{ purpose: 'database', id: DATABASE.id }],
      },
      async rotate(progress) {
        progress(0, 1)
        await rotateDatabaseKey(keyring, { folder, ...DATABASE, database: db }, copyDatabase)
      },
    },
    journals(state),
    {
      ...{ name: 'datasets', about: 'databases of data tenants, and uploads that wait to be imported' },
      keys: () => state.datasets.keys(),
      rotate: (progress, signal) => state.datasets.rotateKeys(copyDatabase, progress, signal),
    },
    letterKeyTarget({ folder, keyring, ...deps }),
    wraps(deps, 'credentials', 'values of credentials', { purpose: 'vault', id: 'runtime', held: state.vaultKey }, () =>
      sealedCredentials(db),
    ),
    wraps(
      deps,
      'assignments',
      'what deployments are to do, with the secrets of bridges',
      { purpose: 'wrapping', id: 'runtime', held: state.wrapping },
      () => sealedAssignments(db),
    ),
    wraps(deps, 'accounts', 'secrets of authenticators and of the sign-in provider', ACCOUNTS, () =>
      sealedAccounts({ ...deps.accounts, db }),
    ),
    wraps(deps, 'alerts', 'where alerts are sent', { purpose: 'sealing', id: 'alerts' }, () => sealedChannels({ db })),
    {
      ...{ name: 'trust', about: 'marks of peers, approvals, rules and libraries' },
      keys: () => [{ purpose: 'row-mac', id: 'runtime' }],
      rotate: (progress, signal) => rotateRowMac(keyring, state, progress, signal),
    },
  ]
}

const ACCOUNTS = { purpose: 'sealing', id: 'accounts' }

/** All are begun first, so that none is forgotten when it is cut off; then one after another. */
function journals({ keyring, journals: opened }: RotationTargetsDeps['state']): RotationTarget {
  const ids = Object.keys(opened)
  return {
    ...{ name: 'journals', about: 'local logs, and what is owed to the Platform' },
    keys: () => ids.map((id) => ({ purpose: 'journal', id })),
    async rotate(progress, signal) {
      const cutOff = ids.filter((id) => isRotating(keyring, id))
      const due = cutOff.length > 0 ? cutOff : ids
      for (const id of due) {
        const { current, next } = await keyring.beginRotation('journal', id)
        current.fill(0)
        next.fill(0)
      }
      for (const id of due) {
        const journal = opened[id]
        if (journal) await rotateJournalKey(keyring, { id, journal }, progress, signal)
      }
    },
  }
}

function isRotating(keyring: Pick<Keyring, 'list'>, id: string): boolean {
  return keyring.list().some((key) => key.purpose === 'journal' && key.id === id && key.rotating)
}

function wraps(
  { state: { keyring } }: RotationTargetsDeps,
  name: string,
  about: string,
  key: Parameters<typeof rotateWrappingKey>[1],
  sealed: () => Parameters<typeof rotateWrappingKey>[2],
): RotationTarget {
  return {
    ...{ name, about, keys: () => [{ purpose: key.purpose, id: key.id }] },
    rotate: (progress, signal) => rotateWrappingKey(keyring, key, sealed(), progress, signal),
  }
}

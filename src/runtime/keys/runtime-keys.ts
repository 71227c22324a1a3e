/** What a Runtime's owner does with keys and backups: rotations with their targets, and what of the data folder a backup has. */
import { resolve } from 'node:path'
import { makeBackup, removeBackupLeftovers } from '../../backup/mod.ts'
import { type Bytes, type Clock, type Lifetime, logOf, type Random } from '../../base/mod.ts'
import { buildFacts } from '../../host/mod.ts'
import { openWrappingKey, Rotations } from '../../keys/mod.ts'
import type { ServerKeys } from '../../server/mod.ts'
import { type CheckDatabase, checkerBy, copierBy } from '../../store/mod.ts'
import type { RuntimeConfig } from '../config.ts'
import type { RuntimeState } from '../open-state.ts'
import type { Station } from '../station.ts'
import { DATABASE, rotationTargets } from './rotation-targets.ts'

export type RuntimeKeysDeps = {
  config: Pick<RuntimeConfig, 'data' | 'files' | 'masterKey' | 'name' | 'worker'>
  state: RuntimeState
  /** Whose letters are kept under keys of their own. */
  station: Pick<Station, 'deadLetters' | 'workers'>
  lifetime: Lifetime
  clock: Clock
  random: Random
}

/** `checkDatabase`: by a process of its own, as copies are made. */
export type RuntimeKeys = ServerKeys & { checkDatabase: CheckDatabase }

/**
 * Opens them, tells the audit trail what was done while it was closed, and goes on with rotations that were cut off. What is under way
 * is cut off when the lifetime ends.
 */
export async function openRuntimeKeys(deps: RuntimeKeysDeps): Promise<RuntimeKeys> {
  const { config, state, station, lifetime, clock, random } = deps
  const { keyring, trail, folder } = state
  await removeBackupLeftovers(folder)
  for (const { action, atMs, detail } of keyring.acts()) {
    await trail.record({
      actor: 'system',
      action,
      subject: 'keyring',
      detail: { ...detail, at: new Date(atMs).toISOString() },
    })
  }
  await keyring.actsRecorded()
  const copyDatabase = copierBy({ env: {}, ...config.worker })
  const sealing = () => openWrappingKey(keyring, 'sealing', 'accounts')
  const rotations = new Rotations({
    ...{ keyring, log: logOf('runtime') },
    targets: rotationTargets({
      state,
      accounts: { clock, random, sealing },
      copyDatabase,
      clock,
      desk: station.deadLetters,
      workers: station.workers,
    }),
    ended: (name, failure) =>
      trail.record({
        ...{ actor: 'system', action: failure ? 'key.rotation_failed' : 'key.rotated', subject: name },
        ...(failure && { detail: { code: failure } }),
      }),
  })
  lifetime.defer(() => rotations.close())
  void rotations.resume()
  const { masterKey } = config
  const masterFile = 'path' in masterKey ? [resolve(masterKey.path)] : []
  return {
    checkDatabase: checkerBy({ env: {}, ...config.worker }),
    ...{ keyring, rotations, masterSource: masterKey, signer: state.signing, clock, random },
    backup: (wanted) =>
      withoutTrims(state.datasets, () =>
        makeBackup(
          {
            ...{ folder, role: 'runtime', name: config.name, version: buildFacts.version, keyring, copyDatabase },
            signer: state.signing,
            ...{ databases: [{ folder, ...DATABASE }], namedDatabases: () => state.datasets.databases() },
            ...{ toldJournals: ['owed-logs', 'owed-status'] },
            ...{ leftOut: [resolve(config.files), ...masterFile], clock, random },
          },
          wanted,
        ),
      ),
  }
}

/** A tenant's database is copied before its uploads are: what it lacks must still be among them. */
async function* withoutTrims(
  datasets: Pick<RuntimeState['datasets'], 'holdTrims'>,
  make: () => AsyncGenerator<Bytes, void>,
): AsyncGenerator<Bytes, void> {
  const release = datasets.holdTrims()
  try {
    yield* make()
  } finally {
    release()
  }
}

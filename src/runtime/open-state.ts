/** Opens everything that a Runtime keeps in its data folder; what was opened is closed by the lifetime that is handed in. */
import { join } from 'node:path'
import { openTrail, type Trail } from '../audit/mod.ts'
import type { Bytes, Clock, Lifetime, Random } from '../base/mod.ts'
import { type AgreementKey, type Authority, importWrappingKey, type SigningKey } from '../crypto/mod.ts'
import { makePrivateFolder } from '../host/mod.ts'
import { type Keyring, loadMasterKey, openKeyring, openVault, type Vault } from '../keys/mod.ts'
import { type Database, type Journal, openJournal, type RuntimeSchema, runtimeDatabase } from '../store/mod.ts'
import type { RuntimeConfig } from './config.ts'
import { LOG_BYTES_MAX, LocalLogs } from './local-logs.ts'
import { Approvals } from './state/approvals.ts'
import { Assignments } from './state/assignments.ts'
import { CheckpointStore } from './state/checkpoints.ts'
import { CodeFiles } from './state/code-files.ts'
import { CountsMemory } from './state/counts.ts'
import { EnrolmentRecord } from './state/enrolment.ts'
import { Peers } from './state/peers.ts'
import { rowMac } from './state/row-mac.ts'
import { Settings } from './state/settings.ts'

/** What is owed while the Platform is gone: 256 MiB of audit logs ≈ 1,000,000, 64 MiB of status ≈ two days of ten deployments. */
const OWED_LOG_BYTES_MAX = 268_435_456
const OWED_STATUS_BYTES_MAX = 67_108_864

export type RuntimeState = {
  folder: string
  keyring: Keyring
  signing: SigningKey
  agreement: AgreementKey
  authority: Authority
  db: Database<RuntimeSchema>
  vault: Vault
  trail: Trail
  settings: Settings
  counts: CountsMemory
  enrolment: EnrolmentRecord
  peers: Peers
  assignments: Assignments
  approvals: Approvals
  checkpoints: CheckpointStore
  code: CodeFiles
  logs: LocalLogs
  owedLogs: Journal
  owedStatus: Journal
}

export type OpenStateDeps = { clock: Clock; random: Random; lifetime: Lifetime }

/** Refuses what the rooms below refuse: a wrong master key, a newer schema, a folder that is not ours. */
export async function openState(config: RuntimeConfig, deps: OpenStateDeps): Promise<RuntimeState> {
  const { clock, random, lifetime } = deps
  const folder = config.data
  const master = await loadMasterKey(config.masterKey)
  await makePrivateFolder(folder)
  const keyring = await openKeyring({ path: join(folder, 'keyring.json'), master, clock, random })
  const signing = await keyring.signingKey('runtime')
  const key = await keyring.secretFor('database', 'runtime')
  const db = lifetime.use(await runtimeDatabase(join(folder, 'runtime.db'), key), (opened) => opened.close())
  key.fill(0)
  const [logs, owedLogs, owedStatus] = await openJournals(folder, keyring, lifetime)
  const vaultKey = await keyring.secretFor('vault', 'runtime')
  return {
    ...{ folder, keyring, signing, db },
    agreement: await keyring.agreementKey('runtime'),
    authority: await keyring.authority('runtime', `Sluice Runtime ${config.name}`),
    vault: openVault({ db, key: vaultKey, clock, random }),
    trail: await openTrail({ db, signer: signing, clock, random }),
    ...(await openTables(db, keyring, clock)),
    ...{ logs: new LocalLogs(logs), owedLogs, owedStatus },
  }
}

async function openTables(db: Database<RuntimeSchema>, keyring: Keyring, clock: Clock) {
  const mac = rowMac(await keyring.secretFor('row-mac', 'runtime'))
  const key = await wrappingKey(keyring)
  const settings = new Settings({ db, clock })
  return {
    settings,
    counts: new CountsMemory(settings),
    enrolment: new EnrolmentRecord({ db, key, clock }),
    peers: new Peers({ db, mac, clock }),
    assignments: new Assignments({ db, key, clock }),
    approvals: new Approvals({ db, mac, clock }),
    checkpoints: new CheckpointStore(db),
    code: new CodeFiles(db),
  }
}

async function wrappingKey(keyring: Keyring): Promise<CryptoKey> {
  const bytes: Bytes = await keyring.secretFor('wrapping', 'runtime')
  const key = await importWrappingKey(bytes)
  bytes.fill(0)
  return key
}

/** All at once, for each waits for the disk. When one cannot be opened the others are waited for: the lifetime closes those. */
async function openJournals(
  folder: string,
  keyring: Keyring,
  lifetime: Lifetime,
): Promise<[Journal, Journal, Journal]> {
  const opening = [
    openOne('logs', LOG_BYTES_MAX),
    openOne('owed-logs', OWED_LOG_BYTES_MAX),
    openOne('owed-status', OWED_STATUS_BYTES_MAX),
  ] as const
  await Promise.allSettled(opening)
  return await Promise.all(opening)

  async function openOne(name: string, bytesMax: number): Promise<Journal> {
    const key = await keyring.secretFor('journal', name)
    const journal = await openJournal({ folder: join(folder, 'journals', name), key, bytesMax })
    key.fill(0)
    return lifetime.use(journal, (opened) => opened.close())
  }
}

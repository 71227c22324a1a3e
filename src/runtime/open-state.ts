/** Opens everything that a Runtime keeps in its data folder; what was opened is closed by the lifetime that is handed in. */
import { join, resolve } from 'node:path'
import { openTrail, type Trail } from '../audit/mod.ts'
import { type Clock, type Lifetime, logOf, type Random } from '../base/mod.ts'
import type { ConnectorDesk } from '../connectors/mod.ts'
import type { AgreementKey, Authority, SigningKey, WrappingKey } from '../crypto/mod.ts'
import { DataDesk, dataLauncher, UploadTokens } from '../datasets/mod.ts'
import {
  type Keyring,
  openKeptDatabase,
  openKeptJournal,
  openServerKeyring,
  openVault,
  openWrappingKey,
  type SourceAccess,
  type Vault,
} from '../keys/mod.ts'
import { type Database, holdDataFolder, type Journal, type RuntimeSchema, runtimeDatabase } from '../store/mod.ts'
import type { RuntimeConfig } from './config.ts'
import { openConnectors } from './connectors/open-connectors.ts'
import { Libraries } from './libraries/libraries.ts'
import { LOG_BYTES_MAX, LocalLogs } from './local-logs.ts'
import { AllowLists } from './network/allow-lists.ts'
import { OwnerRules } from './policy/owner-rules.ts'
import { Approvals } from './state/approvals.ts'
import { Assignments } from './state/assignments.ts'
import { CheckpointStore } from './state/checkpoints.ts'
import { CodeFiles } from './state/code-files.ts'
import { CountsMemory } from './state/counts.ts'
import { EnrolmentRecord } from './state/enrolment.ts'
import { OwnerDocuments } from './state/owner-documents.ts'
import { Peers } from './state/peers.ts'
import { Refusals } from './state/refusals.ts'
import { type RowMac, rowMac } from './state/row-mac.ts'
import { Settings } from './state/settings.ts'

/** What is owed while the Platform is gone: 256 MiB of audit logs ≈ 1,000,000, 64 MiB of status ≈ two days of ten deployments. */
export const OWED_LOG_BYTES_MAX = 268_435_456
export const OWED_STATUS_BYTES_MAX = 67_108_864

export type RuntimeState = {
  folder: string
  keyring: Keyring
  signing: SigningKey
  agreement: AgreementKey
  authority: Authority
  db: Database<RuntimeSchema>
  /** What the vault's credentials, and assignments, are wrapped under. */
  vaultKey: WrappingKey
  wrapping: WrappingKey
  vault: Vault
  trail: Trail
  settings: Settings
  network: AllowLists
  counts: CountsMemory
  enrolment: EnrolmentRecord
  peers: Peers
  assignments: Assignments
  approvals: Approvals
  refusals: Refusals
  documents: OwnerDocuments
  /** Authenticates what is kept outside of wraps. */
  mac: RowMac
  /** The owner's rules in force. */
  rules: OwnerRules
  checkpoints: CheckpointStore
  code: CodeFiles
  libraries: Libraries
  /** The data of data tenants. */
  datasets: DataDesk
  uploadTokens: UploadTokens
  connectors: ConnectorDesk
  logs: LocalLogs
  owedLogs: Journal
  owedStatus: Journal
  /** The same and that of the logs, by the ids of their keys. */
  journals: Record<string, Journal>
}

export type OpenStateDeps = { clock: Clock; random: Random; lifetime: Lifetime }

/** Refuses what the rooms below refuse: a wrong master key, a newer schema, a folder that is not ours. */
export async function openState(config: RuntimeConfig, deps: OpenStateDeps): Promise<RuntimeState> {
  const { clock, random, lifetime } = deps
  const folder = config.data
  // Before anything is written there, and let go of last.
  lifetime.defer(await holdDataFolder(folder))
  const keyring = await openServerKeyring(config.masterKey, { path: join(folder, 'keyring.json'), clock, random })
  const signing = await keyring.signingKey('runtime')
  const place = { folder, name: 'runtime', id: 'runtime' }
  const db = lifetime.use(await openKeptDatabase(keyring, place, runtimeDatabase), (opened) => opened.close())
  const [logs, owedLogs, owedStatus] = await openJournals(folder, keyring, lifetime)
  const vaultKey = await openWrappingKey(keyring, 'vault', 'runtime')
  const launch = dataLauncher({ env: {}, ...config.worker })
  const datasets = new DataDesk({ folder, db, keyring, launch, clock, random, log: logOf('datasets') })
  lifetime.defer(() => datasets.close())
  await datasets.start()
  const vault = openVault({ db, key: vaultKey, clock, random, ...sourcesOf(config, clock) })
  const tables = await openTables(db, keyring, clock)
  const connectors = await openConnectors({
    ...{ db, datasets, vault, rules: tables.rules },
    ...{ worker: config.worker, clock, random },
  })
  // Before the data that they write to.
  lifetime.defer(() => connectors.close())
  return {
    ...{ folder, keyring, signing, db, vaultKey, datasets, vault, connectors },
    uploadTokens: new UploadTokens({ db, clock, random }),
    agreement: await keyring.agreementKey('runtime'),
    authority: await keyring.authority('runtime', `Sluice Runtime ${config.name}`),
    trail: await openTrail({ db, signer: signing, clock, random }),
    ...tables,
    ...{ logs: new LocalLogs(logs), owedLogs, owedStatus },
    journals: { logs, 'owed-logs': owedLogs, 'owed-status': owedStatus },
  }
}

/** The data folder and the master key's file are no sources of credentials, whatever the owner allows. */
function sourcesOf({ credentialSources, data, masterKey }: RuntimeConfig, clock: Clock): { sources?: SourceAccess } {
  if (!credentialSources) return {}
  const ownPlaces = [resolve(data), ...('path' in masterKey ? [resolve(masterKey.path)] : [])]
  return { sources: { ...credentialSources, ownPlaces, clock } }
}

async function openTables(db: Database<RuntimeSchema>, keyring: Keyring, clock: Clock) {
  const macKeys = await keyring.pair('row-mac', 'runtime')
  const mac = macKeys.next ? rowMac(macKeys.next, macKeys.current) : rowMac(macKeys.current)
  const key = await openWrappingKey(keyring, 'wrapping', 'runtime')
  const settings = new Settings({ db, clock })
  const documents = new OwnerDocuments({ db, mac, clock })
  return {
    settings,
    network: await AllowLists.open({ settings, clock }),
    counts: new CountsMemory(settings),
    enrolment: new EnrolmentRecord({ db, key, clock }),
    peers: new Peers({ db, mac, clock }),
    assignments: new Assignments({ db, key, clock }),
    approvals: new Approvals({ db, mac, clock }),
    refusals: new Refusals({ settings, clock }),
    ...{ documents, mac, wrapping: key },
    rules: await OwnerRules.open(documents),
    checkpoints: new CheckpointStore(db),
    code: new CodeFiles(db),
    libraries: new Libraries({ db, mac, clock }),
  }
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
    const options = { folder: join(folder, 'journals', name), bytesMax, passOverDamage: true }
    const journal = await openKeptJournal(keyring, name, options)
    tellDamage(name, journal)
    return lifetime.use(journal, (opened) => opened.close())
  }
}

/** What waits behind the damage is worth more than to stand still; but nobody shall think that all is there. */
function tellDamage(journal: string, { damage, tornBytes }: Journal): void {
  const log = logOf('runtime')
  for (const found of damage) log.error('entries of a journal cannot be read any more', { journal, ...found })
  if (tornBytes > 0) log.warn('a write that a crash had torn was cut off a journal', { journal, tornBytes })
}

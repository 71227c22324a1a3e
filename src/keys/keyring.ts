/** What the keyring of a data folder does for its server. */
import type { Bytes } from '../base/mod.ts'
import type { AgreementKey, Authority, SigningKey, WrappingKey } from '../crypto/mod.ts'
import type { KeyringAct } from './keyring-file.ts'

/** What may be known of a key; times are ms since 1970. */
export type KeyAbout = {
  purpose: string
  id: string
  madeAtMs: number
  /** Its successor is made, and what it encrypts is being re-encrypted. */
  rotating: boolean
}

/** Every method that makes something answers only once it is durable. `id` names the object that the secret is for. */
export type Keyring = {
  /** 32 random bytes for a purpose (`database`, `journal`, `vault` …); the caller overwrites its copy after use. */
  secretFor(purpose: string, id: string): Promise<Bytes>
  /** The ECDSA key of that id. */
  signingKey(id: string): Promise<SigningKey>
  /** The ECDH key of that id. */
  agreementKey(id: string): Promise<AgreementKey>
  /** The certificate authority of that id; `name` goes into its certificate when it is made. */
  authority(id: string, name: string): Promise<Authority>
  /** Keeps a secret that was made elsewhere; replaces one of the same purpose and id. */
  store(purpose: string, id: string, secret: Bytes): Promise<void>
  /** What `store` or `secretFor` keeps, or `undefined`. */
  load(purpose: string, id: string): Promise<Bytes | undefined>

  /** Forgets the secret, and its successor: what they encrypt is lost for good. Nothing happens when there is none. */
  destroy(purpose: string, id: string): Promise<void>

  /** Whether what the secret is for was made, and the number of the file that it is for, from 1. */
  placeOf(purpose: string, id: string): { settled: boolean; generation: number }
  /** From now on what the secret is for must be there. */
  settle(purpose: string, id: string): Promise<void>

  /** Every key, by purpose and id. */
  list(): KeyAbout[]
  /** The secret, made if need be, and the one that takes its place while it is rotated. */
  pair(purpose: string, id: string): Promise<{ current: Bytes; next: Bytes | undefined }>
  /** Makes the successor, or gives the one that was made. Refuses `key.not_found`. */
  beginRotation(purpose: string, id: string): Promise<{ current: Bytes; next: Bytes }>
  /** All is re-encrypted: the successor takes the place, the secret before is gone. `generation`: of the file that it is for. */
  finishRotation(purpose: string, id: string, generation?: number): Promise<void>

  /** When the master key was set, and whether another one is to follow at the next start. */
  master(): { madeAtMs: number; nextSet: boolean }
  /** Wraps all anew, so that the present master key opens the keyring and the next one too. */
  prepareMaster(next: WrappingKey): Promise<void>
  /** The next one is in its place: the one before opens nothing any more. */
  settleMaster(next: WrappingKey): Promise<void>
  /** Whether it is the one that is to follow. */
  opensWithNext(master: WrappingKey): Promise<boolean>
  /** There is no next one after all. */
  dropNextMaster(): Promise<void>

  /** `taken`: somebody was shown it. */
  recovery(): { madeAtMs: number | undefined; taken: boolean }
  /** 65 bytes: what the recovery key opens is sealed to it. Refuses `recovery_key.not_taken`. */
  recoveryPublicKey(): Bytes
  /** Makes the first recovery key and gives it, once; afterwards `undefined`. It is for one pair of eyes: never log or keep it. */
  takeRecoveryKey(): Promise<string | undefined>
  /** A new recovery key, to be shown once; the one before opens nothing any more. */
  renewRecoveryKey(): Promise<string>

  /** The file's text and, under `key`, what opens it: for a backup. */
  copyFor(key: WrappingKey): Promise<{ text: string; wrappedKey: Bytes }>
  /** What was done to the keyring while no audit trail was open. */
  acts(): readonly KeyringAct[]
  /** They stand in the audit trail now. */
  actsRecorded(): Promise<void>
}

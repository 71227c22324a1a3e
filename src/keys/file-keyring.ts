/** All keys of one process's data folder, made at first use, kept wrapped, loaded non-extractable. */
import { type Bytes, base64url, concatBytes, fromBase64url, fromUtf8, utf8 } from '../base/mod.ts'
import {
  type AgreementKey,
  type Authority,
  createAuthority,
  generateStoredKeyPair,
  loadAgreementKey,
  loadAuthority,
  loadSigningKey,
  type SigningKey,
  type StoredKeyPair,
  type WrappingKey,
  wrap,
} from '../crypto/mod.ts'
import { KeyNotFound, RecoveryKeyNotTaken } from './errors.ts'
import { nextBinding } from './key-encryption.ts'
import type { KeyAbout, Keyring } from './keyring.ts'
import type { KeyringAct, KeyringEntry } from './keyring-file.ts'
import { type KeyringDeps, KeyringStore } from './keyring-store.ts'
import { createRecoveryKey } from './recovery-key.ts'

const SECRET_BYTES = 32
const POINT_BYTES = 65
/** Purposes of the keyring's own, which the colon keeps apart from those of its callers. */
const SIGNING = 'key:signing'
const AGREEMENT = 'key:agreement'
const AUTHORITY = 'key:authority'
/** How a backup binds what opens its keyring. */
export const BACKUP_KEY = { purpose: 'backup-keyring-key', id: 'keyring' }

/**
 * Opens the keyring at `path`, or makes one. One process at a time may have it open.
 * Refuses `master_key.wrong` and `keyring.damaged`; its methods refuse `keyring.changed` when another process has written the file.
 */
export async function openKeyring(deps: KeyringDeps): Promise<Keyring> {
  return new FileKeyring(deps, await KeyringStore.open(deps))
}

class FileKeyring implements Keyring {
  readonly #deps: Omit<KeyringDeps, 'master'>
  readonly #store: KeyringStore

  constructor(deps: Omit<KeyringDeps, 'master'>, store: KeyringStore) {
    this.#deps = deps
    this.#store = store
  }

  secretFor(purpose: string, id: string): Promise<Bytes> {
    return this.#store.inTurn(() => this.#loadOrMake(purpose, id, async () => this.#deps.random(SECRET_BYTES)))
  }

  signingKey(id: string): Promise<SigningKey> {
    return this.#keyPair(SIGNING, id, 'sign', loadSigningKey)
  }

  agreementKey(id: string): Promise<AgreementKey> {
    return this.#keyPair(AGREEMENT, id, 'agree', loadAgreementKey)
  }

  authority(id: string, name: string): Promise<Authority> {
    return this.#store.inTurn(async () => {
      const { clock, random } = this.#deps
      const bytes = await this.#loadOrMake(AUTHORITY, id, async () => {
        const made = await createAuthority({ name, clock, random })
        const text = JSON.stringify({ certificatePem: made.certificatePem, pkcs8: base64url(made.pkcs8) })
        made.pkcs8.fill(0)
        return utf8(text)
      })
      const stored: { certificatePem: string; pkcs8: string } = JSON.parse(fromUtf8(bytes))
      bytes.fill(0)
      const pkcs8 = fromBase64url(stored.pkcs8)
      try {
        return await loadAuthority({ certificatePem: stored.certificatePem, pkcs8 })
      } finally {
        pkcs8.fill(0)
      }
    })
  }

  store(purpose: string, id: string, secret: Bytes): Promise<void> {
    return this.#store.inTurn(() => this.#keep(purpose, id, secret))
  }

  load(purpose: string, id: string): Promise<Bytes | undefined> {
    return this.#store.inTurn(() => this.#unwrapped(purpose, id))
  }

  destroy(purpose: string, id: string): Promise<void> {
    return this.#store.inTurn(async () => {
      if (!this.#entry(purpose, id)) return
      await this.#store.write((content) => {
        const { [id]: _destroyed, ...others } = content.secrets[purpose] ?? {}
        return { ...content, secrets: { ...content.secrets, [purpose]: others } }
      })
    })
  }

  placeOf(purpose: string, id: string): { settled: boolean; generation: number } {
    const entry = this.#entry(purpose, id)
    return { settled: entry?.settled ?? false, generation: entry?.generation ?? 1 }
  }

  settle(purpose: string, id: string): Promise<void> {
    return this.#store.inTurn(async () => {
      const entry = this.#found(purpose, id)
      if (!entry.settled) await this.#set(purpose, id, { ...entry, settled: true })
    })
  }

  list(): KeyAbout[] {
    const all = Object.entries(this.#store.content.secrets).flatMap(([purpose, ids]) =>
      Object.entries(ids).map(([id, { madeAtMs, next }]) => ({ purpose, id, madeAtMs, rotating: next !== undefined })),
    )
    return all.sort((a, b) => (`${a.purpose}\n${a.id}` < `${b.purpose}\n${b.id}` ? -1 : 1))
  }

  pair(purpose: string, id: string): Promise<{ current: Bytes; next: Bytes | undefined }> {
    return this.#store.inTurn(async () => {
      const current = await this.#loadOrMake(purpose, id, async () => this.#deps.random(SECRET_BYTES))
      return { current, next: await this.#nextOf(purpose, id) }
    })
  }

  beginRotation(purpose: string, id: string): Promise<{ current: Bytes; next: Bytes }> {
    return this.#store.inTurn(async () => {
      const entry = this.#found(purpose, id)
      const current = await this.#store.unwrapped({ purpose, id }, entry.wrapped)
      const made = await this.#nextOf(purpose, id)
      if (made) return { current, next: made }
      const next = this.#deps.random(SECRET_BYTES)
      const wrapped = await this.#store.wrapped(nextBinding(purpose, id), next)
      await this.#set(purpose, id, { ...entry, next: { wrapped, madeAtMs: this.#deps.clock.now() } })
      return { current, next }
    })
  }

  finishRotation(purpose: string, id: string, generation?: number): Promise<void> {
    return this.#store.inTurn(async () => {
      const { next, ...entry } = this.#found(purpose, id)
      const secret = await this.#nextOf(purpose, id)
      if (!next || !secret) return
      const wrapped = await this.#store.wrapped({ purpose, id }, secret)
      secret.fill(0)
      const moved = { ...entry, wrapped, madeAtMs: next.madeAtMs, ...(generation !== undefined && { generation }) }
      await this.#set(purpose, id, moved)
    })
  }

  master(): { madeAtMs: number; nextSet: boolean } {
    const { master, nextMaster } = this.#store.content
    return { madeAtMs: master.madeAtMs, nextSet: nextMaster !== undefined }
  }

  prepareMaster(next: WrappingKey): Promise<void> {
    return this.#store.inTurn(() => this.#store.renew({ nextMaster: next }))
  }

  settleMaster(next: WrappingKey): Promise<void> {
    return this.#store.inTurn(() => this.#store.settleMaster(next))
  }

  opensWithNext(master: WrappingKey): Promise<boolean> {
    return this.#store.opensWithNext(master)
  }

  dropNextMaster(): Promise<void> {
    return this.#store.inTurn(async () => {
      if (this.#store.content.nextMaster) await this.#store.renew({ nextMaster: null })
    })
  }

  recovery(): { madeAtMs: number | undefined; taken: boolean } {
    const { recovery } = this.#store.content
    return { madeAtMs: recovery?.madeAtMs, taken: recovery?.taken ?? false }
  }

  recoveryPublicKey(): Bytes {
    const { recovery } = this.#store.content
    if (!recovery) throw new RecoveryKeyNotTaken('there is no recovery key yet')
    return fromBase64url(recovery.publicKey)
  }

  takeRecoveryKey(): Promise<string | undefined> {
    // Made in the moment in which it is shown: one that nobody saw would be known to nobody, and seal to nobody.
    return this.#store.inTurn(async () => (this.#store.content.recovery?.taken ? undefined : this.#newRecoveryKey()))
  }

  renewRecoveryKey(): Promise<string> {
    return this.#store.inTurn(() => this.#newRecoveryKey())
  }

  copyFor(key: WrappingKey): Promise<{ text: string; wrappedKey: Bytes }> {
    return this.#store.inTurn(async () => ({
      text: this.#store.text,
      wrappedKey: await this.#store.lendKey((kek) => wrap(key, BACKUP_KEY, kek)),
    }))
  }

  acts(): readonly KeyringAct[] {
    return this.#store.content.acts
  }

  actsRecorded(): Promise<void> {
    return this.#store.inTurn(async () => {
      if (this.#store.content.acts.length > 0) await this.#store.write((content) => ({ ...content, acts: [] }))
    })
  }

  async #newRecoveryKey(): Promise<string> {
    const { text, publicKey } = await createRecoveryKey(this.#deps.random)
    const recovery = { publicKey: base64url(publicKey), madeAtMs: this.#deps.clock.now(), taken: true }
    await this.#store.renew({ recovery })
    return text
  }

  #keyPair<Key>(
    purpose: string,
    id: string,
    use: 'sign' | 'agree',
    load: (stored: StoredKeyPair) => Promise<Key>,
  ): Promise<Key> {
    return this.#store.inTurn(async () => {
      const bytes = await this.#loadOrMake(purpose, id, async () => {
        const pair = await generateStoredKeyPair(use)
        const joined = concatBytes(pair.publicKey, pair.pkcs8)
        pair.pkcs8.fill(0)
        return joined
      })
      try {
        return await load({ publicKey: bytes.subarray(0, POINT_BYTES), pkcs8: bytes.subarray(POINT_BYTES) })
      } finally {
        bytes.fill(0)
      }
    })
  }

  async #loadOrMake(purpose: string, id: string, make: () => Promise<Bytes>): Promise<Bytes> {
    const there = await this.#unwrapped(purpose, id)
    if (there !== undefined) return there
    const made = await make()
    await this.#keep(purpose, id, made)
    return made
  }

  async #unwrapped(purpose: string, id: string): Promise<Bytes | undefined> {
    const entry = this.#entry(purpose, id)
    return entry && this.#store.unwrapped({ purpose, id }, entry.wrapped)
  }

  async #nextOf(purpose: string, id: string): Promise<Bytes | undefined> {
    const next = this.#entry(purpose, id)?.next
    return next && this.#store.unwrapped(nextBinding(purpose, id), next.wrapped)
  }

  async #keep(purpose: string, id: string, secret: Bytes): Promise<void> {
    const wrapped = await this.#store.wrapped({ purpose, id }, secret)
    await this.#set(purpose, id, { ...this.#entry(purpose, id), wrapped, madeAtMs: this.#deps.clock.now() })
  }

  #set(purpose: string, id: string, entry: KeyringEntry): Promise<void> {
    return this.#store.write((content) => {
      const { secrets } = content
      return { ...content, secrets: { ...secrets, [purpose]: { ...secrets[purpose], [id]: entry } } }
    })
  }

  #entry(purpose: string, id: string): KeyringEntry | undefined {
    return this.#store.content.secrets[purpose]?.[id]
  }

  #found(purpose: string, id: string): KeyringEntry {
    const entry = this.#entry(purpose, id)
    if (!entry) throw new KeyNotFound(`there is no ${purpose} key of ${id}`)
    return entry
  }
}

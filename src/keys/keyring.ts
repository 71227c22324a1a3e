/** All keys of one process's data folder, made at first use, kept wrapped by the master key, loaded non-extractable. */
import {
  type Bytes,
  base64url,
  type Clock,
  concatBytes,
  fromBase64url,
  fromUtf8,
  type Random,
  Turns,
  utf8,
} from '../base/mod.ts'
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
  unwrap,
  type WrappingKey,
  wrap,
} from '../crypto/mod.ts'
import { type KeyringState, readKeyring, writeKeyring } from './keyring-file.ts'

/** `path`: the keyring file, mode 0600; its folder must be there. */
export type KeyringDeps = { path: string; master: WrappingKey; clock: Clock; random: Random }

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
}

const SECRET_BYTES = 32
const POINT_BYTES = 65
/** Purposes of the keyring's own, which the colon keeps apart from those of its callers. */
const SIGNING = 'key:signing'
const AGREEMENT = 'key:agreement'
const AUTHORITY = 'key:authority'

/**
 * Opens the keyring at `path`, or makes an empty one. One process at a time may have it open.
 * Refuses `master_key.wrong` and `keyring.damaged`; its methods refuse `keyring.changed` when another process has written the file.
 */
export async function openKeyring(deps: KeyringDeps): Promise<Keyring> {
  const { path, master } = deps
  const state = await readKeyring(path, master)
  // Written at once: from the first start on, another master key is refused.
  return new FileKeyring(
    deps,
    state.text === undefined ? await writeKeyring(path, master, undefined, state.content) : state,
  )
}

class FileKeyring implements Keyring {
  readonly #deps: KeyringDeps
  #state: KeyringState
  /** Two first uses of one id must not make two keys. */
  readonly #turns = new Turns()

  constructor(deps: KeyringDeps, state: KeyringState) {
    this.#deps = deps
    this.#state = state
  }

  secretFor(purpose: string, id: string): Promise<Bytes> {
    return this.#turns.run(() => this.#loadOrMake(purpose, id, async () => this.#deps.random(SECRET_BYTES)))
  }

  signingKey(id: string): Promise<SigningKey> {
    return this.#keyPair(SIGNING, id, 'sign', loadSigningKey)
  }

  agreementKey(id: string): Promise<AgreementKey> {
    return this.#keyPair(AGREEMENT, id, 'agree', loadAgreementKey)
  }

  authority(id: string, name: string): Promise<Authority> {
    return this.#turns.run(async () => {
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
    return this.#turns.run(() => this.#keep(purpose, id, secret))
  }

  load(purpose: string, id: string): Promise<Bytes | undefined> {
    return this.#turns.run(() => this.#unwrapped(purpose, id))
  }

  #keyPair<Key>(
    purpose: string,
    id: string,
    use: 'sign' | 'agree',
    load: (stored: StoredKeyPair) => Promise<Key>,
  ): Promise<Key> {
    return this.#turns.run(async () => {
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
    const wrapped = this.#state.content.secrets[purpose]?.[id]
    return wrapped === undefined ? undefined : unwrap(this.#deps.master, { purpose, id }, fromBase64url(wrapped))
  }

  async #keep(purpose: string, id: string, secret: Bytes): Promise<void> {
    const wrapped = base64url(await wrap(this.#deps.master, { purpose, id }, secret))
    const { text, content: before } = this.#state
    const { check, secrets } = before
    const content = { check, secrets: { ...secrets, [purpose]: { ...secrets[purpose], [id]: wrapped } } }
    this.#state = await writeKeyring(this.#deps.path, this.#deps.master, text, content)
  }
}

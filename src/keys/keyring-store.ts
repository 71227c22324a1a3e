/** The keyring's content in memory and on the disk, always the same: each change is one new file, and comes before what stands on it. */
import { type Bytes, base64url, type Clock, type Random, Turns } from '../base/mod.ts'
import { importWrappingKey, type WrappingKey, wrap } from '../crypto/mod.ts'
import { readTextIfThere } from '../host/mod.ts'
import { KeyringDamaged, MasterKeyPending } from './errors.ts'
import {
  drawKeyringKey,
  fromFirstForm,
  openByMaster,
  openedByNext,
  rewrapAll,
  sealForRecovery,
  wrapForMaster,
} from './key-encryption.ts'
import {
  checkDigest,
  type KeyringContent,
  type KeyringText,
  keyringText,
  opened,
  readKeyringFile,
  replaceKeyring,
  type SealedForRecovery,
} from './keyring-file.ts'

/** `path`: the keyring file, mode 0600; its folder must be there. */
export type KeyringDeps = { path: string; master: WrappingKey; clock: Clock; random: Random }

/** Who can open the keyring from now on. What is left out stays as it is; `nextMaster: null` forgets the one that was to follow. */
export type Openers = {
  master?: WrappingKey
  nextMaster?: WrappingKey | null
  recovery?: Pick<SealedForRecovery, 'publicKey' | 'madeAtMs' | 'taken'>
}

type State = {
  text: string | undefined
  kek: WrappingKey
  content: KeyringContent
  master: WrappingKey
  /** The master key that is to follow, in the process that was given it. */
  next?: WrappingKey | undefined
}

export class KeyringStore {
  readonly #deps: Omit<KeyringDeps, 'master'>
  #state: State
  /** Two first uses of one id must not make two keys. */
  readonly #turns = new Turns()

  private constructor(deps: Omit<KeyringDeps, 'master'>, state: State) {
    this.#deps = deps
    this.#state = state
  }

  /** Opens the file by the master key, or makes one. Refuses `master_key.wrong`, `keyring.damaged`. */
  static async open({ master, ...deps }: KeyringDeps): Promise<KeyringStore> {
    const file = await readKeyringFile(deps.path)
    if (!file) return KeyringStore.#begun(deps, master, undefined, (kek) => firstContent(deps, master, kek))
    if (file.form === 1) {
      const now = deps.clock.now()
      return KeyringStore.#begun(deps, master, file.text, (kek) => fromFirstForm(deps.path, master, file, { kek, now }))
    }
    const { kek, by } = await openByMaster(deps.path, master, file.content)
    const store = new KeyringStore(deps, { ...(await checkedState(deps.path, file, kek)), master })
    const { nextMaster } = file.content
    // The new master key is in use by now: the old one opens nothing from here on.
    if (by === 'next' && nextMaster) await store.#write({ ...without(file.content), master: nextMaster })
    return store
  }

  /**
   * A keyring whose own key is known by another way than its master key, which is set anew: recovery and restore. `place: 'new'` makes
   * the file, which must not be there. `kek` is overwritten.
   */
  static async openByKey(
    deps: KeyringDeps,
    file: KeyringText & { form: 2 },
    kek: Bytes,
    place: 'same' | 'new' = 'same',
  ): Promise<KeyringStore> {
    const { master, ...rest } = deps
    const state = { ...(await checkedState(deps.path, file, kek)), master }
    const store = new KeyringStore(rest, place === 'new' ? { ...state, text: undefined } : state)
    await store.renew({ master, nextMaster: null })
    return store
  }

  static async #begun(
    deps: Omit<KeyringDeps, 'master'>,
    master: WrappingKey,
    text: string | undefined,
    make: (kek: Bytes) => Promise<KeyringContent>,
  ): Promise<KeyringStore> {
    const bytes = drawKeyringKey(deps.random)
    try {
      const content = await make(bytes)
      const store = new KeyringStore(deps, { text, kek: await importWrappingKey(bytes), content, master })
      // Written at once: from the first start on, another master key is refused.
      await store.#write(content)
      return store
    } finally {
      bytes.fill(0)
    }
  }

  get content(): KeyringContent {
    return this.#state.content
  }

  /** The text of the file. */
  get text(): string {
    return this.#state.text ?? ''
  }

  /** Runs one thing at a time over the keyring. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(work)
  }

  /** Within a turn: writes other content. */
  write(change: (content: KeyringContent) => KeyringContent): Promise<void> {
    return this.#write(change(this.#state.content))
  }

  /** Within a turn: a secret as a wrap of this keyring, and back. */
  async wrapped(binding: { purpose: string; id: string }, secret: Bytes): Promise<string> {
    return base64url(await wrap(this.#state.kek, binding, secret))
  }

  async unwrapped(binding: { purpose: string; id: string }, text: string): Promise<Bytes> {
    const secret = await opened(this.#state.kek, binding, text)
    if (!secret) throw new KeyringDamaged(`the ${binding.purpose} key of ${binding.id} does not open`)
    return secret
  }

  /** Within a turn: gives the keyring a new key of its own, wraps all under it, and lets these open it. One write. */
  async renew(openers: Openers): Promise<void> {
    const { path, clock, random } = this.#deps
    const { kek: old, content } = this.#state
    const bytes = drawKeyringKey(random)
    try {
      const kek = await importWrappingKey(bytes)
      const master = openers.master ?? this.#state.master
      const madeAtMs = openers.master ? clock.now() : content.master.madeAtMs
      const recovery = openers.recovery ?? content.recovery
      const next = openers.nextMaster === undefined ? this.#keptNext() : openers.nextMaster
      const renewed: KeyringContent = {
        ...without(content),
        master: { wrapped: await wrapForMaster(master, bytes), madeAtMs },
        ...(next && { nextMaster: { wrapped: await wrapForMaster(next, bytes), madeAtMs: clock.now() } }),
        ...(recovery && { recovery: await sealForRecovery(recovery, bytes) }),
        secrets: await rewrapAll(path, old, kek, content.secrets),
      }
      await this.#write(renewed, { kek, master, next: next ?? undefined })
    } finally {
      bytes.fill(0)
    }
  }

  /** Within a turn: the master key that was to follow is the one. */
  async settleMaster(master: WrappingKey): Promise<void> {
    const { nextMaster } = this.#state.content
    if (!nextMaster) return
    await this.#write({ ...without(this.#state.content), master: nextMaster }, { master, next: undefined })
  }

  /** Whether a master key is the one that is to follow. */
  async opensWithNext(master: WrappingKey): Promise<boolean> {
    const { nextMaster } = this.#state.content
    const kek = nextMaster && (await openedByNext(master, nextMaster))
    kek?.fill(0)
    return kek !== undefined
  }

  /** Within a turn: lends the keyring's own key, for a copy that opens elsewhere. */
  async lendKey<T>(work: (kek: Bytes) => Promise<T>): Promise<T> {
    const { kek } = await openByMaster(this.#deps.path, this.#state.master, this.#state.content)
    try {
      return await work(kek)
    } finally {
      kek.fill(0)
    }
  }

  /** One that is to follow, without its key, could not open what is wrapped anew. */
  #keptNext(): WrappingKey | undefined {
    const { content, next } = this.#state
    if (content.nextMaster && !next) {
      throw new MasterKeyPending('a new master key was set and is not in use yet')
    }
    return next
  }

  /**
   * What this process goes by is always what the file says: one that has its place, but whose folder could not be made durable, is what
   * the next start reads. The failure is told all the same.
   */
  async #write(content: KeyringContent, changes: Partial<Pick<State, 'kek' | 'master' | 'next'>> = {}): Promise<void> {
    const { path } = this.#deps
    const text = await keyringText(changes.kek ?? this.#state.kek, content)
    const written = { ...this.#state, ...changes, text, content }
    try {
      await replaceKeyring(path, this.#state.text, text)
    } catch (error) {
      if ((await readTextIfThere(path).catch(() => undefined)) === text) this.#state = written
      throw error
    }
    this.#state = written
  }
}

async function firstContent(
  { clock }: Pick<KeyringDeps, 'clock'>,
  master: WrappingKey,
  kek: Bytes,
): Promise<KeyringContent> {
  return { master: { wrapped: await wrapForMaster(master, kek), madeAtMs: clock.now() }, secrets: {}, acts: [] }
}

async function checkedState(path: string, file: KeyringText & { form: 2 }, kek: Bytes): Promise<Omit<State, 'master'>> {
  try {
    const key = await importWrappingKey(kek)
    await checkDigest(path, key, file.digest, { version: 2, ...file.content })
    return { text: file.text, kek: key, content: file.content }
  } finally {
    kek.fill(0)
  }
}

function without({ nextMaster: _next, ...content }: KeyringContent): Omit<KeyringContent, 'nextMaster'> {
  return content
}

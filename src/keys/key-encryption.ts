/**
 * The keyring's own key, which wraps all others: made anew whenever the master key or the recovery key changes, so that an old one
 * of these opens no newer file. The master key wraps it, and it is sealed to the recovery key: either opens.
 */
import { type Bytes, base64url, fromBase64url, type Random, utf8 } from '../base/mod.ts'
import { type AgreementKey, importWrappingKey, openFrom, sealTo, type WrappingKey, wrap } from '../crypto/mod.ts'
import { KeyringDamaged, MasterKeyWrong } from './errors.ts'
import {
  checkDigest,
  type KeyringContent,
  type KeyringEntry,
  type KeyringText,
  opened,
  type SealedForRecovery,
} from './keyring-file.ts'

const KEY_BYTES = 32
const UNDER_MASTER = { purpose: 'keyring-key', id: 'keyring' }
const FOR_RECOVERY = utf8('sluice keyring key v1')
const NOTHING = new Uint8Array(0)
/** Of the first form of the file. */
const FIRST_CHECK = { purpose: 'keyring-check', id: 'keyring' }

/** Which master key opened the keyring: its own, or the one that is to follow. */
export type OpenedBy = 'master' | 'next'

/** 32 random bytes, to be overwritten once they are wrapped and loaded. */
export function drawKeyringKey(random: Random): Bytes {
  return random(KEY_BYTES)
}

export async function wrapForMaster(master: WrappingKey, kek: Bytes): Promise<string> {
  return base64url(await wrap(master, UNDER_MASTER, kek))
}

export async function sealForRecovery(
  recipient: Pick<SealedForRecovery, 'publicKey' | 'madeAtMs' | 'taken'>,
  kek: Bytes,
): Promise<SealedForRecovery> {
  const { publicKey, madeAtMs, taken } = recipient
  const context = await sealTo({ recipient: fromBase64url(publicKey), info: FOR_RECOVERY })
  const sealed = base64url(await context.seal(kek, NOTHING))
  return { publicKey, madeAtMs, taken, enc: base64url(context.enc), sealed }
}

/** The keyring's own key by the recovery key; `undefined` when it was sealed to another. */
export async function openByRecovery(
  sealed: Pick<SealedForRecovery, 'enc' | 'sealed'>,
  recipient: AgreementKey,
): Promise<Bytes | undefined> {
  try {
    const context = await openFrom({ recipient, enc: fromBase64url(sealed.enc), info: FOR_RECOVERY })
    return await context.open(fromBase64url(sealed.sealed), NOTHING)
  } catch {
    return undefined
  }
}

/** The keyring's own key by a master key. Refuses `master_key.wrong`. */
export async function openByMaster(
  path: string,
  master: WrappingKey,
  content: Pick<KeyringContent, 'master' | 'nextMaster'>,
): Promise<{ kek: Bytes; by: OpenedBy }> {
  const kek = await opened(master, UNDER_MASTER, content.master.wrapped)
  if (kek) return { kek, by: 'master' }
  const next = content.nextMaster && (await openedByNext(master, content.nextMaster))
  if (next) return { kek: next, by: 'next' }
  throw new MasterKeyWrong(`the master key does not open the keyring at ${path}`)
}

/** The keyring's own key, if `master` is the master key that is to follow. */
export function openedByNext(
  master: WrappingKey,
  next: NonNullable<KeyringContent['nextMaster']>,
): Promise<Bytes | undefined> {
  return opened(master, UNDER_MASTER, next.wrapped)
}

/** Every secret under another key; what does not open is named, not dropped. */
export async function rewrapAll(
  path: string,
  from: WrappingKey,
  to: WrappingKey,
  secrets: KeyringContent['secrets'],
): Promise<KeyringContent['secrets']> {
  const rewrapped: KeyringContent['secrets'] = {}
  for (const [purpose, ids] of Object.entries(secrets)) {
    const entries: Record<string, KeyringEntry> = {}
    for (const [id, entry] of Object.entries(ids)) {
      const move = async (wrapped: string, binding: { purpose: string; id: string }): Promise<string> => {
        const secret = await opened(from, binding, wrapped)
        if (!secret) throw new KeyringDamaged(`the ${purpose} key of ${id} in the keyring at ${path} does not open`)
        const moved = base64url(await wrap(to, binding, secret))
        secret.fill(0)
        return moved
      }
      const { next, ...rest } = entry
      entries[id] = {
        ...rest,
        wrapped: await move(entry.wrapped, { purpose, id }),
        ...(next && { next: { ...next, wrapped: await move(next.wrapped, nextBinding(purpose, id)) } }),
      }
    }
    rewrapped[purpose] = entries
  }
  return rewrapped
}

/** A secret that is to follow is bound as such: it cannot be put in the place of the one before. */
export function nextBinding(purpose: string, id: string): { purpose: string; id: string } {
  return { purpose: `next:${purpose}`, id }
}

/** A file of the first form as content of this one, under a new key. What it was for had been made by then. */
export async function fromFirstForm(
  path: string,
  master: WrappingKey,
  file: Extract<KeyringText, { form: 1 }>,
  given: { kek: Bytes; now: number },
): Promise<KeyringContent> {
  const { digest, ...whole } = file.first
  if (!(await opened(master, FIRST_CHECK, whole.check))) {
    throw new MasterKeyWrong(`the master key does not open the keyring at ${path}`)
  }
  await checkDigest(path, master, digest, whole)
  const madeAtMs = given.now
  const secrets = Object.fromEntries(
    Object.entries(whole.secrets).map(([purpose, ids]) => [
      purpose,
      Object.fromEntries(Object.entries(ids).map(([id, wrapped]) => [id, { wrapped, madeAtMs, settled: true }])),
    ]),
  )
  const to = await importWrappingKey(given.kek)
  return {
    master: { wrapped: await wrapForMaster(master, given.kek), madeAtMs },
    secrets: await rewrapAll(path, master, to, secrets),
    acts: [],
  }
}

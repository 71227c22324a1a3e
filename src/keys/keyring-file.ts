/** The keyring on the disk: every secret wrapped, and the whole authenticated, so that no entry vanishes unseen. */
import * as v from 'valibot'
import { type Bytes, base64url, canonicalJson, fromBase64url, utf8 } from '../base/mod.ts'
import { sha256, unwrap, type WrapBinding, type WrappingKey, wrap } from '../crypto/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'
import { KeyringChanged, KeyringDamaged } from './errors.ts'

const Time = v.pipe(v.number(), v.safeInteger())

const Entry = v.strictObject({
  /** Under the keyring's own key, bound to purpose and id. */
  wrapped: v.string(),
  madeAtMs: Time,
  /** What the secret is for was made, and must be there from then on. */
  settled: v.optional(v.boolean()),
  /** Which file of several in a row the secret is for: a database has a new one with each key. Default 1. */
  generation: v.optional(v.pipe(Time, v.minValue(1))),
  /** The secret that takes its place once everything is re-encrypted. */
  next: v.optional(v.strictObject({ wrapped: v.string(), madeAtMs: Time })),
})

const Recovery = v.strictObject({
  /** 65 bytes: what the recovery key stands for. */
  publicKey: v.string(),
  /** The keyring's own key, sealed to it by HPKE. */
  enc: v.string(),
  sealed: v.string(),
  madeAtMs: Time,
  /** Somebody was shown it. */
  taken: v.boolean(),
})

const Act = v.strictObject({
  action: v.string(),
  atMs: Time,
  detail: v.record(v.string(), v.union([v.string(), v.number()])),
})

const KeyringContent = v.strictObject({
  /** The keyring's own key under the master key, and under the one that is to follow. */
  master: v.strictObject({ wrapped: v.string(), madeAtMs: Time }),
  nextMaster: v.optional(v.strictObject({ wrapped: v.string(), madeAtMs: Time })),
  recovery: v.optional(Recovery),
  /** By purpose, then by id. */
  secrets: v.record(v.string(), v.record(v.string(), Entry)),
  /** What was done to the keyring while no audit trail was open; recorded there at the next start. */
  acts: v.array(Act),
})

const KeyringFile = v.strictObject({
  version: v.literal(2),
  ...KeyringContent.entries,
  /** A wrap of the SHA-256 over the canonical form of all the above. */
  digest: v.string(),
})

/** Before there was a recovery key, the master key wrapped every secret itself. */
const FirstForm = v.strictObject({
  version: v.literal(1),
  check: v.string(),
  secrets: v.record(v.string(), v.record(v.string(), v.string())),
  digest: v.string(),
})

export type KeyringEntry = v.InferOutput<typeof Entry>
export type KeyringAct = v.InferOutput<typeof Act>
export type SealedForRecovery = v.InferOutput<typeof Recovery>
export type KeyringContent = v.InferOutput<typeof KeyringContent>
type FirstForm = v.InferOutput<typeof FirstForm>

/** What stands in the file; nothing of it is authenticated yet. `text` is all of it. */
export type KeyringText =
  | { text: string; form: 2; digest: string; content: KeyringContent }
  | { text: string; form: 1; first: FirstForm }

const DIGEST: WrapBinding = { purpose: 'keyring-digest', id: 'keyring' }

/** The file as it stands there; `undefined` when there is none. Refuses `keyring.damaged` where it is no keyring. */
export async function readKeyringFile(path: string): Promise<KeyringText | undefined> {
  const text = await readTextIfThere(path)
  return text === undefined ? undefined : parseKeyring(path, text)
}

/** The same of a text; `path` is for the message. */
export function parseKeyring(path: string, text: string): KeyringText {
  try {
    const parsed = v.parse(v.variant('version', [KeyringFile, FirstForm]), JSON.parse(text))
    if (parsed.version === 1) return { text, form: 1, first: parsed }
    const { version: _version, digest, ...content } = parsed
    return { text, form: 2, digest, content }
  } catch (cause) {
    throw new KeyringDamaged(`the keyring at ${path} cannot be read`, { cause })
  }
}

/** Refuses what is not as it was last written under `kek`: `keyring.damaged`. */
export async function checkDigest(path: string, kek: WrappingKey, digest: string, whole: object): Promise<void> {
  const written = await opened(kek, DIGEST, digest)
  if (written === undefined || base64url(written) !== base64url(await digestOf(whole))) {
    throw new KeyringDamaged(`the keyring at ${path} is not as it was written`)
  }
}

/** The text of a keyring with its digest under `kek`. */
export async function keyringText(kek: WrappingKey, content: KeyringContent): Promise<string> {
  const whole = { version: 2 as const, ...content }
  const digest = base64url(await wrap(kek, DIGEST, await digestOf(whole)))
  return `${JSON.stringify({ ...whole, digest }, null, 2)}\n`
}

/**
 * Replaces the file whole, mode 0600; `before` is its text as we know it. Refuses `keyring.changed` when the disk holds another;
 * host errors (`host.disk_full` …) leave the old file.
 */
export async function replaceKeyring(path: string, before: string | undefined, text: string): Promise<void> {
  if ((await readTextIfThere(path)) !== before) {
    throw new KeyringChanged(`the keyring at ${path} was written by someone else`)
  }
  await writeFileAtomic(path, text)
}

/** What a wrap in base64url holds; `undefined` when it is not authentic or no base64url: the caller knows what either means. */
export async function opened(key: WrappingKey, binding: WrapBinding, wrapped: string): Promise<Bytes | undefined> {
  try {
    return await unwrap(key, binding, fromBase64url(wrapped))
  } catch {
    return undefined
  }
}

function digestOf(whole: object): Promise<Bytes> {
  return sha256(utf8(canonicalJson(whole)))
}

/** The keyring on the disk: every secret wrapped by the master key, and the whole authenticated, so that no entry vanishes unseen. */
import { literal, parse, record, strictObject, string } from 'valibot'
import { type Bytes, base64url, canonicalJson, fromBase64url, utf8 } from '../base/mod.ts'
import { sha256, unwrap, type WrapBinding, type WrappingKey, wrap } from '../crypto/mod.ts'
import { readTextIfThere, writeFileAtomic } from '../host/mod.ts'
import { KeyringChanged, KeyringDamaged, MasterKeyWrong } from './errors.ts'

/** By purpose, then by id: a wrap in base64url. */
export type WrappedSecrets = Record<string, Record<string, string>>
export type KeyringContent = { check: string; secrets: WrappedSecrets }
/** What was read or written, and its exact text on the disk: `undefined` as long as there is no file. */
export type KeyringState = { content: KeyringContent; text: string | undefined }

const KeyringFile = strictObject({
  version: literal(1),
  /** A wrap of nothing: opens under the right master key only, whatever became of the rest. */
  check: string(),
  secrets: record(string(), record(string(), string())),
  /** A wrap of the SHA-256 over the canonical form of all the above. */
  digest: string(),
})

const CHECK: WrapBinding = { purpose: 'keyring-check', id: 'keyring' }
const DIGEST: WrapBinding = { purpose: 'keyring-digest', id: 'keyring' }
const NOTHING = new Uint8Array(0)

/**
 * What the keyring holds; empty if there is no file yet.
 * Refuses `master_key.wrong`, and `keyring.damaged` when the file is not what was last written.
 */
export async function readKeyring(path: string, master: WrappingKey): Promise<KeyringState> {
  const text = await readTextIfThere(path)
  if (text === undefined) {
    return { content: { check: base64url(await wrap(master, CHECK, NOTHING)), secrets: {} }, text }
  }
  const { digest, ...content } = parseFile(path, text)
  if ((await opened(master, CHECK, content.check)) === undefined) {
    throw new MasterKeyWrong(`the master key does not open the keyring at ${path}`)
  }
  const written = await opened(master, DIGEST, digest)
  if (written === undefined || base64url(written) !== base64url(await digestOf(content))) {
    throw new KeyringDamaged(`the keyring at ${path} is not as it was written`)
  }
  return { content: { check: content.check, secrets: content.secrets }, text }
}

/**
 * Replaces the file whole, mode 0600; `before` is its text as we know it. Refuses `keyring.changed` when the disk holds another;
 * host errors (`host.disk_full` …) leave the old file.
 */
export async function writeKeyring(
  path: string,
  master: WrappingKey,
  before: string | undefined,
  content: KeyringContent,
): Promise<KeyringState> {
  const whole = { version: 1 as const, ...content }
  const digest = base64url(await wrap(master, DIGEST, await digestOf(whole)))
  const text = `${JSON.stringify({ ...whole, digest }, null, 2)}\n`
  if ((await readTextIfThere(path)) !== before) {
    throw new KeyringChanged(`the keyring at ${path} was written by someone else`)
  }
  await writeFileAtomic(path, text)
  return { content, text }
}

function parseFile(path: string, text: string): { version: 1; digest: string } & KeyringContent {
  try {
    return parse(KeyringFile, JSON.parse(text))
  } catch (cause) {
    throw new KeyringDamaged(`the keyring at ${path} cannot be read`, { cause })
  }
}

function digestOf(content: { version: 1 } & KeyringContent): Promise<Bytes> {
  return sha256(utf8(canonicalJson(content)))
}

async function opened(master: WrappingKey, binding: WrapBinding, wrapped: string): Promise<Bytes | undefined> {
  try {
    return await unwrap(master, binding, fromBase64url(wrapped))
  } catch {
    // Not authentic or not base64url: the caller knows what either means for what it opened.
    return undefined
  }
}

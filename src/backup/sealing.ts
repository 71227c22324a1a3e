/**
 * The head of a backup file, and what opens the rest. All of the file is:
 *
 *   magic 'SLBACKUP' 8 · version 1 · length of the header 4 (big-endian) · header (JSON) · sealed stream
 *
 * The stream (`sealStream`) is bound to all that stands before it and sealed under a key drawn for this file, which the header holds
 * sealed to the recovery key, or wrapped by a passphrase's key or a given key. The header is in the clear: it says nothing else but
 * when and by which role and version the backup was made.
 */
import * as v from 'valibot'
import { type Bytes, base64url, concatBytes, fromBase64url, fromUtf8, type Random, rfc3339, utf8 } from '../base/mod.ts'
import {
  type AgreementKey,
  hkdf,
  importWrappingKey,
  keyOfPassphrase,
  openFrom,
  PASSPHRASE_COST,
  sealTo,
  sha256,
  unwrap,
  type WrappingKey,
  wrap,
} from '../crypto/mod.ts'
import { readRecoveryKey } from '../keys/mod.ts'
import { BackupKeyWrong, BackupMalformed, BackupVersionUnknown, PassphraseUnfit } from './errors.ts'

/** What will open a backup: the recovery key (its public key, 65 bytes), a passphrase, or a key of 32 bytes. */
export type BackupSealing =
  | { kind: 'recovery'; publicKey: Bytes }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'key'; key: Bytes }
/** What opens one. */
export type BackupOpener =
  | { kind: 'recovery'; recoveryKey: string }
  | { kind: 'passphrase'; passphrase: string }
  | { kind: 'key'; key: Bytes }

const Sealing = v.variant('kind', [
  v.strictObject({ kind: v.literal('recovery'), enc: v.string(), sealed: v.string() }),
  v.strictObject({
    kind: v.literal('passphrase'),
    salt: v.string(),
    memoryKiB: v.number(),
    passes: v.number(),
    wrapped: v.string(),
  }),
  v.strictObject({ kind: v.literal('key'), wrapped: v.string() }),
])
const Header = v.strictObject({
  role: v.picklist(['runtime', 'platform']),
  madeAt: v.string(),
  version: v.string(),
  sealing: Sealing,
})
export type BackupHeader = v.InferOutput<typeof Header>

/** What the file's own key is for, once it is open. `context` binds the stream to the head. */
export type BackupKeys = { stream: Bytes; keyring: WrappingKey; context: Bytes }

const MAGIC = utf8('SLBACKUP')
const VERSION = 1
const FIXED_BYTES = MAGIC.byteLength + 1 + 4
/** A header has some 400 bytes; more is not ours. */
const HEADER_BYTES_MAX = 16_384
const KEY_BYTES = 32
const SALT_BYTES = 16
/** Characters (code points); several words. */
export const PASSPHRASE_LENGTH_MIN = 12
const PASSPHRASE_LENGTH_MAX = 1_024
const FOR_FILE = utf8('sluice backup key v1')
const FILE_KEY = { purpose: 'backup-key', id: 'backup' }
const NOTHING = new Uint8Array(0)

/** The head of a new backup, and the keys for what follows. Refuses `backup.passphrase_unfit`. */
export async function beginBackup(
  about: { role: BackupHeader['role']; madeAtMs: number; version: string },
  sealing: BackupSealing,
  random: Random,
): Promise<{ head: Bytes; keys: BackupKeys }> {
  const fileKey = random(KEY_BYTES)
  try {
    const { role, version, madeAtMs } = about
    const header = { role, version, madeAt: rfc3339(madeAtMs), sealing: await sealed(fileKey, sealing, random) }
    const text = utf8(JSON.stringify(header satisfies BackupHeader))
    const length = new DataView(new ArrayBuffer(4))
    length.setUint32(0, text.byteLength)
    const head = concatBytes(MAGIC, new Uint8Array([VERSION]), new Uint8Array(length.buffer), text)
    return { head, keys: await keysOf(fileKey, head) }
  } finally {
    fileKey.fill(0)
  }
}

/**
 * Reads the head off a backup's bytes and lends it to `use`, with the sealed stream as `rest`; the source is left whatever comes of it.
 * Refuses `backup.malformed`, `backup.version_unknown`.
 */
export async function withHead<T>(
  source: AsyncIterable<Uint8Array>,
  use: (opened: OpenedHead) => Promise<T>,
): Promise<T> {
  const chunks = source[Symbol.asyncIterator]()
  try {
    return await use(await readHead(chunks))
  } finally {
    await chunks.return?.()
  }
}

type OpenedHead = { header: BackupHeader; head: Bytes; rest: AsyncIterable<Uint8Array> }

async function readHead(chunks: AsyncIterator<Uint8Array>): Promise<OpenedHead> {
  let held: Bytes = new Uint8Array(0)
  const until = async (bytes: number): Promise<void> => {
    while (held.byteLength < bytes) {
      const { done, value } = await chunks.next()
      if (done) throw new BackupMalformed('the file ends within the header of a backup')
      held = concatBytes(held, value)
    }
  }
  await until(FIXED_BYTES)
  if (!MAGIC.every((byte, at) => byte === held[at])) throw new BackupMalformed('this is no backup of Sluice')
  const version = held[MAGIC.byteLength]
  if (version !== VERSION)
    throw new BackupVersionUnknown(`the backup has form ${version}, this program knows ${VERSION}`)
  const length = new DataView(held.buffer, held.byteOffset).getUint32(MAGIC.byteLength + 1)
  if (length > HEADER_BYTES_MAX) throw new BackupMalformed('the header of the backup is too long')
  await until(FIXED_BYTES + length)
  const head = held.slice(0, FIXED_BYTES + length)
  const first = held.subarray(head.byteLength)
  async function* rest(): AsyncGenerator<Uint8Array, void> {
    yield first
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value
  }
  return { header: headerOf(head.subarray(FIXED_BYTES)), head, rest: rest() }
}

/** The keys of a backup. Refuses `backup.key_wrong`, `recovery_key.malformed`. */
export async function openBackup(header: BackupHeader, head: Bytes, opener: BackupOpener): Promise<BackupKeys> {
  const fileKey = await opened(header.sealing, opener)
  try {
    return await keysOf(fileKey, head)
  } finally {
    fileKey.fill(0)
  }
}

function headerOf(text: Bytes): BackupHeader {
  try {
    return v.parse(Header, JSON.parse(fromUtf8(text)))
  } catch (cause) {
    throw new BackupMalformed('the header of the backup cannot be read', { cause })
  }
}

async function sealed(fileKey: Bytes, sealing: BackupSealing, random: Random): Promise<BackupHeader['sealing']> {
  switch (sealing.kind) {
    case 'recovery': {
      const context = await sealTo({ recipient: sealing.publicKey, info: FOR_FILE })
      return {
        ...{ kind: 'recovery', enc: base64url(context.enc) },
        sealed: base64url(await context.seal(fileKey, NOTHING)),
      }
    }
    case 'passphrase': {
      const length = [...sealing.passphrase].length
      if (length < PASSPHRASE_LENGTH_MIN || length > PASSPHRASE_LENGTH_MAX) {
        throw new PassphraseUnfit(`a passphrase has ${PASSPHRASE_LENGTH_MIN} to ${PASSPHRASE_LENGTH_MAX} characters`)
      }
      const salt = random(SALT_BYTES)
      const key = await keyOfPassphrase(sealing.passphrase, salt, PASSPHRASE_COST)
      return { kind: 'passphrase', salt: base64url(salt), ...PASSPHRASE_COST, wrapped: await wrapUnder(key, fileKey) }
    }
    case 'key':
      return { kind: 'key', wrapped: await wrapUnder(sealing.key.slice(), fileKey) }
  }
}

async function opened(sealing: BackupHeader['sealing'], opener: BackupOpener): Promise<Bytes> {
  if (sealing.kind === 'recovery' && opener.kind === 'recovery') {
    return byRecoveryKey(sealing, await readRecoveryKey(opener.recoveryKey))
  }
  try {
    if (sealing.kind === 'passphrase' && opener.kind === 'passphrase') {
      const key = await keyOfPassphrase(opener.passphrase, fromBase64url(sealing.salt), sealing)
      return await unwrapUnder(key, sealing.wrapped)
    }
    if (sealing.kind === 'key' && opener.kind === 'key') return await unwrapUnder(opener.key.slice(), sealing.wrapped)
  } catch (cause) {
    throw new BackupKeyWrong(`this ${opener.kind} does not open the backup`, { cause })
  }
  throw new BackupKeyWrong(`the backup is opened by ${WORDS[sealing.kind]}, and ${WORDS[opener.kind]} was given`)
}

const WORDS = { recovery: 'the recovery key', passphrase: 'a passphrase', key: 'a key file' }

async function byRecoveryKey(sealing: { enc: string; sealed: string }, recipient: AgreementKey): Promise<Bytes> {
  try {
    const context = await openFrom({ recipient, enc: fromBase64url(sealing.enc), info: FOR_FILE })
    return await context.open(fromBase64url(sealing.sealed), NOTHING)
  } catch (cause) {
    throw new BackupKeyWrong('this recovery key does not open the backup', { cause })
  }
}

/** `key` is overwritten. */
async function wrapUnder(key: Bytes, fileKey: Bytes): Promise<string> {
  try {
    return base64url(await wrap(await importWrappingKey(key), FILE_KEY, fileKey))
  } finally {
    key.fill(0)
  }
}

async function unwrapUnder(key: Bytes, wrapped: string): Promise<Bytes> {
  try {
    return await unwrap(await importWrappingKey(key), FILE_KEY, fromBase64url(wrapped))
  } finally {
    key.fill(0)
  }
}

async function keysOf(fileKey: Bytes, head: Bytes): Promise<BackupKeys> {
  const derive = (context: string): Promise<Bytes> =>
    hkdf({ secret: fileKey, salt: NOTHING, context: utf8(context), length: KEY_BYTES })
  const keyring = await derive('sluice backup keyring v1')
  const keys = {
    stream: await derive('sluice backup stream v1'),
    keyring: await importWrappingKey(keyring),
    context: await sha256(head),
  }
  keyring.fill(0)
  return keys
}

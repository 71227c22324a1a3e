/** A backup opened: its entries as they come, checked against its manifest and its maker's signature at the end. */
import * as v from 'valibot'
import { AppError, type Bytes, concatBytes, fromUtf8 } from '../base/mod.ts'
import { openStream } from '../crypto/mod.ts'
import { type ArchiveEntry, unpackEntries } from './archive.ts'
import { BackupDamaged, BackupMakerOther } from './errors.ts'
import { BackupDigest, MAKER_PATH, makerOf } from './maker.ts'
import { KEYRING_PATH, KeyringCopy, MANIFEST_PATH, Manifest } from './manifest.ts'
import { type BackupHeader, type BackupKeys, type BackupOpener, openBackup, withHead } from './sealing.ts'

/** What opens a backup, and the id of the key that must have signed it; without one, whoever made it is only named. */
export type BackupExpected = { opener: BackupOpener; maker?: string | undefined }

export type Unpacked = {
  header: BackupHeader
  keys: BackupKeys
  manifest: Manifest
  keyring: v.InferOutput<typeof KeyringCopy>
  /** Id of the key that signed it. */
  maker: string
}

/** The keyring and the manifest are read into memory: a key has some 300 B, an entry 150 B; 64 MiB is far beyond both. */
const TEXT_BYTES_MAX = 67_108_864

/**
 * Goes through a whole backup, handing each file to `take`, which must read it to its end. Only when this resolves is what was taken
 * known to be whole, and whose it is. Refuses `backup.malformed`, `backup.version_unknown`, `backup.key_wrong`, `backup.damaged`, and
 * `backup.maker_other` where another key signed it than `maker`, if that is given.
 */
export function unpackBackup(
  source: AsyncIterable<Uint8Array>,
  { opener, maker }: BackupExpected,
  take: (entry: ArchiveEntry) => Promise<void>,
): Promise<Unpacked> {
  return withHead(source, async ({ header, head, rest }) => {
    const keys = await openBackup(header, head, opener)
    try {
      const stream = openStream(keys.stream, keys.context, rest)
      const unpacked = await unpackStream(stream, new BackupDigest(keys.context), take)
      if (maker !== undefined && unpacked.maker !== maker) {
        throw new BackupMakerOther(`the key ${unpacked.maker} signed the backup, not ${maker}`)
      }
      return { header, keys, ...unpacked }
    } catch (error) {
      throw damageOf(error)
    } finally {
      keys.stream.fill(0)
    }
  })
}

async function unpackStream(
  stream: AsyncIterable<Uint8Array>,
  digest: BackupDigest,
  take: (entry: ArchiveEntry) => Promise<void>,
): Promise<Pick<Unpacked, 'manifest' | 'keyring' | 'maker'>> {
  const texts = new Map<string, string>()
  const listed: Manifest['entries'] = []
  for await (const entry of unpackEntries(stream)) {
    const { path, bytes } = entry
    if (texts.has(MAKER_PATH) || (texts.has(MANIFEST_PATH) && path !== MAKER_PATH)) {
      throw new BackupDamaged('something follows the manifest of the backup')
    }
    if (path === MAKER_PATH) {
      texts.set(path, await textOf(entry))
      continue
    }
    const counted = digest.over(entry)
    if (path !== MANIFEST_PATH) listed.push({ path, bytes })
    if (path === MANIFEST_PATH || path === KEYRING_PATH) texts.set(path, await textOf(counted))
    else await take(counted)
  }
  const manifest = parsed(Manifest, texts.get(MANIFEST_PATH))
  if (JSON.stringify(manifest.entries) !== JSON.stringify(listed)) {
    throw new BackupDamaged('the backup does not hold what its manifest says')
  }
  const keyring = parsed(KeyringCopy, texts.get(KEYRING_PATH))
  return { manifest, keyring, maker: await makerOf(texts.get(MAKER_PATH), digest) }
}

async function textOf({ bytes, content }: ArchiveEntry): Promise<string> {
  if (bytes > TEXT_BYTES_MAX) throw new BackupDamaged('a list of the backup is too long')
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  const whole: Bytes = concatBytes(...parts)
  return fromUtf8(whole)
}

function parsed<Schema extends v.GenericSchema>(schema: Schema, text: string | undefined): v.InferOutput<Schema> {
  if (text === undefined) throw new BackupDamaged('the backup has no end: its manifest or its keyring is missing')
  const read = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text)
  if (!read.success) throw new BackupDamaged('the manifest or the keyring of the backup cannot be read')
  return read.output
}

function damageOf(error: unknown): unknown {
  if (error instanceof AppError && error.code === 'crypto.not_authentic') {
    return new BackupDamaged('the backup was cut off, or bytes of it were changed', { cause: error })
  }
  return error
}

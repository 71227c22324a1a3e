/**
 * Who made a backup. Whoever has the public half of the recovery key can seal something to it, so that it opens proves no maker: a
 * signature by the server's own signing key, last in the stream, covers the head of the file and every entry before it. Whether that key
 * is the right one only the owner knows, who wrote its id down.
 */
import * as v from 'valibot'
import { type Bytes, base64url, fromBase64url, utf8 } from '../base/mod.ts'
import { createSha256, importVerifyKey, type SigningKey, sign, thumbprint, verify } from '../crypto/mod.ts'
import type { ArchiveEntry } from './archive.ts'
import { BackupDamaged } from './errors.ts'

export const MAKER_PATH = 'backup-maker.json'

const DOMAIN = 'sluice backup maker v1\n'
const Mark = v.pipe(v.string(), v.parseJson(), v.strictObject({ publicKey: v.string(), signature: v.string() }))

/** A digest under way over the head's hash and each entry: `[path,bytes]` as JSON, a line feed, the bytes. */
export class BackupDigest {
  readonly #sha256 = createSha256()

  constructor(context: Bytes) {
    this.#sha256.update(context)
  }

  /** The same entry, which counts as far as it is read; the one before must have been read to its end. */
  over({ path, bytes, content }: ArchiveEntry): ArchiveEntry {
    const sha256 = this.#sha256
    sha256.update(utf8(`${JSON.stringify([path, bytes])}\n`))
    async function* counted(): AsyncGenerator<Uint8Array, void> {
      for await (const part of content) {
        sha256.update(part)
        yield part
      }
    }
    return { path, bytes, content: counted() }
  }

  /** What is signed. Ends it. */
  message(): Bytes {
    return utf8(`${DOMAIN}${this.#sha256.digestHex()}`)
  }
}

/** The text of the last entry. */
export async function markOf(signer: SigningKey, digest: BackupDigest): Promise<string> {
  const signature = await sign(signer.privateKey, digest.message())
  return JSON.stringify({ publicKey: base64url(signer.publicKey), signature: base64url(signature) })
}

/** The id (RFC 7638) of the key that made it. Refuses `backup.damaged` for a mark that is none, or that is over something else. */
export async function makerOf(text: string | undefined, digest: BackupDigest): Promise<string> {
  const mark = v.safeParse(Mark, text)
  if (!mark.success) throw new BackupDamaged('the backup does not say who made it')
  try {
    const publicKey = fromBase64url(mark.output.publicKey)
    const key = await importVerifyKey(publicKey)
    if (await verify(key, fromBase64url(mark.output.signature), digest.message())) return await thumbprint(publicKey)
  } catch (cause) {
    throw new BackupDamaged('the signature of the backup cannot be read', { cause })
  }
  throw new BackupDamaged('the signature of the backup is over something else')
}

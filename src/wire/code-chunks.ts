/** Code travels by content: files in chunks, each sealed to the one Runtime that lacks them. */
import type * as v from 'valibot'
import { type Bytes, base64url, canonicalJson, fromBase64url, utf8 } from '../base/mod.ts'
import { type AgreementKey, openFrom, type PublicKeyBytes, sealTo } from '../crypto/mod.ts'
import type { CodeChunk } from './deployment.ts'
import { SealedRefused } from './errors.ts'
import { CODE_CHUNK_BYTES, SUITE } from './limits.ts'

type Chunk = v.InferOutput<typeof CodeChunk>
type Place = { tenant: string; runtime: string; sha256: string; bytes: number; offset: number }

/** Where each chunk of a file of that many bytes begins; an empty file is one empty chunk. */
export function chunkOffsets(bytes: number): number[] {
  return Array.from(
    { length: Math.max(1, Math.ceil(bytes / CODE_CHUNK_BYTES)) },
    (_, index) => index * CODE_CHUNK_BYTES,
  )
}

/** Seals the chunk of a file that begins at `offset` (HPKE Auth); it opens for that tenant, Runtime, file and place only. */
export async function sealCodeChunk(
  file: { sha256: string; content: Bytes; offset: number },
  parties: { tenant: string; runtime: string; sender: AgreementKey; recipient: PublicKeyBytes },
): Promise<Chunk> {
  const place = { sha256: file.sha256, bytes: file.content.byteLength, offset: file.offset }
  const context = await sealTo({ ...parties, info: chunkInfo({ ...parties, ...place }) })
  const chunk = file.content.slice(file.offset, file.offset + CODE_CHUNK_BYTES)
  return { ...place, enc: base64url(context.enc), sealed: base64url(await context.seal(chunk, new Uint8Array())) }
}

/** Opens a chunk. Throws `sealed.refused`, also when it would reach beyond the end of its file. The whole is checked by its hash. */
export async function openCodeChunk(
  chunk: Chunk,
  parties: { tenant: string; runtime: string; recipient: AgreementKey; sender: PublicKeyBytes },
): Promise<Bytes> {
  try {
    const context = await openFrom({
      ...parties,
      enc: fromBase64url(chunk.enc),
      info: chunkInfo({ ...parties, ...chunk }),
    })
    const content = await context.open(fromBase64url(chunk.sealed), new Uint8Array())
    if (chunk.offset + content.byteLength > chunk.bytes) throw new SealedRefused('the chunk reaches beyond its file')
    return content
  } catch (cause) {
    throw new SealedRefused('the sealed chunk of code does not open', { cause })
  }
}

function chunkInfo(place: Place): Bytes {
  const { tenant, runtime, sha256, bytes, offset } = place
  return utf8(canonicalJson(['sluice code v1', SUITE, tenant, runtime, sha256, bytes, offset]))
}

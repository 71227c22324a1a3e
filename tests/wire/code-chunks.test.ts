import { expect, test } from 'bun:test'
import { concatBytes } from '../../src/base/mod.ts'
import { sha256Hex } from '../../src/crypto/mod.ts'
import { CODE_CHUNK_BYTES, chunkOffsets, openCodeChunk, sealCodeChunk } from '../../src/wire/mod.ts'
import { party, RUNTIME, STRANGER, TENANT } from '../support/wire/parties.ts'

test.each([
  [0, [0]],
  [1, [0]],
  [CODE_CHUNK_BYTES, [0]],
  [CODE_CHUNK_BYTES + 1, [0, CODE_CHUNK_BYTES]],
])('a file of %d bytes has chunks at %p', (bytes, offsets) => {
  expect(chunkOffsets(bytes)).toEqual(offsets)
})

test('chunks open for their Runtime at their place only, and give the file again', async () => {
  const [tenant, runtime, stranger] = await Promise.all([
    party(TENANT, 'tenant'),
    party(RUNTIME, 'runtime'),
    party(STRANGER, 'stranger'),
  ])
  const content = new Uint8Array(CODE_CHUNK_BYTES + 10).map((_, index) => index % 251)
  const sha256 = await sha256Hex(content)
  const sending = { tenant: TENANT, runtime: RUNTIME, sender: tenant.agreement, recipient: runtime.agreement.publicKey }
  const receiving = {
    tenant: TENANT,
    runtime: RUNTIME,
    recipient: runtime.agreement,
    sender: tenant.agreement.publicKey,
  }
  const chunks = await Promise.all(
    chunkOffsets(content.byteLength).map((offset) => sealCodeChunk({ sha256, content, offset }, sending)),
  )
  const opened = await Promise.all(chunks.map((chunk) => openCodeChunk(chunk, receiving)))
  expect(await sha256Hex(concatBytes(...opened))).toBe(sha256)
  const [first] = chunks
  if (!first) throw new RangeError('no chunk was made')
  for (const [chunk, parties] of [
    [{ ...first, offset: 10 }, receiving],
    [{ ...first, bytes: first.bytes + 1 }, receiving],
    [{ ...first, sha256: 'a'.repeat(64) }, receiving],
    [first, { ...receiving, runtime: STRANGER }],
    [first, { ...receiving, recipient: stranger.agreement }],
    [first, { ...receiving, sender: stranger.agreement.publicKey }],
  ] as const)
    await expect(openCodeChunk(chunk, parties)).rejects.toHaveProperty('code', 'sealed.refused')
})

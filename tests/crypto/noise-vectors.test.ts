import { describe, expect, test } from 'bun:test'
import { type Bytes, fromHex, hex } from '../../src/base/mod.ts'
import { createBulkCipher, createHandshake, type Handshake, type PatternName } from '../../src/crypto/mod.ts'
import { keyPair25519, noise25519 } from '../support/noise-25519.ts'
import { readVectors, vectorsFolder } from '../support/vectors.ts'

type Vector = {
  protocol_name: string
  handshake_hash: string
  messages: { payload: string; ciphertext: string }[]
} & Record<`${'init' | 'resp'}_${'prologue' | 'ephemeral'}`, string> &
  Partial<Record<`${'init' | 'resp'}_${'static' | 'remote_static'}`, string>> &
  Partial<Record<`${'init' | 'resp'}_psks`, string[]>>

async function handshakeOf(vector: Vector, side: 'init' | 'resp'): Promise<Handshake> {
  const ours = vector[`${side}_static`]
  const theirs = vector[`${side}_remote_static`]
  const psk = vector[`${side}_psks`]?.[0]
  return createHandshake({
    pattern: vector.protocol_name.split('_')[1] as PatternName,
    suite: noise25519,
    initiator: side === 'init',
    prologue: fromHex(vector[`${side}_prologue`]),
    ephemeral: await keyPair25519(fromHex(vector[`${side}_ephemeral`])),
    ...(ours && { static: await keyPair25519(fromHex(ours)) }),
    ...(theirs && { remoteStatic: fromHex(theirs) }),
    ...(psk && { psk: fromHex(psk) }),
  })
}

function nonce(n: number): Bytes {
  const bytes = new Uint8Array(12)
  bytes[11] = n
  return bytes
}

describe.skipIf(!vectorsFolder)('published Noise vectors (25519, AESGCM, SHA256)', () => {
  const vectors = vectorsFolder ? readVectors<{ vectors: Vector[] }>('noise-25519-aesgcm-sha256.json').vectors : []

  test('all five patterns are there', () => {
    const names = vectors.map((vector) => vector.protocol_name.split('_')[1]).sort()
    expect(names).toEqual(['IKpsk2', 'KK', 'KKpsk0', 'NN', 'NNpsk0'])
  })

  test.each(vectors.map((vector) => [vector.protocol_name, vector] as const))(
    '%s: both ends write and read every published byte',
    async (_, vector) => {
      const initiator = await handshakeOf(vector, 'init')
      const responder = await handshakeOf(vector, 'resp')
      const [first, second, ...transport] = vector.messages
      if (!first || !second) throw new RangeError('a vector has two handshake messages')

      expect(hex(await initiator.writeMessage(fromHex(first.payload)))).toBe(first.ciphertext)
      expect(hex(await responder.readMessage(fromHex(first.ciphertext)))).toBe(first.payload)
      expect(hex(await responder.writeMessage(fromHex(second.payload)))).toBe(second.ciphertext)
      expect(hex(await initiator.readMessage(fromHex(second.ciphertext)))).toBe(second.payload)

      const keys = [await initiator.split(), await responder.split()] as const
      for (const end of keys) expect(hex(end.handshakeHash)).toBe(vector.handshake_hash)
      const none = new Uint8Array(0)
      for (const [index, message] of transport.entries()) {
        const [sender, receiver] = index % 2 === 0 ? keys : [keys[1], keys[0]]
        const at = nonce(Math.floor(index / 2))
        const sealed = await createBulkCipher(sender.send).seal(at, fromHex(message.payload), none)
        expect(hex(sealed)).toBe(message.ciphertext)
        expect(hex(await createBulkCipher(receiver.receive).open(at, sealed, none))).toBe(message.payload)
      }
    },
  )
})

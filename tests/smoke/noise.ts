/** The handshake of a bridge and the cipher of its frames, alike on every host. */
import assert from 'node:assert/strict'
import { systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  createBulkCipher,
  createHandshake,
  generateStoredKeyPair,
  loadAgreementKey,
  noiseP256,
} from '../../src/crypto/mod.ts'
import { smoke } from './harness.ts'

const agreementKey = async () => loadAgreementKey(await generateStoredKeyPair('agree'))

smoke('Noise KKpsk0 ends with the same keys, and the bulk cipher carries 64 KiB under them', async () => {
  const [one, two, psk, prologue] = [await agreementKey(), await agreementKey(), systemRandom(32), utf8('prologue')]
  const common = { pattern: 'KKpsk0', suite: noiseP256, prologue, psk } as const
  const ours = createHandshake({ ...common, initiator: true, static: one, remoteStatic: two.publicKey })
  const theirs = createHandshake({ ...common, initiator: false, static: two, remoteStatic: one.publicKey })
  await theirs.readMessage(await ours.writeMessage())
  await ours.readMessage(await theirs.writeMessage())
  const [left, right] = [await ours.split(), await theirs.split()]
  assert.deepEqual([left.send, left.handshakeHash], [right.receive, right.handshakeHash])
  const [nonce, plaintext, aad] = [new Uint8Array(12), systemRandom(65_536), utf8('header')]
  const sealed = await createBulkCipher(left.send).seal(nonce, plaintext, aad)
  const cipher = createBulkCipher(right.receive)
  assert.deepEqual(await cipher.open(nonce, sealed, aad), plaintext)
  sealed[0] = (sealed[0] ?? 0) ^ 1
  await assert.rejects(async () => cipher.open(nonce, sealed, aad), { code: 'crypto.not_authentic' })
})

smoke('a handshake with another shared secret is refused', async () => {
  const [one, two, prologue] = [await agreementKey(), await agreementKey(), utf8('prologue')]
  const common = { pattern: 'KKpsk0', suite: noiseP256, prologue } as const
  const left = { ...common, initiator: true, static: one, remoteStatic: two.publicKey, psk: systemRandom(32) }
  const right = { ...common, initiator: false, static: two, remoteStatic: one.publicKey, psk: systemRandom(32) }
  const first = await createHandshake(left).writeMessage()
  await assert.rejects(createHandshake(right).readMessage(first), { code: 'noise.message_refused' })
})

/** What src/crypto promises alike on every host. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { systemClock, systemRandom, utf8 } from '../../src/base/mod.ts'
import {
  createAuthority,
  deriveSharedSecret,
  generateStoredKeyPair,
  hkdf,
  importVerifyKey,
  importWrappingKey,
  issueLeaf,
  loadAgreementKey,
  loadAuthority,
  loadSigningKey,
  openFrom,
  sealTo,
  sign,
  unwrap,
  verify,
  wrap,
} from '../../src/crypto/mod.ts'
import { smoke } from './harness.ts'

const notAuthentic = { code: 'crypto.not_authentic' }
const agreementKey = async () => loadAgreementKey(await generateStoredKeyPair('agree'))

smoke('a signature holds for its message alone, and a compressed point is refused', async () => {
  const key = await loadSigningKey(await generateStoredKeyPair('sign'))
  const [verifyKey, signature] = [await importVerifyKey(key.publicKey), await sign(key.privateKey, utf8('one'))]
  assert.deepEqual([key.privateKey.extractable, key.publicKey.length, signature.length], [false, 65, 64])
  assert.equal(await verify(verifyKey, signature, utf8('one')), true)
  assert.equal(await verify(verifyKey, signature, utf8('two')), false)
  const compressed = new Uint8Array([2, ...key.publicKey.slice(1, 33)])
  await assert.rejects(importVerifyKey(compressed), { code: 'crypto.point_malformed' })
})

smoke('two agreement keys share one secret, and HKDF makes keys of it by their purpose', async () => {
  const [ours, theirs] = [await agreementKey(), await agreementKey()]
  const secret = await deriveSharedSecret(ours.privateKey, theirs.publicKey)
  assert.deepEqual(secret, await deriveSharedSecret(theirs.privateKey, ours.publicKey))
  const derive = (purpose: string) => hkdf({ secret, salt: utf8(''), context: utf8(purpose), length: 32 })
  assert.deepEqual(await derive('a'), await derive('a'))
  assert.notDeepEqual(await derive('a'), await derive('b'))
})

smoke('HPKE in Auth mode opens for its recipient, from its sender, and exports the same at both ends', async () => {
  const [sender, recipient, info, aad] = [await agreementKey(), await agreementKey(), utf8('info'), utf8('aad')]
  const sealing = await sealTo({ recipient: recipient.publicKey, sender, info })
  const sealed = await sealing.seal(utf8('secret'), aad)
  const opening = await openFrom({ recipient, sender: sender.publicKey, enc: sealing.enc, info })
  assert.deepEqual(await opening.open(sealed, aad), utf8('secret'))
  assert.deepEqual(await opening.export(utf8('x'), 32), await sealing.export(utf8('x'), 32))
  const stranger = await openFrom({ recipient, sender: recipient.publicKey, enc: sealing.enc, info })
  await assert.rejects(stranger.open(sealed, aad), notAuthentic)
})

smoke('a wrap opens for its purpose and id alone', async () => {
  const key = await importWrappingKey(systemRandom(32))
  const wrapped = await wrap(key, { purpose: 'database', id: 'one' }, utf8('secret'))
  assert.deepEqual(await unwrap(key, { purpose: 'database', id: 'one' }, wrapped), utf8('secret'))
  await assert.rejects(unwrap(key, { purpose: 'database', id: 'two' }, wrapped), notAuthentic)
})

smoke('an authority issues a leaf that the host verifies by chain and name', async () => {
  const stored = await createAuthority({ name: 'smoke', clock: systemClock, random: systemRandom })
  const options = { dnsNames: ['sluice.test'], ipAddresses: ['127.0.0.1'], lifetimeMs: 60_000, clock: systemClock }
  const leaf = new X509Certificate((await issueLeaf(await loadAuthority(stored), options)).certificatePem)
  assert.ok(leaf.verify(new X509Certificate(stored.certificatePem).publicKey))
  assert.equal(leaf.checkHost('sluice.test'), 'sluice.test')
})
